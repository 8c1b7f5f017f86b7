"""Errors of reviews, and what to do about those of their stores."""

from __future__ import annotations

import re
import sqlite3

from ..foundation.sqlite_wal import PATIENCE_S, reason_of
from ..foundation.visible import first_line


class AlreadyDecided(RuntimeError):
    """Another reviewer decided this item first, or another program answered it."""


class AlreadyTaken(RuntimeError):
    """A run has already used the decision, so it cannot be undone."""


class StoreError(RuntimeError):
    """The review store cannot be opened or used; the message names it."""


_RERUN = "then rerun the command; what was decided is saved"

# By what the databases say: drivers report these with the same few classes.
_ADVICE = {
    r"malformed|not a database": "move the file away, and plans without a decision are asked about again",
    r"database is locked": f"another program has held the file for {PATIENCE_S:.0f} s; end that program, {_RERUN}",
    r"disk is full|No space left|disk full": f"free disk space, {_RERUN}",
    r"disk I/O error": "look at the disk, or move the file to another one",
    r"readonly database|unable to open database": "make file and folder writable, or name another file",
    r"password|authentication failed|role .* does not exist|pg_hba": "check user and password in its address",
    r"database .* does not exist": "create it (createdb NAME), or name another one",
    r"permission denied|read-only transaction": "its user needs to create tables and to write them",
    r"connection slots|too many (clients|connections)": (
        "close other programs or raise max_connections of the server: a run needs 4 connections, a page up to 15"
    ),
    r"statement timeout|lock timeout": f"raise this limit of the server, or wait until it is less busy, {_RERUN}",
    r"connection|connect|resolve host|shutting down|starting up|timed? ?out": (
        f"check its address and that the server is running, {_RERUN}"
    ),
}


def cannot_be_used(shown: str, error: Exception, what: str = "used") -> str:
    """Return the message for an error of a store: which store, the cause, and what to do.

    Args:
        shown: the store, without a password.
        error: an error of a driver or of SQLAlchemy.
        what: "used" or "opened".
    """
    cause = getattr(error, "orig", None) or error
    reason = reason_of(cause) if isinstance(cause, sqlite3.Error) else first_line(cause)
    fix = next((advice for said, advice in _ADVICE.items() if re.search(said, reason)), "")
    return f"the reviews in {shown} cannot be {what}: {reason}{fix and f'; {fix}'}"
