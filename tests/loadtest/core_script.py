"""A small storm in a fixed order: every kind of trouble that the core must survive, once or twice, by name.

Each scene is one or two journeys on items of its own. Time passes by moving times in the database into the past.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Any

from core_in_memory import Shop, held_row

from loadtest.psp.reconciliation import JAPAN

PLACE = "station"
UNITS = {**dict.fromkeys(range(1, 40), 50), 30: 1, 31: 1, 32: 2}
"""Opening stock by item: 30 and 31 are last units, 32 is hot."""
PRICE_YEN = 150


def opening() -> dict[str, Any]:
    """What `POST /v1/admin/seed` is given."""
    return {
        "products": [{"sku": sku, "name": f"item {sku}", "price_yen": PRICE_YEN} for sku in UNITS],
        "stock": [{"location": PLACE, "sku": sku, "on_hand": units} for sku, units in UNITS.items()],
        "points_percent": 10,
    }


class Journey:
    """One shopper; keys are made of the journey's number and the step, so that a repetition has the same."""

    def __init__(self, shop: Shop, number: int) -> None:
        self.shop = shop
        self.number = number
        self.order = 0
        self.yen = 0
        self.payment = 0

    def key(self, step: str) -> str:
        return f"{self.number}-{step}"

    async def reserve(self, sku: int, units: int) -> int:
        body = {"location": PLACE, "lines": [{"sku": sku, "quantity": units}], "ttl_s": 600}
        told = await self.shop.step(self.number, "reserve", "app", "/v1/reservations", body, self.key("reserve"))
        return int(told.get("reservation", 0))

    async def place(
        self,
        sku: int,
        units: int,
        fulfilment: str,
        reservation: int | None = None,
        *,
        twice: bool = False,
        off: int = 0,
        **more: Any,
    ) -> None:
        """`off`: what the coupon and points in `more` take off."""
        line = {"sku": sku, "quantity": units, "unit_price_yen": PRICE_YEN}
        body = {"location": PLACE, "lines": [line], "channel": "app", "fulfilment": fulfilment, **more}
        if reservation is not None:
            body["reservation"] = reservation
        told = await self.shop.step(self.number, "order", "app", "/v1/orders", body, self.key("order"))
        self.order, self.yen = int(told.get("order", 0)), units * PRICE_YEN - off
        if twice:
            await self.shop.call("app", "POST", "/v1/orders", body, self.key("order"))

    async def pay(
        self, method: str, brand: str = "card", cut: str = "", *, attempt: int = 1, twice: bool = False, **more: Any
    ) -> dict[str, Any]:
        """`cut`: the line to the provider breaks before or after the charge."""
        key = self.key(f"pay{attempt}")
        if cut:
            self.shop.line.cut[f"app:{key}"] = cut
        body = {"order": self.order, "amount_yen": self.yen, "method": method, "brand": brand, **more}
        told = await self.shop.step(self.number, "pay", "app", "/v1/payments", body, key)
        self.payment = int(told.get("payment", self.payment))
        if twice:
            await self.shop.call("app", "POST", "/v1/payments", body, key)
        return told

    async def advance(self, action: str, *, twice: bool = False) -> None:
        path, key = f"/v1/orders/{self.order}/{action}", self.key(action)
        await self.shop.step(self.number, action, "back_office", path, None, key, self.order)
        if twice:
            await self.shop.call("back_office", "POST", path, None, key)

    async def refund(self, yen: int, name: str, cut: str = "", *, twice: bool = False) -> None:
        key = self.key(name)
        if cut:
            self.shop.line.cut[f"app:{key}"] = cut
        body = {"payment": self.payment, "amount_yen": yen, "reason": "scene"}
        await self.shop.step(self.number, "refund", "app", "/v1/refunds", body, key, self.order)
        if twice:
            await self.shop.call("app", "POST", "/v1/refunds", body, key)

    async def told_by_provider(self, state: str, *, attempt: int = 1, times: int = 1) -> None:
        """`times` events of the same content under ids of their own, the first one delivered again after each."""
        merchant = f"app:{self.key(f'pay{attempt}')}"
        for number in range(times):
            await self.shop.webhook(merchant, state, f"event {merchant} {state} {number}")
            await self.shop.webhook(merchant, state, f"event {merchant} {state} 0")

    async def shopper_pays_code(self) -> None:
        self.shop.psp.book.customer_paid(f"app:{self.key('pay1')}", time.time())

    async def hold_ends(self, reservation: int = 0) -> None:
        for table, column in (("orders", "id"), ("lines", "order_id")):
            query = f"UPDATE {table} SET expires_at = expires_at - interval '1 day' WHERE {column} = $1"
            await self.shop.sql(query, self.order)
        for table, column in (("reservations", "id"), ("lines", "reservation_id")):
            query = f"UPDATE {table} SET expires_at = expires_at - interval '1 day' WHERE {column} = $1"
            await self.shop.sql(query, reservation)


