"""Describe code, packages and machine, which are needed to reproduce a run in addition to its parameters."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ...foundation.folders import PACKAGE

PACKAGES = (
    "trace-of-thought",
    "langgraph",
    "langchain-core",
    "torch",
    "transformers",
    "math-verify",
    "sympy",
    "mlflow",
)
"""Packages whose versions may change a result."""


def code_version() -> dict[str, str]:
    """Return parameters that describe code and machine: git commit, package versions, Python, processor, memory, GPU.

    Unknown facts are left out. Nothing heavy is imported: the GPU is only named if torch is already loaded.
    """
    facts = {f"version.{name}": found for name in PACKAGES if (found := _installed(name))}
    facts["version.python"] = platform.python_version()
    facts["machine.system"] = f"{platform.system()} {platform.machine()}"
    facts["machine.cores"] = str(os.cpu_count() or "")
    facts |= {
        f"machine.{name}": value for name, value in (("cpu", _processor()), ("memory_gb", _memory()), ("gpu", _gpu())) if value
    }
    return facts | _commit()


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit() -> dict[str, str]:
    """Return the git commit of the running code, if it is a checkout, and whether it has uncommitted changes."""
    # Only a checkout of this project counts, not a repository that contains an installed package.
    if not (PACKAGE / ".git").exists():
        return {}
    commit = _git(PACKAGE, "rev-parse", "HEAD")
    changed = _git(PACKAGE, "status", "--porcelain", "--untracked-files=no")
    return {"git.commit": commit, "git.changed": str(bool(changed)).lower()} if commit else {}


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10, check=False)  # nosec B607 # the user's own git
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())


def _memory() -> str:
    try:
        return str(round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9))
    except (AttributeError, ValueError, OSError):
        return ""


def _gpu() -> str:
    import sys

    torch = sys.modules.get("torch")
    return torch.cuda.get_device_name(0) if torch is not None and torch.cuda.is_available() else ""
