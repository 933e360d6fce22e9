"""Commands that wait while a batch of their kind is with the database, and go together in the next one.

No timer: a command that comes alone goes alone and at once, and the busier the core, the larger its batches, each of
them one call and one durable commit. The queue is bounded; beyond its bound a command is refused at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from loadtest.core.database import Database, Unavailable

_AT_ONCE: Final = 1  # a second batch beside the first makes both smaller
_LARGEST: Final = 64  # if one batch took all that wait, core and database would work in turns and never at once
_QUEUE: Final = 512

Execute = Callable[[Database, Sequence[Any]], Awaitable[Sequence[Any]]]
"""Does a batch of commands in one transaction; a row for each of them, in their order."""


class Overloaded(Unavailable):
    """The queue is full: nothing was done."""


@dataclass(slots=True)
class _Turn:
    command: Any
    apart: tuple[Hashable, ...]
    answer: asyncio.Future[Any]


@dataclass
class Batcher:
    """The queue of one kind of command."""

    database: Database
    execute: Execute
    batches: int = 0
    commands: int = 0
    _waiting: deque[_Turn] = field(default_factory=deque)
    _under_way: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)  # keeps them alive

    def submit(self, command: Any, *apart: Hashable) -> asyncio.Future[Any]:
        """The row of `command`, to be awaited. Two commands that share one of `apart` never go in the same batch.

        Raises Overloaded when the queue is full; the future, Unavailable when the database did not take the batch.
        """
        if len(self._waiting) >= _QUEUE:
            raise Overloaded("too many requests are waiting")
        loop = asyncio.get_running_loop()
        turn = _Turn(command, apart, loop.create_future())
        self._waiting.append(turn)
        if self._under_way < _AT_ONCE:
            self._under_way += 1
            task = loop.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return turn.answer

    @property
    def waiting(self) -> int:
        """Commands in line."""
        return len(self._waiting)

    async def _work(self) -> None:
        while self._waiting:
            batch = self._next()
            self.batches += 1
            self.commands += len(batch)
            await self._do(batch)
        self._under_way -= 1

    def _next(self) -> list[_Turn]:
        """The first commands in line that may go together; the others keep their places."""
        batch: list[_Turn] = []
        taken: set[Hashable] = set()
        left: list[_Turn] = []
        while self._waiting and len(batch) < _LARGEST:
            turn = self._waiting.popleft()
            if taken.isdisjoint(turn.apart):
                batch.append(turn)
            else:
                left.append(turn)
            taken.update(turn.apart)  # of those left behind too: they stay in order among themselves
        self._waiting.extendleft(reversed(left))
        return batch

    async def _do(self, batch: list[_Turn]) -> None:
        try:
            rows = await self.execute(self.database, [turn.command for turn in batch])
        except Unavailable as error:
            _fail(batch, error)
        except Exception as error:  # noqa: BLE001 - whatever it was, the answers must not stay away
            if len(batch) == 1:
                _fail(batch, error)
                return
            logging.getLogger(__name__).warning(
                "%d commands do not go together (%s): one by one", len(batch), type(error).__name__
            )
            for turn in batch:  # nothing of the batch was done: only those fail that fail alone
                await self._do([turn])
        else:
            for turn, row in zip(batch, rows, strict=True):
                if not turn.answer.done():
                    turn.answer.set_result(row)


def _fail(batch: Sequence[_Turn], error: Exception) -> None:
    for turn in batch:
        if not turn.answer.done():
            turn.answer.set_exception(error)


def columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """The arguments of a set-based call: one array for each place of the commands."""
    return [list(column) for column in zip(*rows, strict=True)]


def line_columns(batch: Sequence[tuple[Any, Sequence[Sequence[Any]]]]) -> list[list[Any]]:
    """The same for the lines of commands, each a pair of a command and its lines: the number of the command (from 1)
    and what the lines have."""
    return columns([(number, *line) for number, (_, lines) in enumerate(batch, 1) for line in lines])
