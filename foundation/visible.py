"""Make untrusted text safe to look at: characters that steer a terminal or hide words become visible."""

from __future__ import annotations

import re
from collections import Counter

_HIDDEN = re.compile(
    "(?:"
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f]"  # controls of terminals: ESC begins an ANSI sequence
    "|[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0]"  # drawn as nothing, or as a blank
    "|[\u200b\u200c\u200e\u200f\u202a-\u202e\u2028\u2029\u2060-\u206f\ufeff\ufff9-\ufffb]"  # zero width, direction, lines
    "|(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d"  # joins nothing that is a picture
    "|[\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"  # music, tags and variants, which carry whole hidden texts
    "|[\ud800-\udfff])"
)


def visible(text: str) -> str:
    """Replace control, direction and invisible characters by their names, as in "‹U+202E›"; tabs and line breaks stay."""
    # a Windows line break is no hidden character, but a lone carriage return can overwrite a terminal's line
    return _HIDDEN.sub(lambda found: f"‹U+{ord(found[0]):04X}›", text.replace("\r\n", "\n"))


def has_hidden(text: str) -> bool:
    """Return whether the text holds characters that a reader would not see."""
    return bool(_HIDDEN.search(text.replace("\r\n", "\n")))


def without_hidden(text: str) -> str:
    """Return the text without its hidden characters."""
    return _HIDDEN.sub("", text.replace("\r\n", "\n"))


def around_hidden(text: str, most: int = 20, beside: int = 40) -> list[str]:
    """Return what stands around the first hidden characters, at most `beside` characters on each side, made visible."""
    parts: list[tuple[int, int]] = []
    for found in _HIDDEN.finditer(text):
        start, end = max(0, found.start() - beside), found.end() + beside
        if parts and start <= parts[-1][1]:
            parts[-1] = (parts[-1][0], end)
        elif len(parts) < most:
            parts.append((start, end))
        else:
            break
    # hidden characters in a row merge into one part, which can be as long as the whole text
    return [visible(text[start : min(end, start + 2_000)]) for start, end in parts]


def first_line(error: BaseException, most: int = 300) -> str:
    """Return the first line with text of what an error says, at most `most` characters; its type if it says nothing."""
    return next(filter(None, map(str.strip, str(error).splitlines())), type(error).__name__)[:most]


def hidden_characters(text: str, most: int = 5) -> str:
    """Return the names of hidden characters and how often they occur, the most frequent first; empty if there are none.

    Args:
        text: any text.
        most: how many names at most.
    """
    found = Counter(_HIDDEN.findall(text.replace("\r\n", "\n")))
    named = [f"U+{ord(mark):04X}" + (f" ({count} times)" if count > 1 else "") for mark, count in found.most_common(most)]
    return ", ".join(named) + (f" and {len(found) - most} more" if len(found) > most else "")
