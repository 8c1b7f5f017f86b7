"""A decision that came through the queue is a person's assessment in MLflow."""

import pytest
from langgraph.types import Command

from trace_of_thought import build_trace_of_thought, tracking


@pytest.mark.slow
def test_a_decision_is_a_human_assessment_with_edit_distance_and_time(queue, student, tmp_path, monkeypatch):
    import mlflow

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOT_HOME", str(tmp_path / "home"))
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    teacher = student.model_copy(update={"script": lambda prompt: "1. 6 * 7 = 42.\n2. Say it."})
    with queue.store.saver() as saver, tracking.traced("x", uri):
        graph = build_trace_of_thought(teacher, student, review="flagged", checkpointer=saver)
        graph.invoke({"question": "What is 6 times 7?", "reference": "42"}, {"configurable": {"thread_id": "t"}})
        queue.refresh()
        [item] = queue.pending()
        queue.decide(
            item.number, {"type": "edit", "args": {"steps": ["Multiply."]}, "message": "leaks"}, reviewer="ann", seconds=9
        )
        for thread, (interrupt, answer) in queue.answers().items():
            graph.invoke(Command(resume={interrupt: answer}), {"configurable": {"thread_id": thread}})
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name("x").experiment_id
    traces = client.search_traces(locations=[experiment])
    [review] = [found for trace in traces for found in trace.info.assessments if found.name == "review"]
    assert (review.value, review.source.source_type, review.source.source_id) == ("edit", "HUMAN", "ann")
    assert (review.rationale, review.metadata["edit_distance"], review.metadata["seconds"]) == ("leaks", "8", "9.0")
    paused = [
        span for trace in traces for span in trace.data.spans if span.name == "review" and "waiting_for" in (span.outputs or {})
    ]
    assert "computed_result" in str(paused[0].outputs)
