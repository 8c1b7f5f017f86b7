"""Where reviews are kept: one database with LangGraph's checkpoints and the tables of the queue."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from . import tables
from .errors import StoreError

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

POSTGRES = ("postgres://", "postgresql://")


class ReviewStore:
    """An open store.

    Attributes:
        target: a path, or the URL of a Postgres database.
        engine: for the tables of the queue.
    """

    def __init__(self, target: str | Path) -> None:
        """Open a store, or create it.

        Raises:
            StoreError: it cannot be opened, is no store of reviews, or was written by a newer version.
        """
        self.target = str(target)
        self.postgres = self.target.startswith(POSTGRES)
        self.engine = _engine(self.target, self.postgres)
        try:
            tables.metadata.create_all(self.engine)
            with self.saver() as saver:
                saver.setup()  # type: ignore[attr-defined]
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise StoreError(f"the reviews in {self.shown} cannot be opened: {_reason(error)}") from error
        self._check_version()

    @property
    def shown(self) -> str:
        """The target without a password."""
        return self.engine.url.render_as_string(hide_password=True) if self.postgres else self.target

    @contextmanager
    def saver(self) -> Iterator[BaseCheckpointSaver]:
        """Open LangGraph's checkpointer for `invoke`."""
        if self.postgres:
            from langgraph.checkpoint.postgres import PostgresSaver

            with PostgresSaver.from_conn_string(self.target) as opened:
                yield opened
            return
        from langgraph.checkpoint.sqlite import SqliteSaver

        connection = sqlite3.connect(self.target, check_same_thread=False, timeout=30)
        connection.execute("pragma synchronous = normal")
        try:
            yield SqliteSaver(connection)
        finally:
            connection.close()

    @asynccontextmanager
    async def asaver(self) -> AsyncIterator[BaseCheckpointSaver]:
        """Open LangGraph's checkpointer for `ainvoke`, bound to the running event loop."""
        if self.postgres:
            from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

            async with AsyncPostgresSaver.from_conn_string(self.target) as opened:
                yield opened
            return
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

        async with AsyncSqliteSaver.from_conn_string(self.target) as saver:
            await saver.conn.execute("pragma synchronous = normal")
            await saver.conn.execute("pragma busy_timeout = 30000")
            yield saver

    def secret(self) -> str:
        """Return a secret that is the same for every process that opens this store: a page outlives its server."""
        self._note("secret", secrets.token_urlsafe(32))
        with self.engine.connect() as db:
            return str(db.scalar(select(tables.meta.c.value).where(tables.meta.c.key == "secret")))

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def _check_version(self) -> None:
        self._note("version", str(tables.VERSION))
        with self.engine.connect() as db:
            found = db.scalar(select(tables.meta.c.value).where(tables.meta.c.key == "version"))
        if int(found or 0) > tables.VERSION:
            raise StoreError(f"the reviews in {self.shown} were written by a newer version of this program; upgrade it")

    def _note(self, key: str, value: str) -> None:
        """Keep a value unless there is one."""
        with self.engine.connect() as db:
            if db.scalar(select(tables.meta.c.value).where(tables.meta.c.key == key)) is not None:
                return
        try:
            with self.engine.begin() as db:
                db.execute(insert(tables.meta).values(key=key, value=value))
        except IntegrityError:
            return


def _engine(target: str, postgres: bool) -> Engine:
    if postgres:
        try:
            import psycopg  # noqa: F401
        except ImportError as error:
            raise StoreError(
                "reviews in Postgres need the extra 'postgres': pip install 'trace-of-thought[postgres]'"
            ) from error
        return create_engine("postgresql+psycopg://" + target.split("://", 1)[1], pool_pre_ping=True)
    if "://" in target:
        raise StoreError(f"reviews cannot be kept in {target.split('://')[0]}; give a file or postgresql://...")
    engine = create_engine(f"sqlite:///{target}", connect_args={"timeout": 30})
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: Any, record: Any) -> None:
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")


def _reason(error: Exception) -> str:
    return (str(getattr(error, "orig", None) or error).splitlines() or [""])[0][:300]
