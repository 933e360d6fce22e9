"""A search for the best values as tables on the terminal."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Console
from rich.table import Table

from sim.evaluation.exploring.search import told
from sim.evaluation.measures import BY_NAME
from sim.evaluation.tables_text import interval, number

_SHOWN: Final = 15
_CHANGED: Final = (
    "contribution_yen",
    "store_pl_yen",
    "ec_pl_yen",
    "bonus_yen",
    "recommendation_rate",
    "recommendation_rate_stock_out",
    "deflect_rate",
    "sign_ups",
)


def print_search(document: dict[str, Any]) -> None:
    """The best trials, and what fresh seeds say of the best one."""
    console = Console(highlight=False)
    console.print(_trials(document))
    best, confirmation = document["best"], document["confirmation"]
    if best["gain_yen"]["mean"] == 0:
        console.print("Nothing that was tried beats the scenario as it is.")
    elif confirmation is None:
        console.print(f"Best: {told(best['values'])}; not confirmed on fresh seeds.", markup=False)
    else:
        console.print(_changes(confirmation))
        console.print(
            f"Best: {told(best['values'])}. Found with {interval(best['gain_yen'], 'yen', signed=True)}; on "
            f"{confirmation['n']} fresh replications (seed {confirmation['seed']}) "
            f"{interval(confirmation['gain'], 'yen', signed=True)}; winner's curse "
            f"{interval(confirmation['winners_curse'], 'yen', signed=True)} yen.",
            markup=False,
        )
    if document["state"] != "complete":
        console.print("Interrupted: only trials that were finished are here; the same command goes on from there.")


def _trials(document: dict[str, Any]) -> Table:
    names = [one["name"] for one in document["parameters"]]
    table = Table(
        *names,
        "gain ± 95 %",
        "n",
        title=f"{document['title']}: best of {len(document['trials'])} trials, contribution over "
        f"{document['days']} days against the scenario as it is (yen)",
    )
    ranked = [trial for trial in document["trials"] if trial["gain_yen"]]
    ranked.sort(key=lambda trial: (trial["state"] != "complete", -trial["gain_yen"]["mean"]))
    for trial in ranked[:_SHOWN]:
        cells = [f"{trial['values'][name]:.4g}" for name in names]
        table.add_row(*cells, interval(trial["gain_yen"], "yen", signed=True), str(trial["n"]))
    return table


def _changes(confirmation: dict[str, Any]) -> Table:
    table = Table("measure", "with the best values", "difference ± 95 %", title="The best values on fresh seeds")
    for name in (name for name in _CHANGED if name in confirmation["measures"]):
        found = confirmation["measures"][name]
        shift = interval(found["difference"], found["unit"], signed=True)
        table.add_row(BY_NAME[name].label, number(found["mean"], found["unit"]), shift)
    return table
