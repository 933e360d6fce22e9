"""Single requests to a target before and after a load: seeding and read-back, one after another."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from loadtest.api import Reply
from loadtest.api import Request as Sent
from loadtest.targets.compiled import Compiled
from loadtest.targets.schema import Seed
from loadtest.wire import Connections, NoAnswer
from scenarios.errors import TargetUnreachable

_ATTEMPTS: Final = 5
_BETWEEN_S: Final = 0.5


class BackOffice:
    """The connections of each client kind, outside of any journey. Use it as a context manager."""

    def __init__(self, url: str, heads: Mapping[str, str]) -> None:
        self.url = url
        self._connections = {kind: Connections(url, head, keep_headers=True) for kind, head in heads.items()}

    def __enter__(self) -> BackOffice:
        return self

    def __exit__(self, *_: object) -> None:
        for connections in self._connections.values():
            connections.close()

    def ask(self, request: Sent, client: str = "back_office") -> Reply:
        """Send `request`, again after 429 and 503. Raises TargetUnreachable when nobody answers."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                reply = self._connections[client].exchange(request)
            except NoAnswer as why:
                raise TargetUnreachable(f"{self.url}{request.path}: {why}; is the target running?") from why
            if reply.status not in (429, 503) or attempt == _ATTEMPTS:
                break
            time.sleep(_BETWEEN_S * attempt)
        return reply

    def seed(
        self, requests: Sequence[Compiled], rows: Sequence[Mapping[str, Any]], ids: dict[str, dict[int, Any]]
    ) -> None:
        """Send `requests` for each row; what they capture goes to `ids`, by name and SKU. Raises TargetUnreachable."""
        for row in rows:
            known = {name: table[row["sku"]] for name, table in ids.items() if row["sku"] in table}
            scope = {**known, **row}
            for request in requests:
                sent = request.render(scope, {}, "")
                reply = self.ask(sent, request.client or "back_office")
                judged = request.judge(reply)
                if judged.fate != "ok":
                    answer = reply.content[:300].decode(errors="replace")
                    raise TargetUnreachable(f"seed: {sent.method} {sent.path} answered {reply.status}: {answer}")
                for name, value in judged.captured.items():
                    scope[name] = value
                    ids.setdefault(name, {})[row["sku"]] = value


def run_command(seed: Seed, base: Path, url: str, document: Mapping[str, Any], log: Path) -> None:
    """Run the seed command of a target file in `base` with `document` on its standard input.

    What it says goes to `log`. Raises TargetUnreachable when it fails.
    """
    assert seed.command is not None
    try:
        with log.open("ab") as output:
            done = subprocess.run(
                [os.path.expandvars(part) for part in seed.command],
                input=json.dumps(document).encode(),
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=base / seed.directory,
                env={**os.environ, "OMO_TARGET_URL": url},
                timeout=seed.timeout_s,
                check=False,
            )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TargetUnreachable(f"seed.command {seed.command[0]}: {error}") from error
    if done.returncode:
        tail = log.read_text(encoding="utf-8", errors="replace").strip()[-600:]
        raise TargetUnreachable(f"seed.command ended with code {done.returncode}: {tail}")
