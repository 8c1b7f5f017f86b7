"""An application that MLflow's autolog traces, without a block of ours: one line adds the verdicts."""

from typing import TypedDict

import pytest
from langgraph.graph import START, StateGraph

from trace_of_thought import build_baseline, tracking
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.tracking.traces.context import handler_of_process


@pytest.fixture
def autolog(folder):
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.set_experiment("desk")
    mlflow.langchain.autolog()
    handler_of_process.cache_clear()
    yield mlflow
    mlflow.langchain.autolog(disable=True)
    handler_of_process.cache_clear()


class Desk(TypedDict, total=False):
    task: str
    known: str
    result: str


@tracking.verdicts("desk")
def solve(state: Desk) -> Desk:
    graph = build_baseline("standard", ScriptedChatModel(script=lambda prompt: "Answer: 42"))
    return {"result": graph.invoke({"question": state["task"], "reference": state["known"]})["answer"]}


def desk():
    parent = StateGraph(Desk)
    parent.add_node("solve", solve)
    parent.add_edge(START, "solve")
    return parent.compile()


def verdicts_in(trace):
    return {assessment.name: assessment.value for assessment in trace.info.assessments if assessment.feedback}


def test_one_line_adds_verdicts_to_autologs_trace(autolog, traces_in):
    for _ in range(2):
        assert desk().invoke({"task": "What is 6 * 7?", "known": "42"})["result"] == "42"
    autolog.flush_trace_async_logging()
    traces = traces_in("desk")
    assert [verdicts_in(trace)["correct"] for trace in traces] == [True, True]
    assert {span.name for span in traces[0].data.spans} >= {"LangGraph", "solve", "standard", "verify"}


def test_without_autolog_the_graph_has_a_trace_of_its_own(autolog, traces_in):
    autolog.langchain.autolog(disable=True)
    desk().invoke({"task": "What is 6 * 7?", "known": "42"})
    tracking.process_handler("desk").store.close()
    [trace] = traces_in("desk")
    assert verdicts_in(trace)["correct"] is True
