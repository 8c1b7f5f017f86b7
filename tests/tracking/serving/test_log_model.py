"""The configured graph as an MLflow model: logged by `tot log-model`, loaded, and served by MLflow itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

QUESTION = "What is 6 * 7?"
TOT = "import sys; from trace_of_thought.cli.app import main; sys.argv[0] = 'tot'; main()"


@dataclass
class Logged:
    """A logged model: its URI, the folder of its store, the environment, and what `tot log-model` printed."""

    uri: str
    folder: Path
    environment: dict[str, str]
    printed: str


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Logged:
    """Log a model from recordings that are gone afterwards, in a shell without our PATH and with a key in its environment."""
    folder = tmp_path_factory.mktemp("logged model")
    shutil.copy(empty_database, folder / "mlflow.db")
    lines = [
        {"teacher": "teacher", "question": QUESTION, "decomposition": "1. Multiply 6 by 7.\n2. State the product."},
        {"teacher": "student", "question": QUESTION, "decomposition": "6 * 7 = 42\nAnswer: 42"},
    ]
    recordings = folder / "recorded.jsonl"
    recordings.write_text("\n".join(map(json.dumps, lines)))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "TOT_"))}
    environment = kept | {"PATH": os.defpath, "MLFLOW_DISABLE_TELEMETRY": "true"}
    words = ["log-model", "--teacher", f"recorded:{recordings}#teacher", "--student", f"recorded:{recordings}#student"]
    done = subprocess.run(
        [sys.executable, "-c", TOT, *words, "--register-as", "planner"],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment | {"OPENAI_API_KEY": "sk-canary-0123456789abcdef"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    recordings.unlink()
    found = re.search(r"models:/\S+", done.stdout)
    assert found, done.stdout
    return Logged(found[0], folder, environment, done.stdout)


def test_a_logged_model_answers_when_it_is_loaded(logged: Logged) -> None:
    code = """
import json, sys
import mlflow
rows = [{"question": "What is 6 * 7?", "reference": "42"}, {"question": "unheard of"}]
print(json.dumps([mlflow.pyfunc.load_model(name).predict(rows) for name in sys.argv[1:]]))
"""
    words = [sys.executable, "-c", code, logged.uri, "models:/planner/1"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=logged.folder, env=logged.environment, check=False)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    assert len(answers) == 2
    for good, bad in answers:
        assert (good["answer"], good["status"]) == ("42", "correct")
        assert good["steps"] == ["Multiply 6 by 7.", "State the product."]
        assert "unheard of" in bad["error"]


def test_the_model_holds_its_code_and_no_key(logged: Logged) -> None:
    files = {path.relative_to(logged.folder).as_posix(): path for path in logged.folder.glob("mlruns/**/*") if path.is_file()}
    assert any(name.endswith("code/trace_of_thought/graphs/trace_of_thought.py") for name in files)
    assert any(name.endswith("code/trace_of_thought/prompts/default/solve.txt") for name in files)
    assert not any("sk-canary" in path.read_text(errors="replace") for path in files.values())


@pytest.fixture
def served(logged: Logged, free_port: Callable[[], int]) -> Iterator[str]:
    """Give the command that `tot log-model` printed to a shell that knows nothing of our environment."""
    port = free_port()
    command = re.search(r"^serve it: (.*)$", logged.printed, re.MULTILINE)
    assert command, logged.printed
    words = ["bash", "-c", command[1].replace("5001", str(port)) + " --workers 1"]
    log = logged.folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            words, stdout=output, stderr=output, start_new_session=True, cwd=logged.folder, env=logged.environment
        )
    deadline = time.monotonic() + 90
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=1)
            break
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.3)
    yield f"http://127.0.0.1:{port}"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def ask(address: str, body: Any) -> Any:
    request = urllib.request.Request(f"{address}/invocations", json.dumps(body).encode(), {"Content-Type": "application/json"})
    return json.loads(urllib.request.urlopen(request, timeout=60).read())


def test_mlflow_serves_it_with_the_printed_command(served: str) -> None:
    for body in ({"dataframe_records": [{"question": QUESTION}]}, {"inputs": [{"question": QUESTION}]}):
        [answer] = ask(served, body)["predictions"]
        assert answer["answer"] == "42"
    with pytest.raises(urllib.error.HTTPError) as failure:
        ask(served, {"dataframe_records": [{"wrong": "column"}]})
    assert failure.value.code == 400
