"""Tell a reasoning model's thoughts (`<think>...</think>`) from its answer."""

from __future__ import annotations

from typing import NamedTuple

OPEN, CLOSE = "<think>", "</think>"


class Parted(NamedTuple):
    """Some text, the thoughts apart from the answer."""

    reasoning: str
    answer: str


class ThoughtSplitter:
    """Parts text that comes in pieces.

    A block counts only at the very start of the text; a template may open it within the prompt, as those of
    DeepSeek-R1 and QwQ do.

    Args:
        opened: whether the prompt opened the block.
    """

    def __init__(self, opened: bool = False) -> None:
        self._state = "thinking" if opened else "start"
        self._held = ""
        self._fresh = True

    def feed(self, text: str, final: bool = False) -> Parted:
        """Return what is known to be reasoning and answer; `final` releases what was held back."""
        self._held += text
        reasoning = ""
        if self._state == "start":
            self._open(final)
        if self._state == "thinking":
            reasoning = self._close(final)
        answer = self._take() if self._state == "answering" else ""
        return Parted(reasoning, answer)

    def _open(self, final: bool) -> None:
        begun = self._held.lstrip()
        if begun.startswith(OPEN):
            self._held, self._state = begun[len(OPEN) :], "thinking"
        elif final or not OPEN.startswith(begun):
            self._state, self._fresh = "answering", False

    def _close(self, final: bool) -> str:
        thoughts, closed, rest = self._held.partition(CLOSE)
        if closed:
            self._held, self._state, fresh, self._fresh = rest, "answering", self._fresh, True
            return thoughts.strip() if fresh else thoughts.rstrip()
        keep = 0 if final else next((n for n in range(len(CLOSE), 0, -1) if thoughts.endswith(CLOSE[:n])), 0)
        shown = thoughts[: len(thoughts) - keep]
        if self._fresh:
            shown = shown.lstrip()
        trailing = 0 if final else len(shown) - len(shown.rstrip())
        self._held = thoughts[len(thoughts) - keep - trailing :]
        shown = shown[: len(shown) - trailing]
        self._fresh = self._fresh and not shown
        return shown

    def _take(self) -> str:
        """The answer begins after the blank lines that follow the block."""
        text, self._held = self._held, ""
        if self._fresh:
            text = text.lstrip()
            self._fresh = not text
        return text


def within_thoughts(prompt: str, begun: str) -> bool:
    """Whether a reply begins within thoughts: the template opened the block, or the text that is continued did."""
    return prompt.rstrip().endswith(OPEN) or begun.rfind(OPEN) > begun.rfind(CLOSE)


def part(text: str, opened: bool = False) -> Parted:
    """Part a whole text; see `ThoughtSplitter`."""
    return ThoughtSplitter(opened).feed(text, final=True)
