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


def problem_fields(sources: list[str] | None, columns: list[str] | None, split: str | None) -> list[dict[str, Any]] | None:
    """Return the problem sets; columns and split hold for all of them."""
    named: dict[str, Any] = {}
    for text in columns or []:
        named |= {name: str(value) for name, value in pairs(text, "--columns").items()}
    return [{"source": source, **kept(columns=named or None, split=split)} for source in sources] if sources else None


def model_fields(specs: list[str] | None, *, price: list[str] | None, **options: Any) -> list[dict[str, Any]] | None:
    """Return the models; options that only a server knows are left out for models of this process."""
    if not specs:
        return None
    prices = dict(_price(text) for text in price or [])
    made = []
    for spec in specs:
        remote = spec != "self" and not spec.startswith(("hf:", "recorded:", "scripted:"))
        own = {name: value for name, value in options.items() if remote or name in ("max_tokens", "temperature")}
        made.append({"model": spec, **kept(**own, price=prices.get(spec))})
    return made


def _price(text: str) -> tuple[str, dict[str, float]]:
    model, _, amounts = text.rpartition("=")
    try:
        used, made = (float(amount) for amount in amounts.split("/"))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not MODEL=IN/OUT", param_hint="--price") from error
    return model, {"input": used, "output": made}


def fallback(value: str | None) -> Literal["local"] | None:
    """Return where traces go if the server is away.

    Raises:
        typer.BadParameter: it is unknown.
    """
    if value in (None, "local"):
        return value  # type: ignore[return-value]
    raise typer.BadParameter(f"{value!r} is unknown; use 'local'", param_hint="--tracking-fallback")
