"""`tracking.traced`: all that an application needs, and nothing where it is not used."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from trace_of_thought import tracking
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.tracking.traces.context import handler_of_process

UNTRACED = """
import sys
from trace_of_thought import tracking
from trace_of_thought.models import ScriptedChatModel
from langgraph.graph import START, StateGraph

def solve(state, config):
    return {"answer": ScriptedChatModel(script=["4"]).invoke("2 + 2?", config).text}

graph = StateGraph(dict).add_node("solve", solve).add_edge(START, "solve").compile()
graph.invoke({"question": "2 + 2?"})
print(sorted(name for name in sys.modules if name.split(".")[0] in ("mlflow", "torch", "transformers")))
"""


def test_without_tracking_mlflow_is_not_imported() -> None:
    done = subprocess.run([sys.executable, "-c", UNTRACED], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_outside_the_block_nothing_is_traced(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    graph = make_graph()
    with tracking.traced("x"):
        graph.invoke({"question": "inside"})
    graph.invoke({"question": "outside"})
    assert [trace.info.request_preview for trace in traces_in("x")] == ['{"question": "inside"}']


def test_blocks_in_other_threads_do_not_mix(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    graph = make_graph()
    both = threading.Barrier(2)

    def work(name: str) -> None:
        with tracking.traced(name):
            both.wait()
            graph.batch([{"question": f"{name} {number}"} for number in range(5)])
            both.wait()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in ("first", "second"):
        assert sorted(trace.info.request_preview for trace in traces_in(name)) == [
            f'{{"question": "{name} {number}"}}' for number in range(5)
        ]


def test_the_handler_alone_works_as_a_callback(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    store = tracking.connect()
    handler = tracking.TraceHandler(store, store.experiment_id("x"), tags={"app": "mine"})
    make_graph().invoke({"question": "q"}, {"callbacks": [handler], "metadata": {"seed": 7}})
    assert store.close() == 0
    [trace] = traces_in("x")
    assert (trace.info.tags["app"], trace.info.tags["seed"]) == ("mine", "7")


def test_the_handler_as_a_callback_inside_the_block_does_not_trace_twice(
    make_graph: Callable[..., Any], traces_in: Callable[..., Any]
) -> None:
    with tracking.traced("x") as handler:
        make_graph().invoke({"question": "q"}, {"callbacks": [handler]})
    [trace] = traces_in("x")
    assert len(trace.data.spans) == 7


def test_an_exception_passes_through_and_what_was_traced_is_sent(
    make_graph: Callable[..., Any], traces_in: Callable[..., Any]
) -> None:
    def application() -> None:
        with tracking.traced("x"):
            make_graph().invoke({"question": "q"})
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        application()
    assert len(traces_in("x")) == 1


def test_a_bare_model_call_is_a_trace_too(traces_in: Callable[..., Any]) -> None:
    with tracking.traced("x"):
        ScriptedChatModel(script=["4"]).invoke("2 + 2?")
    [trace] = traces_in("x")
    assert [span.span_type for span in trace.data.spans] == ["CHAT_MODEL"]


def test_a_server_has_one_handler_for_its_life(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    def factory() -> Any:
        return make_graph().with_config(callbacks=[tracking.process_handler("server")])

    for number in range(3):
        factory().invoke({"question": f"request {number}"})
    handler = tracking.process_handler("server", None)
    assert tracking.process_handler(experiment="server") is handler
    handler_of_process.cache_clear()
    assert handler.store.close() == 0
    assert len(traces_in("server")) == 3
