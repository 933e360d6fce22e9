"""Premium and uplift on the terminal, side by side."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table


def print_cross_channel(document: dict[str, Any]) -> None:
    """The premium that is seen, the uplift that is caused, and both by cohort."""
    console = Console()
    naive, causal = document["naive"], document["causal"]
    title = (
        f"{document['on']['title']} against {document['off']['title']}: "
        f"{document['replications']} replications, {document['days']} days"
    )
    table = Table("", "mean ± 95 %", title=title)
    table.add_row("Naive: both channels over store-only, spend", _shown(naive["spend_ratio"]))
    table.add_row("... with the links off", _shown(naive["spend_ratio_without_links"]))
    table.add_row("... in lifetime value", _shown(naive["lifetime_ratio"]))
    table.add_row("... in orders", _shown(naive["orders_ratio"]))
    table.add_section()
    for label, group in (
        ("Caused, everybody (intention to treat)", "intention_to_treat"),
        ("Caused, those who use both with the links on", "those_who_use_both_in_on"),
    ):
        table.add_row(f"{label}: spend", _shown(causal[group]["spend_uplift"]))
        table.add_row("... spend per shopper", _shown(causal[group]["spend_yen_per_shopper"]))
        table.add_row("... contribution per shopper", _shown(causal[group]["contribution_yen_per_shopper"]))
        table.add_row("... lifetime value", _shown(causal[group]["lifetime_uplift"]))
        table.add_row("... lifetime value per shopper", _shown(causal[group]["lifetime_yen_per_shopper"]))
    console.print(table)
    for by, cohorts in document["cohorts"].items():
        console.print(_cohorts(by.replace("_", " "), cohorts))


def _cohorts(by: str, cohorts: list[dict[str, Any]]) -> Table:
    table = Table(by, "shoppers", "naive ratio", "caused, spend", "caused, contribution per shopper")
    for cohort in cohorts:
        names = ("shoppers", "naive_spend_ratio", "spend_uplift", "contribution_yen_per_shopper")
        table.add_row(cohort["cohort"], *(_shown(cohort[name]) for name in names))
    return table


def _shown(found: dict[str, Any]) -> str:
    mean, half, unit = found["mean"], found["half_width"], found["unit"]
    if mean is None:
        return "-"
    form = {"ratio": "{:.2f}", "share": "{:+.1%}", "yen": "{:+,.0f} yen", "count": "{:,.0f}"}[unit]
    return form.format(mean) + ("" if half is None else " ± " + form.format(half).lstrip("+"))
