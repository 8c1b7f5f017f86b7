"""Traces of problems that pause for a review, where a process was killed between their checkpoint and their trace."""

import asyncio
import shutil
import sqlite3
from contextlib import closing

import pytest
from mlflow import MlflowClient

from trace_of_thought import tracking
from trace_of_thought.experiments.design.config_file import build_config
from trace_of_thought.experiments.design.plan import make_plan
from trace_of_thought.experiments.exchange.publishing import MlflowTracker, experiment_record, publish_journal
from trace_of_thought.experiments.run.preparing import open_journal
from trace_of_thought.experiments.run.runner import run_experiment
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.review import ReviewDesk, open_queue

PROBLEMS = 3


@pytest.fixture
def run(sums, tmp_path, empty_database, monkeypatch):
    """Run the experiment once more; returns its rows and, with `publishing`, the traces that MLflow has."""
    monkeypatch.setenv("TOT_HOME", str(tmp_path))
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    teacher = ScriptedChatModel(script=lambda prompt: "1. Look at the number.\n2. Add one to it.")
    student = ScriptedChatModel(script=lambda prompt: "Answer: " + str(int(prompt.split("What is ")[1].split(" +")[0]) + 1))
    fields = {"problems": sums(PROBLEMS), "methods": "trace_of_thought", "review": "always"}
    plan = make_plan(build_config({**fields, "students": "scripted:s", "teachers": "scripted:t"}))

    def once(publishing=False):
        with (
            open_journal(plan, tmp_path) as journal,
            tracking.connect(f"sqlite:///{tmp_path / 'mlflow.db'}") as store,
            closing(open_queue(tmp_path / "reviews.sqlite")) as queue,
        ):
            tracker = MlflowTracker(tracking.open_runs(store, experiment_record(journal, whole=False)))
            models = {"scripted:s": student, "scripted:t": teacher}
            desk = ReviewDesk(queue)
            asyncio.run(run_experiment(plan, journal, models=models, tracker=tracker, reviewer=desk))
            if publishing:
                publish_journal(journal, store)
            return [row for cell in journal.cells() for row in journal.rows(cell["id"])]

    return once


def sent(folder):
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    [experiment] = client.search_experiments(filter_string="name = 'experiment'")
    return {trace.info.trace_id: trace for trace in client.search_traces(locations=[experiment.experiment_id])}


def approve_all(folder):
    with closing(open_queue(folder / "reviews.sqlite")) as queue:
        for item in queue.pending():
            queue.decide(item.number, {"type": "approve"}, reviewer="A")


@pytest.mark.slow
def test_a_pause_whose_trace_was_lost_is_traced_by_the_next_run(run, tmp_path):
    first = run()
    lost = first[0]["trace_id"]
    with sqlite3.connect(tmp_path / "outbox.sqlite") as db:  # as if it had been killed just after the checkpoint
        db.execute("delete from pauses where json_extract(body, '$.trace_id') = ?", (lost,))
        db.execute("delete from held where trace_id = ?", (lost,))
        db.execute("delete from traces where trace_id = ?", (lost,))
    second = run()
    assert [row["status"] for row in second] == ["waiting"] * PROBLEMS
    assert [row["trace_id"] for row in second][1:] == [row["trace_id"] for row in first][1:]
    assert second[0]["trace_id"] != lost
    approve_all(tmp_path)
    last = run(publishing=True)
    assert [row["status"] for row in last] == ["correct"] * PROBLEMS
    traces = sent(tmp_path)
    assert set(traces) - {lost} == {row["trace_id"] for row in second + last}
    paused = traces[second[0]["trace_id"]]
    assert "waiting_for_review" in paused.info.response_preview
    assert "What is 0 + 1?" in paused.info.request_preview
    [link] = traces[last[0]["trace_id"]].data.spans[0].links
    assert link.trace_id == paused.info.trace_id


@pytest.mark.slow
def test_a_finished_problem_whose_row_was_lost_keeps_its_trace(run, tmp_path):
    run()
    approve_all(tmp_path)
    done = run()
    with sqlite3.connect(tmp_path / "experiment.journal.sqlite") as db:  # as if it had been killed just after the trace
        db.execute("delete from rows where key = ?", (done[1]["key"],))
    last = run(publishing=True)
    assert [row["status"] for row in last] == ["correct"] * PROBLEMS
    assert [row["trace_id"] for row in last] == [row["trace_id"] for row in done]
    assert {row["trace_id"] for row in last} < set(sent(tmp_path))


@pytest.mark.slow
def test_a_finished_problem_whose_trace_was_lost_gets_one_from_its_checkpoint(run, tmp_path):
    run()
    approve_all(tmp_path)
    done = run()
    key, lost = done[1]["key"], done[1]["trace_id"]
    with (
        sqlite3.connect(tmp_path / "experiment.journal.sqlite") as journal,
        sqlite3.connect(tmp_path / "outbox.sqlite") as outbox,
    ):  # as if it had been killed just after the checkpoint
        journal.execute("delete from rows where key = ?", (key,))
        outbox.execute("delete from pauses where json_extract(body, '$.trace_id') = ?", (lost,))
        outbox.execute("delete from traces where trace_id = ?", (lost,))
    last = run(publishing=True)
    assert [{**row, "trace_id": ""} | {"started_ms": 0, "seconds": 0} for row in last] == [
        {**row, "trace_id": ""} | {"started_ms": 0, "seconds": 0} for row in done
    ]
    trace = sent(tmp_path)[last[1]["trace_id"]]
    assert last[1]["trace_id"] != lost
    assert trace.info.tags["restored"] == "from a checkpoint"
    assert trace.info.tags["problem_id"] == last[1]["problem_id"]
    assert "What is 1 + 1?" in trace.info.request_preview
    assert last[1]["answer"] in trace.info.response_preview
    assert {assessment.name for assessment in trace.info.assessments} >= {"correct"}
