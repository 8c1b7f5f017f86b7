"""What to do when a model's server fails, in words."""

from __future__ import annotations

_ADVICE = {
    "AuthenticationError": "the server refuses the key: check the provider's API key",
    "PermissionDeniedError": "the server refuses this key for this model",
    "NotFoundError": "the server does not know this model: check the name and the base URL",
    "RateLimitError": "the server limits the rate: lower the concurrency or set a limit of requests per second",
    "InternalServerError": "the server failed: try again later",
    "APIConnectionError": "the server cannot be reached: check the base URL and that it is running",
    "APITimeoutError": "the server did not answer in time: raise the timeout or lower the concurrency",
    **dict.fromkeys(
        ("JSONDecodeError", "TypeError", "IndexError", "AttributeError"),
        "the reply cannot be read: is the base URL an OpenAI-compatible endpoint (often ending in /v1)?",
    ),
}


def advice(error: BaseException) -> str:
    """Return what to do about an error that asking a model raised; empty where the error says it itself."""
    return next((_ADVICE[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _ADVICE), "")
