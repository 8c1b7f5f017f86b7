"""`tot run`: run an experiment from a file or from options, with a progress display and a table at the end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from ....experiments.design.config import (
    LOCAL_CONCURRENCY,
    REMOTE_CONCURRENCY,
    ExperimentConfig,
    ModelConfig,
    ProblemsConfig,
    Review,
)
from ....experiments.design.config_file import build_config, load_config
from ....experiments.design.overrides import with_settings
from ....graphs.methods import method_names
from ....prompts.examples import Choice
from ...columns import ShowColumns, split_values
from ...execution import execute
from ...model_options import with_model_options, with_problem_options
from ...screens.consoles import wide
from ...shared_options import (
    MLFLOW,
    MODE_HELP,
    MODELS,
    BaseUrl,
    MaxTokens,
    TrackingFallback,
    TrackingUri,
    default,
    kept,
    pairs,
)

if TYPE_CHECKING:
    from rich.console import Console


_COMPARED, _LIMITS, _REVIEW = "What to compare", "Limits and retries", "Human review"
"""Titles under which the help groups options."""

_SETS = "Problem set: sample, gsm8k, math, a file, a hub id or generated:TASK. May be repeated."
_MODEL = "PROVIDER:NAME or hf:MODEL"
_ATTEMPTS = "Maximum attempts per problem; a retry happens when no answer is found or the arithmetic is wrong."
_METHODS = ", ".join(method_names())
_WIDTH = f"{LOCAL_CONCURRENCY} for local models, {REMOTE_CONCURRENCY} for remote ones"


def _field(name: str, help: str, *words: str, **more: Any) -> Any:
    """Return an option for a config field; the help shows the field's own default."""
    return typer.Option(*words, help=help, show_default=default(name), **more)


