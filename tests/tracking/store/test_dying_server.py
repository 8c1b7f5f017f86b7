"""A real `mlflow server` that is killed in the middle and started again: nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trace_of_thought import tracking
from trace_of_thought.cli.commands.sync import sync
from trace_of_thought.tracking.store.outbox import Outbox

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parents[3] / "foundation" / "sample.jsonl"
PROBLEMS = len(SAMPLE.read_text().splitlines())
TOT = "import sys; from trace_of_thought.cli.app import main; sys.argv[0] = 'tot'; main()"


class Server:
    """A real `mlflow server` in a folder, which can be killed and started again on the same port."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.uri = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = [sys.executable, "-m", "mlflow", "server", "--port", str(self.port), "--workers", "1"]
        words += ["--backend-store-uri", f"sqlite:///{self.folder}/mlflow.db"]
        environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen(words, cwd=self.folder, env=environment, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.uri}/health", timeout=1)
                return
            except OSError:
                time.sleep(0.2)
        raise TimeoutError((self.folder / "server.log").read_text())

    def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture
def server(tmp_path: Path, empty_database: Path, free_port: Callable[[], int]) -> Iterator[Server]:
    folder = tmp_path / "server"
    folder.mkdir()
    shutil.copy(empty_database, folder / "mlflow.db")
    server = Server(folder, free_port())
    server.start()
    yield server
    server.kill()


def test_nothing_is_missing_of_what_a_server_did_not_see(
    server: Server,
    make_graph: Callable[..., Any],
    traces_in: Callable[..., Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An application goes on while the server is away and back; a `tot run` beside it ends before that."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # MLflow's own 7 take minutes
    outbox = Outbox(tmp_path / ".trace_of_thought" / "outbox.sqlite")
    graph = make_graph()

    def ask(numbers: range) -> None:
        for number in numbers:
            graph.invoke({"question": f"problem {number}", "reference": "42"})
            time.sleep(0.02)

    with tracking.traced("application", server.uri):
        ask(range(20))
        process = start_a_run(tmp_path, server.uri)
        while not outbox.count(owner=process.pid) and process.poll() is None:
            time.sleep(0.01)
        server.kill()
        ask(range(20, 40))
        printed, _ = process.communicate(timeout=120)
        assert "tot sync" in printed
        with pytest.raises(tracking.TrackingUnavailable, match="no MLflow server answers"):
            sync(server.uri)
        waiting = outbox.count(owner=process.pid)
        assert waiting > 0
        server.start()
        ask(range(40, 60))
    assert len(whole(traces_in("application", server.uri))) == 60
    assert outbox.count() == waiting

    capsys.readouterr()
    sync(server.uri)
    said = capsys.readouterr().out
    assert f"{waiting} traces sent" in said
    assert "results of x sent" in said
    assert len(whole(traces_in("x", server.uri))) == 2 * PROBLEMS
    client = tracking.connect(server.uri).client
    experiment = client.get_experiment_by_name("x")
    assert experiment is not None
    cells = [found for found in client.search_runs([experiment.experiment_id]) if "method" in found.data.params]
    assert {found.data.params["method"]: found.data.metrics["accuracy"] for found in cells} == {
        "standard": 1.0,
        "trace_of_thought": 1.0,
    }
    assert {found.info.status for found in cells} == {"FINISHED"}


def start_a_run(folder: Path, uri: str) -> subprocess.Popen[str]:
    problems = [json.loads(line) for line in SAMPLE.read_text().splitlines()]
    replies = [{"question": row["question"], "decomposition": f"Answer: {row['reference']}"} for row in problems]
    (folder / "student.jsonl").write_text("\n".join(map(json.dumps, replies)))
    words = ["run", "--problems", "sample", "--methods", "standard,trace_of_thought", "--student", "recorded:student.jsonl"]
    words += ["--teacher", "recorded:sample", "--concurrency", "1", "--experiment", "x"]
    environment = os.environ | {"MLFLOW_TRACKING_URI": uri}
    return subprocess.Popen([sys.executable, "-c", TOT, *words], env=environment, stdout=subprocess.PIPE, text=True)


def whole(traces: list[Any]) -> list[Any]:
    return [trace for trace in traces if trace.info.state.value == "OK" and all(s.end_time_ns for s in trace.data.spans)]
