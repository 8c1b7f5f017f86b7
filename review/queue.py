"""The queue: what waits for a person, and what was decided, by whom and when."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..nodes.hitl import edit_distance, read_answer
from .checkpoints import paused_threads, read_requests
from .errors import AlreadyDecided, AlreadyTaken
from .items import Item, item_from_row
from .store import ReviewStore
from .tables import drafts, events, items

FILTERS = ("experiment", "problem_set", "teacher")


@dataclass(frozen=True)
class Counts:
    """How many subjects wait, and how many are decided."""

    waiting: int
    decided: int

    @property
    def all(self) -> int:
        """Both."""
        return self.waiting + self.decided


@dataclass(frozen=True)
class Draft:
    """An edit that nobody submitted yet."""

    steps: list[str]
    comment: str
    at: float


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


class ReviewQueue:
    """Pending reviews over a LangGraph checkpoint store; any number of processes may use it at once."""

    def __init__(self, store: ReviewStore) -> None:
        """Take an open store."""
        self.store = store
        self._begin = store.engine.begin
        self._connect = store.engine.connect

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

    def pending(self, **filters: str) -> list[Item]:
        """Return what waits, oldest first, each subject once.

        Args:
            filters: `experiment`, `problem_set`, `teacher`; `flag`, a kind of flag, or "none" for what has none.
        """
        first = select(func.min(items.c.number)).where(items.c.state == "waiting").group_by(items.c.subject)
        query = select(items).where(items.c.number.in_(first)).order_by(items.c.number)
        return [item for item in self._read(_filtered(query, filters)) if _has_flag(item, filters.get("flag"))]

    def counts(self, **filters: str) -> Counts:
        """Return the progress of what the filters choose."""
        query = _filtered(select(items.c.subject, items.c.state, items.c.kinds), filters)
        with self._connect() as db:
            rows = [row for row in db.execute(query) if _kinds_fit(row.kinds.split(), filters.get("flag"))]
        waiting = {row.subject for row in rows if row.state == "waiting"}
        decided = {row.subject for row in rows if row.state in ("decided", "taken")}
        return Counts(len(waiting), len(decided - waiting))

    def item(self, number: int) -> Item:
        """Return an item.

        Raises:
            LookupError: there is none.
        """
        found = self._read(select(items).where(items.c.number == number))
        if not found:
            raise LookupError(f"there is no review {number}")
        return found[0]

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
            db.execute(delete(drafts).where(drafts.c.subject == item.subject))
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

    def last_decision(self, reviewer: str | None = None) -> Item | None:
        """Return the latest decision that can be undone, of one reviewer or of all."""
        query = select(items).where(items.c.state == "decided").order_by(items.c.decided.desc(), items.c.number)
        if reviewer is not None:
            query = query.where(items.c.reviewer == reviewer)
        return next(iter(self._read(query.limit(1))), None)

    def history(self, limit: int = 200) -> list[dict[str, Any]]:
        """Return what was decided and undone, newest first: `at`, `what`, `reviewer`, `comment`, `distance`, ..."""
        named = (items.c.problem_id, items.c.teacher, items.c.problem_set, items.c.experiment, items.c.state)
        query = select(events, *named).join(items, items.c.number == events.c.item).order_by(events.c.number.desc())
        with self._connect() as db:
            return [dict(row) for row in db.execute(query.limit(limit)).mappings()]

    def choices(self) -> dict[str, list[str]]:
        """Return the values that filters may take, of what waits."""
        with self._connect() as db:
            rows = db.execute(select(*(items.c[name] for name in (*FILTERS, "kinds"))).where(items.c.state == "waiting")).all()
        found = {name: sorted({getattr(row, name) for row in rows} - {""}) for name in FILTERS}
        kinds = sorted({kind for row in rows for kind in row.kinds.split()})
        return found | {"flag": kinds + (["none"] if any(not row.kinds for row in rows) else [])}

    def version(self) -> str:
        """Return a text that changes whenever the queue does."""
        with self._connect() as db:
            parts = [db.scalar(select(func.count()).select_from(items).where(items.c.state == "waiting"))]
            parts += [db.scalar(select(func.max(table.c.number))) for table in (items, events)]
        return "-".join(str(part or 0) for part in parts)

    def save_draft(self, item: Item, steps: list[str], comment: str = "") -> None:
        """Keep an edit that is not submitted yet."""
        with self._begin() as db:
            db.execute(delete(drafts).where(drafts.c.subject == item.subject))
            db.execute(insert(drafts).values(subject=item.subject, steps=json.dumps(steps), comment=comment, at=time.time()))

    def draft(self, item: Item) -> Draft | None:
        """Return the edit that was kept, if any."""
        with self._connect() as db:
            found = db.execute(select(drafts).where(drafts.c.subject == item.subject)).first()
        return Draft(json.loads(found.steps), found.comment, found.at) if found else None

    def drop_draft(self, item: Item) -> None:
        """Forget the edit."""
        with self._begin() as db:
            db.execute(delete(drafts).where(drafts.c.subject == item.subject))

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

    def _read(self, query: Any) -> list[Item]:
        with self._connect() as db:
            return [item_from_row(dict(row)) for row in db.execute(query).mappings()]


_DECISION = ("answer", "decision", "reviewer", "comment", "distance", "seconds", "decided")


def _filtered(query: Any, filters: Mapping[str, str]) -> Any:
    for name in FILTERS:
        if filters.get(name):
            query = query.where(items.c[name] == filters[name])
    return query


def _has_flag(item: Item, kind: str | None) -> bool:
    return _kinds_fit(item.kinds, kind)


def _kinds_fit(kinds: list[str], kind: str | None) -> bool:
    return not kind or (not kinds if kind == "none" else kind in kinds)


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
