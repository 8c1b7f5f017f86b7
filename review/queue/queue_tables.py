"""The tables of the queue, in the same database as LangGraph's tables (SQLAlchemy; SQLite or Postgres)."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, MetaData, String, Table, Text

VERSION = 1  # of the tables; raise it when an older program could no longer use them

metadata = MetaData()

meta = Table("review_meta", metadata, Column("key", String, primary_key=True), Column("value", Text, nullable=False))

items = Table(
    "review_items",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("thread_id", String, nullable=False),
    Column("interrupt_id", String, nullable=False),
    Column("subject", String, nullable=False, index=True),
    Column("state", String, nullable=False, index=True),
    Column("experiment", String, nullable=False, default=""),
    Column("problem_set", String, nullable=False, default=""),
    Column("teacher", String, nullable=False, default=""),
    Column("problem_id", String, nullable=False, default=""),
    Column("kinds", String, nullable=False, default=""),
    Column("request", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("answer", Text),
    Column("decision", String),
    Column("reviewer", String),
    Column("comment", Text),
    Column("distance", Integer),  # words changed
    Column("seconds", Float),
    Column("decided", Float),
    Index("review_items_thread", "thread_id", "interrupt_id", unique=True),
)
"""One row per interrupt of a thread. `state` is waiting, decided, taken (a run has the decision) or elsewhere (answered by
another program). Threads that ask for the same review have the same `subject`: they are shown and decided once."""

events = Table(
    "review_events",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("subject", String, nullable=False),
    Column("item", Integer, nullable=False),
    Column("what", String, nullable=False),
    Column("reviewer", String, nullable=False),
    Column("comment", Text, nullable=False, default=""),
    Column("distance", Integer),
    Column("seconds", Float),
)
"""Who did what and when. Rows are never deleted."""

drafts = Table(
    "review_drafts",
    metadata,
    Column("subject", String, primary_key=True),
    Column("steps", Text, nullable=False),
    Column("comment", Text, nullable=False, default=""),
    Column("at", Float, nullable=False),
)
"""Unsubmitted edits."""

claims = Table(
    "review_claims",
    metadata,
    Column("thread_id", String, primary_key=True),
    Column("interrupt_id", String, primary_key=True),
    Column("host", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("at", Float, nullable=False),
)
"""The process that resumes with a taken decision. Its row is deleted afterwards; an empty `host` means that it failed."""
