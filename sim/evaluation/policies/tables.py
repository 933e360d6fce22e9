"""A search for the best policy as tables on the terminal."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Console
from rich.table import Table

from sim.evaluation.measures import BY_NAME
from sim.evaluation.policies.best import OUTCOME
from sim.evaluation.policies.document import BEFORE_BONUS
from sim.evaluation.tables_text import interval, number

_WHAT_STAFF_DID: Final = ("recommendation_rate", "recommendation_rate_stock_out", "deflect_rate", "sign_ups")
_BOOKS: Final = ("store_pl_yen", "ec_pl_yen", "ltv_yen")
_P_SHOWN: Final = 0.001


def print_best(document: dict[str, Any]) -> None:
    """What each policy gains, what staff did under it, regret, confirmation, states, and the board's sentence."""
    console = Console(highlight=False)
    console.print(_gains(document))
    console.print(_behaviour(document))
    if document["states"]:
        console.print(_states(document))
    for line in (*_selection(document), *_confirmation(document), *_notes(document)):
        console.print(line)
    console.print()
    console.print(document["board"]["text"], style="bold")


def _gains(document: dict[str, Any]) -> Table:
    baseline, selection = document["baseline"], document["selection"]
    table = Table(
        "policy",
        "n",
        "status",
        f"gain against {baseline} ± 95 %",
        "p (Holm)",
        "before bonus ± 95 %",
        "variance ratio",
        "regret, mean",
        "worst",
        title=f"{document['title']}: company contribution over {document['days']} days (yen); indifference zone "
        f"{selection['indifference_yen']:,.0f} yen",
    )
    for entry in document["policies"]:
        gain, before = entry["measures"][OUTCOME], entry["measures"][BEFORE_BONUS]
        reduction, own = gain["variance_reduction"], entry["policy"] == baseline
        table.add_row(
            entry["policy"],
            str(entry["n"]),
            _status(entry),
            "baseline" if own else interval(gain["difference"], "yen", signed=True),
            "" if own else _p(entry["p_holm"]),
            "" if own else interval(before["difference"], "yen", signed=True),
            "-" if reduction is None else f"{reduction:.1f}",
            number(entry["regret"]["mean"], "yen"),
            number(entry["regret"]["worst"], "yen"),
            style="bold" if entry["status"] == "best" else None,
        )
    return table


def _behaviour(document: dict[str, Any]) -> Table:
    """Means of what staff did, and how both P/Ls and a customer's value moved against the baseline."""
    present = document["policies"][0]["measures"]
    books = [name for name in _BOOKS if name in present]
    labels = {
        "recommendation_rate": "recommend, in stock",
        "recommendation_rate_stock_out": "recommend, missing",
        "deflect_rate": "deflect",
        "sign_ups": "sign-ups",
    }
    table = Table(
        "policy",
        *(labels[name] for name in _WHAT_STAFF_DID),
        "bonus",
        *(f"{BY_NAME[name].label}, change" for name in books),
        title="What staff did, what they were paid, and what the books say",
    )
    for entry in document["policies"]:
        measures = entry["measures"]
        table.add_row(
            entry["policy"],
            *(number(measures[name]["mean"], measures[name]["unit"]) for name in _WHAT_STAFF_DID),
            number(measures["bonus_yen"]["mean"], "yen"),
            *(_change(measures[name]["difference"]["mean"], name) for name in books),
        )
    return table


def _states(document: dict[str, Any]) -> Table:
    states = document["states"]
    table = Table(
        "policy",
        *(f"{name}: contribution (regret)" for name in states["names"]),
        "largest regret",
        "resamples won",
        title=f"Policies by states of nature, {states['n']} replications each; least largest regret: "
        f"{states['minimax_regret']}",
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


def _status(entry: dict[str, Any]) -> str:
    at = entry["eliminated_at"]
    return f"eliminated at {at}" if at is not None else str(entry["status"])


def _p(value: float | None) -> str:
    if value is None or value != value:
        return "-"
    return f"< {_P_SHOWN}" if value < _P_SHOWN else f"{value:.3f}"


def _change(value: float, name: str) -> str:
    """Yen of one customer in yen, of a division in thousands."""
    return f"{value:+,.0f}" if name == "ltv_yen" else number(value, "yen", signed=True)
