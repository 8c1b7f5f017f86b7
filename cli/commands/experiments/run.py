"""`tot run`: an experiment from a file or from options, with a progress display and a table at the end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import typer
from rich.console import Console

from .... import tracking
from ....experiments.design.config import (
    LOCAL_CONCURRENCY,
    REMOTE_CONCURRENCY,
    ExperimentConfig,
    Method,
    Mode as ModeName,
    ModelConfig,
    ProblemsConfig,
    Review,
)
from ....experiments.design.config_file import build_config, load_config
from ....experiments.design.overrides import with_settings
from ....experiments.design.plan import make_plan
from ....experiments.exchange.publishing import MlflowTracker, experiment_record, publish_journal
from ....experiments.report.html_report import make_report
from ....experiments.run.preparing import open_journal
from ....foundation.folders import home
from ....foundation.signals import exit_on_sigterm
from ....nodes.asking.failures import explain, printable
from ....tracking import TrackingUnavailable
from ...dry_run import show_estimate
from ...model_options import with_model_options, with_problem_options
from ...models import quiet_loading
from ...options import BaseUrl, MaxTokens, TrackingFallback, TrackingUri, default, kept, pairs, split_values
from ...progress import RunProgress
from ...result import show_result

if TYPE_CHECKING:
    from rich.console import Console

    from ....experiments.design.plan import Plan
    from ....experiments.journal.journal import Journal
    from ....experiments.run.runner import Outcome

_SETS = "sample, gsm8k, math, a file, a hub id or generated:TASK. May be repeated."
_MODEL = "PROVIDER:NAME, hf:MODEL"
_METHODS, _MODES = ", ".join(get_args(Method)), ", ".join(get_args(ModeName))
_WIDTH = f"{LOCAL_CONCURRENCY} for local models, {REMOTE_CONCURRENCY} for remote ones"


def _field(name: str, help: str, *words: str, **more: Any) -> Any:
    """Return an option for a field of the experiment; the help shows the field's own default."""
    return typer.Option(*words, help=help, show_default=default(name), **more)


def run(
    file: Annotated[Path | None, typer.Argument(help="A YAML file; options replace its fields.", show_default=False)] = None,
    problems: Annotated[list[str] | None, _field("problems", _SETS)] = None,
    methods: Annotated[list[str] | None, _field("methods", f"{_METHODS}. Repeated, or with commas.")] = None,
    teacher: Annotated[list[str] | None, _field("teachers", f"{_MODEL}, recorded:FILE or self. May be repeated.")] = None,
    student: Annotated[list[str] | None, typer.Option(help=f"{_MODEL}. May be repeated.")] = None,
    prompts: Annotated[list[str] | None, _field("prompts", "default, plain, a folder, registry:NAME@ALIAS.")] = None,
    mode: Annotated[list[str] | None, _field("modes", f"{_MODES}. Repeated, or with commas.")] = None,
    samples: Annotated[list[str] | None, _field("samples", "Solutions to vote over.")] = None,
    seed: Annotated[list[str] | None, _field("seeds", "Seeds; several are averaged per problem.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Problems of each set; default: all.")] = None,
    max_attempts: Annotated[int | None, _field("max_attempts", "Tries of the student.", min=1)] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Cells to leave out, as method=standard,student=NAME.")] = None,
    columns: Annotated[list[str] | None, typer.Option(help="Of the problems, as question=NAME.")] = None,
    split: Annotated[str | None, typer.Option(help="Of hub data sets.", show_default=default("split", ProblemsConfig))] = None,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Problems at a time, for each model.", show_default=_WIDTH)
    ] = None,
    retries: Annotated[int | None, _field("retries", "How often failed problems are tried again at the end.", min=0)] = None,
    max_tokens: MaxTokens = None,
    temperature: Annotated[float | None, typer.Option(min=0, help="Of the students.")] = None,
    base_url: BaseUrl = None,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds for one remote call.", show_default=default("timeout", ModelConfig))
    ] = None,
    requests_per_second: Annotated[float | None, typer.Option(help="Limit for each remote model.")] = None,
    price: Annotated[list[str] | None, typer.Option(help="MODEL=IN/OUT, USD for a million tokens.")] = None,
    max_cost_usd: Annotated[float | None, typer.Option(help="Stop when this much is spent.")] = None,
    max_total_tokens: Annotated[int | None, typer.Option(help="Stop when so many tokens are used.")] = None,
    max_minutes: Annotated[float | None, typer.Option(help="Stop after this time.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Any other field, as students.options.dtype=bfloat16. May be repeated.")
    ] = None,
    experiment: Annotated[str | None, _field("name", "Name of the journal and the MLflow experiment.")] = None,
    review: Annotated[Review | None, _field("review", "Whose steps a person sees first.")] = None,
    counterfactual: Annotated[
        bool, typer.Option("--counterfactual", help="Solve from the teacher's own steps, too, where a review changed them.")
    ] = False,
    reviews: Annotated[str | None, typer.Option(help="Store of reviews: a file or postgresql://...")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show cells, calls, tokens and cost; ask no model.")] = False,
    tracking: Annotated[bool, typer.Option(help="Write traces and results to MLflow.")] = True,
    tracking_uri: TrackingUri = None,
    tracking_fallback: TrackingFallback = None,
) -> None:
    """Run an experiment: problems x methods x teachers x students. The same command again continues where it stopped."""
    given: dict[str, Any] = {
        "name": experiment,
        "problems": problems,
        "methods": split_values(methods),
        "teachers": teacher,
        "students": student,
        "prompts": prompts,
        "modes": split_values(mode),
        "samples": split_values(samples),
        "seeds": split_values(seed),
        "limit": limit,
        "max_attempts": max_attempts,
        "exclude": [pairs(rule, "--exclude") for rule in exclude] if exclude else None,
        "concurrency": concurrency,
        "retries": retries,
        "review": review,
        "counterfactual": counterfactual or None,
        "budget": kept(max_cost_usd=max_cost_usd, max_tokens=max_total_tokens, max_minutes=max_minutes) or None,
    }  # fmt: skip
    console = wide(Console(highlight=False))
    config = _config(file, {name: value for name, value in given.items() if value not in (None, [])}, set_ or [])
    config = with_problem_options(config, columns=columns, split=split)
    remote = {"base_url": base_url, "timeout": timeout, "requests_per_second": requests_per_second}
    sampling = {"max_tokens": max_tokens, "temperature": temperature}
    config = with_model_options(config, remote=remote, students=sampling, prices=price)
    target = (tracking_uri, tracking_fallback) if tracking else None
    execute(config, console, dry_run=dry_run, target=target, reviews=reviews)


