"""The sentence that a board understands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WEEK_DAYS = 7
_MILLION = 1_000_000


def sentence(numbers: Mapping[str, Any]) -> str:
    """What one policy instead of another does to both divisions, to a customer's value and to the company.

    `numbers` is the board's part of `omo.best/1`: policy, baseline, days, basis, and by measure the mean difference
    with its half-width. What the company gains comes with its interval, and with a caveat where that contains 0.
    """
    policy, baseline, found = numbers["policy"], numbers["baseline"], numbers["differences"]
    if policy == baseline:
        return f"No policy in the comparison beats {baseline}: leave it as it is."
    company = found["contribution_yen"]
    value = f"lifetime value per customer {_signed(found['ltv_yen']['mean'])} yen, " if "ltv_yen" in found else ""
    text = (
        f"{policy} instead of {baseline}: the stores' P/L {_moved(found['store_pl_yen']['mean'])}, "
        f"EC's {_moved(found['ec_pl_yen']['mean'])}, {value}"
        f"the company {_signed(company['mean'])} yen after bonus{_range(company)} in {_horizon(numbers['days'])} "
        f"({company['n']} replications, {numbers['basis']})."
    )
    return f"{text} {_caveat(company)}".rstrip()


def _caveat(company: Mapping[str, Any]) -> str:
    if company["half_width"] is None:
        return "One replication has no interval: this may be chance."
    if abs(company["mean"]) <= company["half_width"]:
        return "The interval contains 0: the company may not gain at all."
    return "" if company["mean"] > 0 else "The company loses by it."


def _range(difference: Mapping[str, Any]) -> str:
    mean, half_width = difference["mean"], difference["half_width"]
    if half_width is None:
        return ""
    return f" (95 % interval {_signed(mean - half_width)} to {_signed(mean + half_width)})"


def _horizon(days: int) -> str:
    return f"{days // _WEEK_DAYS} weeks" if days % _WEEK_DAYS == 0 else f"{days} days"


def _moved(yen: float) -> str:
    """An unsigned amount with its direction."""
    amount = _amount(abs(yen))
    return "unchanged" if amount == "0" else f"{'up' if yen > 0 else 'down'} by {amount} yen"


def _signed(yen: float) -> str:
    amount = _amount(abs(yen))
    return amount if amount == "0" else f"{'+' if yen > 0 else '-'}{amount}"


def _amount(yen: float) -> str:
    """Millions with two decimals from one million up, whole yen below."""
    return f"{yen / _MILLION:,.2f} million" if yen >= _MILLION else f"{yen:,.0f}"
