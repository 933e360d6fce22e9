"""What the fitted models expect of customers, and what came: hold-out, frequencies, and value over years to come."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sim.evaluation.lifetime_value.estimates import Estimate, bounded
from sim.evaluation.lifetime_value.receipts import WEEK, Histories, Receipts
from sim.needs import Ints
from sim.streams import Floats
from sim.theory.bg_nbd import (
    BgNbd,
    count_probabilities,
    expected_future,
    expected_purchases,
    probability_alive,
    purchase_curves,
)
from sim.theory.gamma_gamma import GammaGamma, expected_spend

_WEEKS_PER_YEAR: Final = 365.25 / WEEK
_STEPS_PER_YEAR: Final = 12


def holdout(fitted: Estimate, known: Histories, receipts: Receipts, until: int) -> dict[str, Any]:
    """Purchases after day `until` of those who had bought by then, by week: what came and what was expected.

    A row of `by_frequency` holds all who had come back `repeat_purchases` times, the last row those of more.
    """
    weeks = _week_ends(receipts.last_day - until)
    later = np.isin(receipts.customer, known.customer) & (receipts.day > until)
    came = (receipts.day[later] - until) / WEEK

    def expected(parameters: Floats) -> Floats:
        return total_future(BgNbd(*parameters), weeks, known)

    curve, width = expected(np.asarray(fitted.values)), fitted.half_widths(expected)
    actual = np.searchsorted(np.sort(came), weeks, side="right")
    return {
        "weeks": weeks.tolist(),
        "actual_cumulative": actual.tolist(),
        "expected_cumulative": [bounded(*row) for row in zip(curve, curve - width, curve + width, strict=True)],
        "actual": int(actual[-1]),
        "expected": bounded(curve[-1], curve[-1] - width[-1], curve[-1] + width[-1]),
        "relative_error": float(curve[-1] / actual[-1] - 1) if actual[-1] else None,
        "by_frequency": _by_frequency(BgNbd(*fitted.values), known, receipts.customer[later], float(weeks[-1])),
    }


def total_future(model: BgNbd, weeks: Floats, known: Histories) -> Floats:
    """Expected purchases of all these customers in the next `weeks`, in its shape."""
    alive = probability_alive(model, known.x, known.t_x, known.observed)
    alike, which = np.unique(np.column_stack([known.x, known.observed]), axis=0, return_inverse=True)
    weight = np.bincount(which.ravel(), weights=alive)
    totals: Floats = purchase_curves(model, weeks, alike[:, 0], alike[:, 1]) @ weight
    return totals


def tracking(model: BgNbd, known: Histories, receipts: Receipts) -> dict[str, Any]:
    """Cumulative repeat purchases of these customers from the first day on: what came, what the model expects."""
    weeks = _week_ends(receipts.last_day)
    first = np.full(int(receipts.customer.max()) + 1, receipts.last_day + 1)
    first[known.customer] = known.first
    came = np.sort(receipts.day[receipts.day > first[receipts.customer]]) / WEEK
    starts, count = np.unique(known.first, return_counts=True)
    expected = [float(count @ expected_purchases(model, np.maximum(week - starts / WEEK, 0))) for week in weeks]
    actual = np.searchsorted(came, weeks, side="right")
    return {"weeks": weeks.tolist(), "actual_cumulative": actual.tolist(), "expected_cumulative": expected}


def frequencies(model: BgNbd, known: Histories) -> list[dict[str, Any]]:
    """Customers by number of repeat purchases, counted and expected; the last row holds all who have more."""
    most = _most(known.x)
    alike, count = np.unique(known.observed, return_counts=True)
    expected = count @ count_probabilities(model, alike, most)
    rows = [(x, int(np.sum(known.x == x)), float(expected[x])) for x in range(most)]
    rows.append((most, int(np.sum(known.x >= most)), float(len(known.x) - expected[:most].sum())))
    names = ("repeat_purchases", "customers", "expected_customers")
    return [dict(zip(names, row, strict=True)) | {"or_more": row[0] == most} for row in rows]


def residual(
    purchases: Estimate, spend: Estimate, known: Histories, years: float, discount: float
) -> tuple[dict[str, Any], Floats]:
    """What these customers are expected to buy in `years` to come, discounted; and the amount of each customer."""
    model, money = BgNbd(*purchases.values), GammaGamma(*spend.values)

    def total(parameters: Floats) -> Floats:
        return np.atleast_1d(discounted_purchases(BgNbd(*parameters), known, years, discount).sum())

    each = discounted_purchases(model, known, years, discount)
    amount = each * expected_spend(money, known.x, known.spend)
    width = float(purchases.half_widths(total)[0])
    future = expected_future(model, years * _WEEKS_PER_YEAR, known.x, known.t_x, known.observed)
    ordered = np.sort(amount)[::-1]
    document = {
        "years": years,
        "discount_per_year": discount,
        "purchases": float(future.sum()),
        "discounted_purchases": bounded(each.sum(), each.sum() - width, each.sum() + width),
        "amount": float(amount.sum()),
        "amount_per_customer": float(amount.mean()),
        "quantiles": {f"{q:g}": float(np.quantile(amount, q)) for q in (0.05, 0.25, 0.5, 0.75, 0.95)},
        "share_of_the_best_fifth": float(ordered[: -(-len(ordered) // 5)].sum() / ordered.sum()),
    }
    return document, amount


def discounted_purchases(model: BgNbd, known: Histories, years: float, discount: float) -> Floats:
    """Expected purchases of each customer in `years` to come; one after t years counts (1 + discount)^-t.

    Purchases of a month are discounted from its middle.
    """
    ends = np.linspace(0, years, max(1, round(years * _STEPS_PER_YEAR)) + 1)
    alike, which = np.unique(np.column_stack([known.x, known.observed]), axis=0, return_inverse=True)
    monthly = np.diff(purchase_curves(model, ends * _WEEKS_PER_YEAR, alike[:, 0], alike[:, 1]), axis=0)
    total = (1 + discount) ** (-(ends[:-1] + ends[1:]) / 2) @ monthly
    each: Floats = total[which.ravel()] * probability_alive(model, known.x, known.t_x, known.observed)
    return each


def _by_frequency(model: BgNbd, known: Histories, later: Ints, weeks: float) -> list[dict[str, Any]]:
    most = _most(known.x)
    came = np.bincount(later, minlength=int(known.customer.max()) + 1)[known.customer]
    expected = expected_future(model, weeks, known.x, known.t_x, known.observed)
    rows = []
    for x in range(most + 1):
        who = known.x >= x if x == most else known.x == x
        if who.any():
            row = {"repeat_purchases": x, "or_more": x == most, "customers": int(who.sum())}
            rows.append(row | {"actual": float(came[who].mean()), "expected": float(expected[who].mean())})
    return rows


def _most(x: Ints) -> int:
    """From this many repeat purchases on customers are put together: 7, or more where many come often."""
    return int(max(7, np.quantile(x, 0.98)))


def _week_ends(days: int) -> Floats:
    """Ends of whole weeks, and of the days that are left."""
    ends = np.arange(WEEK, days + 1, WEEK)
    if not len(ends) or ends[-1] < days:
        ends = np.append(ends, days)
    return ends / WEEK