def execute(
    config: ExperimentConfig,
    console: Console,
    *,
    dry_run: bool,
    target: tuple[str | None, Literal["local"] | None] | None,
    reviews: str | None = None,
) -> None:
    """Run a configuration and show its table; exits with 1 if problems are missing or failed."""
    plan = make_plan(config)
    for note in plan.notes:
        console.print(printable(f"note: {note}"), style="yellow", markup=False)
    if dry_run:
        show_estimate(plan, home(), console)
        return
    from ....experiments.run.model_pool import ModelPool

    ModelPool().check_all(plan.cells)
    quiet_loading(model.model for model in (*config.students, *config.teachers))
    with open_journal(plan, home()) as journal:
        try:
            outcome = _run_tracked(plan, journal, console, target, reviews)
        except (KeyboardInterrupt, SystemExit):
            missing = sum(map(len, plan.missing(journal).values()))
            console.print(f"Interrupted: {missing} problems are missing; the same command goes on.", style="yellow")
            raise
        show_result(plan, journal, outcome, console)
    if outcome.stopped_by or outcome.failed:
        raise typer.Exit(1)


def _run_tracked(plan: Plan, journal: Journal, console: Console, target: Any, reviews: str | None) -> Outcome:
    if target is None:
        return _watched(plan, journal, console, None, reviews)
    uri, fallback = target
    store = tracking.connect(uri, fallback=fallback)
    runs = tracking.open_runs(store, experiment_record(journal, whole=False))
    journal.set("published", "0")
    journal.set("tracking_uri", store.address)
    try:
        with exit_on_sigterm():
            return _watched(plan, journal, console, MlflowTracker(runs), reviews)
    finally:
        _publish(journal, store, console)


def _publish(journal: Journal, store: Any, console: Console) -> None:
    try:
        runs = publish_journal(journal, store, make_report(journal).files())
        left = store.close()
    except TrackingUnavailable as error:
        console.print(f"note: {explain(error)}", style="yellow", markup=False)
        store.close(patience_s=1.0)
        return
    waiting = f"; {left} traces wait on disk, send them with: tot sync" if left else ""
    console.print(f"MLflow: {runs.shown}{waiting}", markup=False, soft_wrap=True)


def _watched(plan: Plan, journal: Journal, console: Console, tracker: Any, reviews: str | None) -> Outcome:
    from ....experiments.run.runner import run_experiment

    counts = {cell.id: journal.counts(cell.id) for cell in plan.cells}
    reviewer = _reviewer(reviews) if plan.config.review != "never" else None
    missing = {cell: len(units) for cell, units in plan.missing(journal).items()}
    with RunProgress(plan, counts, missing, console) as progress:
        return asyncio.run(run_experiment(plan, journal, tracker=tracker, reviewer=reviewer, watch=progress.watch))


def _reviewer(reviews: str | None) -> Any:
    from ....review import ReviewDesk, open_queue

    return ReviewDesk(open_queue(reviews))


def wide(console: Console) -> Console:
    """Give tables room where the output is not a terminal."""
    if not console.is_terminal:
        console.width = 160
    return console


def _config(file: Path | None, given: dict[str, Any], settings: list[str]) -> ExperimentConfig:
    if file is not None:
        return load_config(file, given, settings)
    if "students" not in given:
        raise typer.BadParameter(
            "missing; for example --student hf:HuggingFaceTB/SmolLM2-135M-Instruct", param_hint="--student"
        )
    return build_config(with_settings(given, settings))
