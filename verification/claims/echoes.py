"""Recognise statements that claim nothing that was asked for: repeated instructions ("Answer: <number>"), other things."""

from __future__ import annotations

import re

from ..notation.values import tidy

# "your final answer".
_ANSWER = r"(?:only )?(?:your|the|my) (?:final )?(?:numeric(?:al)? )?(?:answer|result)"
# "in the form Answer: ...", "End with exactly one line", "Put your final answer within \boxed{}".
_INSTRUCTION = re.compile(
    r"\b(?:of|in|using|follow\w*) (?:the |this |a |exact )*(?:form|format|template)\s*[:,]?\s*[\"'<\[(]*\s*"
    r"(?:final )?(?:answer\s*:|\\boxed|####)"
    r"|\b(?:finish|end|conclude|close) (?:(?:your|the) \w+ |it )?with (?:exactly |only |just )?(?:one|a|the) "
    r"(?:single |last |final )?(?:line|sentence)\b"
    r"|\bholds? only the (?:final )?answer\b"
    rf"|\b(?:put|give|write|state|provide|enclose|place|box|return|output|present|report) {_ANSWER} (?:with)?in(?:side)? "
    r"(?:\\+boxed|a box|boxes|the (?:form|format))(?:\s*\{\s*\})?[^=\d⟦]*$",
    re.I,
)
# One of them is in every text that `_INSTRUCTION` matches.
_SIGNALS = ("form", "template", "line", "sentence", "only", "box")
# The words of a placeholder: "your", "final", "answer", "here".
_WORDS = (
    r"(?:your|the|my|final|numeric(?:al)?|correct|exact|integer|here|goes|value|number|answer|result|solution|insert|fill|in)"
)
# "<your answer>", "[number]", "final answer here", "___".
_PLACEHOLDER = re.compile(
    rf"\W*[<\[{{(]+\s*(?:{_WORDS}[\s_-]*)+[>\]}})]+\W*"
    rf"|\W*(?:{_WORDS}\s+)*(?:value|number|answer|result|solution)(?:\s+here|\s+goes here)?\W*|[\W_]*",
    re.I,
)
# "Final answer: <number>".
_LINE = re.compile(r"\W*(?:(?:the|your) )?(?:final )?answer(?: is)?\W*?:\s*(\S.*)$", re.I)
# What stands before the value: "The price of the hat is".
_HEAD = re.compile(r"[^\d⟦$(=:]*")
_WORD = re.compile(r"[^\W\d_]+")
_RESULTS = frozenset(
    re.findall(
        r"\w+",
        "total sum difference everything all both left remaining remainder rest answer result final average product ratio"
        " profit change second third last new",
    )
)
"""Words for what is computed from the values before: "The total is"."""


def is_echo(statement: str) -> bool:
    """Return whether a statement repeats how to give an answer, or only marks the place for one."""
    low = statement.lower()
    if "answer" not in low and "result" not in low:
        return False
    line = _LINE.match(statement[:200])
    if line and re.search(r"[A-Za-z_]", line[1]) and is_placeholder(tidy(line[1])):
        return True
    return any(word in low for word in _SIGNALS) and bool(_INSTRUCTION.search(statement))


def is_placeholder(claim: str) -> bool:
    """Return whether a claim only marks the place for an answer: "<number>", "[your answer]", "{}"."""
    return len(claim) <= 60 and bool(_PLACEHOLDER.fullmatch(claim))


def tells_of_another(text: str, before: str, asked: frozenset[str]) -> bool:
    """Return whether two sentences have the same words before their values but for one, which is asked for in the first.

    Args:
        text: the second sentence, "The price of the coat is 40."
        before: the first one, "The price of the hat is 12."
        asked: content words of what the question asks, with "hat" and without "coat".
    """
    first, second = _words(before), _words(text)
    labels = len(first) == 1 and text[: len(second[0]) + 1 if second else 0].endswith(":")
    if len(first) != len(second) or not (len(first) > 1 or labels) or not asked:
        return False
    pairs = [(one.rstrip("s"), other.rstrip("s")) for one, other in zip(first, second, strict=True) if one != other]
    return len(pairs) == 1 and pairs[0][0] in asked and pairs[0][1] not in asked | _RESULTS


def _words(text: str) -> list[str]:
    head = _HEAD.match(text[:80])
    return _WORD.findall(head[0].lower()) if head else []
