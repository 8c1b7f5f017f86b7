"""Claims: only one run at a time resumes with a decision. Another run may claim it if the first one failed or died."""

from __future__ import annotations

import os
import socket
import time
from typing import Any

from sqlalchemy import Table, delete, insert, select, update

from .queue_tables import claims, items
from .review_store import ReviewStore

LEASE_S = 3600.0
"""Seconds for which a claim by another machine is valid. This machine cannot see whether the claiming process is alive."""


class Claims:
    """Takes, releases and finishes the claims in a store."""

    def __init__(self, store: ReviewStore) -> None:
        """Create the claims.

        Args:
            store: an open review store.
        """
        self._begin = store.engine.begin

    def take(self, thread_id: str, interrupt_id: str) -> bool:
        """Claim a decision; return False if another run has it or it was undone."""
        here = _at(claims, thread_id, interrupt_id)
        with self._begin() as db:
            # "decided" -> "taken" in one UPDATE: of two runs, only one matches a row.
            decided = _at(items, thread_id, interrupt_id) & (items.c.state == "decided")
            if db.execute(update(items).where(decided).values(state="taken")).rowcount:
                db.execute(insert(claims).values(thread_id=thread_id, interrupt_id=interrupt_id, **_here_and_now()))
                return True
            left = db.execute(select(claims).where(here)).first()
            if left is None or not is_abandoned(left.host, left.pid, left.at):
                return False
            # two runs may find the same abandoned claim; only one of these updates matches a row
            unchanged = here & (claims.c.pid == left.pid) & (claims.c.at == left.at)
            return bool(db.execute(update(claims).where(unchanged).values(**_here_and_now())).rowcount)

    def release(self, thread_id: str, interrupt_id: str) -> None:
        """Give up a claim after a failure, so that another run can take it."""
        with self._begin() as db:
            db.execute(update(claims).where(_at(claims, thread_id, interrupt_id)).values(host="", pid=0))

    def finish(self, thread_id: str, interrupt_id: str) -> None:
        """Delete a claim whose run has resumed: the decision is used up."""
        with self._begin() as db:
            db.execute(delete(claims).where(_at(claims, thread_id, interrupt_id)))


def is_abandoned(host: str, pid: int, at: float) -> bool:
    """Return whether a claim is no longer valid.

    Args:
        host: machine of the claiming process; empty after a failure.
        pid: id of the claiming process.
        at: time of the claim, in Unix seconds.
    """
    import psutil

    if host != socket.gethostname():
        # Released claims have an empty host. Only the lease tells whether a process of another machine is still at work.
        return not host or time.time() - at > LEASE_S
    try:
        process = psutil.Process(pid)
        # A process that is younger than the claim reuses its process id; 1 s allows for rounded start times.
        return process.status() == psutil.STATUS_ZOMBIE or process.create_time() > at + 1
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        # The process exists, but belongs to another user.
        return False


def _at(table: Table, thread_id: str, interrupt_id: str) -> Any:
    return (table.c.thread_id == thread_id) & (table.c.interrupt_id == interrupt_id)


def _here_and_now() -> dict[str, Any]:
    return {"host": socket.gethostname(), "pid": os.getpid(), "at": time.time()}
