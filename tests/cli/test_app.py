"""What `tot` says of itself."""

import re
from importlib.metadata import version

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
