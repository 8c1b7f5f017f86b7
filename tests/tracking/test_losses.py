"""Nothing is lost: in a burst, at any end of the process, when the server dies."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trace_of_thought import tracking
from trace_of_thought.tracking.outbox import Outbox

pytestmark = pytest.mark.slow

SPANS = 7
ROOT = Path(__file__).parents[2]
TOT = "import sys; from trace_of_thought.cli.app import main; sys.argv[0] = 'tot'; main()"


class Server:
    """A real `mlflow server` in a folder, which can be killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
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
def server(folder: Path) -> Iterator[Server]:
    (folder / "server").mkdir()
    server = Server(folder / "server")
    server.start()
    yield server
    server.kill()


def whole(traces: list[Any]) -> int:
    return sum(len(trace.data.spans) == SPANS and trace.info.state.value == "OK" for trace in traces)


def test_a_thousand_instant_problems_give_a_thousand_whole_traces(
    make_graph: Callable[..., Any], traces_in: Callable[..., Any]
) -> None:
    problems = [{"question": f"problem {number}", "reference": "42"} for number in range(1000)]
    with tracking.traced("burst"):
        asyncio.run(make_graph().abatch(problems, {"max_concurrency": 64}))
    traces = traces_in("burst")
    assert len({trace.info.request_preview for trace in traces}) == 1000
    assert whole(traces) == 1000
    assert all(len(trace.info.assessments) == 5 for trace in traces)


def test_more_open_traces_than_mlflow_remembers_by_default(folder: Path) -> None:
    code = """
import asyncio
from langgraph.graph import START, StateGraph
from trace_of_thought import tracking

async def main():
    everyone = asyncio.Barrier(1100)

    async def wait(state):
        await everyone.wait()

    graph = StateGraph(dict).add_node("wait", wait).add_edge(START, "wait").compile()
    await graph.abatch([{"question": str(number)} for number in range(1100)])

with tracking.traced("wide"):
    asyncio.run(main())
"""
    done = run(code)
    assert done.returncode == 0, done.stderr
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    assert count(client, client.get_experiment_by_name("wide").experiment_id) == 1100


def count(client: Any, experiment: str) -> int:
    total, token = 0, None
    while True:
        page = client.search_traces(locations=[experiment], max_results=500, page_token=token, include_spans=False)
        total += len(page)
        token = page.token
        if not token:
            return total


ENDING = """
import os, signal, sys, time
sys.path.insert(0, sys.argv[1])
from conftest import build_graph
from trace_of_thought import tracking

graph = build_graph()
with tracking.traced("ends"):
    for number in range(40):
        graph.invoke({"question": str(number)})
    print("ready", flush=True)
    END
"""

ENDS = {
    "normally": ("pass", 0),
    "with an exception": ("raise ValueError('mine')", 1),
    "with sys.exit": ("sys.exit(3)", 3),
    "by Ctrl-C": ("os.kill(os.getpid(), signal.SIGINT); time.sleep(30)", -signal.SIGINT),
    "by SIGTERM": ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(30)", 128 + signal.SIGTERM),
}


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", code, str(Path(__file__).parent)]
    return subprocess.run(words, capture_output=True, text=True, env=os.environ | environment, timeout=120, check=False)


@pytest.mark.parametrize("end", ENDS)
def test_however_the_process_ends_orderly_everything_is_sent(end: str, traces_in: Callable[..., Any]) -> None:
    statement, code = ENDS[end]
    done = run(ENDING.replace("END", statement))
    assert done.returncode == code, done.stderr
    assert whole(traces_in("ends")) == 40


