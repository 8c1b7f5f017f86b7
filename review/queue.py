"""The queue: what waits for a person, and what was decided, by whom and when."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..nodes.hitl import edit_distance, read_answer
from .checkpoints import paused_threads, read_requests
from .drafts import Drafts
from .errors import AlreadyDecided, AlreadyTaken
from .items import Item
from .listing import Listing
from .store import ReviewStore
from .tables import events, items

_DECISION = ("answer", "decision", "reviewer", "comment", "distance", "seconds", "decided")


def open_queue(target: str | Path | None = None) -> ReviewQueue:
    """Open the queue of a store.

    Args:
        target: a sqlite file or postgresql://...; else TOT_REVIEWS, else `reviews.sqlite` beside the journals.

    Raises:
        StoreError: it cannot be opened.
    """
    import os

    from ..tracking.folders import home

    return ReviewQueue(ReviewStore(target or os.environ.get("TOT_REVIEWS") or home() / "reviews.sqlite"))


class ReviewQueue(Listing):
    """Pending reviews over a LangGraph checkpoint store; any number of processes may use it at once."""

    def __init__(self, store: ReviewStore) -> None:
        """Take an open store."""
        super().__init__(store)
        self.drafts = Drafts(store)
        self._begin = store.engine.begin

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    def refresh(self) -> int:
        """Take in what the checkpoints hold: new interrupts become items, those answered by other programs are closed.

        Returns:
            The number of new items.
        """
        paused = paused_threads(self.store)
        with self._connect() as db:
            waiting = set(db.scalars(select(items.c.thread_id).where(items.c.state == "waiting")))
            known = waiting | set(db.scalars(select(items.c.thread_id).where(items.c.state == "decided")))
        if gone := waiting - paused:
            with self._begin() as db:
                for thread in gone:
                    here = (items.c.thread_id == thread) & (items.c.state == "waiting")
                    db.execute(update(items).where(here).values(state="elsewhere"))
        return sum(self._add(row) for row in read_requests(self.store, paused - known))

    def _add(self, row: Mapping[str, Any]) -> bool:
        """Add an item unless it is there; a subject that was decided already is decided for this thread, too."""
        try:
            with self._begin() as db:
                rounds = db.scalar(select(func.count()).select_from(items).where(items.c.thread_id == row["thread_id"]))
                row = {**row, "subject": f"{row['subject']}-{rounds}"}
                same = (items.c.subject == row["subject"]) & items.c.state.in_(("decided", "taken"))
                found = db.execute(select(items).where(same).limit(1)).mappings().first()
                decided = {key: found[key] for key in _DECISION} | {"state": "decided"} if found else {}
                db.execute(insert(items).values(**{**row, "created": time.time(), **decided}))
        except IntegrityError:
            return False
        return True

    def decide(self, number: int, answer: Any, *, reviewer: str = "", seconds: float | None = None) -> Item:
        """Keep a decision, for all threads that ask the same.

        Args:
            number: of the item.
            answer: any form that `nodes.hitl.read_answer` reads.
            reviewer: name, as given.
            seconds: time that the decision took.

        Returns:
            The decided item.

        Raises:
            AlreadyDecided: somebody was faster; says who.
            ValueError: the answer cannot be read.
        """
        item = self.item(number)
        given = {"reviewer": reviewer or None, "seconds": None if seconds is None else round(seconds, 1)}
        record, steps = read_answer(answer, item.steps, may_reject=item.may_reject)
        name = str(given["reviewer"] or record["reviewer"])
        spent = given["seconds"] if given["seconds"] is not None else record.get("seconds")
        decision: dict[str, Any] = {"type": record["decision"]}
        if record["comment"]:
            decision["message"] = record["comment"]
        if record["decision"] == "edit":
            decision["edited_action"] = {"name": "review_steps", "args": {"steps": steps}}
        kept = {
            "answer": json.dumps({"decisions": [decision], "reviewer": name, "seconds": spent}, ensure_ascii=False),
            "decision": record["decision"],
            "comment": record["comment"],
            "reviewer": name,
            "distance": edit_distance(item.steps, steps),
            "seconds": spent,
            "decided": time.time(),
        }
        with self._begin() as db:
            open_ones = (items.c.subject == item.subject) & (items.c.state == "waiting")
            if not db.execute(update(items).where(open_ones).values(state="decided", **kept)).rowcount:
                raise AlreadyDecided(_told(self.item(number)))
            self.drafts.drop(item, db)
            db.execute(insert(events).values(**_event(item, record["decision"], name, kept)))
        return self.item(number)

    def undo(self, number: int, *, reviewer: str = "") -> Item:
        """Take a decision back; the item waits again.

        Raises:
            AlreadyTaken: a run has gone on with it.
            LookupError: nothing was decided.
        """
        item = self.item(number)
        same = items.c.subject == item.subject
        with self._begin() as db:
            if db.scalar(select(func.count()).select_from(items).where(same, items.c.state == "taken")):
                raise AlreadyTaken(f"a run has gone on with the decision on {item.problem_id or number}; it stays")
            blank = dict.fromkeys(_DECISION) | {"state": "waiting"}
            if not db.execute(update(items).where(same, items.c.state == "decided").values(**blank)).rowcount:
                raise LookupError(f"nothing was decided on {item.problem_id or number}")
            db.execute(insert(events).values(**_event(item, "undo", reviewer, {})))
        return self.item(number)

    def answers(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return what runs may go on with: interrupt id and answer by thread."""
        paused = paused_threads(self.store)
        query = select(items).where(items.c.state.in_(("decided", "taken"))).order_by(items.c.number)
        found = [item for item in self._read(query) if item.thread_id in paused]
        return {item.thread_id: (item.interrupt_id, item.answer or {}) for item in found}

    def take(self, thread_id: str, interrupt_id: str) -> bool:
        """Claim a decision for a run: from now on it cannot be undone. False if it was undone just before."""
        here = (items.c.thread_id == thread_id) & (items.c.interrupt_id == interrupt_id)
        with self._begin() as db:
            claimed = update(items).where(here, items.c.state.in_(("decided", "taken"))).values(state="taken")
            return bool(db.execute(claimed).rowcount)

    def take_up(self, graph: Any) -> dict[str, dict[str, Any]]:
        """Resume every decided run of a graph whose checkpointer is this store; returns the outputs by thread."""
        from langgraph.types import Command

        outputs = {}
        for thread, (interrupt, answer) in self.answers().items():
            if self.take(thread, interrupt):
                outputs[thread] = graph.invoke(Command(resume={interrupt: answer}), {"configurable": {"thread_id": thread}})
        return outputs


def _told(item: Item) -> str:
    who = item.reviewer or "somebody"
    if item.state == "elsewhere":
        return f"the review of {item.problem_id or item.number} was answered by another program"
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(item.decided)) if item.decided else "before"
    return f"{who} has decided on {item.problem_id or item.number} already ({item.decision}, {when})"


def _event(item: Item, what: str, reviewer: str, kept: Mapping[str, Any]) -> dict[str, Any]:
    facts = {name: kept.get(name) for name in ("distance", "seconds")}
    about = {"subject": item.subject, "item": item.number, "what": what, "reviewer": reviewer}
    return {"at": time.time(), "comment": kept.get("comment") or "", **about, **facts}
