"""A hook of MkDocs: shows mkdocstrings the package, and nothing else of the repository that is its root."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from mkdocs.plugins import event_priority

ROOT = Path(__file__).parents[1]


@event_priority(100)  # before mkdocstrings reads its configuration
def on_config(config: Any) -> Any:
    """Copy the package's own folders into a temporary one, which becomes the place where docstrings are looked for."""
    folder = tempfile.TemporaryDirectory(prefix="trace_of_thought_docs_")
    atexit.register(folder.cleanup)
    package = Path(folder.name) / "trace_of_thought"
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    for room in ("", *(name.partition(".")[2] for name in listed if "." in name)):
        (package / room).mkdir(parents=True)
        for file in (ROOT / room).glob("*.py"):
            shutil.copy(file, package / room)
    config.plugins["mkdocstrings"].config.handlers["python"]["paths"] = [folder.name]
    return config
