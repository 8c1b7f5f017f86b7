"""Review in a terminal: one item at a time, single keys, 80 columns, no colour, no cursor movement."""

from __future__ import annotations

import os
import shutil
import textwrap
import time
from collections.abc import Mapping

import click

from ..foundation.visible import visible
from ..nodes.steps import number_steps, parse_steps
from .errors import AlreadyDecided, AlreadyTaken
from .marking import flag_words
from .queue.items import Item
from .queue.queue import ReviewQueue

SHOWN_CHARACTERS = 3_000
"""Maximum characters shown of a problem or a step; the editor shows the whole text."""

_HINT = "# One step a paragraph, numbered. Lines that begin with # are dropped. An empty file changes nothing.\n"


class TerminalReview:
    """A review session: shows waiting items and reads keys until none is left or the reviewer quits."""

    def __init__(self, queue: ReviewQueue, *, reviewer: str, filters: Mapping[str, str] | None = None) -> None:
        """Create a session.

        Args:
            queue: an open queue.
            reviewer: name stored with every decision.
            filters: as in `ReviewQueue.pending`.
        """
        self.queue = queue
        self.reviewer = reviewer
        self.filters = dict(filters or {})
        self._skipped: set[str] = set()
        self._undoable: list[int] = []
        self._opened = time.monotonic()

    def run(self) -> None:
        """Run the session until it ends."""
        while (item := self._next()) is not None:
            self._show(item)
            self._opened = time.monotonic()
            if not self._take_key(item):
                break
        counts = self.queue.counts(**self.filters)
        back = f", {counts.rejected} rejected" if counts.rejected else ""
        click.echo(f"\n{counts.decided} of {counts.all} problems decided, {counts.waiting} waiting{back}.")

    def _next(self) -> Item | None:
        self.queue.refresh()
        waiting = self.queue.pending(**self.filters)
        return next((item for item in waiting if item.subject not in self._skipped), None)

    def _show(self, item: Item) -> None:
        """Print an item: progress, question, steps with their flags, and the keys."""
        counts = self.queue.counts(**self.filters)
        width = min(shutil.get_terminal_size((80, 24)).columns, 100)
        # One column is left free: some terminals wrap a line that fills the width.
        click.echo("\n" + "-" * (width - 1))
        about = " / ".join(filter(None, (item.problem_id, item.problem_set, item.teacher)))
        click.echo(_wrapped(f"{counts.all - counts.waiting + 1} of {counts.all}   {about}", width, "") + "\n")
        click.echo(_wrapped(item.question, width, "") + "\n")
        for place, step in enumerate(item.steps):
            click.echo(_wrapped(step, width, f"{place + 1:3}. "))
            for flag in item.flags:
                if flag["step"] == place:
                    click.echo(_wrapped("! " + flag_words(flag), width, "     "))
        if not item.steps:
            click.echo(_wrapped(f"(no steps) The teacher wrote: {item.reply or 'nothing'}", width, ""))
        for flag in item.flags:
            if flag["step"] is None:  # flags of the whole list
                click.echo(_wrapped("! " + flag_words(flag), width, ""))
        reject = "[r]eject  " if item.may_reject else ""
        click.echo(f"\n[a]pprove  [n]ote and approve  [e]dit  {reject}[s]kip  [u]ndo  [q]uit ", nl=False)

    def _take_key(self, item: Item) -> bool:
        """Wait for a valid key and act on it; return False to quit."""
        actions = {"a": self._approve, "n": self._note, "e": self._edit, "s": self._skip, "u": self._undo}
        actions |= {"r": self._reject} if item.may_reject else {}
        while True:
            try:
                key = click.getchar().lower()
            # A closed terminal or Ctrl-C, which click reports as an exception or as a character.
            except (EOFError, KeyboardInterrupt):
                key = "q"
            if key in ("q", "\x04", "\x03"):
                click.echo("quit")
                return False
            if key in actions:
                break
        try:
            actions[key](item)
        except (AlreadyDecided, AlreadyTaken, LookupError, ValueError) as error:
            click.echo(_wrapped(f"Not done: {error}", 80, ""))
        return True

    def _approve(self, item: Item) -> None:
        if _agreed(item):
            self._decide(item, {"type": "approve"})

    def _note(self, item: Item) -> None:
        if _agreed(item):
            self._decide(item, {"type": "approve", "message": _ask("note")})

    def _reject(self, item: Item) -> None:
        self._decide(item, {"type": "reject", "message": _ask("comment for the teacher")})

    def _edit(self, item: Item) -> None:
        """Let the reviewer edit the steps in an editor; an empty or unchanged file decides nothing."""
        click.echo("edit")
        before = number_steps(item.steps) + "\n"
        # `require_save=False`: an editor that does not touch the file returns the text, which then counts as unchanged.
        text = click.edit(_HINT + before, extension=".txt", require_save=False)
        kept = "\n".join(line for line in (text or "").splitlines() if not line.startswith("#"))
        if not kept.strip() or kept.strip() == before.strip():
            click.echo("Nothing was changed.")
            return
        # Fall back to one step a line if the reviewer removed the numbers.
        steps = parse_steps(kept) or [line for line in kept.splitlines() if line.strip()]
        self._decide(item, {"type": "edit", "args": {"steps": steps}})

    def _skip(self, item: Item) -> None:
        click.echo("skip")
        self._skipped.add(item.subject)

    def _undo(self, item: Item) -> None:
        """Undo the last decision of this session."""
        if not self._undoable:
            raise LookupError("there is nothing to undo in this session")
        click.echo("undo")
        undone = self.queue.undo(self._undoable.pop(), reviewer=self.reviewer)
        # An undone item is shown again, even if it was skipped before.
        self._skipped.discard(undone.subject)
        click.echo(_wrapped(f"Undone: {undone.problem_id or undone.number}", 80, ""))

    def _decide(self, item: Item, answer: dict[str, object]) -> None:
        """Store a decision with the time that it took."""
        seconds = time.monotonic() - self._opened
        decided = self.queue.decide(item.number, answer, reviewer=self.reviewer, seconds=seconds)
        self._undoable.append(decided.number)
        click.echo(f"{decided.decision}" + (f", {decided.distance} words changed" if decided.distance else ""))


def _agreed(item: Item) -> bool:
    """Confirm an approval if there are no steps to approve."""
    if item.steps:
        return True
    return click.confirm("\nThere are no steps: the student would get the problem alone. Approve that?", default=False)


def _ask(what: str) -> str:
    return str(click.prompt(f"\n{what}", default="", show_default=False))


def _wrapped(text: str, width: int, start: str) -> str:
    """Wrap untrusted text to the width, and make control characters visible so that they cannot move the cursor."""
    shown = visible(text[:SHOWN_CHARACTERS])
    if len(text) > SHOWN_CHARACTERS:
        shown += f" [... {len(text) - SHOWN_CHARACTERS:,} more characters: e shows them]"
    blank = " " * len(start)
    lines = shown.expandtabs(4).splitlines() or [""]
    wrapped = [textwrap.wrap(line, width - 1 - len(start), break_on_hyphens=False) or [""] for line in lines]
    flat = [line for group in wrapped for line in group]
    return os.linesep.join((start if place == 0 else blank) + line for place, line in enumerate(flat))
