"""Export a model of any architecture to OpenVINO with optimum-intel, in an environment of its own. The door is `export`.

The environment is separate because optimum-intel needs an older transformers than this package.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

from .cache import cache_folder, locked, written
from .find_model import check_found

EXPORTER = "optimum-intel==2.2.0"
NEEDED = (
    "huggingface-hub<1.22",
    "nncf>=3.3",
    "openvino-tokenizers>=2026.4",
    "openvino>=2026.4",
    "optimum~=2.3.0",
    "requests",
    "setuptools",
    "transformers>=4.51,<5.6",
)
"""Dependencies of the exporter except torch. torchvision is left out, because it would install several gigabytes of torch."""

_FORMATS = {"float32": "fp32", "int8": "int8", "int4": "int4"}


def export(model: str, out: Path, weights: str, tell: Callable[[str], None]) -> None:
    """Export a model to a folder. If this fails, nothing is left at `out`.

    Args:
        model: hub id or folder.
        out: folder to create.
        weights: "float32", "int8" or "int4".
        tell: called with messages about the progress. The exporter's own output goes to a log file in the cache folder.

    Raises:
        FileExistsError: `out` exists already.
        FileNotFoundError, ConnectionError: there is no such model, see `check_found`.
        RuntimeError: the environment cannot be created, or the exporter failed; the message has its last error.
    """
    if out.exists():
        raise FileExistsError(f"{out} exists; give another folder, or remove it first")
    source = Path(model).expanduser()
    check_found(model)
    if source.exists() and not (source / "config.json").exists():
        raise FileNotFoundError(f"model folder {model!r} has no config.json; give a hub id, or the folder that holds it")
    python = _environment(tell)
    with written(out) as unfinished:
        tell(f"exporting {model} with weights of {weights}; about a minute for half a billion parameters")
        # a name that is an existing folder means that folder, even if it looks like a hub id
        named = str(source.resolve()) if source.exists() else model
        options = ["--task", "text-generation-with-past", "--weight-format", _FORMATS[weights]]
        command = [python, "-m", "optimum.commands.optimum_cli", "export", "openvino", "--model", named, *options]
        _run([*command, str(unfinished)], f"the exporter failed on {model!r}")
        if not (unfinished / "openvino_model.xml").exists():
            raise RuntimeError(f"the exporter wrote no openvino_model.xml for {model}; it may not be a text generation model")


def _environment(tell: Callable[[str], None]) -> str:
    """Return the Python of the exporter's environment. It is created once; an incomplete one is created again."""
    folder = cache_folder() / "exporter" / EXPORTER
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = folder / "finished"  # written last, so that an interrupted installation is not taken for a complete one
    with locked(folder):
        if not done.exists():
            tell(f"installing {EXPORTER} in {folder}; once, some minutes")
            venv.create(folder, with_pip=True, clear=True)
            _share_torch(python)
            for packages in (NEEDED, ("--no-deps", EXPORTER)):
                pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
                _run([*pip, *packages], "the exporter cannot be installed")
            done.touch()
    return str(python)


def _share_torch(python: Path) -> None:
    """Link this environment's torch into the exporter's, which saves a download of gigabytes."""
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    theirs = subprocess.run([str(python), "-c", where], capture_output=True, text=True, check=True).stdout.strip()
    ours = Path(sysconfig.get_path("purelib"))
    for path in (ours / "torch", ours / "torchgen", ours / "functorch", *ours.glob("torch-*.dist-info")):
        if path.exists():
            Path(theirs, path.name).symlink_to(path)


def _run(command: list[str], failure: str) -> None:
    # both variables would point the exporter's Python to this environment's packages
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    log = cache_folder() / "exporter" / f"output-{os.getpid()}.log"  # another process may convert at the same time
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        done = subprocess.run(command, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        said = _last_error(log.read_text("utf-8", "replace")) or f"exit code {done.returncode}"
        raise RuntimeError(f"{failure}: {said}; its whole output is in {log}")
    log.unlink()


def _last_error(output: str) -> str:
    """Return the message of the last exception in a program's output; without a traceback, the last line."""
    _, shown, after = output.rpartition("Traceback (most recent call last):")
    lines = [line.strip() for line in after.splitlines() if line.strip() and not (shown and line[0].isspace())]
    return lines[0 if shown else -1].rstrip(".") if lines else ""
