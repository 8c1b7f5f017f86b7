"""Find, list, rename and delete journals in their folder. The door is `find_journal`."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from ...foundation.commands import program
from .database_layout import SUFFIX, experiment_in, files_of
from .journal import Journal


def journal_path(home: Path, experiment: str) -> Path:
    """Return the path of an experiment's journal, whether it exists or not."""
    return home / f"{experiment.replace(' ', '_')}{SUFFIX}"


def find_journal(name: str, home: Path) -> Journal:
    """Open the journal of an experiment.

    Args:
        name: name of the experiment, or path of its journal.
        home: folder of the journals.

    Raises:
        FileNotFoundError: no such journal; the message lists the known ones.
    """
    if path := _existing(name, home):
        return Journal(path)
    known = [experiment_in(path) for path in sorted(home.glob(f"*{SUFFIX}"))]
    raise FileNotFoundError(
        f"no experiment {name!r} in {home}; it has {', '.join(known) or f'none yet: {program()} run makes one'}"
    )


def split_name(spec: str, home: Path) -> tuple[str, str]:
    """Split EXPERIMENT or EXPERIMENT:REST at the colon that ends the name of an experiment in `home`, or a journal's path.

    Both parts may contain colons. If no such experiment exists, the first colon ends its name.
    """
    ends = [place for place, letter in enumerate(f"{spec}:") if letter == ":"]
    end = next((end for end in reversed(ends) if _existing(spec[:end], home)), ends[0])
    return spec[:end], spec[end + 1 :]


def _existing(name: str, home: Path) -> Path | None:
    return next((path for path in (Path(name), journal_path(home, name)) if path.is_file()), None)


def journals(home: Path) -> list[Path]:
    """Return the journals in a folder, the most recently changed first."""
    return sorted(home.glob(f"*{SUFFIX}"), key=lambda path: -path.stat().st_mtime)


def rename_journal(name: str, new: str, home: Path) -> Path:
    """Rename an experiment and the files of its journal, and return the journal's new path.

    Raises:
        FileNotFoundError: no such experiment.
        FileExistsError: there is an experiment of the new name already.
        JournalBusy: a run is writing to it.
    """
    with find_journal(name, home) as journal:
        journal.claim()
        old, target = journal.path, journal.path.parent / journal_path(home, new).name
        if target.exists() and target != old:
            raise FileExistsError(f"there is an experiment {new!r} already; choose another name, or delete that one")
        # `tracking` finds the experiment in MLflow by a former name
        former = json.loads(journal.get("former_names") or "[]")
        journal.set("former_names", json.dumps([*former, journal.get("name") or name]))
        journal.set("name", new)
        config = json.loads(journal.get("config") or "{}")
        journal.set("config", json.dumps({**config, "name": new}))
        if journal.get("tracking_uri"):
            # the next `tot sync` gives the experiment its new name in MLflow, too
            journal.set("published", "0")
        # the log is named after the database, so it must be empty before the files move
        journal.fold()
    for old_file, new_file in zip(files_of(old), files_of(target), strict=True):
        if old_file.exists():
            old_file.replace(new_file)
    return target


def delete_journal(name: str, home: Path) -> Path:
    """Delete an experiment's journal and return its former path. Its runs in MLflow stay.

    Raises:
        FileNotFoundError: no such experiment.
        JournalBusy: a run is writing to it.
    """
    with find_journal(name, home) as journal:
        journal.claim()
        path = journal.path
    for file in files_of(path):
        file.unlink(missing_ok=True)
    return path


def unpublished(home: Path) -> list[Path]:
    """Return the journals whose latest state has not reached MLflow. Journals that were never tracked are not among them."""
    return [path for path in sorted(home.glob(f"*{SUFFIX}")) if _published(path) == "0"]


def _published(path: Path) -> str | None:
    try:
        with Journal(path) as journal:
            return journal.get("published")
    except (ValueError, OSError, sqlite3.Error):
        # a damaged or foreign file must not keep the others from being sent
        return None
