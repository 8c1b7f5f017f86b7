"""What `tot` says of itself."""

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from trace_of_thought.cli import commands
from trace_of_thought.cli.lazy_commands import COMMANDS
from trace_of_thought.experiments.design.config import ExperimentConfig


def test_its_version_is_that_of_the_package(tot):
    assert tot("--version") == (0, version("trace-of-thought") + "\n")


def test_the_help_of_run_shows_the_defaults_of_the_configuration(tot, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    code, text = tot("run", "--help")
    assert code == 0
    shown = {
        name: re.search(rf"--{name} .*?\[default: \((.*?)\)\]", text, re.S)[1] for name in ("methods", "retries", "teacher")
    }
    fields = ExperimentConfig.model_fields
    assert shown == {
        "methods": ", ".join(fields["methods"].default),
        "retries": str(fields["retries"].default),
        "teacher": "self",
    }


def test_a_model_that_cannot_be_had_is_not_logged(tot, tmp_path):
    code, text = tot("log-model", "--student", "foo")
    assert (code, "model 'foo' has no provider" in text) == (1, True)
    code, text = tot("log-model", "--student", "openai:m", "--teacher", "recorded:nowhere.jsonl")
    assert (code, "no recorded decompositions at 'nowhere.jsonl'" in text) == (1, True)
    assert not list(tmp_path.iterdir())


def test_every_command_is_listed_with_what_it_does_and_can_be_used(tot, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    code, listed = tot("--help")
    assert code == 0
    folder = Path(commands.__file__).parent
    files = {".".join(file.relative_to(folder).with_suffix("").parts) for file in folder.rglob("*.py")}
    named = {name: file for group in COMMANDS.values() for name, file in group.items()}
    assert {file for file in files if not file.endswith("__init__")} == set(named.values())
    for name in named:
        assert re.search(rf"^│ {name} +[A-Z]", listed, re.M), name
        assert tot(name, "--help")[0] == 0


def test_help_imports_no_command():
    code = "import sys; from trace_of_thought.cli.app import app; app(['--help'], standalone_mode=False)\n"
    seen = "print([m for m in sys.modules if m.startswith('trace_of_thought.cli.commands.') or m == 'pydantic'])"
    done = subprocess.run([sys.executable, "-c", code + seen], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n"), done.stdout[-300:]