async def sales_in_a_store(shop: Shop) -> None:
    for number, method in ((1, "cash"), (2, "card")):
        journey = Journey(shop, number)
        await journey.place(number, 2, "carry", twice=True)
        await journey.pay(method, method, twice=True)
    back = Journey(shop, 3)
    await back.place(3, 3, "carry")
    await back.pay("cash", "cash")
    await back.refund(PRICE_YEN, "back", twice=True)
    await back.refund(3 * PRICE_YEN, "too-much")


async def online_orders(shop: Shop) -> None:
    shipped = Journey(shop, 10)
    await shipped.place(10, 3, "ship")
    await shipped.advance("ship")  # not before it is paid
    await shipped.pay("card", "card_online")
    await shipped.shop.step(10, "ship", "back_office", f"/v1/orders/{shipped.order}/ship", None, "10-ship-again")
    for number, last in ((11, "collect"), (12, "cancel")):
        journey = Journey(shop, number)
        held = await journey.reserve(number, 2)
        await journey.place(number, 2, "collect", held)
        await shop.call("app", "DELETE", f"/v1/reservations/{held}")  # refused: it has become an order
        await journey.pay("wallet", "wallet")
        await journey.advance("ready")
        await journey.advance(last, twice=True)
    unpaid = Journey(shop, 13)
    await unpaid.place(13, 2, "ship")
    await unpaid.advance("cancel", twice=True)


async def payments_that_fail(shop: Shop) -> None:
    declined = Journey(shop, 20)
    await declined.place(14, 1, "carry")
    await declined.pay("card", "broke")
    await declined.advance("cancel")
    wrong = Journey(shop, 21)
    await wrong.place(14, 2, "carry")
    wrong.yen -= 1
    await wrong.pay("card", attempt=1)
    wrong.yen += 1
    await wrong.pay("card", attempt=2)
    overdue = Journey(shop, 22)
    await overdue.place(14, 1, "ship")
    await overdue.hold_ends()
    await overdue.pay("card")


async def answers_that_never_come(shop: Shop) -> None:
    told = Journey(shop, 30)
    await told.place(15, 2, "ship")
    await told.pay("card", cut="after")
    await told.told_by_provider("captured", times=2)
    await told.told_by_provider("declined")  # older news that was overtaken
    silent = Journey(shop, 31)
    await silent.place(15, 1, "ship")
    await silent.pay("card", cut="after")
    nothing = Journey(shop, 32)
    await nothing.place(15, 1, "ship")
    await nothing.pay("card", cut="before")
    second = Journey(shop, 33)
    await second.place(15, 1, "ship")
    await second.pay("card", cut="after")
    await second.pay("card", attempt=2)  # refused: the first is not resolved


async def successes_that_come_too_late(shop: Shop) -> None:
    cancelled = Journey(shop, 40)
    await cancelled.place(16, 2, "ship")
    await cancelled.pay("card", cut="after")
    await cancelled.advance("cancel")
    await cancelled.told_by_provider("captured", times=2)
    expired = Journey(shop, 41)
    await expired.place(30, 1, "ship")
    await expired.pay("card", cut="after")
    await expired.hold_ends()
    next_one = Journey(shop, 42)
    await next_one.place(30, 1, "carry")  # takes the last unit, whose hold has ended
    await next_one.pay("cash", "cash")


async def codes(shop: Shop) -> None:
    _, code = await shop.call("app", "POST", "/v1/payment-codes", {"shopper": 1, "brand": "qr"}, "code-1")
    for number in (50, 51):
        journey = Journey(shop, number)
        await journey.place(17, 1, "carry")
        await journey.pay("cpm", "qr", code=code["code"])  # the second is refused: the code was used
    scanned = Journey(shop, 52)
    await scanned.place(17, 1, "carry")
    await scanned.pay("dynamic_qr", "qr")
    await scanned.shopper_pays_code()
    await scanned.told_by_provider("captured", times=2)
    left = Journey(shop, 53)
    await left.place(17, 1, "carry")
    await left.pay("dynamic_qr", "qr")


async def money_back(shop: Shop) -> None:
    parts = Journey(shop, 60)
    await parts.place(18, 3, "ship")
    await parts.pay("card")
    await parts.refund(PRICE_YEN, "first", twice=True)
    await parts.refund(3 * PRICE_YEN, "too-much")
    await parts.advance("cancel")  # gives back the rest
    for number, cut in ((61, "before"), (62, "after")):
        journey = Journey(shop, number)
        await journey.place(18, 2, "ship")
        await journey.pay("card")
        await journey.refund(PRICE_YEN, "lost", cut)


async def holds_that_end(shop: Shop) -> None:
    released = Journey(shop, 70)
    held = await released.reserve(19, 2)
    await Journey(shop, 71).reserve(19, 5)
    for _ in range(2):
        await shop.call("app", "DELETE", f"/v1/reservations/{held}")
    slow = Journey(shop, 72)
    late = await slow.reserve(31, 1)
    await slow.hold_ends(late)
    quick = Journey(shop, 73)
    await quick.place(31, 1, "carry")
    await quick.pay("cash", "cash")
    await slow.place(31, 1, "carry", late)  # refused: the hold has ended and the unit is sold
    if slow.order:
        await slow.pay("cash", "cash")


