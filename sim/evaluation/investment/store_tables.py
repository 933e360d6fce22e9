"""`omo.stores/1` as tables on the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from sim.evaluation.tables_text import interval, number


def print_stores(found: dict[str, Any]) -> None:
    """Who lives near each store, what converting it brings, and what lighter sets would."""
    console = Console()
    console.print(_catchments(found))
    console.print(_gains(found))
    console.print(_lights(found))
    company = found["company"]
    console.print(
        f"All converted against none: {interval(company['all_less_none'], 'yen', signed=True)} yen a month, of which "
        f"EC's own conversion {interval(company['ec_alone_less_none'], 'yen', signed=True)}.",
        highlight=False,
    )
    for row in found["stores"]:
        console.print(_advice(row), highlight=False)


def _catchments(found: dict[str, Any]) -> Table:
    bands = list(found["stores"][0]["catchment"]["age_shares"])
    table = Table("store", "shoppers", *bands, "digital affinity", title=f"{found['title']}: who lives nearest")
    for row in found["stores"]:
        near = row["catchment"]
        ages = [f"{near['age_shares'][band] * 100:.0f} %" for band in bands]
        table.add_row(row["store"], f"{near['shoppers']:,.0f}", *ages, f"{near['digital_affinity']:.2f}")
    return table


def _gains(found: dict[str, Any]) -> Table:
    title = (
        f"Converting the store, all others converted; yen a month; {found['replications']} replications, "
        f"{found['days']} days"
    )
    columns = ("company", "at the store", "at other stores", "EC and shared", "alone, with EC", "p (Holm)", "verdict")
    table = Table("store", *columns, title=title)
    for row in found["stores"]:
        parts = ("company", "at_the_store", "at_other_stores", "ec_and_shared")
        cells = [interval(row["gain"][name], "yen", signed=True) for name in parts]
        p = "-" if row["p_holm"] is None else f"{row['p_holm']:.3f}"
        table.add_row(row["store"], *cells, interval(row["alone"], "yen", signed=True), p, row["verdict"])
    return table


def _lights(found: dict[str, Any]) -> Table:
    names = list(found["sets"])
    table = Table(
        "store", *names, "full set", "most", title="What each set at the store adds for the company; yen a month"
    )
    for row in found["stores"]:
        cells = [interval(row["light"][name]["less_base"], "yen", signed=True) for name in names]
        table.add_row(row["store"], *cells, interval(row["gain"]["company"], "yen", signed=True), row["best"])
    return table


def _advice(row: dict[str, Any]) -> str:
    """One sentence a store: the verdict on the full set, and whether something lighter is surely better."""
    words = {"convert": "convert it", "do not": "leave it as it is", "cannot say": "cannot be told yet"}
    sentence = f"{row['store']}: {words[row['verdict']]}"
    lead, half = row["best_less_full"]["mean"], row["best_less_full"]["half_width"]
    if row["best"] in ("full", "base"):
        return f"{sentence}."
    sure = half is not None and lead > half
    more = interval(row["best_less_full"], "yen")
    if sure:
        return f"{sentence}; {row['best']} there brings {more} yen a month more than the full set."
    return f"{sentence}; {row['best']} there may do as well as the full set ({number(lead, 'yen', signed=True)})."
