"""Send a journal to MLflow: build the records of the experiment and its cells, which `tracking` writes. See `publish`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...graphs.methods import is_reviewed, method_named
from ...tracking.runs.run_records import CellRecord, DatasetRecord, ExperimentRecord, PromptRecord, RunStatus
from ..journal.journal import Journal
from ..journal.records import CellValues, Row, Session, strict_of
from ..report.measures import ConditionSummary
from ..report.scores import conditions
from ..report.summary import comparisons, summarise, summarise_condition
from ..report.table import comparison_cells, markdown_table, summary_cells

if TYPE_CHECKING:
    from ...tracking import OpenRuns, Store


class MlflowTracker:
    """Sends traces and curves to MLflow while an experiment runs (a `Tracker`)."""

    def __init__(self, runs: OpenRuns) -> None:
        """Hold back the traces of the given runs, so that each is sent only when its row is in the journal.

        Args:
            runs: the open MLflow runs of the experiment.
        """
        self._runs = runs
        # a run that is killed solves its problems in flight again: traces without a row would be duplicates
        runs.hold()
        self._handlers: dict[str, Any] = {}

    def callbacks(self, cell_id: str) -> list[Any]:
        """Return the callback handlers for the graph runs of a cell."""
        if cell_id not in self._handlers:
            self._handlers[cell_id] = self._runs.handler(cell_id)
        return [self._handlers[cell_id]]

    def written(self, row: Row) -> None:
        """Send the trace of a row that the journal now has."""
        if row["trace_id"]:
            self._runs.release(row["trace_id"])

    def of_thread(self, thread_id: str, *, finished: bool) -> str | None:
        """Return the id of the trace that ended with the end of a thread, or with its pause; None if there is none."""
        last = self._runs.store.paused(thread_id)
        return last["trace_id"] if last and last.get("finished", False) == finished else None

    def progress(self, cell_id: str, step: int, metrics: Mapping[str, float], at_ms: int) -> None:
        """Add a point to the curves of a cell."""
        self._runs.progress(cell_id, step, metrics, at_ms)


def publish(journal_path: Path, store: Store) -> OpenRuns:
    """Write the contents of a journal to MLflow. Publishing again updates what is there.

    Args:
        journal_path: path of the journal.
        store: the MLflow store, see `tracking.connect`.

    Raises:
        TrackingUnavailable: the store cannot be reached. The journal stays marked as unpublished.
    """
    with Journal(journal_path) as journal:
        return publish_journal(journal, store)


def publish_journal(journal: Journal, store: Store, artifacts: Mapping[str, Path | str] | None = None) -> OpenRuns:
    """Write the contents of an open journal to MLflow, with further artifacts (contents or paths) by name. See `publish`."""
    from ... import tracking

    # first, so that a failure or a kill below leaves it for `tot sync`
    journal.set("published", "0")
    journal.set("tracking_uri", store.address)
    runs = tracking.publish(store, experiment_record(journal, whole=True, artifacts=artifacts))
    # traces that killed processes held: those with a row are sent, those of unfinished problems deleted
    runs.settle(journal.traced, ended=True)
    journal.set("traces_page", traces_page(runs))
    journal.set("published", "1")
    return runs


def traces_page(runs: OpenRuns) -> str:
    """Return the URL to which the id of a trace is appended. A local store has none: it is that of `tot ui` by default."""
    path = f"/experiments/{runs.experiment_id}/traces?selectedEvaluationId="
    return runs.store.page(path) or f"http://127.0.0.1:5000/#{path}"


def experiment_record(journal: Journal, *, whole: bool, artifacts: Mapping[str, Path | str] | None = None) -> ExperimentRecord:
    """Return the record of an experiment and its cells for MLflow.

    Args:
        journal: journal of the experiment.
        whole: add metrics, tables and description. Otherwise only what is known when a run starts.
        artifacts: further artifacts by name, only with `whole`: contents or paths.
    """
    from ...tracking import code_version

    sessions = journal.sessions()
    version = code_version()
    name = journal.get("name") or journal.path.stem
    record = ExperimentRecord(
        id=journal.uuid,
        name=name,
        title=name,
        params={"config": journal.get("config"), **version},
        started_ms=sessions[0]["started_ms"] if sessions else None,
        cells=[_cell_record(journal, cell, version) for cell in journal.cells()],
        former=tuple(json.loads(journal.get("former_names") or "[]")),
    )
    if whole:
        _fill(record, journal, sessions)
        record.artifacts |= dict(artifacts or {})
    return record


def describe(journal: Journal) -> str:
    """Return the tables of an experiment in Markdown."""
    text = markdown_table(*summary_cells(summarise(journal)))
    if found := comparisons(journal):
        text += "\n" + markdown_table(*comparison_cells(found))
    return text


def _fill(record: ExperimentRecord, journal: Journal, sessions: list[Session]) -> None:
    last = sessions[-1] if sessions else {"outcome": None, "ended_ms": None}
    record.status = _status(last["outcome"])
    record.ended_ms = last["ended_ms"]
    record.description = describe(journal)
    record.artifacts = {"table.md": record.description}
    totals: Mapping[str, Any] = journal.totals()
    record.metrics = {name: float(value) for name, value in totals.items() if value is not None and name != "known_cost_usd"}
    by_cell = {cell_id: condition for condition in conditions(journal) for cell_id in condition.cell_ids}
    for cell in record.cells:
        condition = by_cell[cell.id]
        # MLflow has a run per seed, while a condition averages its seeds
        own = condition if len(condition.cell_ids) == 1 else conditions(journal, {cell.id})[0]
        cell.metrics = cell_metrics(summarise_condition(own))
        cell.progress = journal.progress(cell.id)
        # read one cell at a time, so that large experiments fit in memory
        cell.rows = _Rows(journal, cell.id)
        cell.status = record.status
        cell.ended_ms = record.ended_ms


def cell_metrics(summary: ConditionSummary) -> dict[str, float]:
    """Return the numbers of a summary as MLflow metrics, the most important first; MLflow shows them in this order."""
    metrics = {
        name: float(value)
        for name, value in summary.items()
        if isinstance(value, int | float) and name not in ("samples", "seeds")
    }
    metrics |= {f"status_{status}": float(count) for status, count in summary["statuses"].items()}
    renamed = {"low": "acc_low", "high": "acc_high", **_SHORT}
    first = {"accuracy": None, "low": None, "high": None, "n": None}
    ordered = {name: metrics[name] for name in [*first, *metrics] if name in metrics}
    return {renamed.get(name, name): value for name, value in ordered.items()}


_SHORT = {
    "strict_accuracy": "acc_strict",
    "accuracy_without_leaks": "acc_no_leaks",
    "n_without_leaks": "n_no_leaks",
    "tokens_per_correct": "tok_per_correct",
    "cost_per_correct": "usd_per_correct",
    "seconds_per_correct": "s_per_correct",
    "seconds_per_problem": "s_per_problem",
}
"""Short names of metrics, since MLflow's columns cut long ones."""


