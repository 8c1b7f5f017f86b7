"""Commands that messages suggest: how to install an extra, and how to call this program."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from .folders import PACKAGE

_NAME = "tot"


def install(extra: str) -> str:
    """Return the command that installs an extra: in a checkout from there, with the versions that were tested."""
    if (PACKAGE / "pyproject.toml").is_file() and (PACKAGE / "constraints.txt").is_file():
        return f"pip install -c {PACKAGE}/constraints.txt -e '{PACKAGE}[{extra}]'"
    return f"pip install 'trace-of-thought[{extra}]'"


def program() -> str:
    """Return `tot`, or the path by which it was started where a shell would not find that name, such as `.venv/bin/tot`.

    It is quoted for the shell where it must be.
    """
    started = Path(sys.argv[0])
    if started.name != _NAME or not started.is_file():  # a library in another program
        return _NAME
    found = shutil.which(_NAME)
    return _NAME if found and Path(found).samefile(started) else shlex.quote(sys.argv[0])


def call(*words: str) -> str:
    """Return the command that calls this program with some words, quoted for the shell."""
    return f"{program()} {shlex.join(words)}"