@pytest.mark.parametrize("statement", ["os._exit(1)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_what_a_killed_process_could_not_send_is_sent_later(
    statement: str, traces_in: Callable[..., Any], make_graph: Callable[..., Any]
) -> None:
    run(ENDING.replace("END", statement))
    assert len(traces_in("ends")) + Outbox(tracking.home() / "outbox.sqlite").count() >= 40
    with tracking.traced("ends"):
        make_graph().invoke({"question": "the next run"})
    assert whole(traces_in("ends")) == 41


def test_sigterm_under_asyncio_ends_open_spans_and_sends(traces_in: Callable[..., Any]) -> None:
    code = """
import asyncio, os, signal, sys
sys.path.insert(0, sys.argv[1])
from conftest import build_graph
from trace_of_thought import tracking
from trace_of_thought.models import ScriptedChatModel

async def main():
    graph = build_graph(ScriptedChatModel(script=lambda prompt: __import__("time").sleep(0.05) or "Answer: 42"))
    asyncio.get_running_loop().call_later(1, os.kill, os.getpid(), signal.SIGTERM)
    await graph.abatch([{"question": str(number)} for number in range(1000)], {"max_concurrency": 8})

with tracking.traced("ends"):
    asyncio.run(main())
"""
    done = run(code)
    assert done.returncode == 128 + signal.SIGTERM, done.stderr
    traces = traces_in("ends")
    assert whole(traces) > 5
    assert all(span.end_time_ns for trace in traces for span in trace.data.spans)


def test_a_server_that_dies_in_the_middle_and_comes_back_misses_nothing(
    server: Server, make_graph: Callable[..., Any], traces_in: Callable[..., Any]
) -> None:
    graph = make_graph()
    with tracking.traced("x", server.uri):
        for number in range(120):
            if number == 40:
                server.kill()
            if number == 80:
                server.start()
            graph.invoke({"question": f"problem {number}", "reference": "42"})
            time.sleep(0.02)
    assert whole(traces_in("x", server.uri)) == 120
    assert Outbox(tracking.home() / "outbox.sqlite").count() == 0


def test_what_a_dead_server_misses_is_kept_and_sent_by_tot_sync(
    server: Server, make_graph: Callable[..., Any], traces_in: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    graph = make_graph()
    store = tracking.connect(server.uri)
    handler = tracking.TraceHandler(store, store.experiment_id("x"))
    for number in range(60):
        if number == 20:
            server.kill()
        graph.invoke({"question": f"problem {number}"}, {"callbacks": [handler]})
    left = store.close(patience_s=1)
    assert left >= 40
    assert f"{left} traces wait in" in caplog.text
    assert "tot sync" in caplog.text
    refused = run_sync(server.uri)
    assert refused.returncode == 1
    assert "no MLflow server answers" in refused.stderr
    server.start()
    sent = run_sync(server.uri)
    assert sent.returncode == 0, sent.stderr
    assert f"{left} traces sent" in sent.stdout
    assert whole(traces_in("x", server.uri)) == 60


def run_sync(uri: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from trace_of_thought.cli.app import main; sys.argv = ['tot', 'sync']; main()"
    return run(code, MLFLOW_TRACKING_URI=uri)


def test_a_run_whose_server_dies_is_completed_by_tot_sync(
    server: Server, traces_in: Callable[..., Any], tmp_path: Path
) -> None:
    sample = [json.loads(line) for line in (ROOT / "problems" / "sample.jsonl").read_text().splitlines()]
    replies = [{"question": row["question"], "decomposition": f"Answer: {row['reference']}"} for row in sample]
    (tmp_path / "student.jsonl").write_text("\n".join(map(json.dumps, replies)))
    words = ["run", "--problems", "sample", "--methods", "standard,trace_of_thought", "--student", "recorded:student.jsonl"]
    words += ["--teacher", "recorded:sample", "--concurrency", "1", "--experiment", "x"]
    environment = os.environ | {"MLFLOW_TRACKING_URI": server.uri}
    process = subprocess.Popen([sys.executable, "-c", TOT, *words], env=environment, stdout=subprocess.PIPE, text=True)
    outbox = Outbox(tmp_path / ".trace_of_thought" / "outbox.sqlite")
    while not outbox.count() and process.poll() is None:
        time.sleep(0.01)
    server.kill()
    printed, _ = process.communicate(timeout=120)
    assert "tot sync" in printed
    assert outbox.count() > 0
    server.start()
    sent = run_sync(server.uri)
    assert sent.returncode == 0, sent.stdout + sent.stderr
    assert "results of x sent" in sent.stdout
    assert sum(trace.info.state.value == "OK" for trace in traces_in("x", server.uri)) == 2 * len(sample)
    client = tracking.connect(server.uri).client
    experiment = client.get_experiment_by_name("x")
    assert experiment is not None
    cells = [found for found in client.search_runs([experiment.experiment_id]) if "method" in found.data.params]
    assert {found.data.params["method"]: found.data.metrics["accuracy"] for found in cells} == {
        "standard": 1.0,
        "trace_of_thought": 1.0,
    }
    assert {found.info.status for found in cells} == {"FINISHED"}
