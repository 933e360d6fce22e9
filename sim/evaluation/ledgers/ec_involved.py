"""How much of the sales is EC's: three shares that one log gives, by what is said to be EC's.

Camera Kitamura (S66, S161) reports "EC-involved sales" of 43.0 billion yen: 11.9 delivered, 14.3 ordered at home and
collected in a store, 16.7 ordered on a tablet in a store. Whoever credits EC with deliveries only sees 28 %.
"""

from __future__ import annotations

from typing import Final

import duckdb

from sim.evaluation.ledgers.siloed import SALES

DEFINITIONS: Final[dict[str, tuple[str, ...]]] = {
    "delivery": ("delivery",),
    "and_home_pickup": ("delivery", "home_pickup"),
    "and_in_store": ("delivery", "home_pickup", "in_store"),
}
"""What counts as EC's, ever wider; the last is all that EC has anything to do with."""

_INVOLVED: Final = f"""
  select case when order_channel = 'app' then 'in_store' when fulfilment = 'collect' then 'home_pickup'
      else 'delivery' end,
    sum(amount_yen)::bigint
  from ledger where {SALES} and order_channel in ('ec', 'app') group by 1"""


def ec_involved_yen(db: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Sales less refunds by how EC was involved.

    `delivery` was ordered at home and sent, `home_pickup` ordered at home and collected in a store, `in_store` ordered
    or paid on a screen in a store.
    """
    return dict.fromkeys(DEFINITIONS["and_in_store"], 0) | dict(db.execute(_INVOLVED).fetchall())


def ec_shares(involved_yen: dict[str, int]) -> dict[str, float]:
    """Share of EC-involved sales that is EC's, by definition; nan where there are none."""
    total = sum(involved_yen.values())
    counted = {name: sum(involved_yen[kind] for kind in kinds) for name, kinds in DEFINITIONS.items()}
    return {name: yen / total if total else float("nan") for name, yen in counted.items()}
