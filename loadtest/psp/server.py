"""One PSP process, until SIGINT or SIGTERM."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from loadtest.http.server import bind, run_loop, serve
from loadtest.psp.app import Psp
from loadtest.psp.book import Book
from loadtest.psp.fate import Faults
from loadtest.tenders import default_tenders


@dataclass(frozen=True)
class Options:
    """What `omo psp serve` was told."""

    host: str
    port: int
    seed: int
    faults: Faults
    webhook_url: str | None
    webhook_secret: str
    journal: Path | None
    ready_file: Path | None


def run(options: Options, tell: Callable[[str], None]) -> None:
    """Serve until stopped; `tell` gets one JSON document when the PSP is ready."""
    book = Book(options.journal)
    with bind(options.host, options.port) as address:
        run_loop(_serve(options, book, address, tell))


async def _serve(options: Options, book: Book, address: socket.socket, tell: Callable[[str], None]) -> None:
    host, port = address.getsockname()[:2]
    psp = Psp(book, options.faults, options.seed, default_tenders())
    psp.postman.address(options.webhook_url, options.webhook_secret)
    psp.resume()
    text = json.dumps(
        {
            "schema": "omo.psp-ready/1",
            "url": f"http://{f'[{host}]' if ':' in host else host}:{port}",
            "seed": options.seed,
            "pid": os.getpid(),
        }
    )

    def announce() -> None:
        if options.ready_file is not None:
            partial = options.ready_file.with_name(f".{options.ready_file.name}.partial")
            partial.write_text(text)
            partial.replace(options.ready_file)
        tell(text)

    try:
        await serve(psp, address, announce, psp.closing)
    finally:
        await psp.stop()
