"""A run that waits for a person: two traces, one session, and the decision where MLflow shows what people say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.types import Command

from trace_of_thought import tracking

EDIT = {"type": "edit", "steps": ["Add 6 and 7."], "comment": "wrong operation"}


def by_status(traces: list[Any]) -> dict[str, Any]:
    roots = {trace.info.trace_id: next(span for span in trace.data.spans if span.parent_id is None) for trace in traces}
    return {roots[trace.info.trace_id].outputs["status"]: trace for trace in traces}


def root_of(trace: Any) -> Any:
    return next(span for span in trace.data.spans if span.parent_id is None)


def test_a_pause_ends_ok_and_the_rest_is_linked_to_it(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    graph = make_graph(review=True, checkpointer=InMemorySaver())
    thread = {"configurable": {"thread_id": "t1"}}
    with tracking.traced("x"):
        graph.invoke({"question": "6 * 7?", "reference": "42", "problem_id": "p1"}, thread)
        graph.invoke(Command(resume=EDIT), thread)
    traces = by_status(traces_in("x"))
    before, after = traces["waiting_for_review"], traces["correct"]
    assert before.info.state.value == after.info.state.value == "OK"
    assert before.info.trace_metadata["mlflow.trace.session"] == after.info.trace_metadata["mlflow.trace.session"] == "t1"
    assert root_of(before).inputs == root_of(after).inputs == {"question": "6 * 7?"}
    [link] = root_of(after).links
    assert (link.trace_id, link.span_id) == (before.info.trace_id, root_of(before).span_id)
    review = next(span for span in before.data.spans if span.name == "review")
    assert review.status.status_code.value == "OK"
    assert "waiting_for" in review.outputs
    assert not [span for span in after.data.spans if span.name == "decompose"]
    assert after.info.tags["problem_id"] == "p1"


def test_the_decision_is_a_person_s_assessment(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    graph = make_graph(review=True, checkpointer=InMemorySaver())
    thread = {"configurable": {"thread_id": "t1"}}
    with tracking.traced("x"):
        graph.invoke({"question": "6 * 7?", "reference": "42"}, thread)
        graph.invoke(Command(resume=EDIT), thread)
    after = by_status(traces_in("x"))["correct"]
    [review] = [item for item in after.info.assessments if item.name == "review"]
    assert (review.value, review.rationale) == ("edit", "wrong operation")
    assert (review.source.source_type, review.source.source_id) == ("HUMAN", "ada")
    assert review.metadata["steps_changed"] == "3"
    assert float(review.metadata["seconds_waited"]) >= 0
    assert {item.name for item in after.info.assessments} >= {"correct", "reference"}


def test_a_later_process_links_to_the_trace_of_an_earlier_one(
    make_graph: Callable[..., Any], traces_in: Callable[..., Any], folder: Path
) -> None:
    thread = {"configurable": {"thread_id": "t1"}}
    with SqliteSaver.from_conn_string(str(folder / "checkpoints.db")) as saver:
        with tracking.traced("x"):
            make_graph(review=True, checkpointer=saver).invoke({"question": "6 * 7?", "reference": "42"}, thread)
        with tracking.traced("x"):  # another store and handler: nothing is remembered in memory
            make_graph(review=True, checkpointer=saver).invoke(Command(resume={"type": "approve"}), thread)
    traces = by_status(traces_in("x"))
    assert root_of(traces["correct"]).links[0].trace_id == traces["waiting_for_review"].info.trace_id


def test_runs_that_never_pause_have_no_session(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    graph = make_graph(checkpointer=InMemorySaver())
    with tracking.traced("x"):
        graph.invoke({"question": "q"}, {"configurable": {"thread_id": "t1"}})
    assert "mlflow.trace.session" not in traces_in("x")[0].info.trace_metadata


def test_a_trace_that_waits_links_to_its_review_and_back(
    make_graph: Callable[..., Any], traces_in: Callable[..., Any], monkeypatch: Any
) -> None:
    graph = make_graph(review=True, checkpointer=InMemorySaver())
    with tracking.traced("x"):
        graph.invoke({"question": "6 * 7?"}, {"configurable": {"thread_id": "a b/c?"}})
        monkeypatch.setenv("TOT_REVIEW_URL", "https://reviews.example/")
        graph.invoke({"question": "6 * 8?"}, {"configurable": {"thread_id": "t2"}})
    tags = [trace.info.tags["review"] for trace in traces_in("x")]
    assert sorted(tags) == ["http://127.0.0.1:8765/find?thread=a%20b%2Fc%3F", "https://reviews.example/find?thread=t2"]
    known = {trace.info.trace_id for trace in traces_in("x")}
    assert tracking.paused_trace("t2")["trace_id"] in known
    assert tracking.paused_trace("nobody") is None
