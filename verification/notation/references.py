"""Read the final answer in a reference: a plain answer, a solution of GSM8K (`#### 18`, `A: 18`), or one of MATH (a box)."""

from __future__ import annotations

import re
from functools import lru_cache

from .clean import plain_characters
from .values import tidy

# The final line of GSM8K and similar sets: "#### 18", "A: 18".
_MARKED = re.compile(r"^\s*(?:####|A:|Answer:)\s*(\S.*?)\s*$", re.M)

# What programs write where a value is missing.
_MISSING = ("nan", "n/a", "null")


@lru_cache(maxsize=8192)
def read_reference(reference: str) -> str | None:
    """Return the final answer that a reference states, None if it states none."""
    text = str(reference).strip()
    if marked := _MARKED.findall(text[-2000:]):
        text = marked[-1]
    elif (boxed := last_box(text)) is not None:
        text = boxed
    if text.startswith("$") and text.endswith("$") and len(text) > 2:  # "$18$"
        text = text.strip("$")
    text = tidy(text if text.isascii() else plain_characters(text))
    # longer ones are no answers, but whole solutions
    return text if text and len(text) <= 400 and text.lower() not in _MISSING else None


def last_box(text: str) -> str | None:
    r"""Return the content of the last complete \boxed{...} of the last 20,000 characters."""
    text = text[-20_000:]
    end = len(text)
    # At most 20 boxes: unfinished ones are skipped from the end.
    for _ in range(20):
        start = max(text.rfind("\\boxed", 0, end), text.rfind("\\fbox", 0, end))
        if start < 0:
            return None
        if (content := braced(text, start + len("\\boxed" if text.startswith("\\boxed", start) else "\\fbox"))) is not None:
            return content
        end = start
    return None


def braced(text: str, start: int) -> str | None:
    """Return the text in the braces at `start`, or the next word without braces; None if they are never closed."""
    while start < len(text) and text[start] == " ":
        start += 1
    # LaTeX also allows "\boxed 5".
    if start >= len(text) or text[start] != "{":
        word = re.match(r"[^\s$]+", text[start : start + 100])
        return word[0] if word else None
    depth = 0
    for place in range(start, min(len(text), start + 2000)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return text[start + 1 : place]
    return None
