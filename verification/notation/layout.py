"""Remove the marks of Markdown blocks, and replace words such as "minus" or "equals" by signs."""

from __future__ import annotations

import re

# A quick test: struck-out text, a fence, or a line that begins with ">" or "|".
_LAYOUT = re.compile(r"~~|```|^[ \t]*[>|]", re.M)
# "```python".
_FENCE = re.compile(r"^[ \t]*```[\w-]*[ \t]*$", re.M)
# "> > ".
_QUOTE = re.compile(r"^[ \t]*(?:>[ \t]+)+", re.M)
# What ~~tildes~~ strike out was withdrawn.
_STRUCK = re.compile(r"~~[^~\n]{1,400}~~")
# A row of a table of Markdown.
_ROW = re.compile(r"^[ \t]*\|[ \t]*([^\n]{1,600}?)[ \t]*\|[ \t]*$", re.M)
_NESTED = re.compile(r"\[\[[^\[\]]{1,80}\](?:\s*,?\s*\[[^\[\]]{1,80}\]){0,9}\s*\]")
"""A matrix as programs print it, over several lines."""
# The line of dashes below the head of a table.
_RULE = re.compile(r"[-:| ]*")
_NUMBER_WORDS = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen"
    "|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
)
# What may stand before "minus" if it is a sign, not a subtraction: "is", "=", "(".
_STATED = re.compile(
    r"(?:^|[\n:=,(⟦]|[:=,(]\s|\b(?:is|are|was|be|equals|to|of|get|gives|by|at|about|answer|times|now|therefore)\s)$", re.I
)
# An amount from which something is taken: "72 apples, minus 10".
_AMOUNT_BEFORE = re.compile(r"\d [A-Za-z]+, $")
# "negative seven", and "minus 7" where no number stands before it.
_MINUS = re.compile(rf"(?:\b(?P<negative>negative)|minus)\s+(?=[$€£]?\d|⟦\d|(?:{_NUMBER_WORDS})\b)", re.I)
# "7 degrees below zero".
_BELOW = re.compile(
    rf"(?<![-\d.])\b(\d[\d.]*|{_NUMBER_WORDS})(?=(?:\s*°\s*[CF]?|\s+degrees?(?:\s+(?:celsius"
    rf"|fahrenheit))?)?\s+below (?:zero|freezing))",
    re.I,
)
_PERIOD = r"hour|minute|day|week|month|year|mile|kilometer|kilometre|kilogram|kilo|gallon|cup|dozen|liter|litre"
# "3 and a half", "an hour and a half", "half an hour".
_AND_A_HALF = re.compile(
    rf"(?<![\d.,/])(?P<digits>\d{{1,9}}) and a half\b|\b(?:an?|one) (?P<one>{_PERIOD}) and a half\b"
    rf"|\bhalf an? (?P<none>{_PERIOD})\b(?! and)",
    re.I,
)
# A quick test for functions and pi. A pattern that begins with letters is found much faster than one that looks behind.
_FUNCTION = re.compile(
    r"sqrt(?<![\\A-Za-z]sqrt)|"
    + "|".join(rf"{name}(?<![\\A-Za-z]{name})(?![A-Za-z])" for name in ("pi", "ln", "sin", "cos", "tan", "log"))
)
_ROOT = re.compile(r"(?<![\\A-Za-z])sqrt\s*(?:\(([^()]{1,80})\)|(\d+))")
# Functions and pi in plain text, where what stands beside them is mathematics: "9 * pi", "sin(x)".
_NAMED = re.compile(
    r"(?<![\\A-Za-z])(?:(?<=[\d*/+(=-])pi|(?<=[\d*/+(=-] )pi|pi(?=\s*[*/+-]\s*\d)|(?:sin|cos|tan|log"
    r"|ln)(?=\s?\(|\s[\dx](?![A-Za-z])))(?![A-Za-z])"
)
REMAINDER = re.compile(
    r"(?P<quotient>\d{1,12}),?\s*(?:R|r|(?:with |and )?(?:a |the )?remainder(?: of| is|:)?)\s*(?P<rest>\d{1,12})(?![.,]?\d)"
)
"""A quotient with its remainder, "7 R 5" or "7 remainder 5"."""
# If a question asks for a profit, a loss is a negative profit.
_ASKS_PROFIT = re.compile(r"\b(?:profit|gain|net (?:change|income|result))\b[^.?\n]*\?", re.I)
_SPEAKS_OF_LOSS = re.compile(r"\b(?:loss|lose|losing|lost)\b", re.I)
_LOSS = re.compile(r"\b(?:loss of|lost|loses|lose)\s+(?:about |exactly )?(?=[$€£]?\d)", re.I)
# "x equals 4".
_EQUALS = re.compile(r"\s(?:(?<=[^\w\\'][a-zA-Z]\s)|(?<=^[a-zA-Z]\s))\s*(?:equals|is equal to)\s+(?=[-$]?\d)")
# A quick test for the pattern below.
_ARE = re.compile(r" is -?\d[\d./]*,? and [a-z] is -?\d")
# "x is 4 and y is 1".
_BOTH_ARE = re.compile(r"(?<![\w\\'])([a-z]) is (-?\d[\d./]*),? and ([a-z]) is (?=-?\d)(-?\d)")
# "How many degrees below zero ...?"
_ASKED_BELOW = re.compile(r"how (?:many|far)[^.?\n]*\bbelow", re.I)
# Spaces, and what only groups or marks mathematics.
_GROUPING = re.compile(r"[\s$⟦⟧{}]|\\(?:left|right|cdot)")


