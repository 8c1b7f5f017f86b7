"""Text that a model or a problem wrote, made safe to look at: controls that steer terminals or hide words become visible."""

from __future__ import annotations

import re

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)


def visible(text: str) -> str:
    """Replace control, direction and invisible characters by their names, as in "‹U+202E›"; tabs and line breaks stay."""
    return _CONTROL.sub(lambda found: f"‹U+{ord(found[0]):04X}›", text.replace("\r\n", "\n"))


def has_hidden(text: str) -> bool:
    """Tell whether the text holds characters that a reader would not see."""
    return bool(_CONTROL.search(text.replace("\r\n", "\n")))
