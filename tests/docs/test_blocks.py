"""Runs the code blocks of the README and the docs: Python blocks of a page as one script, marked bash blocks in a shell."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PYTHON = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
BASH = re.compile(r"^<!-- run -->\n+```bash\n(.*?)^```", re.M | re.S)


SERVERS = ("server.md", "mcp.md")
"""Pages whose Python needs a server: tests/server and tests/cli run them."""


def pages_with(pattern):
    pages = [page for page in PAGES if pattern.search(page.read_text()) and page.name not in SERVERS]
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages]


def environment():
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "HF_HUB_OFFLINE": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}


@pytest.mark.slow
@pytest.mark.parametrize("page", pages_with(PYTHON))
def test_python_blocks_run(page, tmp_path):
    script = tmp_path / "blocks.py"
    script.write_text("\n\n".join(PYTHON.findall(page.read_text())))
    done = subprocess.run([sys.executable, script], cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize("page", pages_with(BASH))
def test_marked_bash_blocks_run(page, tmp_path):
    for block in BASH.findall(page.read_text()):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block], cwd=tmp_path, env=environment(), capture_output=True, text=True
        )
        assert done.returncode == 0, f"{block}\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}"
