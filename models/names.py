"""Parse names of models: PROVIDER:NAME. Apart from `load`, so that configurations are checked without importing LangChain."""

from __future__ import annotations


def split_name(spec: str) -> tuple[str, str]:
    """Return the provider and the name in a model's full name.

    Raises:
        ValueError: it is not PROVIDER:NAME.
    """
    provider, _, name = spec.partition(":")
    if not provider or not name:
        raise ValueError(
            f"model {spec!r} has no provider; write PROVIDER:NAME, as in 'openai:gpt-4.1', 'hf:FOLDER' or 'recorded:FILE'"
        )
    return provider, name
