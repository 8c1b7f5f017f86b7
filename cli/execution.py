"""Run a configured experiment from the command line: plan, journal, progress, tracking and tables. Start at `execute`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import typer
from rich.console import Console

from .. import tracking
from ..experiments.design.config import ExperimentConfig
from ..experiments.design.plan import make_plan
from ..experiments.exchange.publishing import MlflowTracker, experiment_record, publish_journal, traces_page
from ..experiments.report.html_report import make_report
from ..experiments.run.preparing import open_journal
from ..foundation.commands import program
from ..foundation.folders import home
from ..foundation.process_signals import Interruption
from ..foundation.wording import counted
from ..nodes.asking.failures import explain, printable
from ..tracking import TrackingUnavailable
from .models import quiet_loading
from .screens.dry_run import show_estimate
from .screens.progress import RunProgress
from .screens.result import show_result

if TYPE_CHECKING:
    from rich.console import Console

    from ..experiments.design.plan import Plan
    from ..experiments.journal.journal import Journal
    from ..experiments.run.runner import Outcome
    from ..tracking import Store

STOPPED_BY_BUDGET = 3
"""Exit code of a run that a budget stopped."""


def execute(
    config: ExperimentConfig,
    console: Console,
    *,
    dry_run: bool,
    target: tuple[str | None, Literal["local"] | None] | None,
    reviews: str | None = None,
    columns: Sequence[str] = (),
) -> None:
    """Run a configuration and print its tables.

    Args:
        config: the experiment.
        console: where to print.
        dry_run: only estimate.
        target: address of the tracking store, and what to do if it is unreachable; None without tracking.
        reviews: path or URL of the review store, see `open_queue`.
        columns: columns of the tables, see `find_columns`.

    Raises:
        typer.Exit: with 1 if problems failed, with 3 if a budget stopped the run.
    """
    plan = make_plan(config)
    for note in plan.notes:
        console.print(printable(f"note: {note}"), style="yellow", markup=False)
    if dry_run:
        if not show_estimate(plan, home(), console):
            raise typer.Exit(1)
        return
    from ..experiments.run.model_pool import ModelPool

    ModelPool().check_all(plan)  # before the journal: a misspelt model or address should leave no files
    quiet_loading(model.model for model in (*config.students, *config.teachers))
    store = tracking.connect(target[0], fallback=target[1]) if target is not None else None
    with open_journal(plan, home()) as journal:
        with Interruption() as interruption:
            try:
                outcome = _run_tracked(plan, journal, console, store, reviews, interruption)
            except (KeyboardInterrupt, SystemExit):
                missing = sum(map(len, plan.missing(journal).values()))
                console.print(f"Interrupted: {counted(missing, 'solution')} left. Rerun the command to resume.", style="yellow")
                raise
        show_result(plan, journal, outcome, console, columns)
    if outcome.stopped_by or outcome.failed:
        raise typer.Exit(STOPPED_BY_BUDGET if outcome.stopped_by else 1)


def _run_tracked(
    plan: Plan, journal: Journal, console: Console, store: Store | None, reviews: str | None, interruption: Interruption
) -> Outcome:
    """Run the experiment, with traces and results in MLflow if there is a store."""
    if store is None:
        return _watched(plan, journal, console, None, reviews, interruption)
    # The runs are created before the first trace, so that traces can belong to them.
    runs = tracking.open_runs(store, experiment_record(journal, whole=False))
    runs.settle(journal.traced, ended=False)  # traces that a killed run left open
    journal.set("published", "0")  # if this process dies, `tot sync` finds the experiment and its store
    journal.set("tracking_uri", store.address)
    journal.set("traces_page", traces_page(runs))
    try:
        return _watched(plan, journal, console, MlflowTracker(runs), reviews, interruption)
    finally:
        _publish(journal, store, console)


def _publish(journal: Journal, store: Any, console: Console) -> None:
    """Publish results and report at the end, also after an interruption. If the server is down, `tot sync` can do it later."""
    try:
        runs = publish_journal(journal, store, make_report(journal).files())
        left = store.close()
    except TrackingUnavailable as error:
        console.print(f"note: {explain(error)}", style="yellow", markup=False)
        store.close(patience_s=1.0)  # the server was just found unreachable: do not wait for it again
        return
    waiting = f"; {counted(left, 'trace')} waiting on disk, send with: {program()} sync" if left else ""
    console.print(f"MLflow: {runs.shown}{waiting}", markup=False, soft_wrap=True)


def _watched(
    plan: Plan, journal: Journal, console: Console, tracker: Any, reviews: str | None, interruption: Interruption
) -> Outcome:
    """Run the experiment under the progress display."""
    from ..experiments.run.model_pool import ModelPool
    from ..experiments.run.runner import run_experiment

    pool = ModelPool()
    counts = {cell.id: journal.counts(cell.id) for cell in plan.cells}
    reviewer = _reviewer(reviews) if any(cell.reviewed for cell in plan.cells) else None
    missing = {cell: len(units) for cell, units in plan.missing(journal).items()}
    with RunProgress(plan, counts, missing, console, pool.places) as progress:
        run = run_experiment(plan, journal, models=pool, tracker=tracker, reviewer=reviewer, watch=progress.watch)
        return interruption.run(run)


def _reviewer(reviews: str | None) -> Any:
    from ..review import ReviewDesk, open_queue

    # it would warn that a lost connection cannot be closed; what comes of the loss is said by our own errors
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    return ReviewDesk(open_queue(reviews))
