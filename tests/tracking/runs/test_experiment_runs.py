"""Experiments in MLflow: parent and cells, and that publishing may be repeated."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trace_of_thought import tracking
from trace_of_thought.prompts import load_prompts
from trace_of_thought.tracking import CellRecord, DatasetRecord, ExperimentRecord, PromptRecord, Store

METHODS = ("standard", "trace_of_thought")


@pytest.fixture
def store(folder: Path) -> Store:
    return tracking.connect()


def prompt_record() -> PromptRecord:
    prompts = load_prompts("default")
    return PromptRecord("default", prompts.version, prompts.hash, {name: prompts.texts[name] for name in ("standard", "solve")})


def experiment(prompts: PromptRecord | None = None, **changes: Any) -> ExperimentRecord:
    cells = [
        CellRecord(
            id=method,
            name=f"{method} / gpt-4 -> small",
            params={"method": method, "teacher": "gpt-4", "student": "hf:small", "seeds": [0, 1], "limit": 3},
            metrics={"accuracy": 2 / 3, "tokens": float("nan")},
            progress=[(step, 1_700_000_000_000 + step, {"accuracy": step / 3}) for step in range(1, 4)],
            dataset=DatasetRecord("sample", "problems/sample.jsonl", "d1g3st", 3),
            prompts=prompts,
            prompts_used=("standard",) if method == "standard" else ("decompose", "solve", "standard"),
            rows=[{"problem_id": f"p{n}", "status": "correct", "steps": ["a", "b"], "note": None} for n in range(3)],
            status="FINISHED",
            started_ms=1_700_000_000_000,
            ended_ms=1_700_000_060_000,
        )
        for method in METHODS
    ]
    record = ExperimentRecord("e-1", "demo", "a demo", cells=cells, status="FINISHED", started_ms=1_700_000_000_000)
    record.description = "| method | accuracy |\n|---|---|\n| standard | 0.67 |"
    record.artifacts = {"report.html": "<h1>report</h1>", "figures/flips.svg": "<svg/>"}
    for name, value in changes.items():
        setattr(record, name, value)
    return record


def run_of(store: Store, run: str) -> Any:
    return store.client.get_run(run)


def table(store: Store, run: str) -> dict[str, Any]:
    return json.loads(Path(store.client.download_artifacts(run, "problems.json")).read_text())


def test_a_cell_run_holds_what_is_needed_to_judge_and_repeat_it(store: Store) -> None:
    runs = tracking.publish(store, experiment())
    cell, parent = run_of(store, runs.cells["trace_of_thought"]), run_of(store, runs.parent_id)
    assert cell.data.params["student"] == "hf:small"
    assert cell.data.params["seeds"] == "[0, 1]"
    assert cell.data.metrics == {"accuracy": 2 / 3}
    assert [point.step for point in store.client.get_metric_history(cell.info.run_id, "accuracy")] == [1, 2, 3, 3]
    assert cell.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert [item.dataset.name for item in cell.inputs.dataset_inputs] == ["sample"]
    assert (cell.info.status, cell.info.end_time) == ("FINISHED", 1_700_000_060_000)
    assert table(store, cell.info.run_id)["columns"] == ["problem_id", "status", "steps", "note"]
    assert table(store, cell.info.run_id)["data"][2] == ["p2", "correct", '["a", "b"]', None]
    assert "| standard | 0.67 |" in parent.data.tags["mlflow.note.content"]
    assert {item.path for item in store.client.list_artifacts(parent.info.run_id)} == {"report.html", "figures"}


def test_publishing_again_changes_nothing(store: Store) -> None:
    first = tracking.publish(store, experiment(prompt_record()))
    again = tracking.publish(store, experiment(prompt_record()))
    assert (first.parent_id, first.cells) == (again.parent_id, again.cells)
    assert len(store.client.search_runs([first.experiment_id])) == 3
    history = store.client.get_metric_history(first.cells["standard"], "accuracy")
    assert [point.step for point in history] == [1, 2, 3, 3]
    assert len(table(store, first.cells["standard"])["data"]) == 3
    assert store.client.get_prompt_version("default.solve", 1).template
    assert len(store.client.search_prompt_versions("default.solve")) == 1


def test_more_problems_update_a_parameter_that_mlflow_keeps(store: Store) -> None:
    tracking.publish(store, experiment())
    record = experiment()
    record.cells[0].params["limit"] = 5
    runs = tracking.publish(store, record)
    cell = run_of(store, runs.cells["standard"])
    assert (cell.data.params["limit"], cell.data.tags["updated.limit"]) == ("3", "5")


def test_traces_of_a_cell_belong_to_its_run_and_its_prompts(
    store: Store, make_graph: Callable[..., Any], traces_in: Callable[..., Any]
) -> None:
    runs = tracking.open_runs(store, experiment(prompt_record(), status="RUNNING"))
    for method in METHODS:
        make_graph().invoke({"question": "6 * 7?"}, {"callbacks": [runs.handler(method)]})
    assert store.close() == 0
    for method, solving in (("standard", "default.standard/1"), ("trace_of_thought", "default.solve/1")):
        of_run = store.client.search_traces(locations=[runs.experiment_id], run_id=runs.cells[method])
        of_prompt = store.client.search_traces(locations=[runs.experiment_id], filter_string=f'prompt = "{solving}"')
        # the taught cell can fall back on the prompt `standard`, so its trace is linked to that one, too
        linked = [trace for trace in of_prompt if trace.info.tags["cell"] == method]
        assert [trace.info.trace_id for trace in of_run] == [trace.info.trace_id for trace in linked]
        assert {trace.info.tags["cell"] for trace in of_prompt} == (set(METHODS) if method == "standard" else {method})
        assert of_run[0].info.tags["cell"] == method


def test_curves_show_while_the_cell_runs(store: Store) -> None:
    runs = tracking.open_runs(store, experiment())
    for step in range(1, 4):
        runs.progress("standard", step, {"done": step}, at_ms=1_700_000_000_000 + step)
    runs.flush()
    assert [point.value for point in store.client.get_metric_history(runs.cells["standard"], "done")] == [1, 2, 3]
    assert run_of(store, runs.cells["standard"]).info.status == "RUNNING"


def test_a_dead_server_is_named_and_nothing_raises_while_running(store: Store, free_port: Callable[[], int]) -> None:
    runs = tracking.open_runs(store, experiment())
    away = tracking.Store(f"http://127.0.0.1:{free_port()}")
    runs.store.uri = away.uri
    runs.progress("standard", 1, {"done": 1.0})
    runs.flush()
    with pytest.raises(tracking.TrackingUnavailable, match="no MLflow server answers"):
        tracking.publish(away, experiment())


def test_a_long_description_is_cut_with_a_note(store: Store) -> None:
    runs = tracking.publish(store, experiment(description="x" * 20_000))
    note = run_of(store, runs.parent_id).data.tags["mlflow.note.content"]
    assert len(note) <= 8000
    assert note.endswith("the full text is among the artifacts)")


def test_many_parameters_and_metrics_fit(store: Store) -> None:
    record = experiment()
    record.cells[0].params |= {f"p{n}": n for n in range(120)}
    record.cells[0].metrics = {f"m{n}": float(n) for n in range(1005)}
    cell = run_of(store, tracking.publish(store, record).cells["standard"])
    assert cell.data.params["p119"] == "119"
    assert cell.data.metrics["m1004"] == 1004


def test_the_code_and_the_machine_are_named() -> None:
    facts = tracking.code_version()
    assert {"version.langgraph", "version.mlflow", "version.python", "machine.cores"} <= set(facts)
    assert all(isinstance(value, str) for value in facts.values())


@pytest.mark.parametrize("page", [1000, 1])
def test_a_renamed_experiment_is_renamed_in_mlflow_unless_it_shares_its_place(
    store: Store, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    search = store.client.search_runs
    monkeypatch.setattr(store.client, "search_runs", lambda *args, **options: search(*args, **{**options, "max_results": page}))
    before = tracking.publish(store, experiment())
    after = tracking.publish(store, experiment(name="demo 2", title="demo 2", former=("demo",)))
    assert (after.experiment_id, after.parent_id, after.cells) == (before.experiment_id, before.parent_id, before.cells)
    assert store.client.get_experiment_by_name("demo") is None
    assert store.client.get_run(after.parent_id).info.run_name == "demo 2"
    store.client.create_run(after.experiment_id, start_time=1)  # somebody else's, on the last page
    other = tracking.publish(store, experiment(name="demo 3", title="demo 3", former=("demo", "demo 2")))
    assert other.experiment_id != after.experiment_id
    assert store.client.get_experiment_by_name("demo 2").experiment_id == after.experiment_id


def test_of_what_a_killed_run_held_only_traces_of_results_and_of_pauses_are_sent(store: Store) -> None:
    runs = tracking.open_runs(store, experiment())
    for number in range(3):
        store.outbox.hold(f"tr-{number}", "{}", "elsewhere", runs.cells["standard"])
    store.outbox.pause("thread", {"trace_id": "tr-2"})

    def sent() -> list[str]:
        return sorted(kept.trace_id for kept in store.outbox.next("elsewhere", owner=None, limit=9))

    runs.settle(lambda ids: {"tr-0"} & set(ids), ended=False)
    assert sent() == ["tr-0"]
    assert list(store.outbox.held(runs.cells.values())) == ["tr-2"]
    runs.settle(lambda ids: {"tr-0"} & set(ids), ended=True)
    assert sent() == ["tr-0", "tr-2"]
