"""The figures of the two ledgers: waterfalls, where the same needs went, what staff recommend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from dashboard import page
from dashboard.amounts import NOTHING, count, interval, yen
from dashboard.charts import flows, measured
from dashboard.charts.steps import Move, Step, division_steps, group_steps, matrix, moves, stayed
from dashboard.statement import COMPANY, Line
from dashboard.typeface import STACK
from dashboard.words import Words
from sim.evaluation.ledgers.siloed import UNALLOCATED

_FLOWS: Final = 14
_RATES: Final = {"recommendation_rate": "in_stock", "recommendation_rate_stock_out": "missing"}


def divisions(document: dict[str, Any], say: Words) -> None:
    """From the change in each division's books to the company's."""
    steps = division_steps(document)
    amounts = {step.key: yen(step.change_yen, say.language, signed=True) for step in steps}
    key = "divisions_finding_rest" if UNALLOCATED in amounts else "divisions_finding"
    names = [say(f"ledgers.division_{step.key}") for step in steps]
    _waterfall("books", steps, names, say(f"ledgers.{key}", **amounts), say("ledgers.waterfall_what"), document, say)


def accounts(document: dict[str, Any], lines: Sequence[Line], say: Words) -> None:
    """The company's change by kind of income and cost."""
    steps = group_steps(lines)
    names = [say(f"account.{step.key}") for step in steps]
    parts = [at for at, step in enumerate(steps) if not step.is_total]
    finding = say("ledgers.accounts_same")
    if parts:
        largest = max(parts, key=lambda at: abs(steps[at].change_yen))
        total = steps[-1].change_yen if steps[-1].is_total else 0.0
        told = {"company": yen(total, say.language, signed=True), "account": names[largest]}
        change = yen(steps[largest].change_yen, say.language, signed=True)
        finding = say("ledgers.accounts_finding", change=change, **told)
    _waterfall("accounts", steps, names, finding, say("ledgers.waterfall_accounts_what"), document, say)


def _waterfall(
    key: str, steps: Sequence[Step], names: Sequence[str], finding: str, what: str, document: dict[str, Any], say: Words
) -> None:
    rows = [
        [name, interval({"mean": step.change_yen, "half_width": step.half_width_yen}, "yen", say.language, signed=True)]
        for name, step in zip(names, steps, strict=True)
    ]
    page.figure(
        key, flows.waterfall(steps, names, say, STACK, page.ink()), say,
        finding=finding, definition=what, basis=page.basis_of(document, say),
        head=[say("ledgers.account") if key == "accounts" else say("ledgers.book"), say("ledgers.difference")],
        rows=rows, csv_head=["step", "difference_yen", "half_width"],
        csv_rows=[[step.key, step.change_yen, step.half_width_yen] for step in steps],
    )  # fmt: skip


def shift(document: dict[str, Any], say: Words) -> None:
    """The largest flows between outcomes, then the whole matrix, whose total is the company's difference."""
    alike, everything = stayed(document)
    found = moves(document)
    what = say("ledgers.shift_what", stayed=count(round(alike)), all=count(round(everything)))
    if not found:
        st.caption(f"○ {say('ledgers.shift_none')}")
    else:
        _sankey(found, what, document, say)
    st.markdown(f"##### {say('ledgers.shift_table')}")
    st.caption(say("ledgers.shift_table_what"))
    _matrix(document, say)
    exact = document["shift"]
    cells = sum(cell["contribution_difference_yen"] for cell in exact["cells"])
    amounts = {"cells": cells, "unallocated": exact["unallocated_yen"], "total": exact["total_yen"]}
    st.caption(
        say(
            "ledgers.shift_exact",
            n=exact["replications"],
            **{k: f"{v:+,}".replace("-", "−") for k, v in amounts.items()},
        )
    )
    keys = ("source", "target", "needs", "revenue_difference_yen", "contribution_difference_yen")
    rows = [[cell[key] for key in keys] for cell in exact["cells"]]
    page.download("channel-shift", keys, [*rows, ["", "", "", "", exact["unallocated_yen"]]], say)


