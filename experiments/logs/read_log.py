"""Read the log of any supported library, chosen by the suffix of the file: `read_log`."""

from __future__ import annotations

from pathlib import Path

from .inspect_ai import read_inspect
from .lm_eval import read_lm_eval
from .scored import Log

ENDINGS = {".eval": read_inspect, ".json": read_inspect, ".jsonl": read_lm_eval}


def is_log(name: str) -> bool:
    """Return whether a name is the path of another library's log, and not the name of an experiment."""
    path = Path(name)
    # an experiment may be called "run.json"; a missing .eval file is a mistyped log all the same
    return path.suffix in ENDINGS and (path.is_file() or path.suffix == ".eval")


def read_log(path: Path, *, texts: bool = False, score: str | None = None) -> Log:
    """Read a log of inspect_ai or a samples file of lm-evaluation-harness.

    Args:
        path: a `.eval` or `.json` file of inspect_ai, or a `.jsonl` file of lm-evaluation-harness.
        texts: read inputs and outputs in full, to verify answers again or to compare across libraries.
        score: which score to read if there are several, see `read_inspect` and `read_lm_eval`.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file cannot be read; the message says why.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no log {str(path)!r}")
    return ENDINGS[path.suffix](path, texts=texts, score=score)
