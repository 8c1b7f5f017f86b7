"""Separate a reasoning model's thoughts (`<think>...</think>`) from its answer."""

from __future__ import annotations

from typing import NamedTuple

OPEN, CLOSE = "<think>", "</think>"


class Parted(NamedTuple):
    """A text, or a piece of one, with the thoughts apart from the answer."""

    reasoning: str
    answer: str


class ThoughtSplitter:
    """Splits text that arrives in pieces.

    Only a block at the very start of the text counts. Some chat templates (DeepSeek-R1, QwQ) open it at the end of the prompt.

    Args:
        opened: whether the prompt opened the block.
    """

    def __init__(self, opened: bool = False) -> None:
        self._state = "thinking" if opened else "start"
        self._held = ""
        self._fresh = True  # nothing but white space so far in the current part

    def feed(self, text: str, final: bool = False) -> Parted:
        """Return the new reasoning and the new answer; `final` releases what was held back as a possible tag."""
        self._held += text
        reasoning = ""
        if self._state == "start":
            self._open(final)
        if self._state == "thinking":
            reasoning = self._close(final)
        answer = self._take() if self._state == "answering" else ""
        return Parted(reasoning, answer)

    def _open(self, final: bool) -> None:
        """Decide whether the text begins with a block, as soon as enough of it has arrived."""
        begun = self._held.lstrip()
        if begun.startswith(OPEN):
            self._held, self._state = begun[len(OPEN) :], "thinking"
        elif final or not OPEN.startswith(begun):
            self._state, self._fresh = "answering", False

    def _close(self, final: bool) -> str:
        """Return the new thoughts, up to the closing tag if it has arrived, without white space at both ends of the block."""
        thoughts, closed, rest = self._held.partition(CLOSE)
        if closed:
            self._held, self._state, fresh, self._fresh = rest, "answering", self._fresh, True
            return thoughts.strip() if fresh else thoughts.rstrip()
        # the end of the piece may be the beginning of the closing tag: hold it back
        keep = 0 if final else next((n for n in range(len(CLOSE), 0, -1) if thoughts.endswith(CLOSE[:n])), 0)
        shown = thoughts[: len(thoughts) - keep]
        if self._fresh:
            shown = shown.lstrip()
        # white space is held back too: it is dropped if the closing tag follows
        trailing = 0 if final else len(shown) - len(shown.rstrip())
        self._held = thoughts[len(thoughts) - keep - trailing :]
        shown = shown[: len(shown) - trailing]
        self._fresh = self._fresh and not shown
        return shown

    def _take(self) -> str:
        """Return the new part of the answer, without the blank lines between the block and it."""
        text, self._held = self._held, ""
        if self._fresh:
            text = text.lstrip()
            self._fresh = not text
        return text


def within_thoughts(prompt: str, begun: str) -> bool:
    """Return whether a reply begins inside a block that the template or the continued text opened."""
    return prompt.rstrip().endswith(OPEN) or begun.rfind(OPEN) > begun.rfind(CLOSE)


def part(text: str, opened: bool = False) -> Parted:
    """Split a whole text; see `ThoughtSplitter`."""
    return ThoughtSplitter(opened).feed(text, final=True)
