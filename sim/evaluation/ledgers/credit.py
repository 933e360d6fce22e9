"""Whose evaluation a sale counts for, beside whose P/L it stands in: two different things.

Accounting credit gives every yen of sales one owner (`siloed`). Evaluation credit is what a store's staff and the EC
division are judged by. It follows [evaluation], with the rules by which staff are paid: a staff code goes before the
place where the order was placed or is collected. What a store does not get of an online sale is EC's; with shadow
credit EC also keeps part of what the store gets, and the sum exceeds the company's sales by exactly that part.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np

from scenarios.evaluation import Booking, Evaluation
from scenarios.schema import Scenario
from sim.evaluation.ledgers.rounding import divide, largest_remainder
from sim.evaluation.ledgers.siloed import SALES, UNALLOCATED, profit_and_loss

EC: Final = "ec"
NO_STORE: Final = "no_store"
"""Sales of the store division that no single store made."""

_SOLD: Final = f"""
  select l.order_channel, l.fulfilment, l.store, l.staff, o.shopper, sum(l.amount_yen)::bigint
  from ledger l left join orders o using ("order") where {SALES}
  group by l."order", l.order_channel, l.fulfilment, l.store, l.staff, o.shopper"""
_HOMES: Final = "select staff, any_value(store)::varchar from staff_contacts group by 1"
_ADVISED: Final = """
  with sold as (select "order", need, sum(amount_yen)::bigint as yen from ledger
    where account in ('revenue', 'refund') and order_channel <> 'store' group by 1, 2),
  placed as (select s.*, coalesce(o.placed_s, 'infinity') as placed_s from sold s left join orders o using ("order")),
  advice as (
    select p."order", c.staff, min(c.time_s) as at_s from placed p join staff_contacts c using (need)
      where c.accepted and c.time_s <= p.placed_s group by 1, 2
    union all select distinct "order", staff, 'infinity' from ledger
      where account = 'revenue' and order_channel <> 'store' and staff is not null)
  select a."order", any_value(p.yen), list(a.staff order by a.at_s, a.staff) from
    (select "order", staff, min(at_s) as at_s from advice group by 1, 2) a join placed p using ("order")
  group by 1 order by 1"""

Sale = tuple[str, str | None, str | None, int | None, int | None, int]
"""Channel, fulfilment, store, staff code, shopper, yen less refunds."""


@dataclass(frozen=True)
class Credits:
    """Net sales, and for whom they count; keys are ids of stores, `ec`, and what nobody's evaluation has."""

    sales_yen: int
    evaluation: dict[str, int]
    shadow_yen: int
    """Counted for a store and for EC."""

    @property
    def inflation(self) -> float:
        """What counts for stores and EC together, against the company's sales: above 1 where sales count twice."""
        counted = sum(yen for who, yen in self.evaluation.items() if who != UNALLOCATED)
        return counted / self.sales_yen if self.sales_yen else float("nan")


def evaluation_credits(db: duckdb.DuckDBPyConnection, scenario: Scenario) -> Credits:
    """Yen of sales less refunds that count for each store and for EC; what counts for neither is `unallocated`."""
    pay = scenario.evaluation
    homes: dict[int, str] = dict(db.execute(_HOMES).fetchall())
    nearest = _nearest(db, scenario) if pay.radius_store_credit else {}
    found: Counter[str] = Counter()
    shadow_yen = 0
    sales: list[Sale] = db.execute(_SOLD).fetchall()
    for sale in sales:
        share, store = _credit(sale, pay, homes, nearest)
        channel, yen = sale[0], sale[-1]
        of_store, rest = divide(yen, share) if store is not None else (0, yen)
        if store is not None:
            found[store] += of_store
        if channel == "store":
            found[UNALLOCATED] += rest
            continue
        shadow = divide(of_store, pay.shadow_credit)[0]
        found[EC] += rest + shadow
        shadow_yen += shadow
    return Credits(sum(sale[-1] for sale in sales), {who: yen for who, yen in found.items() if yen}, shadow_yen)


def _credit(sale: Sale, pay: Evaluation, homes: dict[int, str], nearest: dict[int, str]) -> tuple[float, str | None]:
    """Share of a sale that counts for a store, and for which one (None for none)."""
    channel, fulfilment, store, staff, shopper, _ = sale
    if channel == "store":
        return pay.till_sale_store_credit, store
    if staff is not None:
        app = pay.app_sale_store_credit if channel == "app" else 0.0
        return max(app, pay.code_store_credit), homes.get(staff, store)
    if channel == "app":
        return pay.app_sale_store_credit, store
    if fulfilment == "collect":
        return pay.collect_store_credit, store
    return pay.radius_store_credit, nearest.get(shopper) if shopper is not None else None


def _nearest(db: duckdb.DuckDBPyConnection, scenario: Scenario) -> dict[int, str]:
    """The store nearest to each shopper's home, if it is within the radius."""
    shoppers = db.execute("select shopper, home_x_km, home_y_km from shoppers").fetchnumpy()
    stores = list(scenario.stores)
    x, y = (np.array([getattr(store, axis) for store in scenario.stores.values()]) for axis in ("x_km", "y_km"))
    km = np.hypot(shoppers["home_x_km"][:, None] - x, shoppers["home_y_km"][:, None] - y)
    within = np.flatnonzero(km.min(axis=1) <= scenario.evaluation.radius_km)
    return {int(shoppers["shopper"][row]): stores[km[row].argmin()] for row in within.tolist()}


def accounting_credits(db: duckdb.DuckDBPyConnection, booking: Booking) -> dict[str, int]:
    """Yen of sales less refunds that stand in the books of each store, of EC, and of neither division."""
    found: Counter[str] = Counter()
    places = [row[0] for row in db.execute(f"select distinct store::varchar from ledger where {SALES}").fetchall()]
    for place in places:
        here = "store is null" if place is None else f"store = '{place.replace(chr(39), chr(39) * 2)}'"
        for (owner, account), yen in profit_and_loss(db, booking, f"{SALES} and {here}").items():
            if account != "transfer":
                found[(place or NO_STORE) if owner == "store" else owner] += yen
    return {who: yen for who, yen in found.items() if yen}


def assistants(db: duckdb.DuckDBPyConnection) -> dict[int, dict[int, int]]:
    """Yen of each online order by staff: those whose advice was followed before it, and whoever's code it carries.

    Several share an order equally, by largest remainder; of yen that are left over the earlier contact gets the first.
    """
    found = {}
    for order, yen, staff in db.execute(_ADVISED).fetchall():
        found[order] = dict(zip(staff, largest_remainder(yen, [1] * len(staff)), strict=True))
    return found
