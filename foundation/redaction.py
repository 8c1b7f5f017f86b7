"""Remove secrets from everything that is kept or shown, and characters that cannot be stored from what MLflow gets."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from .encodable import encodable

# KEY counts only as a word of its own (OPENAI_API_KEY, not MONKEY or KEYBOARD): its value would vanish from every text.
_SECRET_NAME = re.compile(r"(?:^|_|API)KEYS?(?:_|$)|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL", re.I)
_USERINFO = re.compile(r"(?<=://)[^/@\s]+:[^/@\s]*@")
# Keys of OpenAI, Hugging Face, GitHub and AWS by their prefixes, and whatever follows "Bearer".
_BEARER = re.compile(r"\b(?:sk-[\w-]{16,}|hf_\w{16,}|ghp_\w{16,}|AKIA\w{12,}|(?<=[Bb]earer )[\w.~+/-]{12,})")
_SECRET_FIELD = re.compile(r"(?:^|_)(?:api_?key|key|token|secret|password|credentials?|authorization)$", re.I)
"""Fields of a configuration, such as `api_key` of a model's options or `Authorization` of its headers."""

_MIN_LENGTH = 8
"""Shorter values of secret variables, such as "EMPTY" or "none", are no secrets but words that occur in texts."""

_DEPTH = 32
"""Nesting that is followed. A value that holds itself has no end."""


class Redactor:
    """Replaces values of secret environment variables, strings that look like keys, and passwords in URLs by "[redacted]".

    The environment is read once, when the redactor is created. Values under 8 characters are not replaced.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        variables = os.environ if environment is None else environment
        secrets = {value for name, value in variables.items() if _SECRET_NAME.search(name) and len(value) >= _MIN_LENGTH}
        # a secret that contains another one must be replaced as a whole
        longest_first = sorted(map(re.escape, secrets), key=len, reverse=True)
        self._secrets = re.compile("|".join(longest_first)) if longest_first else None

    def text(self, value: str) -> str:
        """Return the text without secrets, NUL characters and lone surrogates."""
        value = self.secrets(value)
        if "\x00" in value:
            value = value.replace("\x00", "\ufffd")
        return encodable(value)  # tokenizers may produce lone surrogates

    def secrets(self, value: str) -> str:
        """Return the text without secrets, otherwise unchanged."""
        if self._secrets:
            value = self._secrets.sub("[redacted]", value)
        if "://" in value:
            value = _USERINFO.sub("[redacted]@", value)
        return _BEARER.sub("[redacted]", value)

    def configuration(self, value: Any) -> Any:
        """Return a configuration of plain values without secrets: also texts in fields that are named like one are replaced."""
        if isinstance(value, str):
            return self.secrets(value)
        if isinstance(value, list | tuple):
            return [self.configuration(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        return {
            name: "[redacted]" if isinstance(item, str) and _SECRET_FIELD.search(str(name)) else self.configuration(item)
            for name, item in value.items()
        }

    def value(self, value: Any, depth: int = 0) -> Any:
        """Return any value as plain JSON data with redacted strings. Values nested deeper than 32 levels become strings."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self.text(value)
        if depth >= _DEPTH:
            return self.text(repr(value)[:1000])
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(item, depth + 1) for item in value]
        if hasattr(value, "model_dump"):
            return self.value(value.model_dump(mode="json", exclude_none=True, warnings=False), depth + 1)
        return self.text(str(value))
