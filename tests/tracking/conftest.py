"""A small graph with the project's node names and state, and stores to look into."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.nodes.state import TraceInput, TraceOutput, TraceState

STEPS = ["Multiply 6 by 7.", "State the product."]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_database: Path) -> Iterator[Path]:
    """Run each test in a folder with a store of its own, with no tracking settings from outside."""
    monkeypatch.chdir(tmp_path)
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID", "TOT_HOME"):
        monkeypatch.delenv(name, raising=False)
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    yield tmp_path
    import mlflow

    mlflow.set_tracking_uri(None)
    mlflow.tracing.reset()


def build_graph(student: Any = None, *, teacher: Any = None, review: bool = False, checkpointer: Any = None) -> Any:
    """Build decompose, review, solve, verify with the project's state: what tracking sees, at little cost."""
    teacher = teacher or ScriptedChatModel(script=lambda prompt: "\n".join(STEPS), model_name="gpt-4.1")
    student = student or ScriptedChatModel(script=lambda prompt: "6 * 7 = 42\nAnswer: 42", model_name="small")

    def decompose(state: TraceState, config: RunnableConfig) -> dict[str, Any]:
        reply = teacher.invoke(state["question"], config)
        flags = [{"kind": "answer_in_steps", "detail": "42", "step": 1}] if "42" in reply.text else []
        return {"steps": reply.text.splitlines(), "flags": flags}

    def ask(state: TraceState) -> dict[str, Any]:
        if not review:
            return {}
        answer = interrupt({"steps": state["steps"]})
        record = {"decision": answer["type"], "comment": answer.get("comment", ""), "reviewer": "ada", "steps": state["steps"]}
        return {"steps": answer.get("steps", state["steps"]), "reviews": [*state.get("reviews", []), record]}

    def solve(state: TraceState, config: RunnableConfig) -> dict[str, Any]:
        reply = student.invoke("\n".join([state["question"], *state["steps"]]), config)
        return {"solution": reply.text, "attempts": 1}

    def verify(state: TraceState) -> dict[str, Any]:
        answer = state["solution"].rpartition(" ")[2]
        right = answer == state.get("reference")
        status = "unchecked" if state.get("reference") is None else "correct" if right else "incorrect"
        return {
            "answer": answer,
            "status": status,
            "verdict": {"status": status, "answer": answer},
            "check": {"status": "consistent", "summary": ""},
        }

    graph = StateGraph(TraceState, input_schema=TraceInput, output_schema=TraceOutput)
    for name, node in (("decompose", decompose), ("review", ask), ("solve", solve), ("verify", verify)):
        graph.add_node(name, node)
    for left, right in (
        (START, "decompose"),
        ("decompose", "review"),
        ("review", "solve"),
        ("solve", "verify"),
        ("verify", END),
    ):
        graph.add_edge(left, right)
    return graph.compile(name="trace_of_thought", checkpointer=checkpointer)


@pytest.fixture
def make_graph() -> Callable[..., Any]:
    return build_graph


@pytest.fixture
def traces_in(folder: Path) -> Callable[..., list[Any]]:
    """Return a function that reads all traces of an experiment, newest first."""

    def read(experiment: str, uri: str | None = None, spans: bool = True) -> list[Any]:
        from mlflow import MlflowClient

        client = MlflowClient(uri or f"sqlite:///{folder}/mlflow.db")
        found = client.get_experiment_by_name(experiment)
        traces: list[Any] = []
        token = None
        while found:
            page = client.search_traces(locations=[found.experiment_id], max_results=500, page_token=token, include_spans=spans)
            traces += page
            token = page.token
            if not token:
                break
        return traces

    return read
