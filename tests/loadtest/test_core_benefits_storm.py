"""Everybody at once for few coupons and few points, at two cores: whoever comes first has them, once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from core_desk import PERCENT, assert_laws_hold, new_core, order_of
from core_harness import sql
from core_in_memory import Shop, shop

from loadtest import office
from loadtest.embedded_postgres import embedded_postgres

BUYERS = 24
COUPONS = 4
SHOPPERS = 3
GRANTED = 200
JOURNEYS = 240


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with embedded_postgres() as url:
        sql(url, "ALTER ROLE postgres SET synchronous_commit = off")  # nothing is killed here
        yield url


def test_two_cores_give_one_coupon_once_and_no_balance_below_zero(server: str) -> None:
    """Everybody at once for one coupon, and for 100 points by 30: one order gets the coupon, three the points."""

    async def rush() -> tuple[str, list[Any], list[Any]]:
        url = await new_core(server, "rush", {1: 1000})
        async with shop(url) as one, shop(url) as two:
            _, coupon = await one.call("app", "POST", "/v1/coupons", {"discount_yen": 30, "ttl_s": 1000}, "coupon")
            await one.call("back_office", "POST", "/v1/points", {"shopper": 1, "points": 100}, "points")
            wishes: list[dict[str, Any]] = [{"coupon": coupon["code"]}, {"shopper": 1, "points": 30}]
            told = await asyncio.gather(
                *(
                    core.call("app", "POST", "/v1/orders", order_of(1, 1, "carry", **wish), f"{number} {place}")
                    for number in range(BUYERS)
                    for core in (one, two)
                    for place, wish in enumerate(wishes)
                )
            )  # both cores are sent the same keys
        return url, told[0::2], told[1::2]

    url, coupons, points = asyncio.run(rush())
    assert len({answer["order"] for status, answer in coupons if status == 201}) == 1
    assert len({answer["order"] for status, answer in points if status == 201}) == 3
    errors = {answer["error"] for status, answer in coupons + points if status == 409}
    assert errors <= {"coupon_used", "points_short", "in_flight"}
    assert sql(url, "SELECT balance, held FROM points_accounts") == [{"balance": 100, "held": 90}]
    assert sql(url, "SELECT held FROM stock") == [{"held": 4}]


async def journey(shop: Shop, number: int, codes: list[str], seen: dict[int, str]) -> None:
    """One shopper at one of two cores: an order for a coupon, points or both, and one of the ends that it may have.

    `seen`: order -> what the client knows it ended as: paid, cancelled, or open where it knows no more.
    """
    draw = random.Random(number)
    wish = order_of(
        draw.choice([1, 2, 3]), 2, "ship", shopper=draw.randrange(SHOPPERS), points=draw.choice([0, 20, 60])
    )
    if draw.random() < 0.6:
        wish["coupon"] = draw.choice(codes)
    status, told = await shop.call("app", "POST", "/v1/orders", wish, f"order {number}")
    if status != 201:
        assert told["error"] in ("coupon_used", "points_short", "insufficient_stock"), told
        return
    order, end = told["order"], draw.choice(["walk", "slow", "cancel", "cash", "card", "lost", "late", "back"])
    seen[order] = "open"
    if end in ("walk", "slow"):
        await hold_ends(shop, order)
    if end in ("cash", "slow", "card", "lost", "late", "back"):
        method = "cash" if end in ("cash", "slow") else "card"
        if end in ("lost", "late"):
            shop.line.cut[f"app:pay {number}"] = "after" if end == "late" else draw.choice(["before", "after"])
        body = {"order": order, "amount_yen": told["amount_yen"], "method": method, "brand": method}
        status, paid = await shop.call("app", "POST", "/v1/payments", body, f"pay {number}")
        seen[order] = "paid" if status == 201 and paid["state"] == "captured" else "open"
    if end == "late":
        await hold_ends(shop, order)
        await shop.webhook(f"app:pay {number}", "captured", f"event {number}")
    if end in ("cancel", "back"):
        await shop.call("back_office", "POST", f"/v1/orders/{order}/cancel", None, f"cancel {number}")
        seen[order] = "cancelled"


async def hold_ends(shop: Shop, order: int) -> None:
    for table, column in (("orders", "id"), ("lines", "order_id")):
        await shop.sql(f"UPDATE {table} SET expires_at = now() WHERE {column} = $1", order)


def test_after_a_storm_at_two_cores_every_point_and_every_coupon_is_accounted_for(server: str, tmp_path: Path) -> None:
    async def storm() -> tuple[str, dict[int, str]]:
        url = await new_core(server, "storm", {1: 1000, 2: 1000, 3: 60})
        seen: dict[int, str] = {}
        async with shop(url) as one, shop(url) as two:
            two.psp.book = one.psp.book  # one provider
            for shopper in range(SHOPPERS):
                grant = {"shopper": shopper, "points": GRANTED}
                await one.call("back_office", "POST", "/v1/points", grant, f"grant {shopper}")
            issue = {"discount_yen": 30, "ttl_s": 1000}
            issued = [await one.call("app", "POST", "/v1/coupons", issue, f"c {n}") for n in range(COUPONS)]
            codes = [answer["code"] for _, answer in issued]
            crowd = asyncio.Semaphore(BUYERS)

            async def one_of(number: int) -> None:
                async with crowd:
                    await journey((one, two)[number % 2], number, codes, seen)

            await asyncio.gather(*(one_of(number) for number in range(JOURNEYS)))
            for table in ("payments", "refunds"):
                await one.sql(f"UPDATE {table} SET called_at = called_at - interval '1 hour'")
            for turn in range(2):
                await one.call("back_office", "POST", "/v1/admin/reconcile", None, f"reconcile {turn}")
                await one.sql("UPDATE orders SET expires_at = now() WHERE state = 'pending_payment'")
            office.write_psp_tables(b"".join(one.psp.book.lines()), tmp_path / "books")
        return url, seen

    url, seen = asyncio.run(storm())
    assert set(seen.values()) == {"open", "paid", "cancelled"}
    assert_laws_hold(url, tmp_path)
    orders = {row["id"]: row for row in sql(url, "SELECT id, state, coupon_yen, points_used FROM orders")}
    assert orders.keys() == seen.keys()
    for order, end in seen.items():
        assert end == "open" or orders[order]["state"] == end
    assert_balances_are_those_of_one_after_the_other(url)
    used = sql(url, "SELECT count(*) AS n FROM coupons WHERE state = 'used'")[0]["n"]
    took = sql(url, "SELECT count(*) AS n FROM orders WHERE coupon_yen > 0 AND payment_id IS NOT NULL")[0]["n"]
    assert 0 < used == took <= COUPONS
    sql(url, "SELECT pg_stat_force_next_flush()")
    assert sql(url, "SELECT deadlocks FROM pg_stat_database WHERE datname = 'storm'") == [{"deadlocks": 0}]


def assert_balances_are_those_of_one_after_the_other(url: str) -> None:
    """Each shopper's movements in turn, against a model that knows the orders and the rules and no accounts."""
    orders = {row["id"]: row for row in sql(url, "SELECT id, shopper, amount_yen, points_used FROM orders")}
    balance = dict.fromkeys(range(SHOPPERS), 0)
    held = dict.fromkeys(range(SHOPPERS), 0)
    for move in sql(url, "SELECT shopper, reason, balance_change, order_id FROM points_moves ORDER BY id"):
        shopper, reason = move["shopper"], move["reason"]
        if reason == "grant":
            balance[shopper] += GRANTED
            continue
        order = orders[move["order_id"]]
        points, earned = order["points_used"], order["amount_yen"] * PERCENT // 100
        assert order["shopper"] == shopper
        held[shopper] += {"hold": points, "release": -points, "use": -points}.get(reason, 0)
        taken = min(earned, balance[shopper] - held[shopper])
        change = {"use": -points, "earn": earned, "give_back": points, "take_back": -taken}.get(reason, 0)
        assert move["balance_change"] == change, move
        balance[shopper] += change
        assert 0 <= held[shopper] <= balance[shopper], move
    told = sql(url, "SELECT shopper, balance, held FROM points_accounts ORDER BY shopper")
    assert told == [{"shopper": n, "balance": balance[n], "held": held[n]} for n in range(SHOPPERS)]
    assert set(held.values()) == {0}