def laid_out(text: str) -> str:
    """Drop quotation marks, fences and struck-out text. A row of a table with two cells becomes "name: value"."""
    if "[[" in text:
        text = _NESTED.sub(lambda match: " ".join(match[0].split()), text)
    if not ("|" in text or ">" in text or "~~" in text or "```" in text) or not _LAYOUT.search(text):
        return text
    return _ROW.sub(_row, _QUOTE.sub("", _STRUCK.sub("", _FENCE.sub("", text))))


def _row(match: re.Match[str]) -> str:
    if _RULE.fullmatch(match[1]) or "|" not in match[1]:
        return "" if "|" in match[1] else match[0]
    cells = [cell.strip() for cell in match[1].split("|")]
    return f"{cells[0]}: {cells[1]}" if len(cells) == 2 and cells[0] else "; ".join(cells)


def signs_in_words(text: str, low: str, below: bool = True) -> str:
    """Convert "minus 7" and "7 degrees below zero" to -7, and "an hour and a half" to 1.5 hours."""
    if "and a half" in low or "half a" in low:
        text = _AND_A_HALF.sub(_with_half, text)
    if "minus" in low or "negative" in low:
        text = _MINUS.sub(_sign, text)
    return _BELOW.sub(r"-\1", text) if below and "below" in low else text


def _sign(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - 24) : match.start()]
    return "-" if match["negative"] or (_STATED.search(before) and not _AMOUNT_BEFORE.search(before)) else match[0]


def _with_half(match: re.Match[str]) -> str:
    if match["digits"]:
        return f"{match['digits']}.5"
    return f"1.5 {match['one']}s" if match["one"] else f"0.5 {match['none']}s"


def functions_marked(text: str) -> str:
    """Convert sqrt(2), 9 * pi and 7 sin(x) in plain text to LaTeX."""
    if not _FUNCTION.search(text):
        return text
    text = _ROOT.sub(lambda match: f"\\sqrt{{{match[1] or match[2]}}}", text)
    return _NAMED.sub(lambda match: f"\\{match[0].lower()}", text)


def losses_marked(text: str, question: str | None) -> str:
    """Convert "a loss of $40" to "a loss of -$40" if the question asks for the profit."""
    if not question or "los" not in text or not _ASKS_PROFIT.search(question) or _SPEAKS_OF_LOSS.search(question):
        return text
    return _LOSS.sub(r"\g<0>-", text)


def equations_marked(text: str) -> str:
    """Convert "x equals 4" and "x is 4 and y is 1" to equations."""
    if " equals " in text or " equal to " in text:
        text = _EQUALS.sub(" = ", text)
    return _BOTH_ARE.sub(r"\1 = \2 and \3 = \4", text) if _ARE.search(text) else text


def asks_below(question: str | None) -> bool:
    """Return whether a question asks how far below something a value is; the answer then has no sign."""
    return bool(question and _ASKED_BELOW.search(question))


def in_parentheses(before: str) -> bool:
    """Return whether an opening parenthesis before a place is still open there."""
    return before.count("(") > before.count(")")


def squeeze(text: str) -> str:
    """Return mathematics without spaces and what only groups or marks it."""
    return _GROUPING.sub("", text)
