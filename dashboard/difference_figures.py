"""Every difference between two worlds: one unit at a time as a forest plot, and all of them as a table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import streamlit as st

from dashboard import findings, page
from dashboard.amounts import interval
from dashboard.charts import measured
from dashboard.charts.steps import UNITS, difference_parts
from dashboard.words import Words
from sim.evaluation.measures import MEASURES


@st.fragment
def draw(document: dict[str, Any], basis: str, say: Words) -> None:
    """The differences of the unit that the visitor chooses; only this is drawn again when the choice changes.

    `document` has `measures` as in `omo.comparison/1`.
    """
    parts = {unit: found for unit in UNITS if (found := difference_parts(document["measures"], unit))}
    if not parts:
        st.caption(f"○ {say('compare.no_difference')}")
        return

    def name(unit: str) -> str:
        return say("compare.unit_of", unit=say(f"compare.unit_{unit}"), n=sum(map(len, parts[unit])))

    unit = page.choose("unit", say("compare.which"), list(parts), name)
    for part, names in enumerate(parts[unit]):
        measures = {name: document["measures"][name] for name in names}
        _figure(f"differences-{unit}-{part}", document | {"measures": measures}, unit, basis, say)


def _figure(key: str, document: dict[str, Any], unit: str, basis: str, say: Words) -> None:
    found = document["measures"]
    told = {name: interval(one["difference"], unit, say.language, signed=True) for name, one in found.items()}
    numbers = [[name, one["difference"]["mean"], one["difference"]["half_width"]] for name, one in found.items()]
    page.figure(
        key, measured.forest(document, unit, say), say,
        finding=_finding(found, told, unit, say), definition=say("ledgers.forest_what"), basis=basis,
        head=[say("ledgers.measure"), say("ledgers.difference")],
        rows=[[say.label(name), text] for name, text in told.items()],
        csv_head=["measure", "difference", "half_width"], csv_rows=numbers,
    )  # fmt: skip


def _finding(found: dict[str, Any], told: dict[str, str], unit: str, say: Words) -> str:
    if len(found) == 1:
        name = next(iter(found))
        return say("compare.one", measure=say.label(name), change=told[name])
    settled = [name for name, one in found.items() if findings.sign_of(one["difference"]) != "open"]
    finding = say("compare.finding", settled=len(settled), n=len(found), unit=say(f"compare.unit_{unit}"))
    if not settled:
        return finding
    largest = max(settled, key=lambda name: abs(found[name]["difference"]["mean"]))
    return say("compare.largest", finding=finding, measure=say.label(largest), change=told[largest])


def table(document: dict[str, Any], titles: Sequence[str], say: Words, daily: Collection[str] = ()) -> None:
    """All measures of both worlds with their definitions; those in `daily` are marked as per simulated day."""
    page.section(say("ledgers.all_measures"))
    head = [say("ledgers.measure"), say("ledgers.definition"), *titles, say("ledgers.difference")]
    rows, numbers = [], []
    for name in [measure.name for measure in MEASURES if measure.name in document["measures"]]:
        found, unit = document["measures"][name], document["measures"][name]["unit"]
        mark = f" ({say('compare.a_day')})" if name in daily else ""
        levels = [interval(found[world], unit, say.language) for world in "ab"]
        difference = interval(found["difference"], unit, say.language, signed=True)
        rows.append([say.label(name) + mark, say.definition(name), *levels, difference])
        parts = [found[side][key] for side in ("a", "b", "difference") for key in ("mean", "half_width")]
        numbers.append([name, unit, *parts, found.get("variance_reduction")])
    with st.expander(say("compare.show_all", n=len(rows))):
        page.table(head, rows, words=2, css="wide")
    sides = [f"{side}_{key}" for side in ("a", "b", "difference") for key in ("mean", "half_width")]
    page.download("measures", ["measure", "unit", *sides, "variance_ratio"], numbers, say)
