"""Read access to the queue: waiting items, counts, and the history of decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from .items import Item, item_from_row
from .queue_tables import events, items
from .review_store import ReviewStore

# Names of the columns of `tables.items` that reviewers can filter by.
FILTERS = ("experiment", "problem_set", "teacher")


@dataclass(frozen=True)
class Counts:
    """Numbers of problems that wait for a reviewer, are decided, or wait for the teacher's new steps (`rejected`)."""

    waiting: int
    decided: int
    rejected: int = 0

    @property
    def all(self) -> int:
        """The sum."""
        return self.waiting + self.decided + self.rejected


class Listing:
    """Reads the tables of a store; changes nothing."""

    def __init__(self, store: ReviewStore) -> None:
        """Create the listing.

        Args:
            store: an open review store.
        """
        self.store = store
        self._connect = store.engine.connect

    def pending(self, **filters: str) -> list[Item]:
        """Return the waiting items, oldest first; items with the same request appear once.

        Args:
            filters: `experiment`, `problem_set`, `teacher`; `flag` is a kind of flag, or "none" for items without flags.
        """
        first = select(func.min(items.c.number)).where(items.c.state == "waiting").group_by(items.c.subject)
        query = select(items).where(items.c.number.in_(first)).order_by(items.c.number)
        return [item for item in self._read(_filtered(query, filters)) if _has_flag(item, filters.get("flag"))]

    def counts(self, **filters: str) -> Counts:
        """Return the counts of the filtered problems. A problem that was rejected and asked again counts once."""
        columns = (items.c.thread_id, items.c.subject, items.c.state, items.c.kinds, items.c.decision)
        with self._connect() as db:
            rows = db.execute(_filtered(select(*columns), filters).order_by(items.c.number)).all()
        # A problem is known by the subject of its thread's first review: a thread reviewed twice, or two threads with the same
        # request, count once. The newest row gives its state.
        first: dict[str, str] = {}
        latest: dict[str, Any] = {}
        for row in rows:
            if row.state != "elsewhere":
                latest[first.setdefault(row.thread_id, row.subject)] = row
        shown = [row for row in latest.values() if _kinds_fit(row.kinds.split(), filters.get("flag"))]
        waiting = sum(row.state == "waiting" for row in shown)
        rejected = sum(row.state != "waiting" and row.decision == "reject" for row in shown)
        return Counts(waiting, len(shown) - waiting - rejected, rejected)

    def of_thread(self, thread_id: str) -> Item | None:
        """Return the newest item of a thread."""
        found = self._read(select(items).where(items.c.thread_id == thread_id).order_by(items.c.number.desc()).limit(1))
        return found[0] if found else None

    def earlier(self, item: Item) -> Item | None:
        """Return the rejected item that these steps answer, if there is one."""
        before = (items.c.thread_id == item.thread_id) & (items.c.number < item.number) & (items.c.decision == "reject")
        found = self._read(select(items).where(before).order_by(items.c.number.desc()).limit(1))
        return found[0] if found else None

    def item(self, number: int) -> Item:
        """Return an item by its number.

        Raises:
            LookupError: there is no such item.
        """
        found = self._read(select(items).where(items.c.number == number))
        if not found:
            raise LookupError(f"there is no review {number}")
        return found[0]

    def last_decision(self) -> Item | None:
        """Return the latest decision that can be undone."""
        query = select(items).where(items.c.state == "decided").order_by(items.c.decided.desc(), items.c.number)
        return next(iter(self._read(query.limit(1))), None)

    def history(self, limit: int = 200) -> list[dict[str, Any]]:
        """Return decisions and undos, newest first, with the columns of `tables.events` and some of the item."""
        named = (items.c.problem_id, items.c.teacher, items.c.problem_set, items.c.experiment, items.c.state)
        query = select(events, *named).join(items, items.c.number == events.c.item).order_by(events.c.number.desc())
        with self._connect() as db:
            return [dict(row) for row in db.execute(query.limit(limit)).mappings()]

    def choices(self) -> dict[str, list[str]]:
        """Return the values of each filter that occur among the waiting items."""
        with self._connect() as db:
            rows = db.execute(select(*(items.c[name] for name in (*FILTERS, "kinds"))).where(items.c.state == "waiting")).all()
        found = {name: sorted({getattr(row, name) for row in rows} - {""}) for name in FILTERS}
        kinds = sorted({kind for row in rows for kind in row.kinds.split()})
        return found | {"flag": kinds + (["none"] if any(not row.kinds for row in rows) else [])}

    def version(self) -> str:
        """Return a text that changes whenever the queue changes, so that open pages can poll it."""
        with self._connect() as db:
            parts = [db.scalar(select(func.count()).select_from(items).where(items.c.state == "waiting"))]
            parts += [db.scalar(select(func.count()).select_from(items).where(items.c.state == "elsewhere"))]
            parts += [db.scalar(select(func.max(table.c.number))) for table in (items, events)]
        return "-".join(str(part or 0) for part in parts)

    def _read(self, query: Any) -> list[Item]:
        with self._connect() as db:
            return [item_from_row(dict(row)) for row in db.execute(query).mappings()]


def _filtered(query: Any, filters: Mapping[str, str]) -> Any:
    for name in FILTERS:
        if filters.get(name):
            query = query.where(items.c[name] == filters[name])
    return query


def _has_flag(item: Item, kind: str | None) -> bool:
    return _kinds_fit(item.kinds, kind)


def _kinds_fit(kinds: list[str], kind: str | None) -> bool:
    return not kind or (not kinds if kind == "none" else kind in kinds)
