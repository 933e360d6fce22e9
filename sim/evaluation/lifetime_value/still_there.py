"""Who is still there by the receipts: probabilities over customers, by recency and frequency; cohorts of first days."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sim.evaluation.lifetime_value.receipts import Histories, Receipts
from sim.streams import Floats
from sim.theory.bg_nbd import BgNbd, probability_alive

COHORT_DAYS: Final = 28
_RECENCIES: Final = 20
_FREQUENCIES: Final = 25


def alive(model: BgNbd, known: Histories) -> dict[str, Any]:
    """P(alive) over the customers: mean, quantiles, histogram in tenths, and the grid of a heat map."""
    chance = probability_alive(model, known.x, known.t_x, known.observed)
    counts, edges = np.histogram(chance, bins=10, range=(0, 1))
    return {
        "customers": len(chance),
        "mean": float(chance.mean()),
        "expected_alive": float(chance.sum()),
        "quantiles": {f"{q:g}": float(np.quantile(chance, q)) for q in (0.05, 0.25, 0.5, 0.75, 0.95)},
        "histogram": {"edges": edges.round(1).tolist(), "customers": counts.tolist()},
        "grid": _grid(model, known),
    }


def _grid(model: BgNbd, known: Histories) -> dict[str, Any]:
    """P(alive) of a customer who was observed as long as anybody, by recency (rows) and frequency (columns)."""
    observed = float(known.observed.max())
    recency = np.linspace(0, observed, _RECENCIES + 1)
    most = int(np.quantile(known.x, 0.99)) or 1
    x = np.unique(np.linspace(0, most, min(most, _FREQUENCIES) + 1).round().astype(np.int64))
    chance = probability_alive(model, x[None, :], recency[:, None], observed)
    row = np.searchsorted(recency, known.t_x, side="right") - 1
    column = np.searchsorted(x, np.minimum(known.x, most), side="right") - 1
    customers = np.zeros((len(recency), len(x)), dtype=np.int64)
    np.add.at(customers, (row, column), 1)
    return {
        "observed_weeks": observed,
        "recency_weeks": recency.tolist(),
        "repeat_purchases": x.tolist(),
        "probability": chance.tolist(),
        "customers": customers.tolist(),
    }


def cohorts(receipts: Receipts) -> dict[str, Any]:
    """Customers by the four weeks of their first purchase; in each four weeks after it, the share that bought."""
    everybody = int(receipts.customer.max()) + 1
    first = np.full(everybody, receipts.last_day + 1)
    np.minimum.at(first, receipts.customer, receipts.day)
    cohort = first // COHORT_DAYS
    age = receipts.day // COHORT_DAYS - cohort[receipts.customer]
    periods = receipts.last_day // COHORT_DAYS + 1
    active = np.unique(np.column_stack([receipts.customer, age]), axis=0)
    bought = _table(cohort[active[:, 0]], active[:, 1], np.ones(len(active)), periods)
    amount = _table(cohort[receipts.customer], age, receipts.amount, periods)
    size = np.bincount(cohort[first <= receipts.last_day], minlength=periods)
    rows = []
    for number in np.flatnonzero(size):
        seen = slice(0, periods - number)
        rows.append(
            {
                "first_day": receipts.date_of(int(number) * COHORT_DAYS).isoformat(),
                "customers": int(size[number]),
                "active_share": (bought[number, seen] / size[number]).tolist(),
                "amount": amount[number, seen].tolist(),
            }
        )
    # The last period may be cut off by the end of the data.
    return {"period_days": COHORT_DAYS, "days_in_last_period": receipts.last_day % COHORT_DAYS + 1, "cohorts": rows}


def _table(row: Any, column: Any, weight: Floats, size: int) -> Floats:
    table = np.zeros((size, size))
    np.add.at(table, (row, column), weight)
    return table
