"""How to install an extra, said so that it fits a checkout and an installed package alike."""

from __future__ import annotations

from .folders import PACKAGE


def install(extra: str) -> str:
    """Return the command that installs an extra: in a checkout from there, with the versions that were tested."""
    if (PACKAGE / "pyproject.toml").is_file() and (PACKAGE / "constraints.txt").is_file():
        return f"pip install -c {PACKAGE}/constraints.txt -e '{PACKAGE}[{extra}]'"
    return f"pip install 'trace-of-thought[{extra}]'"
