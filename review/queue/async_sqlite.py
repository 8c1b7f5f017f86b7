"""LangGraph's checkpointer for SQLite and an event loop, whose errors name the store and say what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiosqlite
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from ...foundation.sqlite_wal import PATIENCE_S
from ..errors import StoreError, cannot_be_used


class ExplainingSaver(AsyncSqliteSaver):
    """The checkpointer; `open_saver` opens it."""

    path = ""

    async def aget_tuple(self, *args: Any, **options: Any) -> Any:
        """Read a checkpoint."""
        with self._explained():
            return await super().aget_tuple(*args, **options)

    async def aput(self, *args: Any, **options: Any) -> Any:
        """Write a checkpoint."""
        with self._explained():
            return await super().aput(*args, **options)

    async def aput_writes(self, *args: Any, **options: Any) -> None:
        """Write what belongs to a checkpoint."""
        with self._explained():
            await super().aput_writes(*args, **options)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise StoreError(cannot_be_used(self.path, error)) from error


@asynccontextmanager
async def open_saver(path: str) -> AsyncIterator[ExplainingSaver]:
    """Open the checkpointer of a file."""
    async with aiosqlite.connect(path, timeout=PATIENCE_S) as connection:
        # Safe in WAL mode, where the file stays consistent: a power cut can lose the last commits, a crash cannot.
        await connection.execute("pragma synchronous = normal")
        saver = ExplainingSaver(connection)
        saver.path = path
        yield saver
