"""Options that several commands share, and how the values of some are read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from ..experiments.design.config import ExperimentConfig, Mode as ModeName, ModelConfig

Student = Annotated[str, typer.Option(help="PROVIDER:NAME, or hf: and a hub id, a folder or a .gguf file.")]
Teacher = Annotated[str, typer.Option(help="PROVIDER:NAME, recorded:FILE, or 'self' for the student.")]
Prompts = Annotated[str, typer.Option(help="Prompt set: default, plain, a folder, registry:NAME@ALIAS.")]
Mode = Annotated[ModeName, typer.Option(help="All steps at once, or one by one.")]
Samples = Annotated[int, typer.Option(min=1, help="Solutions to vote over.")]
MaxAttempts = Annotated[int, typer.Option(min=1, help="Tries of the student.")]
MaxTokens = Annotated[int | None, typer.Option(min=1, help="Token limit of one reply of a student.")]
BaseUrl = Annotated[str | None, typer.Option(help="Of an OpenAI-compatible server, for remote models.")]
Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds for one remote call.")]
TrackingUri = Annotated[str | None, typer.Option(help="Default: MLFLOW_TRACKING_URI, else mlflow.db here.")]
TrackingFallback = Annotated[Literal["local"] | None, typer.Option(help="Write here if the server is away.")]


def default(field: str, of: type[ExperimentConfig | ModelConfig] = ExperimentConfig) -> str:
    """Return the default of a field of an experiment or a model as the help shows it."""
    value = of.model_fields[field].default
    items = value if isinstance(value, tuple) else (value,)
    return ", ".join(str(getattr(item, "model", getattr(item, "source", item))) for item in items)


def split_values(values: list[str] | None) -> list[str] | None:
    """Read values that are repeated or separated by commas."""
    return [part.strip() for value in values for part in value.split(",") if part.strip()] if values else None


def kept(**values: Any) -> dict[str, Any]:
    """Return what is given."""
    return {name: value for name, value in values.items() if value is not None}


def pairs(text: str, option: str) -> dict[str, str | int]:
    """Read "a=b,c=1".

    Raises:
        typer.BadParameter: it is not that.
    """
    read = [part.partition("=") for part in text.split(",")]
    if not all(name and equals for name, equals, _ in read):
        raise typer.BadParameter(f"{text!r} is not NAME=VALUE,NAME=VALUE", param_hint=option)
    return {name.strip(): int(value) if value.strip().isdecimal() else value.strip() for name, _, value in read}
