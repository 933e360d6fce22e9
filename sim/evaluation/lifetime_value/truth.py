"""The true lifetime value of each shopper: what the needs brought inside the horizon, and what is expected after it.

A shopper who knows the company and has not dropped out goes on as the world ended. With n needs a day, a share s of
them bought and v yen of contribution per purchase, and discounting at the rate d a day, T days ahead are worth

    v n s * integral from 0 to T of exp(-d t) (1 + c n s t / (a + b + c x))^-a dt.

The last factor is the probability of being there still. Purchases are Poisson, and each is the last one with a
probability of the shopper's own, p ~ Beta(a, b), times c = exp(-k * attachment) (`sim.loyalty.dropping_out`); having
stayed through x purchases makes it Beta(a, b + c x), for which Gamma(a) of the same mean stands, as p is small.

n, x and satisfaction are the shopper's own; v and s are those of the world's shoppers of the same age. Satisfaction
moves s on the logit scale, as it does in the world (`sim.choice`), and stays what it is at the end.
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
_RULE: Final = np.polynomial.legendre.leggauss(24)
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
    purchases_to_come: Floats
    """Expected after the horizon, not discounted."""
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
    rules, found = scenario.loyalty, _columns(db)
    there = found["known"] & ~found["gone"]
    _, band = np.unique(found["age_band"], return_inverse=True)
    share, value_yen = _of_band(band, found["needs"], found["purchases"], found["brought_yen"])
    before = _felt_so_far(rules, scenario.horizon.days) * _mean_of(band, found, there)
    odds = share * np.exp(rules.satisfaction * (found["satisfaction"] - before))
    bought = np.divide(odds, odds + 1 - share, out=np.zeros_like(odds), where=odds > 0)
    rate = np.where(there, found["needs_per_day"] * bought, 0.0)
    losing = _losing(rules, found["satisfaction"], found["purchases"])
    days = years * _DAYS_PER_YEAR
    return Lifetimes(
        shopper=found["shopper"].astype(np.int64),
        known=found["known"],
        gone=found["gone"],
        purchases=found["purchases"],
        brought_yen=np.where(found["known"], found["brought_yen"], 0.0),
        purchases_to_come=_days_there(rules, losing * rate, days, 0.0) * rate,
        residual_yen=_days_there(rules, losing * rate, days, discount) * rate * value_yen,
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


def _losing(rules: Loyalty, satisfaction: Floats, purchases: Floats) -> Floats:
    """Mean probability, over a, of being lost at each of the next purchases.

    Lasting fit, which is no column of the tables, is normal over shoppers: its factor exp(-k * fit) has the mean used.
    """
    k = rules.drop_out_attachment
    factor = np.exp(-k * satisfaction + (k * rules.fit_spread) ** 2 / 2)
    losing: Floats = factor / (rules.drop_out_a + rules.drop_out_b + factor * purchases)
    return losing


def _days_there(rules: Loyalty, losing_per_day: Floats, days: float, discount: float) -> Floats:
    """Expected days as a customer in the next `days`, discounted: the integral above, by Gauss and Legendre."""
    points, weights = (1 + _RULE[0]) / 2 * days, _RULE[1] / 2 * days
    there = (1 + losing_per_day[:, None] * points) ** -rules.drop_out_a
    mean: Floats = there @ (weights * (1 + discount) ** (-points / _DAYS_PER_YEAR))
    return mean
