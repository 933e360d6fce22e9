"""Lifetime values on the terminal."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Console
from rich.table import Table

_FIGURES: Final = {
    "customers_seen_share": "customers seen, of those who bought",
    "purchases_seen_share": "purchases seen",
    "mean_p_alive": "mean P(alive), by the receipts",
    "really_alive": "... really still there",
    "brier": "Brier score of P(alive)",
    "brier_of_the_bare_share": "... of the bare share instead",
    "holdout_expected": "purchases expected in the hold-out",
    "holdout_with_known_buyer": "... came, with a known buyer",
    "holdout_really_came": "... really came",
    "purchases_to_come": "purchases to come, by the receipts",
    "purchases_to_come_in_truth": "... in truth",
    "amount_to_come": "amount to come, by the receipts",
    "contribution_to_come_in_truth": "contribution to come, in truth",
    "customer_equity_of_the_town": "... of the whole town",
    "rank_correlation_of_value": "rank correlation of both, over customers",
    "best_fifth_found": "best fifth of customers found",
}


def print_ltv(document: dict[str, Any]) -> None:
    """Parameters, forecast, who is still there, value; and the truth beside them where there is one."""
    console = Console()
    console.print(_parameters(document))
    for line in _findings(document):
        console.print(line, highlight=False)
    if document["holdout"] is not None:
        console.print(_holdout(document["holdout"]))
    if "twin" in document:
        console.print(_beside_truth(document["twin"]))


def _parameters(document: dict[str, Any]) -> Table:
    whole, held_out = document["fit"], document["holdout"]
    title = f"{document['source']}: {document['first_day']} to {document['last_day']}"
    table = Table("", "all of the time", title=title)
    fits = [whole]
    if held_out is not None:
        table.add_column(f"until {held_out['calibration_until']}")
        fits.append(held_out["fit"])
    for name in ("customers", "customers_who_came_back", "repeat_purchases"):
        table.add_row(name.replace("_", " "), *(f"{fit[name]:,}" for fit in fits))
    for model in ("bg_nbd", "gamma_gamma"):
        for name in whole[model]:
            label = (
                f"{model.replace('_', '/').upper() if model == 'bg_nbd' else 'Gamma-Gamma'} {name.replace('_', ' ')}"
            )
            table.add_row(label, *(_number(fit[model][name]) for fit in fits))
    return table


def _findings(document: dict[str, Any]) -> list[str]:
    alive, value = document["alive"], document["residual"]
    cited = value["discounted_purchases"]
    return [
        f"Still there: {alive['expected_alive']:,.0f} of {alive['customers']:,} customers"
        f" (mean P(alive) {alive['mean']:.3f}).",
        f"Next {value['years']:g} years at {value['discount_per_year']:.0%} a year: {_number(cited)} purchases,"
        f" {value['amount']:,.0f} in all, {value['amount_per_customer']:,.0f} a customer;"
        f" the best fifth brings {value['share_of_the_best_fifth']:.0%}.",
        f"Intervals: {document['intervals']}.",
    ]


def _holdout(held_out: dict[str, Any]) -> Table:
    error = held_out["relative_error"]
    title = f"Hold-out: {held_out['actual']:,} purchases came, {_number(held_out['expected'])} were expected"
    table = Table("repeat purchases before", "customers", "came, each", "expected, each", title=title)
    if error is not None:
        table.caption = f"forecast less what came: {error:+.1%}"
    for row in held_out["by_frequency"]:
        x = f"{row['repeat_purchases']}{' or more' if row['or_more'] else ''}"
        table.add_row(x, f"{row['customers']:,}", f"{row['actual']:.2f}", f"{row['expected']:.2f}")
    return table


def _beside_truth(twin: dict[str, Any]) -> Table:
    table = Table("", "mean ± 95 %", title=f"Beside the truth: {twin['replications']} replication(s)")
    for name, label in _FIGURES.items():
        found = twin["figures"].get(name)
        if found is not None:
            half = found["half_width"]
            table.add_row(label, _short(found["mean"]) + ("" if half is None else f" ± {_short(half)}"))
    return table


def _number(found: dict[str, Any] | float | None) -> str:
    """A number, with its interval where it has one."""
    if not isinstance(found, dict):
        return _short(found)
    if found["low"] is None or found["high"] is None:
        return f"{_short(found['value'])} (no interval)"
    return f"{_short(found['value'])} ({_short(found['low'])} to {_short(found['high'])})"


def _short(number: float | None) -> str:
    if number is None:
        return "-"
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"
