"""An audit on a store: what is put into the queue, and what is made of the answers."""

import json

import pytest
from mlflow.entities import AssessmentSource, Feedback

from trace_of_thought import tracking
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.tracking import TrackingUnavailable, read_audit, start_audit

REPLIES = ["Answer: 42", "Answer: 41"]


@pytest.fixture
def store(make_graph, folder):
    student = ScriptedChatModel(script=lambda prompt: REPLIES[int(prompt.split("#")[1].split()[0]) % 2])
    with tracking.traced(experiment="sums"):
        graph = make_graph(student)
        for n in range(12):
            graph.invoke({"question": f"What is 6 * 7? #{n} ", "reference": "42", "problem_id": f"p{n}"})
    opened = tracking.connect()
    yield opened
    opened.close()


def tags(store, queued):
    traces = store.client.search_traces(locations=[store.experiment_id("sums")], include_spans=False)
    return {
        trace.info.trace_id: json.loads(value)
        for trace in traces
        for key, value in trace.info.tags.items()
        if key.startswith("tot.audit.")
    }


def say(store, trace, name, value, who="ann"):
    from mlflow.tracing.client import TracingClient

    feedback = Feedback(name=name, value=value, source=AssessmentSource("HUMAN", who))
    TracingClient(store.uri).log_assessment(trace, feedback)


def test_a_sample_is_queued_with_its_questions_and_probabilities(store):
    from mlflow.genai import label_schemas, review_queues

    queued = start_audit(store, "sums", 6, users=["ann"])
    assert queued.sample.sizes == {"judged right, other": 6, "judged wrong, other": 6}
    drawn = {trace for traces in queued.sample.traces.values() for trace in traces}
    assert tags(store, queued).keys() == drawn
    assert {note["probability"] for note in tags(store, queued).values()} == {0.5}
    import mlflow

    mlflow.set_tracking_uri(store.uri)
    experiment_id = store.experiment_id("sums")
    queue = review_queues.get_review_queue(name="verdicts 1", experiment_id=experiment_id)
    assert {item.item_id for item in review_queues.list_review_queue_items(queue.queue_id)} == drawn
    asked = {schema.schema_id: schema.name for schema in label_schemas.list_label_schemas(experiment_id)}
    assert {asked[schema] for schema in queue.schema_ids} == {"Is the verdict right?", "If not, why?"}
    assert queue.users == ["ann"]
    assert start_audit(store, "sums", 2).name == "verdicts 2"


def test_answers_become_rates_and_a_corrected_accuracy(store):
    queued = start_audit(store, "sums", 12)
    assert read_audit(store, "sums").estimates is None
    right, wrong = queued.sample.traces["judged right, other"], queued.sample.traces["judged wrong, other"]
    for trace in (*right, *wrong):
        say(store, trace, "Is the verdict right?", "yes")
    for trace in right[:2]:
        say(store, trace, "Is the verdict right?", "no")  # the later answer of one person counts
        say(store, trace, "If not, why?", "the reference is wrong")
    for who in ("bob", "cat"):
        say(store, right[0], "Is the verdict right?", "yes", who)  # the majority
    say(store, wrong[0], "Is the verdict right?", "no", "bob")  # a tie
    found = read_audit(store, "sums", "verdicts 1")
    assert (found.strata["judged right, other"].judged, found.strata["judged right, other"].wrong) == (6, 1)
    assert (found.strata["judged wrong, other"].judged, found.unclear, found.waiting, found.lost) == (5, 1, 0, 0)
    assert found.reasons == {"the reference is wrong": 2}
    assert found.estimates.accuracy == pytest.approx(0.5)
    assert found.estimates.corrected.value == pytest.approx(5 / 12)
    assert found.estimates.error_rate.value == pytest.approx(1 / 12)


def test_what_is_gone_or_was_put_there_by_hand_does_not_count(store):
    import mlflow
    from mlflow.genai import review_queues

    queued = start_audit(store, "sums", 4)
    experiment_id = store.experiment_id("sums")
    drawn = [trace for traces in queued.sample.traces.values() for trace in traces]
    every = {trace.info.trace_id for trace in store.client.search_traces(locations=[experiment_id], include_spans=False)}
    by_hand = next(iter(every - set(drawn)))
    mlflow.set_tracking_uri(store.uri)
    queue = review_queues.get_review_queue(name="verdicts 1", experiment_id=experiment_id)
    review_queues.add_items_to_review_queue(queue.queue_id, item_ids=[by_hand])
    say(store, by_hand, "Is the verdict right?", "no")
    review_queues.remove_items_from_review_queue(queue.queue_id, item_ids=[drawn[0]])
    found = read_audit(store, "sums")
    assert (found.lost, found.waiting, found.estimates) == (1, 3, None)


def test_what_cannot_be_audited_says_why(store):
    with pytest.raises(TrackingUnavailable, match="no experiment 'nothing'"):
        start_audit(store, "nothing", 3)
    store.experiment_id("empty")
    with pytest.raises(ValueError, match="no trace of 'empty' has a verdict"):
        start_audit(store, "empty", 3)
    with pytest.raises(LookupError, match="--sample 100"):
        read_audit(store, "sums")
    start_audit(store, "sums", 3)
    with pytest.raises(LookupError, match="no audit 'x'; there is 'verdicts 1'"):
        read_audit(store, "sums", "x")


def test_an_mlflow_without_review_queues_is_named(store, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "mlflow.genai.review_queues", None)
    monkeypatch.delattr("mlflow.genai.review_queues", raising=False)
    with pytest.raises(TrackingUnavailable, match=r"need MLflow 3\.14"):
        start_audit(store, "sums", 3)
