"""Read a log by its suffix, whichever library wrote it."""

from __future__ import annotations

from pathlib import Path

from .inspect_ai import read_inspect
from .lm_eval import read_lm_eval
from .scored import Log

ENDINGS = {".eval": read_inspect, ".json": read_inspect, ".jsonl": read_lm_eval}


def is_log(name: str) -> bool:
    """Return whether this names a file that another library wrote."""
    path = Path(name)
    return path.suffix in ENDINGS and not name.endswith(".journal.sqlite") and (path.is_file() or path.suffix == ".eval")


def read_log(path: Path, *, texts: bool = False, score: str | None = None) -> Log:
    """Read a log of inspect_ai or a samples file of lm-evaluation-harness.

    Args:
        path: `.eval` or `.json` of the one, `.jsonl` of the other.
        texts: read inputs and outputs in full, to verify answers again or to compare across libraries.
        score: which score to take, where there are several.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it cannot be read; says why.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no log {str(path)!r}")
    return ENDINGS[path.suffix](path, texts=texts, score=score)
