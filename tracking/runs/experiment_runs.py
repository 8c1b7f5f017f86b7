"""Experiments as MLflow runs: a parent run for the experiment and a child run for each cell. Start at `open_runs`.

Everything here is idempotent: existing runs are found by their tags, and writing twice changes nothing. The experiment's
journal is the source of record; MLflow is filled from it.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from ...foundation.commands import program
from ...foundation.visible import first_line
from ..store.errors import TrackingUnavailable
from ..store.paging import items_of_all_pages
from ..traces.handler import TraceHandler
from .curves import Curves
from .prompt_registry import register_prompts
from .run_content import fill_run, log_dataset, log_description, log_files, log_params, log_prompts, log_table
from .run_records import CellRecord, ExperimentRecord

if TYPE_CHECKING:
    from ..store.store import Store

logger = logging.getLogger(__name__)

# Tags that identify the runs of an experiment, so that a second process finds them instead of creating more.
EXPERIMENT_TAG = "trace_of_thought.experiment"
CELL_TAG = "trace_of_thought.cell"

_P = ParamSpec("_P")
_T = TypeVar("_T")


def _unavailable(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Turn errors of MLflow, the network and the disk into `TrackingUnavailable`: a run must end with its table."""

    @wraps(function)
    def safely(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        from mlflow.exceptions import MlflowException

        try:
            return function(*args, **kwargs)
        except (TrackingUnavailable, sqlite3.Error):  # the second is about the journal
            raise
        except Exception as error:
            first = first_line(error)
            if not isinstance(error, MlflowException | OSError):  # a reply of another shape than MLflow's client expects
                first = f"{type(error).__name__}: {first}"
            raise TrackingUnavailable(f"MLflow could not be written to: {first}") from error

    return safely


class OpenRuns:
    """The MLflow runs of an experiment, open for traces and curves.

    Attributes:
        experiment_id: id of the MLflow experiment.
        parent_id: id of the parent run.
        cells: run id of each cell, by cell id.
    """

    def __init__(
        self, store: Store, experiment_id: str, parent_id: str, cells: dict[str, str], prompts: dict[str, dict[str, int]]
    ) -> None:
        self.store = store
        self.experiment_id = experiment_id
        self.parent_id = parent_id
        self.cells = cells
        self._prompts = prompts
        self._curves = Curves(store)

    @property
    def shown(self) -> str:
        """Where to see the experiment: the URL of a server's page, or how to open a database."""
        page = self.store.page(f"/experiments/{self.experiment_id}/runs/{self.parent_id}")
        return page or f"run {self.parent_id} in {self.store.address}; open it with: {program()} ui"

    def handler(self, cell: str, *, tags: Mapping[str, str] | None = None) -> TraceHandler:
        """Return the callback handler for a cell's graph runs. Their traces belong to its run and link to its prompts."""
        tagged = {"cell": cell, **(tags or {})}
        return TraceHandler(
            self.store, self.experiment_id, run_id=self.cells[cell], tags=tagged, prompts=self._prompts.get(cell)
        )

    def hold(self) -> None:
        """From now on, send the traces of the cells only when `release` names them."""
        self.store.keeper.hold(self.cells.values())

    def release(self, trace_id: str) -> None:
        """Send a held trace, because its result was stored. Never raises."""
        self.store.keeper.release(trace_id)

    def settle(self, kept: Callable[[list[str]], set[str]], *, ended: bool) -> None:
        """Send or delete the traces that processes held when they were killed or interrupted.

        Args:
            kept: takes trace ids and returns those whose results are stored. These traces are sent. The others are deleted:
                their problems were in flight and will be solved and traced again.
            ended: whether no more problems will run. Only then is it known which trace of a pause is the last one: a run that
                was killed just before its checkpoint was saved pauses again.
        """
        outbox = self.store.outbox
        try:
            if held := outbox.held(self.cells.values()):
                sent, paused = kept(list(held)), outbox.of_pauses(held)
                outbox.release(sent | paused if ended else sent)
                # Traces that a live process holds are not ours to delete.
                outbox.discard(trace_id for trace_id, ours in held.items() if ours and trace_id not in sent | paused)
        except (OSError, sqlite3.Error) as error:
            logger.warning("%s cannot be read or written (%s); %s sync tries again", outbox.path, error, program())

    def progress(self, cell: str, step: int, metrics: Mapping[str, float], at_ms: int | None = None) -> None:
        """Add a point to the curves of a cell. Does not block and never raises; a thread sends the points.

        Args:
            cell: id of the cell.
            step: number of problems done.
            metrics: values by name.
            at_ms: Unix time in milliseconds. Use the same time as in the record's `progress`, or the point appears twice.
        """
        self._curves.add(self.cells[cell], step, metrics, at_ms or int(time.time() * 1000))

    def flush(self) -> None:
        """Send the collected points. Points that an unreachable server misses are sent by `publish`."""
        self._curves.flush()


@_unavailable
def open_runs(store: Store, record: ExperimentRecord) -> OpenRuns:
    """Find or create the runs of an experiment, with parameters, problem sets and prompts.

    Raises:
        TrackingUnavailable: the store is unreachable.
    """
    store.check()
    experiment_id = _renamed(store, record) or store.experiment_id(record.name)
    known = _known_runs(store, experiment_id, record.id)
    parent = known.get("") or _create(
        store, experiment_id, record.title, record.started_ms, {EXPERIMENT_TAG: record.id, **record.tags}
    )
    log_params(store, parent, record.params)
    registered: dict[str, dict[str, int]] = {}
    cells: dict[str, str] = {}
    prompts: dict[str, dict[str, int]] = {}
    for cell in record.cells:
        run = known.get(cell.id) or _create(store, experiment_id, cell.name, cell.started_ms, _cell_tags(record, cell, parent))
        cells[cell.id] = run
        log_params(store, run, cell.params)
        if cell.dataset:
            log_dataset(store, run, cell.dataset)
        if cell.prompts:
            if cell.prompts.hash not in registered:  # several cells share a prompt set; register it once
                registered[cell.prompts.hash] = register_prompts(store, cell.prompts)
            prompts[cell.id] = _used(registered[cell.prompts.hash], cell)
            log_prompts(store, run, prompts[cell.id])
    return OpenRuns(store, experiment_id, parent, cells, prompts)


def _used(versions: dict[str, int], cell: CellRecord) -> dict[str, int]:
    """Return the registered prompts that a cell can use."""
    return {name: version for name, version in versions.items() if name.rpartition(".")[2] in cell.prompts_used}


def publish(store: Store, record: ExperimentRecord) -> OpenRuns:
    """Write an experiment to MLflow: runs, metrics, curves, tables, description, artifacts, statuses.

    Raises:
        TrackingUnavailable: the store is unreachable. Call it again later; nothing is lost.
    """
    try:
        return _publish(store, record)
    except TrackingUnavailable as error:
        raise TrackingUnavailable(f"{error}; the results are in the journal; send them later with: {program()} sync") from error


@_unavailable
def _publish(store: Store, record: ExperimentRecord) -> OpenRuns:
    """Fill all runs of an experiment. The parent gets its final status last, when everything else is there."""
    runs = open_runs(store, record)
    for cell in record.cells:
        run = runs.cells[cell.id]
        if cell.rows is not None:
            log_table(store, run, cell.rows)
        fill_run(store, run, cell.metrics, cell.progress, cell.status, cell.ended_ms)
    log_description(store, runs.parent_id, record.description)
    log_files(store, runs.parent_id, record.artifacts)
    fill_run(store, runs.parent_id, record.metrics, [], record.status, record.ended_ms)
    return runs


def _renamed(store: Store, record: ExperimentRecord) -> str | None:
    """Rename the MLflow experiment that has a former name, and its parent run; return its id, or None if there is none.

    An experiment that contains other runs keeps its name: then new runs are made under the new name, and the old ones stay.
    """
    # An experiment with the new name exists already: nothing to rename.
    if not record.former or store.client.get_experiment_by_name(record.name) is not None:
        return None
    for name in reversed(record.former):
        found = store.client.get_experiment_by_name(name)
        if found is None or found.lifecycle_stage == "deleted":
            continue
        runs = list(_all_runs(store, found.experiment_id))
        if runs and all(run.data.tags.get(EXPERIMENT_TAG) == record.id for run in runs):
            store.client.rename_experiment(found.experiment_id, record.name)
            for run in (run for run in runs if CELL_TAG not in run.data.tags):
                store.client.update_run(run.info.run_id, name=store.redactor.text(record.title))
            return found.experiment_id
    return None


def _known_runs(store: Store, experiment_id: str, record_id: str) -> dict[str, str]:
    """Return the run ids that exist already, by cell id; the parent's is under the empty string."""
    # A quote would end the text in the filter.
    quoted = record_id.replace("'", "")
    wanted = f"tags.`{EXPERIMENT_TAG}` = '{quoted}'"
    known: dict[str, str] = {}
    for run in _all_runs(store, experiment_id, wanted):
        # `setdefault`: if two processes created a run twice, the first one found is used.
        known.setdefault(run.data.tags.get(CELL_TAG, ""), run.info.run_id)
    return known


def _all_runs(store: Store, experiment_id: str, wanted: str = "") -> Iterator[Any]:
    """Yield the runs of an MLflow experiment that fit a filter, all by default."""
    return items_of_all_pages(
        lambda token: store.client.search_runs([experiment_id], wanted, max_results=1000, page_token=token)
    )


def _create(store: Store, experiment_id: str, name: str, started_ms: int | None, tags: dict[str, Any]) -> str:
    plain = {key: store.redactor.text(str(value)) for key, value in tags.items()}
    run = store.client.create_run(experiment_id, start_time=started_ms, tags=plain, run_name=store.redactor.text(name))
    return run.info.run_id


def _cell_tags(record: ExperimentRecord, cell: CellRecord, parent: str) -> dict[str, Any]:
    # MLflow's tag for nested runs.
    return {EXPERIMENT_TAG: record.id, CELL_TAG: cell.id, "mlflow.parentRunId": parent, **cell.tags}
