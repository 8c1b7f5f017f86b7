"""Names and default limits of models, for callers that must not import LangChain, such as the command line."""

from __future__ import annotations

from urllib.parse import urlsplit

TIMEOUT = 120.0
"""Default time limit of one remote call, in seconds, retries included."""

MAX_RETRIES = 2
"""Default maximum number of retries of a remote call, after 408, 409, 429, 5xx and lost connections.

Only the provider's client retries, because retries in several layers would multiply.
"""


def check_base_url(url: str) -> str:
    """Return the base URL of a server, or refuse it before any call.

    Raises:
        ValueError: the scheme or the host is missing or wrong, or there is white space; the message never repeats a user's
            name and password.
    """
    shown = f"[redacted]@{url.rpartition('@')[2]}" if "@" in url else url
    if not url.strip():
        raise ValueError("the base URL is empty; write one as in http://127.0.0.1:8000/v1, or leave it out")
    if any(map(str.isspace, url)):
        raise ValueError(f"base URL {shown!r} contains white space; remove it")
    if "://" not in url:
        raise ValueError(
            f"base URL {shown!r} has no scheme; write http:// or https:// in front, as in http://127.0.0.1:8000/v1"
        )
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of the port, or of an IPv6 address without its end
        sound = False
    if not sound:
        raise ValueError(f"base URL {shown!r} is not http(s)://HOST[:PORT]/PATH, as in http://127.0.0.1:8000/v1")
    return url


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
