"""Names of models: PROVIDER:NAME."""

from __future__ import annotations


def split_name(spec: str) -> tuple[str, str]:
    """Return provider and name of a model.

    Raises:
        ValueError: it is not PROVIDER:NAME.
    """
    provider, _, name = spec.partition(":")
    if not provider or not name:
        raise ValueError(
            f"model {spec!r} has no provider; write PROVIDER:NAME, as in 'openai:gpt-4.1', 'hf:FOLDER' or 'recorded:FILE'"
        )
    return provider, name
