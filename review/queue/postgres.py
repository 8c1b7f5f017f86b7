"""Reviews in Postgres: the address, connections that come back after a restart of the server, LangGraph's checkpointers."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg import AsyncConnection, Connection, Error
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from psycopg.types.json import set_json_dumps
from sqlalchemy import Connection as EngineConnection, Engine, create_engine, event, func, select

from ...foundation.encodable import encodable
from ...foundation.sqlite_wal import PATIENCE_S
from ..errors import StoreError, cannot_be_used

_LOCK = 0x70745F726576
"""An arbitrary number that identifies our advisory lock in the database."""

_CONNECTING: dict[str, Any] = {"connect_timeout": 10, "keepalives_idle": 30, "tcp_user_timeout": 60_000}
"""Limits of libpq for a server that does not answer (s, s, ms); the address may set others."""

_SAVING: dict[str, Any] = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
"""What LangGraph asks of a connection."""

_UNREADABLE = (
    "the address of the reviews in Postgres cannot be read: write postgresql:// and then USER:PASSWORD@HOST:PORT/DATABASE, "
    "with special characters of the password as %XX"
)


class Address:
    """The address of a database.

    Attributes:
        conninfo: for psycopg; it may hold a password.
        shown: for messages; it holds none.
    """

    def __init__(self, target: str) -> None:
        """Read an address.

        Raises:
            StoreError: it cannot be read. The message does not repeat it, because any part of it may be the password.
        """
        try:
            parts = conninfo_to_dict(target)
        except Error:
            raise StoreError(_UNREADABLE) from None
        host, port, name = (str(parts.get(part, "")) for part in ("host", "port", "dbname"))
        if "@" in host + name or not re.fullmatch(r"[\d,]*", port):
            raise StoreError(_UNREADABLE)
        self.conninfo = make_conninfo(**{**_CONNECTING, **parts})
        user = f"{parts['user']}@" if "user" in parts else ""
        place, where = ("", f"?host={host}") if host.startswith("/") else (host, "")
        self.shown = f"postgresql://{user}{place}{port and f':{port}'}/{name}{where}"

    def engine(self) -> Engine:
        """Return an engine for the tables of the queue; connections that a restarted server has dropped are replaced."""
        engine = create_engine("postgresql+psycopg://", creator=lambda: Connection.connect(self.conninfo), pool_pre_ping=True)
        event.listen(engine, "before_cursor_execute", _with_storable_values, retval=True)
        return engine

    @contextmanager
    def saver(self) -> Iterator[PostgresSaver]:
        """Open LangGraph's checkpointer for `invoke`."""
        with self.explained():
            saver = _Saver(self.connect())
        saver.address = self
        try:
            yield saver
        finally:
            saver.conn.close()

    @asynccontextmanager
    async def asaver(self) -> AsyncIterator[AsyncPostgresSaver]:
        """Open LangGraph's checkpointer for `ainvoke`, bound to the running event loop."""
        with self.explained():
            saver = _AsyncSaver(await self.aconnect())
        saver.address, saver.reconnecting = self, asyncio.Lock()
        try:
            yield saver
        finally:
            await saver.conn.close()

    def connect(self) -> Any:
        """Return a connection for LangGraph's checkpointer."""
        connection = Connection.connect(self.conninfo, **_SAVING)
        set_json_dumps(_dumps, connection)
        return connection

    async def aconnect(self) -> Any:
        """Return a connection for the checkpointer of an event loop."""
        connection = await AsyncConnection.connect(self.conninfo, **_SAVING)
        set_json_dumps(_dumps, connection)
        return connection

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn errors of Postgres into a `StoreError` that names the store."""
        try:
            yield
        except Error as error:
            raise StoreError(cannot_be_used(self.shown, error)) from error


def _storable(value: Any) -> Any:
    """Return a value with U+FFFD for what Postgres refuses in a text: NUL and lone surrogates."""
    if isinstance(value, str):
        return encodable(value).replace("\x00", "\ufffd")
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_storable(item) for item in value)
    return value


def _dumps(value: Any) -> str:
    return json.dumps(_storable(value))


def _with_storable_values(
    db: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> tuple[str, Any]:
    return statement, _storable(parameters)


class _Saver(PostgresSaver):
    """LangGraph's checkpointer, which connects again after its connection was lost."""

    address: Address
    conn: Any

    @contextmanager
    def _cursor(self, *, pipeline: bool = False) -> Iterator[Any]:
        with self.address.explained():
            if self.conn.closed:
                self.conn = self.address.connect()
            with super()._cursor(pipeline=pipeline) as cursor:
                yield cursor


class _AsyncSaver(AsyncPostgresSaver):
    """The same for an event loop. Else one restart of the server would fail all problems that are left of a run."""

    address: Address
    conn: Any
    reconnecting: asyncio.Lock

    @asynccontextmanager
    async def _cursor(self, *, pipeline: bool = False) -> AsyncIterator[Any]:
        with self.address.explained():
            async with self.reconnecting:
                if self.conn.closed:
                    self.conn = await self.address.aconnect()
            async with super()._cursor(pipeline=pipeline) as cursor:
                yield cursor


@contextmanager
def alone_in_postgres(engine: Engine) -> Iterator[EngineConnection]:
    """Hold an advisory lock outside a transaction: LangGraph's setup builds indexes, which wait for open transactions.

    Raises:
        TimeoutError: another process held the lock for 30 seconds.
    """
    deadline = time.monotonic() + PATIENCE_S
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        # Polling, because a statement that waits for the lock would itself be an open transaction.
        while not db.scalar(select(func.pg_try_advisory_lock(_LOCK))):
            if time.monotonic() > deadline:
                raise TimeoutError(f"another program has been creating its tables for {PATIENCE_S:.0f} s; end it")
            time.sleep(0.05)
        try:
            yield db
        except BaseException:
            db.invalidate()  # the lock ends with its connection, which may be unusable
            raise
        db.execute(select(func.pg_advisory_unlock(_LOCK)))
