"""Options of the commands, read: fields of an experiment, and where traces go."""

from __future__ import annotations

from typing import Any, Literal

import typer


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
    return {name.strip(): int(value) if value.strip().isdigit() else value.strip() for name, _, value in read}


def fallback(value: str | None) -> Literal["local"] | None:
    """Return where traces go if the server is away.

    Raises:
        typer.BadParameter: it is unknown.
    """
    if value in (None, "local"):
        return value  # type: ignore[return-value]
    raise typer.BadParameter(f"{value!r} is unknown; use 'local'", param_hint="--tracking-fallback")