def run(
    file: Annotated[
        Path | None, typer.Argument(help="YAML file of the experiment; options override its fields.", show_default=False)
    ] = None,
    problems: Annotated[list[str] | None, _field("problems", _SETS, rich_help_panel=_COMPARED)] = None,
    methods: Annotated[
        list[str] | None,
        _field(
            "methods", f"Methods to compare: {_METHODS}. Repeat the option or separate with commas.", rich_help_panel=_COMPARED
        ),
    ] = None,
    teacher: Annotated[
        list[str] | None,
        _field(
            "teachers",
            f"Teacher model: {_MODEL}, recorded:FILE to replay saved steps, or self to use the student. May be repeated.",
            rich_help_panel=_COMPARED,
        ),
    ] = None,
    student: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Student model: {_MODEL} (hub id, folder or .gguf file). May be repeated.", rich_help_panel=_COMPARED
        ),
    ] = None,
    prompts: Annotated[
        list[str] | None,
        _field(
            "prompts",
            "Prompt set: default, plain, a folder, or registry:NAME@ALIAS from MLflow. May be repeated.",
            rich_help_panel=_COMPARED,
        ),
    ] = None,
    mode: Annotated[
        list[str] | None,
        _field("modes", f"{MODE_HELP} Repeat the option or separate with commas.", rich_help_panel=_COMPARED),
    ] = None,
    escalate: Annotated[
        list[str] | None,
        typer.Option(
            help="Also compare a ladder, which calls the teacher only on doubt: 'RUNG > RUNG > teacher'. May be repeated.",
            rich_help_panel=_COMPARED,
        ),
    ] = None,
    hint_share: Annotated[
        float | None,
        _field(
            "hint_share",
            "Mode hint: share of the teacher's solution that the student continues, from 0 to 1.",
            rich_help_panel=_COMPARED,
        ),
    ] = None,
    shots: Annotated[
        list[str] | None,
        _field(
            "shots",
            "Number of few-shot examples shown before the question. Several numbers are compared.",
            rich_help_panel=_COMPARED,
        ),
    ] = None,
    shots_by: Annotated[
        Choice | None,
        _field(
            "shots_by",
            "How few-shot examples are chosen: in order, at random or by similarity.",
            rich_help_panel=_COMPARED,
        ),
    ] = None,
    samples: Annotated[
        list[str] | None,
        _field("samples", "Solutions per problem; the majority answer wins (self-consistency).", rich_help_panel=_COMPARED),
    ] = None,
    seed: Annotated[
        list[str] | None,
        _field("seeds", "Random seeds; results of several seeds are averaged per problem.", rich_help_panel=_COMPARED),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Maximum problems per set. Default: all.", rich_help_panel=_COMPARED)
    ] = None,
    max_attempts: Annotated[int | None, _field("max_attempts", _ATTEMPTS, min=1, rich_help_panel=_LIMITS)] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            help="Combinations to leave out, such as method=standard,student=NAME. May be repeated.", rich_help_panel=_COMPARED
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            help="Column names of the problem files, such as question=NAME,reference=NAME.", rich_help_panel=_COMPARED
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help="Split of hub data sets.", show_default=default("split", ProblemsConfig), rich_help_panel=_COMPARED),
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Problems in flight per model.", show_default=_WIDTH, rich_help_panel=MODELS)
    ] = None,
    retries: Annotated[
        int | None,
        _field("retries", "How often failed problems are retried at the end of the run.", min=0, rich_help_panel=_LIMITS),
    ] = None,
    max_tokens: MaxTokens = None,
    temperature: Annotated[
        float | None, typer.Option(min=0, help="Sampling temperature of the students; 0 is greedy.", rich_help_panel=MODELS)
    ] = None,
    base_url: BaseUrl = None,
    replicas: Annotated[
        int | None,
        typer.Option(
            min=1, help="Replicas of each local student on Ray. Default: it runs in this process.", rich_help_panel=MODELS
        ),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            help="Ray cluster for the replicas: auto or HOST:PORT. Default: Ray is started on this machine.",
            rich_help_panel=MODELS,
        ),
    ] = None,
    gpus_per_replica: Annotated[
        float | None,
        typer.Option(
            min=0, help="GPUs of each replica, also a fraction. Default: 1 where there are GPUs.", rich_help_panel=MODELS
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            help="Time limit of one remote call, in seconds, with its retries; then the problem counts as an error.",
            show_default=default("timeout", ModelConfig),
            rich_help_panel=MODELS,
        ),
    ] = None,
    requests_per_second: Annotated[
        float | None, typer.Option(help="Rate limit of each remote model. Default: none.", rich_help_panel=MODELS)
    ] = None,
    price: Annotated[
        list[str] | None,
        typer.Option(
            help="Price of a model: MODEL=IN/OUT in USD per million input and output tokens. May be repeated.",
            rich_help_panel=MODELS,
        ),
    ] = None,
    max_cost_usd: Annotated[
        float | None, typer.Option(help="Stop when the experiment has cost this much, in USD.", rich_help_panel=_LIMITS)
    ] = None,
    max_total_tokens: Annotated[
        int | None,
        typer.Option(help="Stop after this many tokens, of teachers and students together.", rich_help_panel=_LIMITS),
    ] = None,
    max_minutes: Annotated[float | None, typer.Option(help="Stop after this many minutes.", rich_help_panel=_LIMITS)] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Set any other config field, such as students.options.dtype=bfloat16. May be repeated."),
    ] = None,
    experiment: Annotated[str | None, _field("name", "Name of the experiment: of its journal and in MLflow.")] = None,
    review: Annotated[
        Review | None,
        _field("review", "Which plans a human reviews before solving: never, flagged, always.", rich_help_panel=_REVIEW),
    ] = None,
    counterfactual: Annotated[
        bool,
        typer.Option(
            "--counterfactual",
            help="Where a review changed the steps, also solve with the teacher's own.",
            rich_help_panel=_REVIEW,
        ),
    ] = False,
    reviews: Annotated[
        str | None,
        typer.Option(
            help="Review store: a file or postgresql://... Default: TOT_REVIEWS, or reviews.sqlite beside the journals.",
            rich_help_panel=_REVIEW,
        ),
    ] = None,
    show_columns: ShowColumns = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print combinations, calls, tokens and estimated cost without calling a model."),
    ] = False,
    tracking: Annotated[bool, typer.Option(help="Log traces and results to MLflow.", rich_help_panel=MLFLOW)] = True,
    tracking_uri: TrackingUri = None,
    tracking_fallback: TrackingFallback = None,
) -> None:
    """Run an experiment and print its tables.

    Solves every combination of problem set, method, teacher and student. An interrupted run resumes when you rerun the command.

    Exit codes: 0 all done; 1 problems failed; 3 a budget stopped the run.

    A budget of tokens or cost is passed by at most the first problem of each combination.
    """
    # None means "not given": the value then comes from the file or the config's default.
    given: dict[str, Any] = {
        "name": experiment,
        "problems": problems,
        "methods": split_values(methods),
        "teachers": teacher,
        "students": student,
        "prompts": prompts,
        "modes": split_values(mode),
        "escalate": escalate,
        "hint_share": hint_share,
        "shots": split_values(shots),
        "shots_by": shots_by,
        "samples": split_values(samples),
        "seeds": split_values(seed),
        "limit": limit,
        "max_attempts": max_attempts,
        "exclude": [pairs(rule, "--exclude") for rule in exclude] if exclude else None,
        "concurrency": concurrency,
        "retries": retries,
        "review": review,
        "counterfactual": counterfactual or None,  # a flag cannot be "not given"
        "budget": kept(max_cost_usd=max_cost_usd, max_tokens=max_total_tokens, max_minutes=max_minutes) or None,
    }  # fmt: skip
    console = wide(Console(highlight=False))
    config = _config(file, {name: value for name, value in given.items() if value not in (None, [])}, set_ or [])
    config = with_problem_options(config, columns=columns, split=split)
    on_ray = {"replicas": replicas, "ray": ray, "gpus_per_replica": gpus_per_replica}
    remote = {"base_url": base_url or None, "timeout": timeout, "requests_per_second": requests_per_second}
    sampling = {"max_tokens": max_tokens, "temperature": temperature}
    config = with_model_options(config, remote=remote, students=sampling, on_ray=on_ray, prices=price)
    target = (tracking_uri, tracking_fallback) if tracking else None
    execute(config, console, dry_run=dry_run, target=target, reviews=reviews, columns=show_columns or ())


def _config(file: Path | None, given: dict[str, Any], settings: list[str]) -> ExperimentConfig:
    """Return the configuration from a file or from options alone."""
    if file is not None:
        return load_config(file, given, settings)
    if "students" not in given:
        raise typer.BadParameter(
            "missing; for example --student hf:HuggingFaceTB/SmolLM2-135M-Instruct", param_hint="--student"
        )
    return build_config(with_settings(given, settings))
