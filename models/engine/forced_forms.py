"""Constrained decoding: which tokens may come next in a text that must match a regex, a JSON schema or a grammar."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np


@dataclass(frozen=True, slots=True)
class Form:
    """A form that a whole text must match.

    Attributes:
        kind: how the form is written.
        text: a regular expression, a JSON schema as JSON, or a grammar in GBNF, whose first rule is `root`.

    Raises:
        ValueError: the form cannot be parsed; the message says where.
    """

    kind: Literal["regex", "json_schema", "grammar"]
    text: str

    def __post_init__(self) -> None:
        from llguidance import LLMatcher

        try:
            reason = LLMatcher.validate_grammar(self.compiled())
        except Exception as error:  # the parsers have no common error class
            reason = str(error)
        if reason:
            raise ValueError(f"{self.kind}={self.text[:200]!r} cannot be used as a form: {reason.splitlines()[0]}")

    def compiled(self) -> str:
        """Return the form as a grammar of llguidance."""
        from llguidance import LLMatcher
        from llguidance.gbnf_to_lark import any_to_lark

        if self.kind == "regex":
            return LLMatcher.grammar_from_regex(self.text)
        if self.kind == "json_schema":
            return LLMatcher.grammar_from_json_schema(json.loads(self.text))
        return LLMatcher.grammar_from_lark(any_to_lark(self.text))


class FormWatch:
    """Tracks one text and returns which tokens may come next.

    Args:
        form: the form that the text must match.
        tokenizer: a fast tokenizer of transformers.
    """

    def __init__(self, form: Form, tokenizer: Any) -> None:
        self.form, self._tokenizer = form, tokenizer
        self._matcher: Any = None
        self._seen = 0

    def forbidden(self, tokens: Sequence[int], vocabulary: int) -> np.ndarray:
        """Return which tokens may not come next, as booleans of shape (vocabulary,).

        Args:
            tokens: token ids of the text so far. A shorter text than at the last call restarts the matcher.
            vocabulary: number of scores that the model returns.
        """
        if self._matcher is None or len(tokens) < self._seen:
            self._matcher, self._seen = _matcher(self._tokenizer, self.form), 0
        self._matcher.consume_tokens(list(tokens[self._seen :]))
        self._seen = len(tokens)
        allowed = np.unpackbits(np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8), bitorder="little")
        forbidden = np.ones(vocabulary, dtype=bool)
        # models often pad their vocabulary beyond the tokenizer's: such tokens are forbidden
        known = min(vocabulary, len(allowed))
        forbidden[:known] = allowed[:known] == 0
        return forbidden


def _matcher(tokenizer: Any, form: Form) -> Any:
    from llguidance import LLMatcher

    return LLMatcher(_vocabulary(tokenizer), form.compiled())


@lru_cache(maxsize=4)
def _vocabulary(tokenizer: Any) -> Any:
    """Return llguidance's view of a tokenizer. Cached, because it takes a second to build."""
    from llguidance.hf import from_tokenizer

    return from_tokenizer(tokenizer)
