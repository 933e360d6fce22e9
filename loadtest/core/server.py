"""One core process: database, schema, application, until SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg

from loadtest.core.app import make_app
from loadtest.core.auth import load_keys
from loadtest.core.database import Database
from loadtest.core.fleet import run_fleet
from loadtest.core.logs import log_to_stderr
from loadtest.core.psp_client import PspClient
from loadtest.core.schema import apply_schema
from loadtest.core.service import Core, Settings
from loadtest.embedded_postgres import embedded_postgres
from loadtest.http.server import bind, run_loop, serve
from scenarios.errors import TargetUnreachable

UNSAFE_SWITCH = "OMO_CORE_UNSAFE_NO_STOCK_GUARD"
_DRAIN_S = 5.0
_CONNECTIONS = 16
_FEWEST = 6  # connections of one of many processes


@dataclass(frozen=True)
class Options:
    """What `omo core serve` was told."""

    host: str
    port: int
    database_url: str | None
    data_directory: Path | None
    psp_url: str | None
    psp_timeout_s: float
    order_hold_s: float
    keys_file: Path | None
    ready_file: Path | None
    processes: int = 1


def run(options: Options, tell: Callable[[str], None]) -> None:
    """Serve until stopped; `tell` gets one JSON document when the core is ready."""
    guard = os.environ.get(UNSAFE_SWITCH) != "1"
    if not guard:
        sys.stderr.write(f"WARNING: {UNSAFE_SWITCH}=1: this core OVERSELLS. For tests of audits only.\n")
    with ExitStack() as stack:
        address = stack.enter_context(bind(options.host, options.port))
        url = options.database_url or stack.enter_context(embedded_postgres(options.data_directory))
        settings = Settings(
            keys=load_keys(options.keys_file),
            psp_timeout_s=options.psp_timeout_s,
            order_hold_s=options.order_hold_s,
        )
        host, port = address.getsockname()[:2]
        ready = {
            "schema": "omo.core-ready/1",
            "url": f"http://{f'[{host}]' if ':' in host else host}:{port}",
            "database_url": url,
            "keys": settings.keys.by_kind(),
            "webhook_secret": settings.keys.webhook_secret,
            "pid": os.getpid(),
        }

        def announce() -> None:
            text = json.dumps(ready)
            if options.ready_file is not None:
                _write_privately(options.ready_file, text)
            tell(text)

        member = _Member(settings, options.psp_url, url, address, guard, _CONNECTIONS)
        if options.processes == 1:
            _serve_alone(member, announce)
        else:
            few = max(_CONNECTIONS // options.processes, _FEWEST)
            run_fleet(options.processes, serve_member, (replace(member, connections=few),), announce)


@dataclass(frozen=True)
class _Member:
    """What a core process needs to know."""

    settings: Settings
    psp_url: str | None
    database_url: str
    address: socket.socket
    guard: bool
    connections: int


def serve_member(member: _Member, accepting: Callable[[], None]) -> None:
    """Be one of several core processes."""
    log_to_stderr()
    _serve_alone(member, accepting)


def _serve_alone(member: _Member, accepting: Callable[[], None]) -> None:
    run_loop(_serve(member, accepting))


def _write_privately(path: Path, text: str) -> None:
    """Whoever finds the file finds it whole; only its owner may read the keys in it."""
    partial = path.with_name(f".{path.name}.partial")
    partial.touch(mode=0o600)
    partial.write_text(text)
    partial.replace(path)


async def _serve(member: _Member, accepting: Callable[[], None]) -> None:
    database = Database(member.database_url, member.connections)
    try:
        await apply_schema(member.database_url, stock_guard=member.guard)
        await database.open()
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InvalidAuthorizationSpecificationError) as error:
        raise TargetUnreachable(f"the database at --database-url does not answer: {error}") from None
    psp = PspClient(member.psp_url, member.settings.psp_timeout_s) if member.psp_url else None
    core = Core(member.settings, database, psp)
    closing = asyncio.Event()
    parent = multiprocessing.parent_process()
    if parent is not None:  # nobody would stop us after it
        asyncio.get_running_loop().add_reader(parent.sentinel, closing.set)
    try:
        await serve(make_app(core), member.address, accepting, closing)
        if core.background:
            await asyncio.wait(core.background, timeout=_DRAIN_S)
    finally:
        if psp is not None:
            psp.close()
        await database.close()
