"""The review store: one database for LangGraph's checkpoints and the tables of the queue. Start at `ReviewStore`."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, func, insert, select
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError, SQLAlchemyError

from ...foundation.installing import install
from ...foundation.sqlite_wal import PATIENCE_S, TextConnection, use_wal
from ..errors import StoreError
from . import queue_tables as tables

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

POSTGRES = ("postgres://", "postgresql://")
_POSTGRES_LOCK = 0x70745F726576  # an arbitrary number that identifies our advisory lock in the database


class ReviewStore:
    """An open review store.

    Attributes:
        target: path of an SQLite file, or URL of a Postgres database.
        engine: SQLAlchemy engine for the tables of the queue.
    """

    def __init__(self, target: str | Path) -> None:
        """Open a store; create it if needed.

        Raises:
            StoreError: the store cannot be opened, is not a review store, or was written by a newer version.
        """
        self.target = str(target)
        self.postgres = self.target.startswith(POSTGRES)
        self.engine = _engine(self.target, self.postgres)
        event.listen(self.engine, "handle_error", self._explain)
        try:
            self._create_tables()
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            damaged = "malformed" in str(error) or "not a database" in str(error)
            advice = "; move the file away, and plans without a decision are asked about again" if damaged else ""
            raise StoreError(f"the reviews in {self.shown} cannot be opened: {_reason(error)}{advice}") from error
        self._check_version()

    @property
    def shown(self) -> str:
        """The target without its password."""
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

        connection = sqlite3.connect(self.target, check_same_thread=False, timeout=PATIENCE_S)
        # Safe in WAL mode, where the file stays consistent: a power cut can lose the last commits, a crash cannot.
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
            await saver.conn.execute("pragma busy_timeout = 30000")  # the saver has no argument for it
            yield saver

    def _explain(self, context: ExceptionContext) -> None:
        """Turn errors such as a full disk, a damaged file or a lost server into a `StoreError` that names the store."""
        # The exact type: subclasses such as IntegrityError are handled where they occur.
        if isinstance(context.sqlalchemy_exception, OperationalError) or type(context.sqlalchemy_exception) is DatabaseError:
            said = f"the reviews in {self.shown} cannot be used: {_reason(context.sqlalchemy_exception)}"
            context.chained_exception = StoreError(said)

    def secret(self) -> str:
        """Return the store's secret, the same for all processes, so that open pages survive a restart of the server."""
        self._note("secret", secrets.token_urlsafe(32))
        with self.engine.connect() as db:
            return str(db.scalar(select(tables.meta.c.value).where(tables.meta.c.key == "secret")))

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _create_tables(self) -> None:
        """Create missing tables under a lock, because several processes may open a new store at the same time."""
        with _alone_in_postgres(self.engine) if self.postgres else _alone_in_sqlite(self.engine) as db:
            tables.metadata.create_all(db)
        with _alone_in_postgres(self.engine) if self.postgres else nullcontext(), self.saver() as saver:
            # LangGraph's tables. SQLite needs no lock here: its setup only creates what does not exist.
            saver.setup()  # type: ignore[attr-defined]

    def _check_version(self) -> None:
        """Refuse a store that a newer version has written."""
        self._note("version", str(tables.VERSION))
        with self.engine.connect() as db:
            found = db.scalar(select(tables.meta.c.value).where(tables.meta.c.key == "version"))
        # An older program would silently drop what it does not know.
        if int(found or 0) > tables.VERSION:
            raise StoreError(f"the reviews in {self.shown} were written by a newer version of this program; upgrade it")

    def _note(self, key: str, value: str) -> None:
        """Store a value unless one is stored already."""
        # Read first: opening an existing store must not wait for the write lock.
        with self.engine.connect() as db:
            if db.scalar(select(tables.meta.c.value).where(tables.meta.c.key == key)) is not None:
                return
        try:
            with self.engine.begin() as db:
                db.execute(insert(tables.meta).values(key=key, value=value))
        except IntegrityError:  # another process stored one in the meantime
            return


def _engine(target: str, postgres: bool) -> Engine:
    """Return the SQLAlchemy engine of a file or of Postgres."""
    if postgres:
        try:
            import psycopg  # noqa: F401
        except ImportError as error:
            raise StoreError(f"reviews in Postgres need the extra 'postgres': {install('postgres')}") from error
        # pool_pre_ping replaces connections that a restarted server has dropped.
        return create_engine("postgresql+psycopg://" + target.split("://", 1)[1], pool_pre_ping=True)
    if "://" in target:
        raise StoreError(f"reviews cannot be kept in {target.split('://')[0]}; give a file or postgresql://...")
    engine = create_engine(f"sqlite:///{target}", connect_args={"timeout": PATIENCE_S, "factory": TextConnection})
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: Any, record: Any) -> None:
    use_wal(connection)


@contextmanager
def _alone_in_sqlite(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as db:
        # "immediate" takes the write lock before the existing tables are read.
        db.exec_driver_sql("begin immediate")
        yield db


@contextmanager
def _alone_in_postgres(engine: Engine) -> Iterator[Connection]:
    """Hold an advisory lock outside a transaction: LangGraph's setup builds indexes, which wait for open transactions."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        # Polling, because a statement that waits for the lock would itself be an open transaction.
        while not db.scalar(select(func.pg_try_advisory_lock(_POSTGRES_LOCK))):
            time.sleep(0.05)
        try:
            yield db
        finally:
            db.execute(select(func.pg_advisory_unlock(_POSTGRES_LOCK)))


def _reason(error: Exception) -> str:
    return (str(getattr(error, "orig", None) or error).splitlines() or [""])[0][:300]
