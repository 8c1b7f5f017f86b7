"""A real LangGraph server on loopback, with models behind a real OpenAI-compatible one."""

import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STEPS = "1. Multiply 6 by 7.\n2. State the product."


@contextmanager
def langgraph_dev(port, folder, **environment):
    command = [str(Path(sys.executable).with_name("langgraph")), "dev", "--no-browser", "--no-reload"]
    command += [
        "--config",
        str(ROOT / "langgraph.json"),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--n-jobs-per-worker",
        "4",
    ]
    offline = {"LANGSMITH_TRACING": "false", "LANGGRAPH_CLI_NO_ANALYTICS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TOT_", "MLFLOW_"))}
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env={**kept, **offline, **environment}, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/ok", process, folder / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def wait_for(url, process, log):
    until = time.monotonic() + 90
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            assert process.poll() is None, log.read_text()[-3000:]
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer: {log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def models(shared_openai_server):
    shared_openai_server.reply = reply
    return shared_openai_server


def reply(prompt):
    return STEPS if "step-by-step prompts" in prompt else "6 * 7 = 42\nAnswer: 42"


@pytest.fixture
def normal(models):
    """The models, answering as ever again when a test is over."""
    yield models
    models.queue, models.reply = [], reply


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("langgraph")


@pytest.fixture(scope="session")
def url(models, free_port, folder):
    environment = {
        "TOT_STUDENT": "openai:small,openai:other",
        "TOT_TEACHER": "openai:large",
        "TOT_BASE_URL": models.url,
        "OPENAI_API_KEY": "secret-key",
        "TOT_TRACKING": "served",
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
    }
    with langgraph_dev(free_port(), folder, **environment) as address:
        yield address


@pytest.fixture(scope="session")
def server_of():
    return langgraph_dev
