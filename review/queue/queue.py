"""The review queue: store and undo decisions, and resume runs with them. Start at `open_queue`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..errors import AlreadyDecided, AlreadyTaken
from .claims import Claims, is_abandoned
from .decisions import DECISION, already_decided, row_of_decision, row_of_event
from .drafts import Drafts
from .find_items import Listing
from .items import Item, item_from_row
from .paused_threads import paused_threads, read_requests
from .queue_tables import claims, events, items
from .review_store import ReviewStore

# Joins an item with its claim.
_SAME = (items.c.thread_id == claims.c.thread_id) & (items.c.interrupt_id == claims.c.interrupt_id)


def open_queue(target: str | Path | None = None) -> ReviewQueue:
    """Open the review queue in a store; create the store if needed.

    Args:
        target: SQLite file or postgresql://... Default: `TOT_REVIEWS`, or `reviews.sqlite` beside the journals.

    Raises:
        StoreError: the store cannot be opened.
    """
    import os

    from ...foundation.folders import home

    return ReviewQueue(ReviewStore(target or os.environ.get("TOT_REVIEWS") or home() / "reviews.sqlite"))


class ReviewQueue(Listing):
    """The reviews in a LangGraph checkpoint store. Any number of processes may use it at the same time."""

    def __init__(self, store: ReviewStore) -> None:
        """Create the queue; `open_queue` opens a store first.

        Args:
            store: an open review store.
        """
        super().__init__(store)
        self.drafts = Drafts(store)
        self._claims = Claims(store)
        self._begin = store.engine.begin

    def close(self) -> None:
        """Close the database."""
        self.store.close()

    def refresh(self) -> int:
        """Read the checkpoints: new interrupts become items, and items that other programs answered are closed.

        Call this before reading the queue; nothing else notices new interrupts.

        Returns:
            The number of new items.
        """
        with self._connect() as db:
            waiting = set(db.scalars(select(items.c.thread_id).where(items.c.state == "waiting")))
            # Threads with a taken decision are read again: they may have paused for a second review.
            known = waiting | set(db.scalars(select(items.c.thread_id).where(items.c.state == "decided")))
        # After the items: one that another process adds meanwhile must not look like one that is no longer paused.
        paused = paused_threads(self.store)
        if gone := waiting - paused:
            with self._begin() as db:
                for thread in gone:
                    here = (items.c.thread_id == thread) & (items.c.state == "waiting")
                    db.execute(update(items).where(here).values(state="elsewhere"))
        return sum(self._add(row) for row in read_requests(self.store, paused - known))

    def _add(self, row: Mapping[str, Any]) -> bool:
        """Add an item unless it exists. A decision on the same request applies to this thread, too."""
        try:
            with self._begin() as db:
                rounds = db.scalar(select(func.count()).select_from(items).where(items.c.thread_id == row["thread_id"]))
                # Later reviews of a thread get other subjects: a decision on its first steps must not apply to them.
                row = {**row, "subject": f"{row['subject']}-{rounds}"}
                same = (items.c.subject == row["subject"]) & items.c.state.in_(("decided", "taken"))
                found = db.execute(select(items).where(same).limit(1)).mappings().first()
                decided = {key: found[key] for key in DECISION} | {"state": "decided"} if found else {}
                db.execute(insert(items).values(**{**row, "created": time.time(), **decided}))
        except IntegrityError:  # the item exists, or another process added it just now
            return False
        return True

    def decide(self, number: int, answer: Any, *, reviewer: str = "", seconds: float | None = None) -> Item:
        """Store a decision on an item, for all threads with the same request. The first decision wins.

        Args:
            number: number of the item.
            answer: a decision in any form that `nodes.hitl.read_answer` accepts.
            reviewer: name to store with the decision.
            seconds: time that the decision took.

        Returns:
            The decided item.

        Raises:
            AlreadyDecided: another reviewer decided first; the message says who.
            ValueError: the answer cannot be read, or it rejects the steps without a comment.
        """
        item = self.item(number)
        kept = row_of_decision(item, answer, reviewer=reviewer, seconds=seconds)
        with self._begin() as db:
            # Only waiting rows are updated, in one statement: the second of two reviewers changes no row.
            open_ones = (items.c.subject == item.subject) & (items.c.state == "waiting")
            if not db.execute(update(items).where(open_ones).values(state="decided", **kept)).rowcount:
                raise AlreadyDecided(already_decided(self.item(number)))
            if kept["decision"] != "reject":  # a rejection sends only the comment, so an unfinished edit is kept
                self.drafts.drop(item, reviewer, db)
            db.execute(insert(events).values(**row_of_event(item, kept["decision"], kept["reviewer"], kept)))
        return self.item(number)

    def undo(self, number: int, *, reviewer: str = "") -> Item:
        """Undo a decision. The item waits again; its edit and comment become a draft.

        Raises:
            AlreadyTaken: a run has already used the decision.
            LookupError: there is no decision to undo.
        """
        item = self.item(number)
        same = items.c.subject == item.subject
        with self._begin() as db:
            if db.scalar(select(func.count()).select_from(items).where(same, items.c.state == "taken")):
                raise AlreadyTaken(
                    f"a run has already used the decision on {item.problem_id or number}; it cannot be undone any more"
                )
            blank = dict.fromkeys(DECISION) | {"state": "waiting"}
            if not db.execute(update(items).where(same, items.c.state == "decided").values(**blank)).rowcount:
                raise LookupError(f"there is no decision on {item.problem_id or number} to undo")
            self._restore(item, reviewer, db)
            db.execute(insert(events).values(**row_of_event(item, "undo", reviewer, {})))
        return self.item(number)

    def _restore(self, item: Item, reviewer: str, db: Connection) -> None:
        """Save a decision as a draft of its reviewer and of whoever undoes it; what they typed since then is kept."""
        for name in {item.reviewer or "", reviewer}:
            draft = self.drafts.get(item, name, db)
            steps = draft.steps if draft else item.given_steps
            comment = (draft.comment if draft else "") or item.comment or ""
            if comment or steps != item.steps:
                self.drafts.save(item, steps, comment, name, db)

    def answers(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return the decisions that runs can use: interrupt id and answer by thread id."""
        paused = paused_threads(self.store)
        # A thread that is no longer paused was answered by another program.
        return {item.thread_id: (item.interrupt_id, item.answer or {}) for item in self._free() if item.thread_id in paused}

    def take(self, thread_id: str, interrupt_id: str) -> bool:
        """Claim a decision for this process. It can no longer be undone, and no other run gets it.

        Returns:
            False if it was undone or another run has it. Claims of dead processes, and claims of other machines that are older
            than an hour, do not count.
        """
        return self._claims.take(thread_id, interrupt_id)

    @contextmanager
    def claim(self, thread_id: str, interrupt_id: str) -> Iterator[bool]:
        """Claim a decision while the body resumes with it. If the body raises, another run may claim it.

        Yields:
            Whether the claim succeeded, as in `take`.
        """
        taken = self.take(thread_id, interrupt_id)
        try:
            yield taken
        # BaseException: an interrupted run has to release its claim, too.
        except BaseException:
            if taken:
                self._claims.release(thread_id, interrupt_id)
            raise
        if taken:
            self._claims.finish(thread_id, interrupt_id)

    def take_up(self, graph: Any) -> dict[str, dict[str, Any]]:
        """Resume all decided runs of a graph whose checkpointer is this store, including runs that failed or died.

        Args:
            graph: a compiled LangGraph graph.

        Returns:
            The outputs by thread id.
        """
        paused, outputs = paused_threads(self.store), {}
        for item in self._free():
            # A run that died after it resumed is not paused either, but it is "taken" and continues below.
            if item.state == "decided" and item.thread_id not in paused:
                continue
            with self.claim(item.thread_id, item.interrupt_id) as taken:
                output = _go_on(graph, item) if taken else None
            if output is not None:
                outputs[item.thread_id] = output
        return outputs

    def _free(self) -> list[Item]:
        """Return the decided items that no live run has claimed."""
        query = select(items, claims.c.host, claims.c.pid, claims.c.at).outerjoin(claims, _SAME).order_by(items.c.number)
        # A taken item without a claim is finished.
        query = query.where((items.c.state == "decided") | ((items.c.state == "taken") & claims.c.pid.is_not(None)))
        with self._connect() as db:
            rows = [dict(row) for row in db.execute(query).mappings()]
        free = [row for row in rows if row["pid"] is None or is_abandoned(row["host"], row["pid"], row["at"])]
        return [item_from_row(row) for row in free]


def _go_on(graph: Any, item: Item) -> dict[str, Any] | None:
    """Resume a run with its decision, or from its last checkpoint; return None if there is nothing left to do."""
    from langgraph.types import Command

    config = {"configurable": {"thread_id": item.thread_id}}
    state = graph.get_state(config)
    if item.interrupt_id in {pause.id for pause in state.interrupts}:
        # By interrupt id: a plain value would answer every interrupt of the thread.
        return dict(graph.invoke(Command(resume={item.interrupt_id: item.answer}), config))
    # The decision was used before the run died; None as input continues from the last checkpoint.
    return dict(graph.invoke(None, config)) if state.next and not state.interrupts else None
