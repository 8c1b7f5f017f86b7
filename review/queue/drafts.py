"""Edits that were begun and not submitted: kept for each subject, until it is decided."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from .items import Item
from .review_store import ReviewStore
from .tables import drafts


@dataclass(frozen=True)
class Draft:
    """An edit that nobody submitted yet."""

    steps: list[str]
    comment: str
    at: float


class Drafts:
    """The drafts of a store."""

    def __init__(self, store: ReviewStore) -> None:
        """Take an open store."""
        self._engine = store.engine

    def save(self, item: Item, steps: list[str], comment: str = "") -> float:
        """Keep an edit that is not submitted yet; returns when, in Unix seconds."""
        at = time.time()
        with self._engine.begin() as db:
            self.drop(item, db)
            db.execute(insert(drafts).values(subject=item.subject, steps=json.dumps(steps), comment=comment, at=at))
        return at

    def get(self, item: Item) -> Draft | None:
        """Return the edit that was kept, if any."""
        with self._engine.connect() as db:
            found = db.execute(select(drafts).where(drafts.c.subject == item.subject)).first()
        return Draft(json.loads(found.steps), found.comment, found.at) if found else None

    def drop(self, item: Item, db: Connection | None = None) -> None:
        """Forget the edit, in a transaction that is open or in one of its own."""
        if db is None:
            with self._engine.begin() as own:
                self.drop(item, own)
            return
        db.execute(delete(drafts).where(drafts.c.subject == item.subject))
