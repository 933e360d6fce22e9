"""Starts real cores and PSPs for tests, and talks to them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

_ROOT = Path(__file__).parents[2]
_COMMAND = """
import typer, loadtest.core.commands, loadtest.psp.commands
app = typer.Typer()
loadtest.core.commands.register(app)
loadtest.psp.commands.register(app)
app()
"""


@contextmanager
def process(
    folder: Path, *arguments: str, **environment: str
) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """A service and its ready document; it is stopped by SIGTERM and must end by itself."""
    ready = folder / f"ready-{uuid.uuid4().hex}.json"
    log = folder / f"{ready.stem}.log"
    with log.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-c", _COMMAND, *arguments, "--ready-file", str(ready)],
            stdout=out,
            stderr=out,
            env={**os.environ, **environment},
            cwd=_ROOT,  # found there when the package is not installed
        )
    try:
        deadline = time.monotonic() + 180  # a machine with ten others on it makes a database in half a minute
        while not ready.exists():
            if child.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{arguments} did not start: {log.read_text()}")
            time.sleep(0.02)
        yield child, json.loads(ready.read_text())
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            raise
    assert child.returncode in (0, -9), log.read_text()  # -9: the test killed it
    assert "Traceback" not in log.read_text(), log.read_text()
    assert '"level":"error"' not in log.read_text(), log.read_text()


@dataclass
class Shop:
    """Clients of one core, one per kind, and shorthand for what tests do all the time."""

    ready: dict[str, Any]
    clients: dict[str, httpx.Client]

    def post(self, kind: str, path: str, body: object = None, key: str | None = None) -> httpx.Response:
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        return self.clients[kind].post(path, content=content, headers=headers)

    def get(self, path: str, kind: str = "back_office") -> Any:
        answer = self.clients[kind].get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def seed(self, location: str, on_hand: dict[int, int]) -> None:
        """Only the first call on a core may load products, so tests share a catalogue of their own making."""
        body = {
            "products": [{"sku": sku, "name": f"item {sku}", "price_yen": 100} for sku in on_hand],
            "stock": [{"location": location, "sku": sku, "on_hand": units} for sku, units in on_hand.items()],
        }
        assert self.post("back_office", "/v1/admin/seed", body).status_code == 200

    def available(self, location: str, sku: int) -> int:
        return int(self.get(f"/v1/availability?sku={sku}&location={location}", "app")["available"])

    def reserve(self, location: str, lines: dict[int, int], ttl_s: float = 60.0) -> httpx.Response:
        wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines.items()]
        return self.post("app", "/v1/reservations", {"location": location, "lines": wanted, "ttl_s": ttl_s})

    def order(self, location: str, lines: dict[int, int], fulfilment: str = "carry", **more: object) -> httpx.Response:
        wanted = [{"sku": sku, "quantity": n, "unit_price_yen": 100} for sku, n in lines.items()]
        body = {"location": location, "lines": wanted, "channel": "app", "fulfilment": fulfilment, **more}
        return self.post("app", "/v1/orders", body)

    def placed(self, location: str, lines: dict[int, int], fulfilment: str = "carry", **more: object) -> int:
        answer = self.order(location, lines, fulfilment, **more)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["order"])

    def pay(
        self, order: int, amount_yen: int, method: str = "cash", key: str | None = None, **more: object
    ) -> httpx.Response:
        body = {"order": order, "amount_yen": amount_yen, "method": method, "brand": "acme", **more}
        return self.post("app", "/v1/payments", body, key)


@contextmanager
def shop(ready: dict[str, Any]) -> Iterator[Shop]:
    """Clients for a core that is ready."""
    clients = {
        kind: httpx.Client(base_url=ready["url"], headers={"Authorization": f"Bearer {key}"}, timeout=30)
        for kind, key in ready["keys"].items()
    }
    try:
        yield Shop(ready, clients)
    finally:
        for client in clients.values():
            client.close()


@contextmanager
def core(folder: Path, *arguments: str, **environment: str) -> Iterator[Shop]:
    """A core of its own, with a private database unless `arguments` name one."""
    with process(folder, "core", "serve", *arguments, **environment) as (_, ready), shop(ready) as clients:
        yield clients


@dataclass
class Provider:
    """A PSP simulator, perfect unless told otherwise."""

    url: str

    def faults(self, **named: object) -> None:
        answer = httpx.post(f"{self.url}/psp/faults", json=named)
        assert answer.status_code == 200, answer.text

    def well(self) -> None:
        """Answer everything at once and decline nothing."""
        self.faults(latency_ms=0, decline=0, timeout_before=0, timeout_after=0, outage=False, customer_delay_ms=50)

    def book(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in httpx.get(f"{self.url}/psp/book").text.splitlines()]

    def charge_of(self, merchant_payment_id: str) -> dict[str, Any] | None:
        found = [e for e in self.book() if e["entry"] == "charge" and e["merchant_payment_id"] == merchant_payment_id]
        assert len(found) <= 1
        return found[0] if found else None


@contextmanager
def provider(folder: Path, *arguments: str) -> Iterator[Provider]:
    """A PSP of its own."""
    perfect = ["--latency-ms", "0", "--decline", "0", "--timeout-before", "0", "--timeout-after", "0"]
    with process(folder, "psp", "serve", *perfect, *arguments) as (_, ready):
        yield Provider(ready["url"])


def sql(url: str, query: str, *arguments: object) -> list[dict[str, Any]]:
    """Rows straight from the core's database."""
    import asyncio

    import asyncpg

    async def ask() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(url)
        try:
            return [dict(row) for row in await connection.fetch(query, *arguments)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def assert_books_hold(url: str) -> None:
    """The laws that the tables promise, asked of the tables."""
    counters = """
        SELECT s.location, s.sku, s.on_hand, s.held, s.allocated,
            coalesce(sum(m.on_hand_change), 0) AS m_on_hand, coalesce(sum(m.held_change), 0) AS m_held,
            coalesce(sum(m.allocated_change), 0) AS m_allocated
        FROM stock s LEFT JOIN stock_moves m USING (location, sku) GROUP BY s.location, s.sku"""
    for row in sql(url, counters):
        assert (row["on_hand"], row["held"], row["allocated"]) == (
            row["m_on_hand"],
            row["m_held"],
            row["m_allocated"],
        ), row
    from_lines = """
        SELECT s.location, s.sku FROM stock s LEFT JOIN lines l USING (location, sku) GROUP BY s.location, s.sku
        HAVING s.held <> coalesce(sum(l.quantity) FILTER (WHERE l.state = 'held'), 0)
            OR s.allocated <> coalesce(sum(l.quantity) FILTER (WHERE l.state = 'allocated'), 0)"""
    assert sql(url, from_lines) == []
    unbalanced = "SELECT transfer FROM ledger_lines GROUP BY transfer HAVING sum(amount_yen) <> 0"
    assert sql(url, unbalanced) == []
    balances = {
        row["account"]: row["yen"]
        for row in sql(url, "SELECT account, sum(amount_yen)::bigint AS yen FROM ledger_lines GROUP BY account")
    }
    assert sum(balances.values()) == 0
    money = sql(
        url,
        """SELECT coalesce(sum(p.amount_yen - refunded_yen) FILTER (WHERE captured_at IS NOT NULL), 0)::bigint AS kept,
                  coalesce(sum(p.amount_yen + coupon_yen + points_used) FILTER (WHERE applied), 0)::bigint AS sold
           FROM payments p JOIN orders o ON o.id = p.order_id""",
    )[0]
    assets = ("cash_drawer", "psp_receivable", "settlement_due", "psp_fees")
    assert sum(balances.get(account, 0) for account in assets) == money["kept"]
    assert -balances.get("sales", 0) == money["sold"]
