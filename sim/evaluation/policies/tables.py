"""A search for the best policy as tables on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from sim.evaluation.policies.document import BEFORE_BONUS
from sim.evaluation.tables_text import interval, number
from sim.evaluation.worlds import OUTCOME

_WHAT_STAFF_DID: Final = (
    "recommendation_rate",
    "recommendation_rate_stock_out",
    "deflect_rate",
    "sign_ups",
    "bonus_yen",
)
_BOOKS: Final = {"store_pl_yen": "stores' P/L", "ec_pl_yen": "EC's P/L", "ltv_yen": "value of a customer"}
_STATUS: Final = {"best": "best", "contender": "contender", "eliminated": "out"}
_P_SHOWN: Final = 0.001


def print_best(document: dict[str, Any]) -> None:
    """What each policy gains, what staff did under it, regret, confirmation, states, and the board's sentence."""
    console = Console(highlight=False)
    console.print(_gains(document), _behaviour(document), _books(document), sep="\n")
    if document["states"]:
        console.print(_states(document))
    for line in (*_selection(document), *_confirmation(document), *_notes(document)):
        console.print(line, markup=False)
    console.print()
    console.print(document["board"]["text"], style="bold", markup=False)


def _gains(document: dict[str, Any]) -> Table:
    baseline, selection = document["baseline"], document["selection"]
    table = _table(
        f"{document['title']}: company contribution against {baseline} over {document['days']} days (yen), "
        f"indifference zone {selection['indifference_yen']:,.0f} yen",
        ("status, n", "gain ± 95 %", "p (Holm)", "before bonus ± 95 %", "variance ratio"),
    )
    for entry in document["policies"]:
        gain, before = entry["measures"][OUTCOME], entry["measures"][BEFORE_BONUS]
        reduction, own = gain["variance_reduction"], entry["policy"] == baseline
        table.add_row(
            entry["policy"],
            f"{_STATUS[entry['status']]}, {entry['n']}",
            "baseline" if own else interval(gain["difference"], "yen", signed=True),
            "" if own else _p(entry["p_holm"]),
            "" if own else interval(before["difference"], "yen", signed=True),
            "" if own else "-" if reduction is None else f"{reduction:.1f}",
            style="bold" if entry["status"] == "best" else None,
        )
    return table


def _behaviour(document: dict[str, Any]) -> Table:
    """Means of what staff did and were paid."""
    table = _table(
        "What staff did at floor contacts, and what they were paid (yen)",
        ("recommend, in stock", "recommend, missing", "deflect", "sign-ups", "bonus"),
    )
    for entry in document["policies"]:
        told = [entry["measures"][name] for name in _WHAT_STAFF_DID]
        table.add_row(entry["policy"], *(number(measure["mean"], measure["unit"]) for measure in told))
    return table


def _books(document: dict[str, Any]) -> Table:
    """How both P/Ls and a customer's value moved, and what a policy gives away against the best."""
    present = document["policies"][0]["measures"]
    books = {name: title for name, title in _BOOKS.items() if name in present}
    table = _table(
        f"What the books say, against {document['baseline']}; regret against the best policy of each replication (yen)",
        (*books.values(), "regret, mean", "regret, worst"),
    )
    for entry in document["policies"]:
        table.add_row(
            entry["policy"],
            *(_change(entry["measures"][name]["difference"]["mean"], name) for name in books),
            number(entry["regret"]["mean"], "yen"),
            number(entry["regret"]["worst"], "yen"),
        )
    return table


def _table(title: str, columns: Sequence[str]) -> Table:
    """One row a policy, whose name is never cut."""
    table = Table(title=title)
    table.add_column("policy", no_wrap=True)
    for column in columns:
        table.add_column(column)
    return table


def _states(document: dict[str, Any]) -> Table:
    states = document["states"]
    table = _table(
        f"Policies by states of nature, {states['n']} replications each; least largest regret: "
        f"{states['minimax_regret']}",
        (*(f"{name}: contribution (regret)" for name in states["names"]), "largest regret", "resamples won"),
    )
    for entry in sorted(states["policies"], key=lambda e: float(e["largest_regret_yen"])):
        cells = [
            f"{number(entry['outcome_yen'][name], 'yen')} ({number(entry['regret_yen'][name], 'yen')})"
            for name in states["names"]
        ]
        won = number(entry["resamples_won"], "share")
        table.add_row(entry["policy"], *cells, number(entry["largest_regret_yen"], "yen"), won)
    return table


def _selection(document: dict[str, Any]) -> list[str]:
    selection, best = document["selection"], document["best"]
    zone, confidence = f"{selection['indifference_yen']:,.0f} yen", f"{100 * document['confidence']:.0f} %"
    rest = ", ".join(document["contenders"][1:])
    lines = [
        f"Selection: {best} is the best, with probability {confidence} if it leads by {zone} or more."
        if document["decided"]
        else f"Selection: {best} leads and is not yet separated from {rest}; with probability {confidence} the best is"
        f" among them. It takes at most {selection['ends_at_the_latest']} replications (--reps) to decide."
    ]
    price = document["price_of_siloing"]
    if price is not None:
        lines.append(f"Price of siloing ({best} minus siloed_pl): {interval(price, 'yen', signed=True)} yen.")
    for known in document["precision"]:
        if document["until_half_width_yen"]:
            lines.append(
                f"{best} against {known['against']}: known to ± {number(known['half_width_yen'], 'yen')} yen after "
                f"{known['replications']} replications (Stein's two-stage rule)."
            )
    return lines


def _confirmation(document: dict[str, Any]) -> list[str]:
    confirmation = document["confirmation"]
    if confirmation is None:
        return []
    return [
        f"Confirmed on {confirmation['n']} fresh replications (seed {confirmation['seed']}): {document['best']} "
        f"against {lead['against']} {interval(lead['confirmed'], 'yen', signed=True)}; selected with "
        f"{interval(lead['selected'], 'yen', signed=True)}, winner's curse "
        f"{interval(lead['winners_curse'], 'yen', signed=True)} yen."
        for lead in confirmation["leads"]
    ]


def _notes(document: dict[str, Any]) -> list[str]:
    lines = []
    if document["set_aside"]:
        keys = ", ".join(f"{key} = {value}" for key, value in document["set_aside"].items())
        lines.append(
            f"Each policy ran pure. Of [evaluation] in {document['scenario']}, booking was kept and this set aside: "
            f"{keys}; --policies all,own lets that table compete."
        )
    if any(entry["status"] == "eliminated" for entry in document["policies"]):
        lines.append(
            "What was eliminated early has fewer replications: its gain leans low, and its interval holds by itself,"
            " not for the table."
        )
    if document["state"] != "complete":
        lines.append("Interrupted: what was finished is in the table; the same command goes on from there.")
    return lines


def _p(value: float | None) -> str:
    if value is None or value != value:
        return "-"
    return f"< {_P_SHOWN}" if value < _P_SHOWN else f"{value:.3f}"


def _change(value: float, name: str) -> str:
    """Yen of one customer in yen, of a division in thousands."""
    return f"{value:+,.0f}" if name == "ltv_yen" else number(value, "yen", signed=True)
