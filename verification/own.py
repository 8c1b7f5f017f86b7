"""Make a verifier from a function, and check it when the graph is built instead of after an hour of solving: `as_verifier`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from ..foundation.statuses import Status
from .answers import answers_equal
from .verdicts import Extracted, Verdict
from .verifiers import Verifier, last_line, mathematics

_PROBE = "Answer: 1"  # a plain response, which every verifier must accept
_METHODS = ("verify", "extract", "equal")


def as_verifier(given: Any = None) -> Verifier:
    """Return a verifier from a user's function or object.

    Args:
        given: None for mathematics; an object with `verify`, `extract` and `equal`; or a function
            `(response, reference, *, question=None)` that returns a `Verdict`, a bool or a status. A function need not take
            `question`. Its attributes `extract` and `equal` may be functions for extraction and comparison. Without `extract`,
            the claim is the `answer` of the function's verdict, or the last line of the response.

    Raises:
        TypeError: the value is none of these, or the function has other parameters or another result.
        ValueError: the function raises an error on the plain response "Answer: 1".
    """
    if given is None:
        return mathematics
    if not isinstance(given, type) and all(callable(getattr(given, name, None)) for name in _METHODS):
        return given
    missing = [name for name in _METHODS if not callable(getattr(given, name, None))]
    if not callable(given) or isinstance(given, type):
        what = f"it lacks {', '.join(missing)}" if len(missing) < len(_METHODS) else "it cannot be called"
        raise TypeError(
            f"verifier={given!r} is no verifier: {'it is a name' if isinstance(given, str) else what}; "
            "give a function (response, reference, question=None), an object with verify, extract and equal, "
            "or one of mathematics, choice, exact, numeric(...), program, imported from trace_of_thought.verification"
        )
    verifier = _Own(given, _name(given), _takes_question(given))
    verifier.check()
    return verifier


@dataclass(frozen=True)
class _Own:
    function: Callable[..., Any]
    name: str
    takes_question: bool

    def check(self) -> None:
        """Call the function once, so that a mistake shows before the first model is called."""
        try:
            self.verify(_PROBE, "1", question="What is 1?")
        except TypeError:
            raise
        except Exception as error:
            raise ValueError(
                f"verifier {self.name} raised {type(error).__name__} ({error}) on the response {_PROBE!r}; it is called with "
                'whatever a model writes: return Verdict("no_answer") for what it cannot read'
            ) from error

    def verify(self, response: str, reference: str | None, *, question: str | None = None) -> Verdict:
        returned = self._call(response, reference, question)
        if isinstance(returned, Verdict):
            return returned
        # numpy's bool, recognised without importing numpy.
        if isinstance(returned, bool) or type(returned).__name__ == "bool_":
            return Verdict("correct" if returned else "incorrect", self._stated(response), reference=reference)
        if isinstance(returned, str) and returned in get_args(Status):
            return Verdict(returned, self._stated(response), reference=reference)  # type: ignore[arg-type]
        statuses = ", ".join(get_args(Status))
        raise TypeError(f"verifier {self.name} returned {returned!r}; return a Verdict, True or False, or one of {statuses}")

    def extract(self, response: str, *, question: str | None = None) -> Extracted | None:
        claim = self._claim(response, question)
        return Extracted(claim, "answer_line") if claim is not None else None

    def equal(self, a: str, b: str) -> bool:
        own = getattr(self.function, "equal", None)
        return bool(own(a, b)) if callable(own) else a.strip().casefold() == b.strip().casefold() or answers_equal(a, b)

    def _claim(self, response: str, question: str | None) -> str | None:
        """Return the claim: by its own extractor, or from a verdict without a reference, or the last line."""
        if callable(getattr(self.function, "extract", None)):
            return self._stated(response)
        try:
            returned = self._call(response, None, question)
        except Exception:  # it needs a reference, which votes do not have
            return last_line(response)
        return returned.answer if isinstance(returned, Verdict) else last_line(response)

    def _stated(self, response: str) -> str | None:
        if not callable(own := getattr(self.function, "extract", None)):
            return last_line(response)
        found = own(response)
        return found.answer if isinstance(found, Extracted) else None if found is None else str(found)

    def _call(self, response: str, reference: str | None, question: str | None) -> Any:
        if self.takes_question:
            return self.function(response, reference, question=question)
        return self.function(response, reference)

    def __repr__(self) -> str:
        return self.name


def _name(function: Any) -> str:
    return getattr(function, "__name__", None) or repr(function)


def _takes_question(function: Callable[..., Any]) -> bool:
    """Return whether a function takes `question`.

    Raises:
        TypeError: it cannot be called with a response and a reference.
    """
    try:
        signature = inspect.signature(function)
    except ValueError:  # a function in C without a signature
        return True
    parameters = signature.parameters.values()
    takes = "question" in signature.parameters or any(each.kind is each.VAR_KEYWORD for each in parameters)
    try:
        signature.bind(_PROBE, "1", **({"question": ""} if takes else {}))
    except TypeError as error:
        raise TypeError(
            f"verifier {_name(function)}{signature} cannot be called as (response, reference, question=None): {error}"
        ) from None
    return takes
