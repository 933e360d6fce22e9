"""The true lifetime value of each shopper: what the needs brought inside the horizon, and what is expected after it.

A shopper who knows the company and has not dropped out goes on as the world ended. With n needs a day, a share b of
them bought, v yen of contribution per purchase, a probability h of being lost after each purchase and discounting at
the rate d a day, T days ahead are worth

    n b v (1 - exp(-(d + h n b) T)) / (d + h n b),

because purchases are Poisson and each is the last one with probability h (the story of BG/NBD: Fader, Hardie and Lee,
Marketing Science 24(2), 2005). n is the shopper's own. b and v are those of the world's shoppers of the same age, and
h is the world's drop-outs per purchase; satisfaction moves b on the logit scale and h by a factor, as it does in the
world (`sim.choice`, `sim.loyalty.dropping_out`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from scenarios.loyalty import Loyalty
from scenarios.schema import Scenario
from sim.log.schema import Outcome, quoted
from sim.needs import Ints
from sim.streams import Floats

YEARS: Final = 3.0
"""How far ahead a customer is taken to be worth something (assumption)."""
DISCOUNT: Final = 0.10
"""Per year (assumption)."""
BUYING: Final = (Outcome.STORE, Outcome.APP_CARRY, Outcome.APP_SHIP, Outcome.EC_SHIP, Outcome.COLLECT)

_DAYS_PER_YEAR: Final = 365.25
_COLUMNS: Final = f"""
  with came as
    (select n.shopper, count(*) as needs, sum((n.outcome in ({quoted(BUYING)}))::int) as purchases,
       sum(n.contribution_yen) as brought_yen
     from needs n join shoppers s using (shopper)
     where n.time_s >= s.aware_from_s and n.time_s < s.dropped_out_s group by 1)
  select s.shopper, s.age_band::varchar as age_band, s.needs_per_day, s.satisfaction,
    s.acquired_by is not null as known, isfinite(s.dropped_out_s) as gone,
    coalesce(needs, 0)::double as needs, coalesce(purchases, 0)::double as purchases,
    coalesce(brought_yen, 0)::double as brought_yen
  from shoppers s left join came using (shopper) order by 1"""


@dataclass(frozen=True)
class Lifetimes:
    """Arrays of shape (n_shoppers,), row = shopper."""

    shopper: Ints
    known: NDArray[np.bool_]
    """Knows the company at the end."""
    gone: NDArray[np.bool_]
    """Has dropped out."""
    purchases: Floats
    brought_yen: Floats
    """Contribution of the needs inside the horizon, from getting to know the company on."""
    purchases_per_day: Floats
    """Expected after the horizon, while still there; 0 for those who are not."""
    loss: Floats
    """Probability of being lost after each of these."""
    residual_yen: Floats
    """Discounted contribution expected after the horizon."""

    @property
    def mean_yen(self) -> float:
        """Mean lifetime value of those who know the company at the end; 0 where nobody does."""
        known = (self.brought_yen + self.residual_yen)[self.known]
        return float(known.mean()) if len(known) else 0.0

    @property
    def equity_yen(self) -> float:
        """Customer equity: what is expected after the horizon, summed over the town."""
        return float(self.residual_yen.sum())


def lifetimes(
    db: duckdb.DuckDBPyConnection, scenario: Scenario, years: float = YEARS, discount: float = DISCOUNT
) -> Lifetimes:
    """Lifetime values from the tables of one replication (`sim.evaluation.tables.opened`)."""
    rules = scenario.loyalty
    found = _columns(db)
    there = found["known"] & ~found["gone"]
    _, band = np.unique(found["age_band"], return_inverse=True)
    share, value_yen = _of_band(band, found["needs"], found["purchases"], found["brought_yen"])
    felt = found["satisfaction"] - _felt_so_far(rules, scenario.horizon.days) * _mean_of(band, found, there)
    odds = share * np.exp(rules.satisfaction * felt)
    bought = np.divide(odds, odds + 1 - share, out=np.zeros_like(odds), where=odds > 0)
    loss = np.minimum(1.0, _drop_outs_per_purchase(found) * np.exp(-rules.drop_out_attachment * felt))
    rate = np.where(there, found["needs_per_day"] * bought, 0.0)
    ending = np.log1p(discount) / _DAYS_PER_YEAR + loss * rate
    days = years * _DAYS_PER_YEAR
    discounted_days = np.where(ending > 0, -np.expm1(-ending * days) / np.where(ending > 0, ending, 1), days)
    return Lifetimes(
        shopper=found["shopper"].astype(np.int64),
        known=found["known"],
        gone=found["gone"],
        purchases=found["purchases"],
        brought_yen=np.where(found["known"], found["brought_yen"], 0.0),
        purchases_per_day=rate,
        loss=loss,
        residual_yen=rate * value_yen * discounted_days,
    )


def _columns(db: duckdb.DuckDBPyConnection) -> dict[str, NDArray[Any]]:
    return {name: np.asarray(column) for name, column in db.execute(_COLUMNS).fetchnumpy().items()}


def _of_band(band: Ints, needs: Floats, purchases: Floats, brought_yen: Floats) -> tuple[Floats, Floats]:
    """Share of needs bought and contribution per purchase in each shopper's age band."""
    n, m, yen = (np.bincount(band, weights=column) for column in (needs, purchases, brought_yen))
    return (m / np.maximum(n, 1))[band], (yen / np.maximum(m, 1))[band]


def _mean_of(band: Ints, found: dict[str, NDArray[Any]], there: NDArray[np.bool_]) -> Floats:
    """Mean satisfaction at the end in each shopper's age band, of those who are there."""
    people = np.bincount(band, weights=there)
    mean: Floats = (np.bincount(band, weights=np.where(there, found["satisfaction"], 0)) / np.maximum(people, 1))[band]
    return mean


def _felt_so_far(rules: Loyalty, days: int) -> float:
    """Mean satisfaction over the horizon against that at its end.

    It starts at 0 and, at a steady inflow, goes as 1 - exp(-t / memory) (`sim.loyalty.satisfaction`). What was bought
    was bought at the mean, what will be bought starts from the end.
    """
    share = days / rules.memory_days
    risen = -np.expm1(-share)
    return float((1 - risen / share) / risen)


def _drop_outs_per_purchase(found: dict[str, NDArray[Any]]) -> float:
    return float(found["gone"].sum() / max(1.0, float(found["purchases"].sum())))
