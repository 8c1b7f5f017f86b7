"""Unsubmitted edits, stored until the item is decided."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from .items import Item
from .queue_tables import drafts
from .review_store import ReviewStore


@dataclass(frozen=True)
class Draft:
    """An unsubmitted edit."""

    steps: list[str]
    comment: str
    at: float


class Drafts:
    """The drafts of a store: one for each subject and reviewer, so that reviewers do not overwrite each other's."""

    def __init__(self, store: ReviewStore) -> None:
        """Create the drafts.

        Args:
            store: an open review store.
        """
        self._engine = store.engine

    def save(self, item: Item, steps: list[str], comment: str = "", reviewer: str = "", db: Connection | None = None) -> float:
        """Store an unsubmitted edit and replace the reviewer's earlier one.

        Args:
            item: the item that is edited.
            steps: the edited steps.
            comment: the comment or note typed so far.
            reviewer: name of the reviewer; may be empty.
            db: an open transaction to write in; default is one of its own.

        Returns:
            The time of the edit in Unix seconds.
        """
        at = time.time()
        row = {"subject": _key(item, reviewer), "steps": json.dumps(steps), "comment": comment, "at": at}
        with self._engine.begin() if db is None else nullcontext(db) as open_db:
            open_db.execute(delete(drafts).where(drafts.c.subject == row["subject"]))
            open_db.execute(insert(drafts).values(**row))
        return at

    def get(self, item: Item, reviewer: str = "", db: Connection | None = None) -> Draft | None:
        """Return the stored edit of a reviewer, if any."""
        keys = (_key(item, reviewer), item.subject)  # the first release stored one draft for all reviewers
        with self._engine.connect() if db is None else nullcontext(db) as open_db:
            rows = {row.subject: row for row in open_db.execute(select(drafts).where(drafts.c.subject.in_(keys)))}
        found = next((rows[key] for key in keys if key in rows), None)
        return Draft(json.loads(found.steps), found.comment, found.at) if found else None

    def subjects(self) -> set[str]:
        """Return the subjects that have an unsubmitted edit."""
        with self._engine.connect() as db:
            # A key is "SUBJECT REVIEWER", or "SUBJECT" of a reviewer without a name.
            return {key.partition(" ")[0] for key in db.scalars(select(drafts.c.subject))}

    def drop(self, item: Item, reviewer: str = "", db: Connection | None = None) -> None:
        """Delete a reviewer's edit, in the given transaction or in one of its own."""
        mine = drafts.c.subject.in_((_key(item, reviewer), item.subject))
        with self._engine.begin() if db is None else nullcontext(db) as open_db:
            open_db.execute(delete(drafts).where(mine))


def _key(item: Item, reviewer: str) -> str:
    return f"{item.subject} {reviewer}" if reviewer else item.subject