async def coupon(shop: Shop, name: str) -> str:
    """The code of a new coupon of 30 yen."""
    body = {"discount_yen": 30, "min_yen": PRICE_YEN, "ttl_s": 7 * 86_400}
    _, answer = await shop.call("app", "POST", "/v1/coupons", body, name)
    return str(answer["code"])


async def coupons_and_points(shop: Shop) -> None:
    for shopper, points in ((7, 200), (8, 100)):
        body = {"shopper": shopper, "points": points}
        await shop.call("back_office", "POST", "/v1/points", body, f"points for {shopper}")
    once = await coupon(shop, "coupon-1")
    both = Journey(shop, 100)
    await both.place(21, 2, "carry", off=80, shopper=7, coupon=once, points=50, twice=True)
    await both.pay("cash", "cash", twice=True)
    refusals: tuple[tuple[int, int, int, dict[str, Any]], ...] = (
        (101, 1, 30, {"coupon": once}),  # was used
        (102, 10, 1000, {"shopper": 7, "points": 1000}),  # are not there
    )
    for number, units, off, more in refusals:
        refused = Journey(shop, number)
        await refused.place(21, units, "carry", off=off, **more)
        if refused.order:
            await refused.pay("cash", "cash")
    await unpaid_benefits(shop)
    earns, spends = Journey(shop, 110), Journey(shop, 111)
    await earns.place(23, 2, "carry", shopper=9)
    await earns.pay("cash", "cash")
    await spends.place(23, 1, "carry", off=30, shopper=9, points=30)
    await spends.pay("cash", "cash")
    await earns.refund(2 * PRICE_YEN, "back")  # of the 30 points that it earned 12 are there


async def unpaid_benefits(shop: Shop) -> None:
    """One coupon and the points of one shopper go from order to order until one is paid, and then given back."""
    code = await coupon(shop, "coupon-2")
    more: dict[str, Any] = {"shopper": 8, "coupon": code, "points": 60}
    await Journey(shop, 103).place(22, 51, "ship", off=90, **more)  # no stock: keeps neither
    overdue = Journey(shop, 104)
    await overdue.place(22, 2, "ship", off=90, **more)
    await overdue.hold_ends()
    cancelled = Journey(shop, 105)
    await cancelled.place(22, 2, "ship", off=90, **more)
    await cancelled.advance("cancel")
    late = Journey(shop, 106)
    await late.place(22, 2, "ship", off=90, **more)
    await late.pay("card", cut="after")
    await late.advance("cancel")
    await late.told_by_provider("captured")
    returned = Journey(shop, 107)
    await returned.place(22, 2, "ship", off=90, **more)
    await returned.pay("card")
    await returned.refund(100, "part")
    await returned.advance("cancel")


async def hot_item(shop: Shop) -> None:
    """Two units and more buyers: the first waits for the stock row, the others for the batch of the first."""
    buyers = [Journey(shop, 80 + number) for number in range(6)]
    async with held_row(shop.url, PLACE, 32):
        placing = [asyncio.create_task(buyer.place(32, 1, "carry")) for buyer in buyers]
        waiting = "SELECT count(*) AS n FROM pg_locks WHERE NOT granted"
        deadline = time.monotonic() + 10
        while (await shop.sql(waiting))[0]["n"] == 0:
            assert time.monotonic() < deadline, "nobody waits for the item"
            await asyncio.sleep(0.005)
    await asyncio.gather(*placing)
    for buyer in buyers:
        if buyer.order:
            await buyer.pay("cash", "cash")


async def end_of_the_day(shop: Shop) -> None:
    """A day later: everything open is resolved, a code is paid after its life, the provider's files are matched."""
    for table in ("payments", "refunds"):
        await shop.sql(f"UPDATE {table} SET called_at = called_at - interval '1 day'")
    await shop.call("back_office", "POST", "/v1/admin/reconcile", {}, "reconcile-1")
    left = Journey(shop, 53)
    await left.shopper_pays_code()
    await left.told_by_provider("captured")
    for number in (2, 3):
        await shop.sql("UPDATE refunds SET called_at = called_at - interval '1 day'")
        await shop.call("back_office", "POST", "/v1/admin/reconcile", {}, f"reconcile-{number}")
    for number in (1, 2, 3):
        body = {"day": datetime.now(JAPAN).date().isoformat()}
        await shop.call("back_office", "POST", "/v1/admin/settle", body, f"settle-{number}")


SCENES = (
    sales_in_a_store,
    online_orders,
    payments_that_fail,
    answers_that_never_come,
    successes_that_come_too_late,
    codes,
    money_back,
    holds_that_end,
    coupons_and_points,
    hot_item,
    end_of_the_day,
)


async def storm(shop: Shop) -> None:
    """All scenes, one after the other."""
    for scene in SCENES:
        await scene(shop)
