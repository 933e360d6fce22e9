"""A company's contribution by store, or by category of goods: what a parameter does to each part."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from sim.evaluation.exploring.optimum import POINTS, Curves, Floats, curves, places_without_each
from sim.evaluation.statistics import Interval, t_interval
from sim.evaluation.tables import opened
from sim.log.run_directory import replication_path

By = Literal["store", "area", "category"]

HOW: Final[dict[By, str]] = {
    "store": "A need's rows of the ledger count for the store where it ended, whatever was bought where; of needs "
    "without a store, and of rows without a need, the row's own store. from_home: needs that touched no store. Needs "
    "go over from one to another as the number changes: an optimum of a store is not one of the company.",
    "area": "A need's rows of the ledger count for the store that is nearest to the shopper's home, whatever was "
    "bought where: the same people in every world. Rows without a need count for their own store.",
    "category": "An order's rows of the ledger are divided over its goods by their value at catalogue prices: exact "
    "for sales up to discounts, an allocation for everything else. not_by_goods: "
    "bonus, stock, systems, and orders of which nothing was taken.",
}

_BY_STORE: Final = """
  select coalesce(n.store::varchar, l.store::varchar, case when l.need is null then 'company' else 'from_home' end),
    sum(l.amount_yen), coalesce(sum(l.amount_yen) filter (l.account in ('revenue', 'refund')), 0)
  from ledger l left join needs n using (need) group by 1"""

_BY_CATEGORY: Final = """
  with taken as (
    select "order", c.category::varchar as category,
      -sum(on_hand_change * price_yen) filter (reason <> 'customer_return') as kept,
      -sum(on_hand_change * price_yen) filter (reason in ('sale', 'pick', 'ship')) as taken
    from stock_moves join catalogue c using (sku) where "order" is not null group by 1, 2),
  -- Goods that nobody collected are back on the shelf: what the order cost is divided by what had been picked.
  valued as (
    select "order", category, case when sum(kept) over (partition by "order") > 0 then kept else taken end as worth
    from taken),
  shares as (
    select "order", category, worth / sum(worth) over (partition by "order") as share from valued where worth > 0)
  select coalesce(s.category, 'not_by_goods'), sum(l.amount_yen * coalesce(s.share, 1.0)),
    coalesce(sum(l.amount_yen * coalesce(s.share, 1.0)) filter (l.account in ('revenue', 'refund')), 0)
  from ledger l left join shares s using ("order") group by 1"""

_BY_AREA: Final = """
  with nearest as (
    select shopper, arg_min(store, (home_x_km - x_km) ** 2 + (home_y_km - y_km) ** 2) as area
    from shoppers, places group by 1)
  select coalesce(p.area, l.store::varchar, 'company'),
    sum(l.amount_yen), coalesce(sum(l.amount_yen) filter (l.account in ('revenue', 'refund')), 0)
  from ledger l left join needs n using (need) left join nearest p using (shopper) group by 1"""

_QUERIES: Final[dict[By, str]] = {"store": _BY_STORE, "area": _BY_AREA, "category": _BY_CATEGORY}


@dataclass(frozen=True)
class Parts:
    """Contribution and net revenue of each part, (replications, points); parts sum to the company."""

    contribution: dict[str, Floats]
    net_revenue: dict[str, Floats]


def parts_of(runs: Sequence[Path], replications: int, by: By) -> Parts:
    """Read the parts of the first `replications` of each run; a part that a world lacks has 0 there."""
    shape = (replications, len(runs))
    places = _places(runs[0])
    contribution: dict[str, Floats] = {}
    revenue: dict[str, Floats] = {}
    for point, run in enumerate(runs):
        for replication in range(replications):
            for part, yen, sold in _read(replication_path(run, replication), by, places):
                contribution.setdefault(part, np.zeros(shape))[replication, point] = yen
                revenue.setdefault(part, np.zeros(shape))[replication, point] = sold
    return Parts(dict(sorted(contribution.items())), dict(sorted(revenue.items())))


def own_instead_of_common(places: Sequence[float], contribution: Mapping[str, Floats]) -> Interval:
    """What all parts gain together if each has its own optimum instead of the one that is best for their sum.

    Optima are those that the other replications give. It takes for granted that the parts do not react to each other.
    """
    x = np.asarray(places, dtype=float)
    fitted = [curves(x, outcomes) for outcomes in contribution.values() if np.ptp(outcomes, axis=1).any()]
    if not fitted:
        return t_interval([0.0] * len(next(iter(contribution.values()))))
    rises = np.asarray(sum(curve.rises for curve in fitted))
    whole = Curves(POINTS, None, rises, None, x)
    each = np.arange(rises.shape[1])
    own = np.asarray(sum(curve.rises[places_without_each(curve), each] for curve in fitted))
    return t_interval((own - rises[places_without_each(whole), each]).tolist())


def _places(run: Path) -> list[tuple[str, float, float]]:
    """Stores and where they are; of one world for all, so that areas stay the same."""
    stores = tomllib.loads((run / "scenario.toml").read_text(encoding="utf-8"))["stores"]
    return [(name, float(store["x_km"]), float(store["y_km"])) for name, store in stores.items()]


def _read(directory: Path, by: By, places: list[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
    with opened(directory) as db:
        db.execute("create table places (store varchar, x_km double, y_km double)")
        db.executemany("insert into places values (?, ?, ?)", places)
        return [(str(part), float(yen), float(sold)) for part, yen, sold in db.execute(_QUERIES[by]).fetchall()]