def _sankey(found: Sequence[Move], what: str, document: dict[str, Any], say: Words) -> None:
    first = found[0]
    ends = {end: say(f"outcome.{getattr(first, end)}") for end in ("source", "target")}
    worth = yen(first.contribution_yen, say.language, signed=True)
    rest = len(found) - _FLOWS
    what += say("finding.join") + say("ledgers.shift_largest", n=_FLOWS, rest=rest) if rest > 0 else ""
    page.figure(
        "shift", flows.sankey(found[:_FLOWS], say, STACK, page.ink()), say,
        finding=say("ledgers.shift_finding", needs=count(round(first.needs)), yen=worth, **ends),
        definition=what, basis=page.basis_of(document, say),
        head=[say("ledgers.shift_from"), say("ledgers.shift_to"), say("ledgers.shift_needs"),
              say("ledgers.contribution_change")],
        rows=[[say(f"outcome.{move.source}"), say(f"outcome.{move.target}"), count(move.needs),
               yen(move.contribution_yen, say.language, signed=True)] for move in found],
        csv_head=["source", "target", "needs", "contribution_difference_yen"],
        csv_rows=[[move.source, move.target, move.needs, move.contribution_yen] for move in found], words=2,
    )  # fmt: skip


def _matrix(document: dict[str, Any], say: Words) -> None:
    found = matrix(document)
    head = [say("ledgers.shift_from"), *(say(f"outcome.{name}") for name in found.columns), say("ledgers.total")]
    rows = []
    for source in found.rows:
        values = [found.cells.get((source, target)) for target in found.columns]
        rows.append([say(f"outcome.{source}"), *(_change(v, say) for v in [*values, sum(v or 0 for v in values)])])
    rows.append([say("ledgers.unallocated"), *[""] * len(found.columns), _change(found.unallocated_yen, say)])
    sums = [sum(found.cells.get((source, target), 0) for source in found.rows) for target in found.columns]
    rows.append([say("ledgers.total"), *(_change(value, say) for value in [*sums, found.total_yen])])
    page.table(head, rows, last_is_total=True, css="matrix", caption=say("ledgers.shift_table_what"))


def recommendation(document: dict[str, Any], titles: dict[str, str], say: Words) -> None:
    """How often staff recommend, with the item in stock and with an empty shelf."""
    rates = {name: document["measures"][name] for name in _RATES}
    said = {
        f"{key}_{world}": interval(rates[name][world] | {"half_width": None}, "share", say.language)
        for name, key in _RATES.items()
        for world in "ab"
    }
    rows = [
        [say(f"ledgers.{key}"), *(interval(rates[name][world], "share", say.language) for world in "ab"),
         interval(rates[name]["difference"], "share", say.language, signed=True)]
        for name, key in _RATES.items()
    ]  # fmt: skip
    sides = ("a", "b", "difference")
    page.figure(
        "recommendation", measured.recommendation(document, titles, say), say,
        finding=say("ledgers.recommend_finding", **said), definition=say("ledgers.recommend_what"),
        basis=page.basis_of(document, say),
        head=[say("ledgers.situation"), titles["a"], titles["b"], say("ledgers.difference")], rows=rows,
        csv_head=["measure", *(f"{side}_{key}" for side in sides for key in ("mean", "half_width"))],
        csv_rows=[[name, *(rate[side][key] for side in sides for key in ("mean", "half_width"))]
                  for name, rate in rates.items()],
    )  # fmt: skip


def books(document: dict[str, Any], say: Words) -> None:
    """The same change as it reads in three books, side by side."""
    items = []
    for division, name in (("store", "store_pl_yen"), ("ec", "ec_pl_yen"), (COMPANY, "contribution_yen")):
        measure = document["measures"][name]
        levels = f"A {yen(measure['a']['mean'], say.language)} → B {yen(measure['b']['mean'], say.language)}"
        change = interval(measure["difference"], "yen", say.language, signed=True)
        items.append((say(f"ledgers.division_{division}"), change, levels))
    page.cards(items)


def _change(value: float | None, say: Words) -> str:
    return NOTHING if value is None else yen(value, say.language, signed=True)
