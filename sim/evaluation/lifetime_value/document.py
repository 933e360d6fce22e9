"""`omo.ltv/1`: what an analyst makes of receipts, with everything that a chart of it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from scenarios.errors import UsageError
from sim.evaluation.lifetime_value.estimates import INTERVALS, Estimate, bounded, fit_purchases, fit_spend
from sim.evaluation.lifetime_value.forecast import frequencies, holdout, residual, tracking
from sim.evaluation.lifetime_value.receipts import Histories, Receipts, histories
from sim.evaluation.lifetime_value.still_there import alive, cohorts
from sim.evaluation.lifetime_value.truth import DISCOUNT, YEARS
from sim.streams import Floats
from sim.theory.bg_nbd import BgNbd
from sim.theory.gamma_gamma import GammaGamma


@dataclass(frozen=True)
class Question:
    """What is asked of the receipts."""

    calibration_share: float = 0.5
    """Share of the time that the models see before they forecast the rest; 1 for no hold-out."""
    years: float = YEARS
    discount: float = DISCOUNT


@dataclass(frozen=True)
class Analysis:
    """The document, and what it says of each customer at the end."""

    document: dict[str, Any]
    known: Histories
    model: BgNbd
    residual_amount: Floats


def analysed(receipts: Receipts, source: str, question: Question) -> Analysis:
    """Fit both models to the first part of the time and to all of it, forecast, and value."""
    until = int(question.calibration_share * receipts.last_day)
    known = histories(receipts, receipts.last_day)
    purchases, spend = fit_purchases(known), fit_spend(known)
    model = BgNbd(*purchases.values)
    value, amount = residual(purchases, spend, known, question.years, question.discount)
    document = {
        "schema": "omo.ltv/1",
        "source": source,
        "unit_of_time": "week",
        "intervals": INTERVALS,
        "first_day": receipts.first_day.isoformat(),
        "last_day": receipts.date_of(receipts.last_day).isoformat(),
        "fit": _fit(known, purchases, spend),
        "frequency": frequencies(model, known),
        "alive": alive(model, known),
        "residual": value,
        "cohorts": cohorts(receipts),
        "holdout": None if until == receipts.last_day else _held_out(receipts, until),
    }
    return Analysis(document, known, model, amount)


def _held_out(receipts: Receipts, until: int) -> dict[str, Any]:
    if until < 1:
        raise UsageError("the part of the time that the models see is shorter than two days; take a larger share")
    known = histories(receipts, until)
    purchases, spend = fit_purchases(known), fit_spend(known)
    model = BgNbd(*purchases.values)
    return {
        "calibration_until": receipts.date_of(until).isoformat(),
        "fit": _fit(known, purchases, spend),
        "frequency": frequencies(model, known),
        "tracking": tracking(model, known, receipts),
        **holdout(purchases, known, receipts, until),
    }


def _fit(known: Histories, purchases: Estimate, spend: Estimate) -> dict[str, Any]:
    again = known.x > 0
    return {
        "customers": len(known.x),
        "repeat_purchases": int(known.x.sum()),
        "customers_who_came_back": int(again.sum()),
        "bg_nbd": purchases.described() | _derived(purchases),
        "gamma_gamma": spend.described() | {"mean_spend": _finite(GammaGamma(*spend.values).mean_spend)},
        # The two models are put together as if this were nought.
        "correlation_of_frequency_and_spend": _correlation(known.x[again], known.spend[again]),
    }


def _derived(purchases: Estimate) -> dict[str, Any]:
    """Rate and drop-out, which receipts know better than the parameters that make them up; on logs, as these."""

    def computed(parameters: Floats) -> Floats:
        model = BgNbd(*parameters)
        return np.array([model.mean_rate, model.a / model.b])

    (rate, odds), widths = computed(np.asarray(purchases.values)), purchases.half_widths(computed)
    low, high = np.exp(-widths / (rate, odds)) * (rate, odds), np.exp(widths / (rate, odds)) * (rate, odds)
    return {
        "purchases_per_week_while_there": bounded(rate, low[0], high[0]),
        "drop_out_per_purchase": bounded(odds / (1 + odds), low[1] / (1 + low[1]), high[1] / (1 + high[1])),
    }


def _correlation(x: Any, spend: Floats) -> float | None:
    if len(x) < 3 or not np.ptp(x) or not np.ptp(spend):
        return None
    return float(np.corrcoef(x, spend)[0, 1])


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None
