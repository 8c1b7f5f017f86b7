"""The folder of the journals: find one by the name of its experiment."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from .database_layout import SUFFIX, files_of
from .journal import Journal


def journal_path(home: Path, experiment: str) -> Path:
    """Return where the journal of an experiment lies."""
    return home / f"{experiment.replace(' ', '_')}{SUFFIX}"


def find_journal(name: str, home: Path) -> Journal:
    """Open the journal of an experiment by its name, or by its path.

    Raises:
        FileNotFoundError: there is none; says which there are.
    """
    for path in (Path(name), journal_path(home, name)):
        if path.is_file():
            return Journal(path)
    known = [path.name.removesuffix(SUFFIX) for path in sorted(home.glob(f"*{SUFFIX}"))]
    raise FileNotFoundError(f"no experiment {name!r} in {home}; it has {', '.join(known) or 'none yet: tot run makes one'}")


def journals(home: Path) -> list[Path]:
    """Return the journals in a folder, the last changed first."""
    return sorted(home.glob(f"*{SUFFIX}"), key=lambda path: -path.stat().st_mtime)


def rename_journal(name: str, new: str, home: Path) -> Path:
    """Give an experiment another name; returns the new path of its journal.

    Raises:
        FileNotFoundError: there is no such experiment.
        FileExistsError: there is one of the new name.
        JournalBusy: a run writes to it.
    """
    with find_journal(name, home) as journal:
        journal.claim()
        old, target = journal.path, journal.path.parent / journal_path(home, new).name
        if target.exists() and target != old:
            raise FileExistsError(f"there is an experiment {new!r} already; choose another name, or delete that one")
        former = json.loads(journal.get("former_names") or "[]")
        journal.set("former_names", json.dumps([*former, journal.get("name") or name]))
        journal.set("name", new)
        config = json.loads(journal.get("config") or "{}")
        journal.set("config", json.dumps({**config, "name": new}))
        if journal.get("tracking_uri"):
            journal.set("published", "0")
        journal.fold()
    for old_file, new_file in zip(files_of(old), files_of(target), strict=True):
        if old_file.exists():
            old_file.replace(new_file)
    return target


def delete_journal(name: str, home: Path) -> Path:
    """Delete an experiment's journal; returns its former path. MLflow keeps what was sent to it.

    Raises:
        FileNotFoundError: there is no such experiment.
        JournalBusy: a run writes to it.
    """
    with find_journal(name, home) as journal:
        journal.claim()
        path = journal.path
    for file in files_of(path):
        file.unlink(missing_ok=True)
    return path


def unpublished(home: Path) -> list[Path]:
    """Return the journals whose latest state is not in MLflow."""
    return [path for path in sorted(home.glob(f"*{SUFFIX}")) if _published(path) == "0"]


def _published(path: Path) -> str | None:
    try:
        with Journal(path) as journal:
            return journal.get("published")
    except (ValueError, OSError, sqlite3.Error):
        return None
