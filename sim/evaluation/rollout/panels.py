"""Store-weeks of one replication: as the company books them, by the shoppers' home catchment, and as that truly is.

A shopper's catchment is the store nearest to their home. The company knows the home of whoever it identifies: the
delivery address of an online order, the address on an account or a member card. Receipts that nobody can be named for
are spread over the catchments as that store's member receipts are, in number and over all weeks: by week, or by yen, it
would be more chance than flow. Costs of a place without a need
(shrink, counting, bonus) stay with the store in every view; what belongs to EC or the whole company is in none.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import numpy as np

from scenarios.errors import UsageError
from scenarios.schema import Scenario
from sim.calendar import DAY_S
from sim.evaluation.rollout.schedule import DAYS_A_WEEK, Ints, weeks_of
from sim.evaluation.rollout.weightings import Flags, Floats
from sim.evaluation.tables import opened

OUTCOMES: Final = ("sales_yen", "contribution_yen")
LEVELS: Final = ("store", "catchment")

_ROWS: Final = """
  select floor(l.time_s / {week_s})::int as week, coalesce(l.store::varchar, '') as store, o.shopper,
    coalesce(o.identified, false) as identified, coalesce(o.order_channel::varchar = 'store', false) as at_till,
    count(distinct l."order") as orders,
    coalesce(sum(amount_yen) filter (where account in ('revenue', 'refund')), 0)::bigint as sales_yen,
    sum(amount_yen)::bigint as contribution_yen
  from ledger l left join orders o using ("order") where l.time_s < {end_s} group by all"""


@dataclass(frozen=True)
class Panels:
    """One replication: outcome -> (stores, weeks) in yen, and the company's whole sum over these weeks."""

    store: dict[str, Floats]
    catchment: dict[str, Floats]
    """By home catchment, as far as the company can tell."""
    true_catchment: dict[str, Floats]
    """By everybody's real home."""
    company: dict[str, int]

    def seen(self, level: str, outcome: str) -> Floats:
        """What an analyst would use."""
        return (self.store if level == "store" else self.catchment)[outcome]

    def real(self, level: str, outcome: str) -> Floats:
        """The same without error."""
        return (self.store if level == "store" else self.true_catchment)[outcome]


@dataclass(frozen=True)
class _Rows:
    """Sums of the ledger by week, store (-1 for none), home catchment (-1 for rows of no order) and how known."""

    week: Ints
    store: Ints
    home: Ints
    known: Flags
    at_till: Flags
    orders: Ints
    yen: dict[str, Ints]


def home_catchments(db: duckdb.DuckDBPyConnection, scenario: Scenario) -> Ints:
    """Index of the store nearest to each shopper's home, by shopper."""
    homes = db.execute("select home_x_km, home_y_km from shoppers order by shopper").fetchnumpy()
    x = np.array([store.x_km for store in scenario.stores.values()])
    y = np.array([store.y_km for store in scenario.stores.values()])
    km = np.hypot(np.asarray(homes["home_x_km"])[:, None] - x, np.asarray(homes["home_y_km"])[:, None] - y)
    nearest: Ints = np.argmin(km, axis=1)
    return nearest


def panels(directory: Path, scenario: Scenario) -> Panels:
    """The panels of the replication in `directory`; `UsageError` where it has no whole week."""
    weeks, stores = weeks_of(scenario), len(scenario.stores)
    if weeks < 2:
        raise UsageError(f"horizon.days = {scenario.horizon.days}: a rollout needs weeks before and after its waves")
    with opened(directory) as db:
        rows = _rows(db, scenario)
    store, seen, real = ({name: np.zeros((stores, weeks)) for name in OUTCOMES} for _ in range(3))
    shares = _member_shares(rows, stores)
    for name, yen in rows.yen.items():
        own = rows.store >= 0
        _add(store[name], rows.store, rows.week, yen, own)
        placeless = own & (rows.home < 0)
        homed = rows.home >= 0
        for panel in (seen[name], real[name]):
            _add(panel, rows.store, rows.week, yen, placeless)
        _add(real[name], rows.home, rows.week, yen, homed)
        _add(seen[name], rows.home, rows.week, yen, homed & rows.known)
        unknown = np.zeros((stores, weeks))
        _add(unknown, rows.store, rows.week, yen, homed & ~rows.known)
        seen[name] += shares.T @ unknown
    return Panels(store, seen, real, {name: int(yen.sum()) for name, yen in rows.yen.items()})


def _rows(db: duckdb.DuckDBPyConnection, scenario: Scenario) -> _Rows:
    week_s = DAYS_A_WEEK * DAY_S
    found = db.execute(_ROWS.format(week_s=week_s, end_s=weeks_of(scenario) * week_s)).fetchnumpy()
    index = {store: at for at, store in enumerate(scenario.stores)}
    shopper = np.ma.filled(np.ma.asarray(found["shopper"]).astype(np.int64), -1)
    nearest = home_catchments(db, scenario)
    store = np.array([index.get(str(name), -1) for name in found["store"]], dtype=np.int64)
    return _Rows(
        week=np.asarray(found["week"], dtype=np.int64),
        store=store,
        home=np.where(shopper >= 0, nearest[np.maximum(shopper, 0)], -1),
        known=np.asarray(found["identified"], dtype=bool) | (store < 0),
        at_till=np.asarray(found["at_till"], dtype=bool),
        orders=np.asarray(found["orders"], dtype=np.int64),
        yen={name: np.asarray(found[name], dtype=np.int64) for name in OUTCOMES},
    )


def _member_shares(rows: _Rows, stores: int) -> Floats:
    """Shape (stores, catchments): where those live who leave a store's member receipts; around it if nobody does."""
    receipts = np.zeros((stores, stores))
    use = rows.known & rows.at_till & (rows.home >= 0) & (rows.store >= 0)
    np.add.at(receipts, (rows.store[use], rows.home[use]), rows.orders[use])
    total = receipts.sum(axis=1, keepdims=True)
    shares: Floats = np.where(total > 0, receipts / np.maximum(total, 1.0), np.eye(stores))
    return shares


def _add(panel: Floats, unit: Ints, week: Ints, yen: Ints, use: Flags) -> None:
    np.add.at(panel, (unit[use], week[use]), yen[use])
