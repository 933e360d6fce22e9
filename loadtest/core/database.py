"""Connections to PostgreSQL: a fixed number, one call each, replaced when they break.

asyncpg's own pool resets a connection after each use, which costs a second round trip; commands here are single
function calls that leave nothing behind.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

_WAIT_S = 5.0
_RECONNECT_S = 0.2

SESSION = {
    "application_name": "omotwin-core",
    "plan_cache_mode": "force_generic_plan",  # functions are planned once per connection
    "enable_seqscan": "off",  # plans are made while tables are still empty
    "jit": "off",
}
"""How the core's connections are set up."""

_LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # seen when the server cuts a connection between two messages
    asyncpg.exceptions.OperatorInterventionError,
)


class Unavailable(Exception):
    """The database did not take the call, or the connection broke: the caller may repeat it with the same key."""


@dataclass
class Database:
    """Calls go to the connection that became idle last; further ones wait in line, for a bounded time."""

    url: str
    size: int = 16
    _idle: list[Any] = field(default_factory=list)
    _waiting: deque[asyncio.Future[Any]] = field(default_factory=deque)
    _repairs: set[asyncio.Task[None]] = field(default_factory=set)
    _closed: bool = False

    async def open(self) -> None:
        """Connect. Raises OSError or asyncpg errors when the server cannot be reached."""
        self._idle = [await self._connect() for _ in range(self.size)]

    async def row(self, query: str, *arguments: object) -> Any:
        """The first row of a query, or None."""
        found = await self.rows(query, *arguments)
        return found[0] if found else None

    async def rows(self, query: str, *arguments: object) -> Sequence[Any]:
        """All rows of a query. A deadlock, which had no effect, is tried once more."""
        async with self._connection() as connection:
            found: Sequence[Any]
            try:
                found = await connection.fetch(query, *arguments)
            except asyncpg.DeadlockDetectedError:
                found = await connection.fetch(query, *arguments)
            return found

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """A connection inside a transaction, for the rare work of several statements."""
        async with self._connection() as connection, connection.transaction():
            yield connection

    async def close(self) -> None:
        """Disconnect; waiting calls fail."""
        self._closed = True
        for task in self._repairs:
            task.cancel()
        _fail(self._waiting)
        for connection in self._idle:
            await connection.close(timeout=2)
        self._idle.clear()

    @property
    def waiting(self) -> int:
        """Calls in line."""
        return len(self._waiting)

    async def _connect(self) -> Any:
        return await asyncpg.connect(self.url, server_settings=SESSION, timeout=10)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        connection = await self._acquire()
        try:
            yield connection
        except _LOST as error:
            connection.terminate()
            raise Unavailable(str(error) or type(error).__name__) from error
        finally:
            self._release(connection)

    async def _acquire(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._mend()
        turn: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        timer = turn.get_loop().call_later(_WAIT_S, _fail, [turn])
        try:
            return await turn
        finally:
            timer.cancel()

    def _release(self, connection: Any) -> None:
        if connection.is_closed():
            self._mend()
            return
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        self._idle.append(connection)

    def _mend(self) -> None:
        if not self._closed:
            task = asyncio.get_running_loop().create_task(self._repair())
            self._repairs.add(task)
            task.add_done_callback(self._repairs.discard)

    async def _repair(self) -> None:
        while True:
            try:
                connection = await self._connect()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(_RECONNECT_S)
                continue
            self._release(connection)
            return


def _fail(turns: Iterable[asyncio.Future[Any]]) -> None:
    for turn in turns:
        if not turn.done():
            turn.set_exception(Unavailable("no database connection became free in time"))
