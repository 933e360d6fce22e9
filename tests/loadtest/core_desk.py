"""A core in this process with a programme of points, and shorthand for what tests of coupons and points do."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from core_harness import assert_books_hold
from core_in_memory import Shop, database_url, shop

from loadtest.audit.books import dump_core
from loadtest.audit.verdict import audit
from loadtest.core.schema import apply_schema

PERCENT = 10
YEN = 100
"""The price of everything."""


@dataclass
class Desk:
    """A core in this process, asked one thing after the other, each under a key of its own unless it is given."""

    runner: asyncio.Runner
    shop: Shop
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1000))

    def ask(self, method: str, path: str, body: object = None, kind: str = "back_office", key: str = "") -> Any:
        """Status and document."""
        return self.runner.run(self.shop.call(kind, method, path, body, key or f"key {next(self.numbers)}"))

    def sql(self, query: str, *arguments: object) -> list[dict[str, Any]]:
        return [dict(row) for row in self.runner.run(self.shop.sql(query, *arguments))]

    def shopper(self, points: int = 0) -> int:
        """A new shopper with these points."""
        number = next(self.numbers)
        if points:
            assert self.ask("POST", "/v1/points", {"shopper": number, "points": points})[0] == 201
        return number

    def coupon(self, discount_yen: int = 30, **more: object) -> str:
        body = {"discount_yen": discount_yen, "ttl_s": 1000, **more}
        status, answer = self.ask("POST", "/v1/coupons", body, "app")
        assert (status, answer["state"]) == (201, "open")
        return str(answer["code"])

    def order(self, units: int = 2, fulfilment: str = "carry", key: str = "", sku: int = 1, **more: object) -> Any:
        return self.ask("POST", "/v1/orders", order_of(sku, units, fulfilment, **more), "app", key)

    def placed(self, *arguments: Any, **more: Any) -> int:
        status, answer = self.order(*arguments, **more)
        assert status == 201, answer
        return int(answer["order"])

    def pay(self, order: int, method: str = "cash", key: str = "") -> dict[str, Any]:
        yen = self.ask("GET", f"/v1/orders/{order}")[1]["amount_yen"]
        body = {"order": order, "amount_yen": yen, "method": method, "brand": method}
        return dict(self.ask("POST", "/v1/payments", body, "app", key)[1])

    def cancel(self, order: int) -> None:
        assert self.ask("POST", f"/v1/orders/{order}/cancel")[0] == 200

    def points(self, shopper: int) -> tuple[int, int]:
        """Balance and held."""
        told = self.ask("GET", f"/v1/members/{shopper}/points")[1]
        assert told["free"] == told["balance"] - told["held"]
        return told["balance"], told["held"]

    def state_of(self, coupon: str) -> str:
        return str(self.ask("GET", f"/v1/coupons?code={coupon}")[1]["state"])

    def hold_ends(self, order: int) -> None:
        for table, column in (("orders", "id"), ("lines", "order_id")):
            self.sql(f"UPDATE {table} SET expires_at = expires_at - interval '1 day' WHERE {column} = $1", order)

    def ledger(self, order: int) -> dict[str, int]:
        """Balance of each account that is not zero, of one order."""
        query = """SELECT account, sum(amount_yen)::bigint AS yen FROM ledger_lines WHERE order_id = $1
                   GROUP BY account HAVING sum(amount_yen) <> 0"""
        return {row["account"]: row["yen"] for row in self.sql(query, order)}


def order_of(sku: int, units: int, fulfilment: str, **more: object) -> dict[str, Any]:
    line = {"sku": sku, "quantity": units, "unit_price_yen": YEN}
    return {"location": "station", "lines": [line], "channel": "app", "fulfilment": fulfilment, **more}


def opening(units: dict[int, int]) -> dict[str, Any]:
    return {
        "products": [{"sku": sku, "name": f"item {sku}", "price_yen": YEN} for sku in units],
        "stock": [{"location": "station", "sku": sku, "on_hand": n} for sku, n in units.items()],
        "points_percent": PERCENT,
    }


async def new_core(server: str, name: str, units: dict[int, int]) -> str:
    """The URL of a new database with the core's tables and `units` of each item."""
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    url = database_url(server, name)
    await apply_schema(url, stock_guard=True)
    async with shop(url) as seeded:
        assert (await seeded.call("back_office", "POST", "/v1/admin/seed", opening(units), "seed"))[0] == 200
    return url


@contextmanager
def a_desk(server: str, name: str) -> Iterator[Desk]:
    with asyncio.Runner() as runner:
        opened = shop(runner.run(new_core(server, name, {1: 100_000, 2: 1})))
        try:
            yield Desk(runner, runner.run(opened.__aenter__()))
        finally:
            runner.run(opened.__aexit__(None, None, None))


def assert_laws_hold(url: str, load: Path) -> None:
    """The audit's, of which those that this core's life has something for have looked at rows."""
    dump_core(url, load / "books")
    found = audit(load)
    ours = {"points_balances", "points_not_negative", "coupons_used_once", "points_of_orders", "benefits_booked"}
    broken = {verdict.law.name: verdict.findings[0].what for verdict in found.verdicts if verdict.broken}
    assert broken == {}
    assert {verdict.law.name for verdict in found.verdicts if verdict.checked} >= ours
    assert_books_hold(url)
