"""Nothing is lost: in a burst, and however the process ends."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.graph import START, StateGraph

from trace_of_thought import tracking
from trace_of_thought.foundation.folders import home
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.nodes.state import TraceState
from trace_of_thought.tracking.store.outbox import Outbox

SPANS = 7


def whole(traces: list[Any]) -> int:
    return sum(len(trace.data.spans) == SPANS and trace.info.state.value == "OK" for trace in traces)


@pytest.mark.slow
def test_two_thousand_instant_problems_give_two_thousand_whole_traces(traces_in: Callable[..., Any]) -> None:
    student = ScriptedChatModel(script=lambda prompt: "6 * 7 = 42\nAnswer: 42")

    def solve(state: TraceState, config: RunnableConfig) -> dict[str, Any]:
        student.invoke(state["question"], config)
        return {"answer": "42", "status": "correct"}

    graph = StateGraph(TraceState).add_node("solve", solve).add_edge(START, "solve").compile(name="standard")
    problems = [{"question": f"problem {number}", "reference": "42"} for number in range(2000)]
    with tracking.traced("burst"):
        asyncio.run(graph.abatch(problems, {"max_concurrency": 64}))
    traces = traces_in("burst")
    assert len({trace.info.request_preview for trace in traces}) == 2000
    assert {tuple(sorted(span.name for span in trace.data.spans)) for trace in traces} == {("scripted", "solve", "standard")}
    assert {trace.info.state.value for trace in traces} == {"OK"}
    assert {len(trace.info.assessments) for trace in traces} == {3}


@pytest.fixture
def store_away(free_port: Callable[[], int]) -> tracking.Store:
    """A store that was there and is away now."""
    return tracking.Store(f"http://ada:secret-word@127.0.0.1:{free_port()}")


@pytest.mark.slow
def test_more_open_traces_than_mlflow_remembers_by_default(store_away: tracking.Store) -> None:
    """Run apart: MLflow reads its settings once in a process."""
    code = """
import asyncio, sys
from langgraph.graph import START, StateGraph
from trace_of_thought import tracking
from trace_of_thought.tracking.store.environment import apply_settings

async def main():
    apply_settings(fail_fast=True)
    handler = tracking.TraceHandler(tracking.Store(sys.argv[1]), "1")
    everyone = asyncio.Barrier(1100)

    async def wait(state):
        await everyone.wait()

    graph = StateGraph(dict).add_node("wait", wait).add_edge(START, "wait").compile()
    await graph.abatch([{"question": str(number)} for number in range(1100)], {"callbacks": [handler]})
    handler.store.close(patience_s=0)

asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", code, store_away.uri], capture_output=True, check=True)
    assert Outbox(home() / "outbox.sqlite").count() == 1100


def test_what_an_absent_server_misses_is_kept_and_said(
    store_away: tracking.Store, make_graph: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    handler = tracking.TraceHandler(store_away, "1")
    for number in range(3):
        make_graph().invoke({"question": f"problem {number}"}, {"callbacks": [handler]})
    assert store_away.close(patience_s=0.1) == 3
    assert "3 traces waiting in" in caplog.text
    assert "send with: tot sync" in caplog.text
    assert "secret-word" not in caplog.text
    assert b"secret-word" not in b"".join(file.read_bytes() for file in home().iterdir())


ENDS = {
    "normally": ("pass", 0),
    "with an exception": ("raise ValueError('mine')", 1),
    "by Ctrl-C": ("os.kill(os.getpid(), signal.SIGINT); time.sleep(30)", -signal.SIGINT),
    "by SIGTERM": ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(30)", 128 + signal.SIGTERM),
    "by SIGTERM under asyncio": ("asyncio.run(interrupted())", 128 + signal.SIGTERM),
    "at once": ("os._exit(1)", 1),
    "by kill -9": ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
}

PROCESSES = """
import asyncio, json, os, signal, sys, time
sys.path.insert(0, sys.argv[1])
import mlflow.store.model_registry.sqlalchemy_store, mlflow.store.tracking.sqlalchemy_store, mlflow.tracing.client
from conftest import build_graph
from trace_of_thought import tracking
from trace_of_thought.models import ScriptedChatModel

async def interrupted():
    slow = build_graph(ScriptedChatModel(script=lambda prompt: time.sleep(0.02) or "Answer: 42"))
    asyncio.get_running_loop().call_later(0.5, os.kill, os.getpid(), signal.SIGTERM)
    await slow.abatch([{"question": f"slow {number}"} for number in range(1000)], {"max_concurrency": 8})

graph = build_graph()
for end, (statement, _) in json.loads(sys.argv[2]).items():
    child = os.fork()
    if child:
        print(json.dumps([end, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])]), flush=True)
        continue
    os.chdir(end)
    with tracking.traced("ends"):
        for number in range(8):
            graph.invoke({"question": str(number)})
        exec(statement)
    sys.exit()
"""
"""Forks a process for each end, since importing MLflow takes seconds."""


@pytest.mark.slow
def test_however_a_process_ends_every_trace_is_sent(
    folder: Path,
    empty_database: Path,
    make_graph: Callable[..., Any],
    traces_in: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for end in ENDS:
        (folder / end).mkdir()
        shutil.copy(empty_database, folder / end / "mlflow.db")
    words = [sys.executable, "-c", PROCESSES, str(Path(__file__).parents[1]), json.dumps(ENDS)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    assert dict(map(json.loads, done.stdout.splitlines())) == {end: code for end, (_, code) in ENDS.items()}, done.stderr

    stores = {end: f"sqlite:///{folder / end}/mlflow.db" for end in ENDS}
    for end in ("at once", "by kill -9"):
        monkeypatch.chdir(folder / end)
        assert len(traces_in("ends", stores[end])) + Outbox(home() / "outbox.sqlite").count() >= 8
        with tracking.traced("ends", stores[end]):
            make_graph().invoke({"question": "the next run sends what was left"})
    sent = {end: traces_in("ends", stores[end]) for end in ENDS}
    counts = {end: whole(traces) for end, traces in sent.items()}
    assert counts.pop("by SIGTERM under asyncio") > 8
    assert counts == {end: 9 if end in ("at once", "by kill -9") else 8 for end in counts}
    assert all(span.end_time_ns for traces in sent.values() for trace in traces for span in trace.data.spans)
