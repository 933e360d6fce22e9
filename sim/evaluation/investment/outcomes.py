"""What an order of opening capabilities is worth: its cash over the years, with intervals over replications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from sim.evaluation.capabilities.contributions import described_numbers
from sim.evaluation.investment.cash import dip, discounted, npv, payback, rate_per_period
from sim.evaluation.investment.flows import STEADY_DAYS, monthly_flows, run_rate_yen, weekly_standing
from sim.evaluation.ratios import ratio_of_means
from sim.streams import Floats


@dataclass(frozen=True)
class Terms:
    """On what terms cash is judged. `wards` such towns gain what this one gains; the investment is made once."""

    years: float
    discount_percent: float
    wards: int = 1
    capex_yen: int | None = None
    steady_days: int = STEADY_DAYS

    @property
    def months(self) -> int:
        """Months that are looked at."""
        return round(12 * self.years)

    @property
    def rate(self) -> float:
        """Discount rate of a month."""
        return rate_per_period(self.discount_percent / 100)


def outcomes(gains: Sequence[Floats], capex: Mapping[int, float], terms: Terms) -> dict[str, Any]:
    """Everything about one order, from the daily gains of one town in each replication."""
    all_gains = [terms.wards * gain for gain in gains]
    flows = [monthly_flows(gain, capex, terms.months, terms.steady_days) for gain in all_gains]
    weeks = [weekly_standing(gain, capex) for gain in all_gains]
    months = [_standing(flow) for flow in flows]
    lowest = [dip(flow) for flow in flows]
    of_mean = dip([sum(flow) / len(flow) for flow in zip(*flows, strict=True)])
    worth_today = [discounted(terms.rate, flow) for flow in flows]
    return {
        "capex_yen": round(sum(capex.values())),
        "run_rate_yen_per_month": described_numbers([run_rate_yen(gain, terms.steady_days) for gain in all_gains]),
        "npv_yen": described_numbers([npv(terms.rate, flow) for flow in flows]),
        "dip": {
            "depth_yen": described_numbers([found.depth for found in lowest]),
            "month": described_numbers([found.period for found in lowest]),
            "of_mean_curve": {"depth_yen": of_mean.depth, "month": of_mean.period},
        },
        "payback_months": _returned(flows),
        "discounted_payback_months": _returned(worth_today),
        "wards_needed": _wards_needed(gains, capex, terms),
        "weeks": _band(weeks),
        "months": _band(months),
    }


def _standing(flows: Sequence[float]) -> list[float]:
    return list(accumulate(flows))


def _returned(flows: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Months to payback; no mean where some replications never get there, which is told as a share.

    `of_mean_curve` is the payback of the mean over replications, `low` and `high` where the ends of the curve's 95 %
    band get there (Student's t, month by month): those months at which the mean may well stand at 0.
    """
    each = [payback(flow) for flow in flows]
    reached = [months for months in each if months is not None]
    whole = described_numbers(reached) if len(reached) == len(each) else {"mean": None, "half_width": None}
    band = _band([_standing(flow) for flow in flows])
    mean, half = band["standing_yen"], band["half_width_yen"]
    ends: dict[str, float | None] = {"low": None, "high": None}
    if len(flows) > 1:
        ends["low"] = _crossing([m + h for m, h in zip(mean, half, strict=True)])
        ends["high"] = _crossing([m - h for m, h in zip(mean, half, strict=True)])
    return {
        "mean": whole["mean"],
        "half_width": whole["half_width"],
        "per_replication": each,
        "never_share": 1 - len(reached) / len(each),
        "of_mean_curve": {"value": _crossing(mean), **ends},
    }


def _crossing(standing: Sequence[float]) -> float | None:
    return payback([now - before for before, now in pairwise([0.0, *standing])])


def _wards_needed(gains: Sequence[Floats], capex: Mapping[int, float], terms: Terms) -> dict[str, Any] | None:
    """Towns like this one among which the investment must be shared for a net present value of 0; ratio of means."""
    spent = -npv(terms.rate, monthly_flows(0 * gains[0], capex, terms.months))
    gained = [npv(terms.rate, monthly_flows(gain, {}, terms.months, terms.steady_days)) for gain in gains]
    if sum(gained) <= 0 or not spent:
        return None
    found = ratio_of_means([spent] * len(gained), gained)
    return {"value": found.value, "low": found.low, "high": found.high, "n": found.n}


def _band(curves: Sequence[Sequence[float]]) -> dict[str, Any]:
    """`standing_yen` at 0, 1, 2, ... periods: mean and half-width (null for one replication)."""
    points = [described_numbers(values) for values in zip(*curves, strict=True)]
    return {
        "standing_yen": [point["mean"] for point in points],
        "half_width_yen": [point["half_width"] for point in points],
    }
