"""Which channels each shopper bought through in one world, and what was spent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from scenarios.schema import Scenario
from sim.evaluation.lifetime_value.truth import lifetimes
from sim.evaluation.tables import opened
from sim.needs import Ints
from sim.streams import Floats

BUYERS: Final = """
  with buyers as (
    select shopper, count(distinct order_channel) filter (where true) as channels,
      bool_or(order_channel = 'store') as in_store, bool_or(order_channel <> 'store') as online,
      sum(net_yen) as yen, count(*) as orders, max(placed_s) as last_s,
      avg(net_yen) filter (where order_channel = 'store') as store_basket
    from orders where state = 'completed' group by 1)"""
"""SQL: one row per shopper with a completed order; online is in the app, in a store or anywhere, and the EC shop."""

_SHOPPERS: Final = f"""{BUYERS}, spent as (
    select shopper, sum(net_yen) as net_yen, sum(contribution_yen) as contribution_yen from needs group by 1)
  select s.shopper, s.age_band::varchar as age_band, s.digital_affinity,
    coalesce(in_store, false) as in_store, coalesce(online, false) as online,
    coalesce(yen, 0)::double as ordered_yen, coalesce(orders, 0)::double as orders,
    coalesce(net_yen, 0)::double as net_yen, coalesce(contribution_yen, 0)::double as contribution_yen
  from shoppers s left join buyers using (shopper) left join spent using (shopper) order by 1"""


@dataclass(frozen=True)
class ChannelUse:
    """Arrays of shape (n_shoppers,), row = shopper."""

    shopper: Ints
    age_band: NDArray[Any]
    digital_affinity: Floats
    in_store: NDArray[np.bool_]
    """Has bought at a till."""
    online: NDArray[np.bool_]
    """Has bought in the app or in the EC shop."""
    ordered_yen: Floats
    """Completed orders, before returns."""
    orders: Floats
    net_yen: Floats
    """Sales less refunds of all needs."""
    contribution_yen: Floats

    @property
    def both(self) -> NDArray[np.bool_]:
        """Has bought at a till and online."""
        return self.in_store & self.online

    @property
    def store_only(self) -> NDArray[np.bool_]:
        """Has bought at tills alone."""
        return self.in_store & ~self.online


@dataclass(frozen=True)
class Worth(ChannelUse):
    """Channel use, and what each shopper is worth to the company."""

    lifetime_yen: Floats
    """True lifetime value: what was contributed, and what is expected after the horizon."""


def channel_use(directory: Path) -> ChannelUse:
    """Channel use in the replication of `directory`."""
    with opened(directory) as db:
        return ChannelUse(**_columns(db))


def worth(directory: Path, scenario: Scenario) -> Worth:
    """The same with lifetime values; `scenario` is the one that was run."""
    with opened(directory) as db:
        columns = _columns(db)
        to_come = lifetimes(db, scenario).residual_yen
    return Worth(**columns, lifetime_yen=columns["contribution_yen"] + to_come)


def naive_premium(use: ChannelUse, among: NDArray[np.bool_] | None = None) -> float:
    """Mean spend of customers of both channels over that of store-only customers, `among` these shoppers; or nan."""
    everybody = np.ones(len(use.shopper), dtype=np.bool_) if among is None else among
    both, store_only = use.both & everybody, use.store_only & everybody
    if not both.any() or not store_only.any():
        return float("nan")
    return float(use.ordered_yen[both].mean() / use.ordered_yen[store_only].mean())


def lifetime_premium(use: Worth) -> float:
    """Mean lifetime value of customers of both channels over that of store-only customers; nan where one is missing."""
    if not use.both.any() or not use.store_only.any():
        return float("nan")
    return float(use.lifetime_yen[use.both].mean() / use.lifetime_yen[use.store_only].mean())


def uplift(off: ChannelUse, on: ChannelUse, among: NDArray[np.bool_]) -> float:
    """How much more the shoppers `among` spend, net of returns, in the world `on` than the same ones in `off`."""
    before = float(off.net_yen[among].sum())
    return float(on.net_yen[among].sum()) / before - 1 if before else float("nan")


def _columns(db: duckdb.DuckDBPyConnection) -> dict[str, NDArray[Any]]:
    return {name: np.asarray(column) for name, column in db.execute(_SHOPPERS).fetchnumpy().items()}
