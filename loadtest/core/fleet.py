"""Several core processes on one address and one database.

Each is a core of its own, without state that the others would need: keys, outcomes, locks and stock are the
database's. The kernel spreads new connections over them (SO_REUSEPORT). One that is killed is reported, and the others
go on; whoever was waiting for it repeats the request under its key.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from scenarios.errors import OmoError

_START_S: Final = 60.0
_STOP_S: Final = 20.0


def run_fleet(count: int, serve: Callable[..., None], arguments: tuple[Any, ...], ready: Callable[[], None]) -> None:
    """Run `serve(*arguments, accepting)` in `count` processes until SIGINT or SIGTERM, which each of them gets.

    `accepting` is to be called once the process accepts requests; `ready` is called when all of them do. `serve` is
    named by its module, as for any spawned process. Raises OmoError when one does not start or none is left.
    """
    context = multiprocessing.get_context("spawn")
    pairs = [context.Pipe(duplex=False) for _ in range(count)]
    members = [
        context.Process(target=_member, args=(serve, arguments, sender), name=f"omo-core-{number}")
        for number, (_, sender) in enumerate(pairs, 1)
    ]
    stop = _Stop(members)
    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for member in members:
            member.start()
        for _, sender in pairs:
            sender.close()
        for receiver, _ in pairs:
            _await_ready(receiver, stop)
        if not stop.asked:
            ready()
        _watch(members, stop)
    finally:
        _end(members)
        for number, handler in previous.items():
            signal.signal(number, handler)


class _Stop:
    """The handler of SIGINT and SIGTERM: passes the wish on to the members."""

    def __init__(self, members: list[SpawnProcess]) -> None:
        self.asked = False
        self._members = members

    def __call__(self, *_: object) -> None:
        self.asked = True
        for member in self._members:
            if member.pid is not None and member.is_alive():
                member.terminate()


def _member(serve: Callable[..., None], arguments: tuple[Any, ...], sender: Connection) -> None:
    """What a process of the fleet does."""
    serve(*arguments, lambda: sender.send(True))


def _await_ready(receiver: Connection, stop: _Stop) -> None:
    try:
        if not receiver.poll(_START_S):
            raise OmoError(f"a core process was not ready within {_START_S:.0f} s")
        receiver.recv()
    except EOFError:
        if not stop.asked:
            raise OmoError("a core process ended before it was ready: see above") from None


def _watch(members: list[SpawnProcess], stop: _Stop) -> None:
    """Until all have ended; says which one ended without being asked to."""
    alive = list(members)
    while alive:
        wait([member.sentinel for member in alive])
        for member in [member for member in alive if not member.is_alive()]:
            alive.remove(member)
            if not stop.asked:
                status = member.exitcode or 0
                how = f"signal {-status}" if status < 0 else f"status {status}"
                sys.stderr.write(
                    f"core process {member.pid} ended with {how}; {len(alive)} of {len(members)} go on serving\n"
                )
    if not stop.asked:
        raise OmoError("every core process has ended")


def _end(members: list[SpawnProcess]) -> None:
    started = [member for member in members if member.pid is not None]
    for member in started:
        member.terminate()
    for member in started:
        member.join(_STOP_S)
        if member.is_alive():
            member.kill()
            member.join()
