"""Read and compare times of the day: 17:30, 5:30 pm, 5:30 in the afternoon, 5 o'clock, noon. Start at `same_time`."""

from __future__ import annotations

import re

# A time inside a sentence: "17:30", "5:30 pm", "5 in the afternoon", "5 o'clock", "noon".
CLOCK = (
    r"(?:(?:[01]?\d|2[0-3])[:.][0-5]\d(?::[0-5]\d)?(?:\s?[ap]\.?\s?m\b\.?|\s+(?:(?:in the|the next|the following|tomorrow|this)"
    r" (?:morning|afternoon|evening)|at night|h\b|Uhr\b))?"
    r"|(?:1[0-2]|0?[1-9])\s?(?:[ap]\.?m\b\.?|(?:o'clock )?in the (?:morning|afternoon|evening)"
    r"|o'clock(?: in the (?:morning|afternoon|evening))?)"
    r"|\b(?:noon|midnight)\b)"
)
# A claim or a reference that is only a time, with its parts as groups.
_TIME = re.compile(
    r"(?:at |about )?(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d)(?::\d\d)?)?\s*(?:o'clock\s*)?"
    r"(?:(?P<half>[ap])\.?\s?m\.?"
    r"|(?P<part>(?:in the|the next|the following|tomorrow|this) (?:morning|afternoon|evening)|at night)"
    r"|h|uhr|hours)?(?:\s+sharp)?",
    re.I,
)
_MONTH = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
    "|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
)
# "April 10th", "10 April", "the 10th of April".
_DATE = re.compile(
    rf"(?:(?P<month>{_MONTH})\b\.? (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?|"
    rf"(?:the )?(?P<number>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<named>{_MONTH}))\b(?:,? (?P<year>\d{{4}})\b)?",
    re.I,
)
_NOT_THIS = re.compile(r"(?:\bnot|n't|\bthan|\binstead of|\bbefore|\bafter|\bsince|\bfrom)(?: on| be)?\s+$", re.I)
# The words between a result and its date: "= April 8", "lead to April 8".
_LEADS = re.compile(r"(?:=|\b(?:to|is|on|so|therefore)|:)(?: on)?\s*$", re.I)
_NAMED = {"noon": 720, "midnight": 0, "12 noon": 720, "12 midnight": 0}  # minutes since midnight


def same_time(claim: str, reference: str) -> bool | None:
    """Compare two times of the day, at least one in the form of a clock; None if they are not times.

    "5:30" without am or pm may be either.
    """
    given, wanted = _minutes(claim), _minutes(reference)
    if given is None or wanted is None or not (_is_clock(claim) or _is_clock(reference)):
        return None
    return bool(given & wanted)


def _is_clock(text: str) -> bool:
    return ":" in text or bool(re.search(r"\d\s?[ap]\.?m\b|o'clock|in the (?:morn|after|even)|noon|midnight", text, re.I))


def _minutes(text: str) -> frozenset[int] | None:
    """Return the minutes since midnight that a text may mean."""
    text = text.strip(" .")
    if text.lower() in _NAMED:
        return frozenset({_NAMED[text.lower()]})
    match = _TIME.fullmatch(text)
    if not match or not (match["minute"] or match["half"] or match["part"] or "o'clock" in text.lower()):
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if hour > 24 or minute > 59:
        return None
    half = (match["half"] or "").lower()
    part = (match["part"] or "").lower()
    if half or part:
        late = half == "p" or "noon" in part or "evening" in part or ("night" in part and 6 <= hour < 12)
        hour = hour % 12 + 12 * late if hour <= 12 else hour
        return frozenset({60 * hour + minute})
    if hour > 12 or match["hour"].startswith("0"):
        return frozenset({60 * (hour % 24) + minute})
    # No half of the day: both are possible.
    return frozenset({60 * (hour % 12) + minute, 60 * (hour % 12 + 12) + minute})


def same_date(claim: str, reference: str, question: str | None) -> bool | None:
    """Compare days of the year, "April 10th" and "10 April"; None unless the reference is one.

    Args:
        claim: a sentence; dates that the question gives do not count where it has others.
        reference: the known answer.
        question: the problem.
    """
    if not (match := _DATE.fullmatch(reference.strip(" ."))):
        return None
    wanted, said = _day(match), {_day(match) for match in _DATE.finditer(claim)}
    said = said - {_day(match) for match in _DATE.finditer(question or "")} or said
    if len(said) != 1:
        return None
    return all(mine == right or not (mine and right) for mine, right in zip(next(iter(said)), wanted, strict=True))


def is_date(text: str) -> bool:
    """Return whether a text is a day of the year and nothing else: "April 10th"."""
    return bool(_DATE.fullmatch(text.strip(" .")))


def concluded_date(statement: str, question: str | None) -> str | None:
    """Return the day of the year that a statement gives: its only one that is new, or the last one if a result leads to it."""
    given = {_day(match) for match in _DATE.finditer(question or "")}
    told = [match for match in _DATE.finditer(statement) if not _NOT_THIS.search(statement[: match.start()])]
    new = [match for match in told if _day(match) not in given]
    if len({_day(match) for match in new}) == 1 or (new and _LEADS.search(statement[: new[-1].start()])):
        return new[-1][0]
    return None


def _day(match: re.Match[str]) -> tuple[str, int, str]:
    return (match["month"] or match["named"])[:3].lower(), int(match["day"] or match["number"]), match["year"] or ""
