"""One core process: database, schema, application, until SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from loadtest.core.app import make_app
from loadtest.core.auth import load_keys
from loadtest.core.database import Database
from loadtest.core.psp_client import PspClient
from loadtest.core.rsgi import bind, serve
from loadtest.core.schema import apply_schema
from loadtest.core.service import Core, Settings
from loadtest.embedded_postgres import embedded_postgres
from scenarios.errors import TargetUnreachable

UNSAFE_SWITCH = "OMO_CORE_UNSAFE_NO_STOCK_GUARD"
_DRAIN_S = 5.0


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

        with asyncio.Runner() as runner:
            runner.run(_serve(settings, options.psp_url, url, address, announce, guard=guard))


def _write_privately(path: Path, text: str) -> None:
    """Whoever finds the file finds it whole; only its owner may read the keys in it."""
    partial = path.with_name(f".{path.name}.partial")
    partial.touch(mode=0o600)
    partial.write_text(text)
    partial.replace(path)


async def _serve(
    settings: Settings,
    psp_url: str | None,
    url: str,
    address: socket.socket,
    announce: Callable[[], None],
    *,
    guard: bool,
) -> None:
    database = Database(url)
    try:
        await apply_schema(url, stock_guard=guard)
        await database.open()
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InvalidAuthorizationSpecificationError) as error:
        raise TargetUnreachable(f"the database at --database-url does not answer: {error}") from None
    psp = PspClient(psp_url, settings.psp_timeout_s) if psp_url else None
    core = Core(settings, database, psp)
    try:
        await serve(make_app(core), address, announce, asyncio.Event())
        if core.background:
            await asyncio.wait(core.background, timeout=_DRAIN_S)
    finally:
        if psp is not None:
            psp.close()
        await database.close()
