"""Recognise statements that claim nothing: instructions that are repeated, other things than asked, refusals, indecision."""

from __future__ import annotations

import re

from ..notation.values import tidy
from . import languages
from .phrases import phrase

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

# "It could be 3 or 4", "either 3 apples or 4".
UNDECIDED = phrase(
    r"\b(?:(?:could|might|may) (?:be|have|need|take|cost|get|well be) \S+(?: \w+)? or|unclear"
    r"|(?:could|might|may) (?:also )?be .{1,40}\b(?:could|might|may) (?:also )?be|can(?:'t|not) tell\b"
    r"|cannot (?:be )?determine|can't determine|either .{1,80} or|i don'?t know|not sure"
    r"|(?:perhaps|maybe|possibly)\b.{1,60}\b(?:perhaps|maybe|possibly|or))\b",
    "could might may unclear determine either know sure perhaps possibly",
)
# "tell", "determine", "work out".
_TELL = r"(?:determin|tell|say|know|find out|calculat|answer|solve|figure|conclude|infer|deduc|comput|work out)"
# "It is impossible to tell", "cannot be determined", "not enough information", "we do not know".
_GIVES_UP_WHOLLY = (
    rf"\b(?:it is |it's |is )?(?:impossible|not possible|difficult|hard) (?:for (?:me|us) )?to (?:\w+ )?{_TELL}\w*"
    rf"|\b(?:cannot|can't|can not|could not|couldn't|unable to|not able to) (?:be )?(?:\w+ )?(?:accurately "
    rf"|exactly |definitively )?{_TELL}\w*"
    r" (?:for (?:sure|certain)|how|what|which|whether"
    r"|the (?:exact |final |correct )?(?:answer|number|value|amount|total|solution))"
    rf"|\b(?:i|we)(?: am|'m| are|'re) (?:not able|unable) to {_TELL}\w*"
    r"|\b(?:cannot|can't|can not|could not|couldn't) be (?:determined|answered|calculated|solved|found|known|computed)\b"
    r"|(?:\bnot|n't) (?:have |be |is |given |provided |contain |provide |give |there )*(?:enough"
    r"|sufficient) (?:information|data|details)\b"
    rf"|\b(?:cannot|can't|can not|could not|couldn't|unable to|not able to) (?:\w+ )?(?:{_TELL}|give|provide)\w*"
    r" (?:this|it|that|an? \w+) without\b"
    r"|\b(?:impossible|not possible) to (?:give|provide|name|state) (?:an?|the|any)\b"
    r"|\b(?:rather|prefer|prefer to|want to|will|going to) not (?:to )?(?:commit|give|say|name|state|answer|provide)\b"
    r"|\b(?:(?:don't|do not|not) (?:want|wish|like) to|won't|will not) (?:commit|give|name|provide)\b(?: to)?"
    r"(?: an?| any| the)? (?:\w+ )?(?:number|value|answer|figure|result)\b"
    r"|\b(?:insufficient|lack of|lacks|missing) (?:information|data|details)\b"
    rf"|\b(?:i|we) (?:do not|don't|can't|cannot) (?:really )?know\b|\b(?:i am|i'm) not (?:really )?(?:sure"
    rf"|certain)\b|{languages.GIVES_UP}"
)
UNKNOWABLE = phrase(
    _GIVES_UP_WHOLLY,
    "impossible not_possible difficult hard cannot can't can_not could_not couldn't unable not_able enough sufficient"
    " lack missing rather_not prefer_not won't will_not commit"
    " don't know sure certain imposible puede peut lässt kann não non невозможно нельзя 无法 不能 ません 없",
)
"""The response says that it cannot tell: what follows it without an explicit mark is a guess."""
# "I could not work it out", "unable to".
GIVES_UP = phrase(
    r"\b(?:could|can|do|am|was|were)(?: ?n[o']?t|not)\b.{0,20}\b(?:work (?:it )?out"
    r"|determine|figure|solve|tell|know|able|sure)\b"
    r"|\b(?:not enough|insufficient) information\b|\bunable to\b",
    "not n't cannot unable insufficient",
)
# "It might be 12", "my guess".
GUESSED = phrase(r"\b(?:may|might|could) be\b|\bguess\b|\bpossibly\b|\bperhaps\b|\bmaybe\b", "be guess possibly perhaps")
# "I cannot provide an answer", "as an AI, I am not able to".
REFUSES = phrase(
    r"\b(?:cannot|can't|can not|unable to|not able to|won't) (?:provide|give|answer|solve|determine)"
    r" (?:(?:an?|the|any|this|your) )?(?:\w+ )?(?:answer|solution|question|problem)\b"
    r"|\b(?:cannot|can't|can not|unable to) (?:help|assist)\b"
    r"|\bas an ai\b.*\b(?:cannot|can't|can not|unable|not able|don't|do not)\b",
    "cannot can't can_not unable not_able won't as_an_ai",
)
# "So we cannot tell", "Unfortunately, I was unable to", "As an AI".
GIVES_UP_FIRST = phrase(
    r"^\W*as an ai\b|^.{0,120}\bso (?:i|we) (?:cannot|can't|can not|could not|couldn't)"
    r" (?:count|tell|say|determine|answer|solve|give|provide|know|calculate|compute)\b|"
    r"^.{0,120}\b(?:we|i|one|you) (?:cannot|can't|can not) (?:tell|know|say|determine) (?:whether|if|how|what|which)\b|"
    r"^\W*(?:i(?:'m| am) (?:very )?sorry,? )?(?:but |so |however,? |sadly,? |unfortunately,? )?"
    r"(?:i|we)(?:'m|'re)? (?:was |were |am |are |could |can |do )?"
    r"(?:unable|not able|n[o']?t (?:find|work|determine|figure|solve|know)|cannot (?:find|work|determine|figure|solve))\b"
)
# The number is denied: "not just" 9, "not 8 or" 9, "rather than" 9, "more than" 9 (but not "no more than").
_REJECTED_BEFORE = re.compile(
    r"(?:\b(?:not|never|nicht|pas|não)|n't(?: be)?|\brather than|\binstead of)\s+(?:(?:just|only|exactly|simply|equal to|the"
    r"|an?)\s+)*[⟦(]?\s*(?:[$€£]?\d[\d.,/]*(?: [a-z]+)?,? n?or )?[$€£]?\s*$"
    r"|(?<!\bno )(?<!\bnot )\b(?:more|less|fewer|greater) than\s+[⟦(]?\s*[$€£]?\s*$",
    re.I,
)
# A quick test for `_REJECTED_BEFORE`: without one of these it cannot match.
_DENIALS = ("not", "never", "n't", "than", "instead", "nicht", "pas ", "não")
# "not the right answer", "wrong", "too high".
_WRONG = (
    r"(?:(?:not|n't)\s+(?:the\s+|a\s+|an\s+)?(?:correct|right|answer|solution|possible|valid|acceptable|final)|incorrect|wrong|invalid"
    r"|extraneous|rejected|discarded|too (?:high|low|big|small|large|much|many))"
)
# The number is called wrong: 60 "is clearly incorrect", 60", but that is wrong", 60 "(rejected)".
_REJECTED_AFTER = re.compile(
    rf"^[⟧)]?\s*(?:[a-z]+\s){{0,2}}?(?:(?:is|was|are|would be|isn't)(?:\s+(?:clearly|therefore|obviously))?\s+{_WRONG}"
    rf"|,? but (?:that|this|it)(?:'s| is| was| would be| isn't)?\s+(?:clearly )?{_WRONG}|\s*\((?:wrong"
    rf"|incorrect|not (?!\W*(?:\d|⟦))|rejected|extraneous))",
    re.I,
)

# "She still has" 12, where it is not asked what she has.
_STILL = re.compile(r"\bstill (?:has|have|had|owns?|keeps?)\b", re.I)
_HAS = re.compile(r"\b(?:has|have|had|now|still|keep|own)\b", re.I)


def is_kept(clause: str, asked: str) -> bool:
    """Return whether a clause tells what somebody still has, where the question asks for something else."""
    return "still" in clause and _STILL.search(clause) is not None and not _HAS.search(asked)


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


def is_rejected(value: str, start: int, text: str) -> bool:
    """Tell whether the text names a value only to reject it: "not 9 but 8", "60 is not correct", "isn't $100"."""
    before, after = (
        text[max(0, start - 60) : start].lower(),
        text[start + len(value) :][:80],
    )
    denied = any(word in before for word in _DENIALS) and _REJECTED_BEFORE.search(before)
    return bool(denied or _REJECTED_AFTER.match(after.lstrip("⟧ ")))
