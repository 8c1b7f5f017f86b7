"""The review store: one database for LangGraph's checkpoints and the tables of the queue. Start at `ReviewStore`."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, insert, select
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from ...foundation.commands import install
from ...foundation.sqlite_wal import PATIENCE_S, TextConnection, use_wal
from ..errors import StoreError, cannot_be_used
from . import queue_tables as tables

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from .postgres import Address

POSTGRES = ("postgres://", "postgresql://")


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
        self._address = _address(self.target) if self.target.startswith(POSTGRES) else None
        self.postgres = self._address is not None
        self.engine = self._address.engine() if self._address else _sqlite_engine(self.target)
        try:
            self._create_tables()
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise StoreError(cannot_be_used(self.shown, error, "opened")) from error
        event.listen(self.engine, "handle_error", self._explain)
        self._check_version()

    @property
    def shown(self) -> str:
        """The target without its password."""
        return self._address.shown if self._address else self.target

    @contextmanager
    def saver(self) -> Iterator[BaseCheckpointSaver]:
        """Open LangGraph's checkpointer for `invoke`."""
        if self._address:
            with self._address.saver() as opened:
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
        if self._address:
            async with self._address.asaver() as opened:
                yield opened
            return
        from .async_sqlite import open_saver

        async with open_saver(self.target) as saver:
            yield saver

    def _explain(self, context: ExceptionContext) -> StoreError | None:
        """Turn errors such as a full disk, a damaged file or a lost server into a `StoreError` that names the store."""
        error = context.sqlalchemy_exception
        # An error of a ping is no failure: the pool replaces the connection. The other two say something of the values.
        if context.is_pre_ping or error is None or isinstance(error, IntegrityError | DataError):
            return None
        return StoreError(cannot_be_used(self.shown, error))

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
        with self._alone() as db:
            tables.metadata.create_all(db)
        with self._alone() if self.postgres else nullcontext(), self.saver() as saver:
            # LangGraph's tables. SQLite needs no lock here: its setup only creates what does not exist.
            saver.setup()  # type: ignore[attr-defined]

    def _alone(self) -> AbstractContextManager[Connection]:
        if not self.postgres:
            return _alone_in_sqlite(self.engine)
        from .postgres import alone_in_postgres

        return alone_in_postgres(self.engine)

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


def _address(target: str) -> Address:
    try:
        from .postgres import Address
    except ImportError as error:
        raise StoreError(f"reviews in Postgres need the extra 'postgres': {install('postgres')}") from error
    return Address(target)


def _sqlite_engine(target: str) -> Engine:
    if "://" in target:
        raise StoreError(f"reviews cannot be kept in {target.split('://')[0]}; give a file or postgresql://...")
    # not as text: "?" in a path would begin the options of an address, and "%41" would be read as "A"
    address = URL.create("sqlite", database=target)
    engine = create_engine(address, connect_args={"timeout": PATIENCE_S, "factory": TextConnection})
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
