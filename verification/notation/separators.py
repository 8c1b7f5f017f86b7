"""Convert numbers to the English form: 15 000, 1'000, 1.234,50 and 3,5 to 15,000, 1,000, 1234.50 and 3.5."""

from __future__ import annotations

import re

# A quick test for all that follows.
_ANY = re.compile(r"\d(?:,\d|[ .'_\u2009]\d{3}|\{,\}\d|\\,\d)")
# 15{,}000, 15\,000 (LaTeX), 15'000 (Swiss), 15_000 (programs).
_JOINED = re.compile(r"(?<=\d)(?:\{,\}|\\,|['_\u2009])(?=\d{3}(?!\d))")
# Quick tests for the patterns below: most texts have none of these numbers.
_MARKED_THOUSANDS = re.compile(r"\d(?:\{,\}|\\,|['_\u2009])\d{3}")
_DIGITS_APART = re.compile(r"\d \d{3}")
_THREE_DIGITS = re.compile(r"\d\.\d{3}")
# 15 000 and 15 000,50.
_SPACED = re.compile(r"(?<![\d.,/^])(?<!\d )([1-9]\d{0,2}(?: \d{3})+)(?:,(\d{1,2}))?(?![\d/]|[.,]\d+/| \d)")
# 1,50,000.
_INDIAN = re.compile(r"(?<![\d,])\d{1,2}(?:,\d\d)+,\d{3}(?![\d,])")
# 1.234,50.
_EUROPEAN = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3})+,\d+(?![\d.,]*\d)")
# "1,234.5": the text writes numbers the English way.
_ENGLISH = re.compile(r"\d,\d{3}\.\d")
_PAIRS = re.compile(r"\d,\d\d,\d")
_DOT_AND_COMMA = re.compile(r"\d\.\d{3},\d")
# A comma that cannot separate thousands: "3,5", "0,125".
_NO_THOUSANDS = re.compile(r"\d,(?!\d{3}(?!\d))\d|0,\d")
_COMMA = re.compile(r"\d,\d")
# "0,5" must be a decimal.
_ZERO = re.compile(r"(?<![\d.,(\[{])0,\d")
# 3,5, but not a list in brackets such as (3,5).
_DECIMAL = re.compile(r"(?<![\d.,(\[{])(\d+),(\d+)(?!\d|,\d|\s*[)\]}])")
# A comma with other than three digits after it, "3,25", shows that commas are decimal.
_SHORT = re.compile(r"(?<![\d.,(\[{])\d+,(?:\d{1,2}|\d{4,})(?!\d|,\d|\s*[)\]}])")
# 1.234 as thousands.
_DOTTED = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:\.\d{3})+(?!\d|[.,]\d)")
# A point with other than three digits after it, "3.25", shows that points are decimal.
_POINT = re.compile(r"\d\.(?:\d{1,2}|\d{4,})(?!\d)")
_WORD = re.compile(r"[^\W\d_]+")
_WITH_COMMAS = frozenset(
    re.findall(
        r"\w+",
        "el los las una por que son esto entonces le les des une est donc pour dans und ist sind der das ein eine also"
        " insgesamt kostet beträgt viele os uma são é não portanto il che sono quindi è gli della costa cuesta coûte",
    )
)
"""Words of languages that write a decimal comma; none of them is common in English."""


def english_numbers(text: str, question: str = "") -> str:
    """Return the text with its numbers in the English form. A comma that may mean either is left as it is.

    Args:
        text: a response.
        question: the problem; its language tells how a short response writes numbers.
    """
    if not _ANY.search(text):
        return text
    if _MARKED_THOUSANDS.search(text):
        text = _JOINED.sub(",", text)
    if _DIGITS_APART.search(text):
        text = _SPACED.sub(_unspaced, text)
    if not _COMMA.search(text):
        return (
            _dots_dropped(text)
            if _THREE_DIGITS.search(text) and _DOTTED.search(text) and _writes_commas(text, question)
            else text
        )
    if _PAIRS.search(text):
        text = _INDIAN.sub(lambda match: match[0].replace(",", ""), text)
    european = bool(_DOT_AND_COMMA.search(text) and _EUROPEAN.search(text))
    if european:
        text = _EUROPEAN.sub(lambda match: match[0].replace(".", "").replace(",", "."), text)
    if _ENGLISH.search(text) or not (european or _NO_THOUSANDS.search(text) or _THREE_DIGITS.search(text)):
        return text
    spoken = _writes_commas(text, question)
    if spoken or european or _ZERO.search(text):
        short = bool(_SHORT.search(text)) or european
        text = _DECIMAL.sub(lambda match: _decimal(match, short), text)
    return _dots_dropped(text) if spoken else text


def _unspaced(match: re.Match[str]) -> str:
    return match[1].replace(" ", "") + f".{match[2]}" if match[2] else match[1].replace(" ", ",")


def _decimal(match: re.Match[str], short: bool) -> str:
    """Convert a decimal comma. Three digits after a comma are thousands, unless another number has a decimal comma."""
    if len(match[2]) == 3 and match[1] != "0" and not short:
        return match[0]
    return f"{match[1]}.{match[2]}"


def _dots_dropped(text: str) -> str:
    return text if _POINT.search(text) else _DOTTED.sub(lambda match: match[0].replace(".", ""), text)


def _writes_commas(text: str, question: str) -> bool:
    # Two different words, since one alone may be a name.
    words = set(_WORD.findall(f"{question[-2000:]} {text[-4000:]}".lower()))
    return len(words & _WITH_COMMAS) + sum("а" <= word[0] <= "я" and len(word) > 1 for word in words) > 1
