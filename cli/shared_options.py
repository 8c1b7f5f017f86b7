"""Options that several commands share, and how their values are parsed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from ..experiments.design.config import ExperimentConfig, ModelConfig
from ..graphs.methods import MODES, TAUGHT, check_mode, method_named, method_names
from ..models.names import check_base_url
from ..prompts.examples import Choice

MODELS, MLFLOW = "Models", "MLflow"
"""Titles under which the help groups options."""

Student = Annotated[
    str, typer.Option(help="Student model: PROVIDER:NAME, or hf: and a hub id, folder or .gguf file to run it in this process.")
]
Teacher = Annotated[
    str, typer.Option(help="Teacher model: PROVIDER:NAME, recorded:FILE to replay saved steps, or self to use the student.")
]
Prompts = Annotated[str, typer.Option(help="Prompt set: default, plain, a folder, or registry:NAME@ALIAS from MLflow.")]
Method = Annotated[
    str,
    typer.Option(
        callback=lambda value: checked_method(value),  # a lambda, because the function is defined below
        help=f"Method to use: {', '.join(method_names())}. Only {TAUGHT} calls the teacher.",
    ),
]
MODE_HELP = (
    f"How the student uses the teacher: {', '.join(MODES)}, or a ladder that asks for more only on doubt, such as "
    "'program_of_thought > program > teacher'."
)
Mode = Annotated[str, typer.Option(callback=lambda value: checked_mode(value), help=MODE_HELP)]
Shots = Annotated[
    int, typer.Option(min=0, help="Number of few-shot examples shown before the question; they come from the prompt set.")
]
ShotsBy = Annotated[
    Choice,
    typer.Option(help="How few-shot examples are chosen: in order, at random by seed, or by similarity to the question."),
]
Samples = Annotated[int, typer.Option(min=1, help="Solutions per problem; the majority answer wins (self-consistency).")]
MaxAttempts = Annotated[
    int,
    typer.Option(
        min=1, help="Maximum attempts per problem; a retry happens when no answer is found or the arithmetic is wrong."
    ),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        min=1, help="Maximum output tokens of one student reply. Default: the model's own limit.", rich_help_panel=MODELS
    ),
]
BaseUrl = Annotated[
    list[str] | None,
    typer.Option(
        callback=lambda value: checked_urls(value),
        help="URL of an OpenAI-compatible server, used for every remote model. Repeat it for several servers of one model.",
        rich_help_panel=MODELS,
    ),
]
Timeout = Annotated[
    float,
    typer.Option(
        min=0.1,
        help="Time limit of one remote call, in seconds, with its retries; then the problem counts as an error.",
        rich_help_panel=MODELS,
    ),
]
TrackingUri = Annotated[
    str | None,
    typer.Option(
        help="MLflow server or database. Default: MLFLOW_TRACKING_URI, or mlflow.db in this folder.", rich_help_panel=MLFLOW
    ),
]
TrackingFallback = Annotated[
    Literal["local"] | None,
    typer.Option(
        help="What to do when the MLflow server is unreachable: local writes to mlflow.db in this folder.",
        rich_help_panel=MLFLOW,
    ),
]


def checked_method(method: str) -> str:
    """Return the full name of a method; an unknown one is reported as a wrong option."""
    try:
        return method_named(method).name
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def checked_mode(mode: str) -> str:
    """Return a mode or ladder in its normal form; an unknown one is reported as a wrong option."""
    try:
        return check_mode(mode)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def checked_urls(urls: list[str] | None) -> list[str] | None:
    """Return base URLs as they are; a malformed one is reported as a wrong option."""
    try:
        return [check_base_url(url) for url in urls] if urls else urls
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def default(field: str, of: type[ExperimentConfig | ModelConfig] = ExperimentConfig) -> str:
    """Return the default of a config field, formatted for the help."""
    value = of.model_fields[field].default
    # Fields hold plain values, or configs of models and problem sets, whose `model` and `source` are what users type.
    items = value if isinstance(value, tuple) else (value,)
    return ", ".join(str(getattr(item, "model", getattr(item, "source", item))) for item in items)


def kept(**values: Any) -> dict[str, Any]:
    """Return the values that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def pairs(text: str, option: str) -> dict[str, str | int]:
    """Parse "a=b,c=1"; digits become integers.

    Raises:
        typer.BadParameter: the text has another form.
    """
    read = [part.partition("=") for part in text.split(",")]
    if not all(name and equals for name, equals, _ in read):
        raise typer.BadParameter(f"{text!r} is not NAME=VALUE,NAME=VALUE", param_hint=option)
    return {name.strip(): int(value) if value.strip().isdecimal() else value.strip() for name, _, value in read}
