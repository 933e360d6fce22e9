"""A target that answers everything at once, for tests of the generator alone: `--target answering:Answering`."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from loadtest.targets.core import CoreTalk, CoreTarget
from loadtest.trace_schema import Trace

_BODY = b'{"order":1,"payment":1,"reservation":1,"code":"c","state":"captured"}'


class Answering:
    """Speaks our core's API, sells without stock and keeps no books."""

    name = "answering"
    keeps_headers = False

    def __init__(self, url: str) -> None:
        self.url = url

    def heads(self) -> Mapping[str, str]:
        return CoreTarget().heads()

    def talk(self, run: str) -> CoreTalk:
        return CoreTarget().talk(run)

    def seed(self, trace: Trace, directory: Path) -> None: ...

    def keep_books(self, _: Path) -> list[str]:
        return []


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer()

    def _answer(self) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(_BODY)}\r\n\r\n"
        self.wfile.write(head.encode() + _BODY)

    def log_message(self, *_: Any) -> None: ...


@contextmanager
def answering() -> Iterator[str]:
    """Serve on a free port; yields the address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