class _Rows:
    """The rows of a cell, read from the journal each time they are iterated over."""

    def __init__(self, journal: Journal, cell_id: str) -> None:
        self._journal, self._cell = journal, cell_id

    def __iter__(self) -> Iterator[dict[str, Any]]:
        cell = next(cell for cell in self._journal.cells() if cell["id"] == self._cell)
        problems = self._journal.problems(cell["problems"])
        for row in self._journal.rows(self._cell, detail=True):
            row["strict"] = strict_of(row)
            detail = row.pop("detail")
            problem = problems.get(row["key"])
            known = {"question": problem.question, "reference": problem.reference} if problem else {}
            yield {**known, **row, "steps": detail.get("steps"), "solution": detail.get("solution")}


def _cell_record(journal: Journal, cell: CellValues, version: Mapping[str, str]) -> CellRecord:
    prompts = cell["prompt_set"]
    digest = journal.get(f"digest of {cell['problems']}") or "unknown"
    names = ("method", "mode", "samples", "seed", "max_attempts", "prompts", "prompts_hash", "problems", "source")
    params: dict[str, Any] = {name: value for name, value in cell.items() if name in names}
    params |= {f"student_{name}": value for name, value in cell["student"].items()}
    params |= {f"teacher_{name}": value for name, value in (cell["teacher"] or {}).items()}
    # how the models were loaded (`ModelPool.facts`), which is known only once they are
    params |= json.loads(journal.get(f"models of {cell['id']}") or "{}")
    title = " / ".join(filter(None, [cell["label"], cell["student_label"], cell["problems"]]))
    return CellRecord(
        id=cell["id"],
        name=title + (f" / seed {cell['seed']}" if cell["seed"] else ""),
        params={**params, "prompts_version": prompts.get("version"), **version},
        dataset=DatasetRecord(cell["problems"], cell["source"], digest, journal.count_problems(cell["problems"])),
        prompts=PromptRecord(**prompts) if prompts else None,
        prompts_used=_prompts_used(cell),
        tags={"method": cell["method"], "student": cell["student_label"], "teacher": cell["teacher_label"] or "none"},
    )


def _prompts_used(cell: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the prompts that a cell can use; all of its set if its method is not registered here."""
    try:
        method = method_named(cell["method"])
    except ValueError:
        return tuple((cell["prompt_set"] or {}).get("texts", ()))
    reviewed = is_reviewed(cell["mode"], cell.get("review", "never"))
    return method.prompts(cell["mode"], reviewed=reviewed, retries=cell["max_attempts"] > 1)


def _status(outcome: str | None) -> RunStatus:
    if outcome == "finished":
        return "FINISHED"
    # None: the process was killed. An outcome with "=" is the limit that stopped the run, such as "--max-minutes=30"
    return "KILLED" if outcome in (None, "KeyboardInterrupt", "CancelledError", "SystemExit") or "=" in outcome else "FAILED"
