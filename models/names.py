"""Names and default limits of models, for callers that must not import LangChain, such as the command line."""

from __future__ import annotations

TIMEOUT = 120.0
"""Default time limit of one remote call, in seconds, retries included."""

MAX_RETRIES = 2
"""Default maximum number of retries of a remote call, after 408, 409, 429, 5xx and lost connections.

Only the provider's client retries, because retries in several layers would multiply.
"""


def split_name(spec: str) -> tuple[str, str]:
    """Split PROVIDER:NAME into provider and name. The name may contain colons, as those of Ollama do.

    Raises:
        ValueError: the provider or the name is missing.
    """
    provider, _, name = spec.partition(":")
    if not provider or not name:
        raise ValueError(
            f"model {spec!r} has no provider; write PROVIDER:NAME, as in 'openai:gpt-4.1', 'hf:FOLDER' or 'recorded:FILE'"
        )
    return provider, name
