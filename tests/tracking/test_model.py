"""The configured graph as an MLflow model: logged by `tot log-model`, loaded, and served by MLflow itself."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

QUESTION = "What is 6 * 7?"


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Write what a teacher and a student said before."""
    lines = [
        {"teacher": "teacher", "question": QUESTION, "decomposition": "1. Multiply 6 by 7.\n2. State the product."},
        {"teacher": "student", "question": QUESTION, "decomposition": "6 * 7 = 42\nAnswer: 42"},
    ]
    file = tmp_path / "recorded.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    return file


def tot(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from trace_of_thought.cli.app import main; sys.argv = ['tot', *sys.argv[1:]]; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, env=os.environ | environment, check=False
    )


@pytest.fixture
def logged(recordings: Path) -> str:
    """Log a model whose recordings are gone afterwards, with a key in the environment."""
    models = ["--teacher", f"recorded:{recordings}#teacher", "--student", f"recorded:{recordings}#student"]
    done = tot("log-model", *models, "--register-as", "planner", OPENAI_API_KEY="sk-canary-0123456789abcdef")
    assert done.returncode == 0, done.stderr
    recordings.unlink()
    found = re.search(r"models:/\S+", done.stdout)
    assert found, done.stdout
    return found[0]


def test_a_logged_model_answers_when_it_is_loaded(logged: str, folder: Path) -> None:
    code = """
import json, sys
import mlflow
model = mlflow.pyfunc.load_model(sys.argv[1])
rows = [{"question": "What is 6 * 7?", "reference": "42"}, {"question": "unheard of"}]
print(json.dumps(model.predict(rows)))
"""
    for name in (logged, "models:/planner/1"):
        done = subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        good, bad = json.loads(done.stdout.splitlines()[-1])
        assert (good["answer"], good["status"]) == ("42", "correct")
        assert good["steps"] == ["Multiply 6 by 7.", "State the product."]
        assert "unheard of" in bad["error"]


def test_the_model_holds_its_code_and_no_key(logged: str, folder: Path) -> None:
    files = {path.relative_to(folder).as_posix(): path for path in (folder / "mlruns").rglob("*") if path.is_file()}
    assert any(name.endswith("code/trace_of_thought/graphs/trace_of_thought.py") for name in files)
    assert any(name.endswith("code/trace_of_thought/prompts/default/solve.txt") for name in files)
    assert not any("sk-canary" in path.read_text(errors="replace") for path in files.values())


@pytest.fixture
def served(logged: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "mlflow", "models", "serve", "-m", logged, "--env-manager", "local", "--port", str(port)]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # MLflow calls uvicorn by its name
    with Path("serve.log").open("wb") as log:
        process = subprocess.Popen(
            [*words, "--workers", "1"], stdout=log, stderr=log, start_new_session=True, env=os.environ | {"PATH": path}
        )
    deadline = time.monotonic() + 90
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=1)
            break
        except OSError:
            assert process.poll() is None, Path("serve.log").read_text()
            assert time.monotonic() < deadline, Path("serve.log").read_text()
            time.sleep(0.3)
    yield f"http://127.0.0.1:{port}"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def ask(address: str, body: Any) -> Any:
    request = urllib.request.Request(f"{address}/invocations", json.dumps(body).encode(), {"Content-Type": "application/json"})
    return json.loads(urllib.request.urlopen(request, timeout=60).read())


def test_mlflow_serves_it(served: str) -> None:
    for body in ({"dataframe_records": [{"question": QUESTION}]}, {"inputs": [{"question": QUESTION}]}):
        [answer] = ask(served, body)["predictions"]
        assert answer["answer"] == "42"
    with pytest.raises(urllib.error.HTTPError) as failure:
        ask(served, {"dataframe_records": [{"wrong": "column"}]})
    assert failure.value.code == 400
