"""What the command line and configurations need to know of models without importing LangChain: names and default limits."""

from __future__ import annotations

TIMEOUT = 120.0
"""Default time limit of one remote call, in seconds, retries included."""

MAX_RETRIES = 2
"""Default maximum of retries of a remote call on 408, 409, 429, 5xx and lost connections. Only the provider's client retries;
retries in several layers would multiply."""


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
