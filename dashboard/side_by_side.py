"""Several worlds with the same shoppers: each against the first, outcome by outcome, as a chart and as a table."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, get_args

import streamlit as st

from dashboard import page
from dashboard.amounts import figure, interval
from dashboard.charts import measured
from dashboard.run_list import RunEntry, comparable
from dashboard.words import Words
from scenarios.capabilities import Mode
from scenarios.errors import OmoError
from sim.evaluation.measures import MODE_OUTCOMES
from sim.evaluation.modes import compare_many

MOST: Final = 6
"""Worlds that are compared until the visitor chooses otherwise."""


def several(runs: Sequence[RunEntry]) -> list[RunEntry]:
    """Runs that can be compared with at least two others: those like the newest first, each mode after the other."""
    ordered = sorted(runs, key=lambda run: (_mode(str(run.path), run.inputs_hash), run.created, run.name))
    found: dict[str, RunEntry] = {}
    for newest in runs:
        relatives = [run for run in ordered if comparable(run, newest)]
        if len(relatives) > 2:
            found |= {run.name: run for run in relatives if run.name not in found}
    return list(found.values())


@st.cache_data(show_spinner=False, max_entries=500)
def _mode(path: str, version: str) -> int:  # noqa: ARG001  part of the cache key
    """The place of a run's mode among the modes; runs without one come last."""
    try:
        scenario = tomllib.loads((Path(path) / "scenario.toml").read_text(encoding="utf-8"))
        return get_args(Mode).index(scenario["capabilities"]["mode"])
    except (OSError, ValueError, KeyError):
        return len(get_args(Mode))


def draw(runs: Sequence[RunEntry], say: Words) -> None:
    """Choose the worlds; show what each gains against the first, then all outcomes on which modes are compared."""
    found = {run.name: run for run in several(runs)}

    def label(name: str) -> str:
        return f"{say.title(found[name].title)} · {name}"

    base = found[page.pick("base", say("several.base"), list(found), label)]
    others = [run for run in found.values() if run.name != base.name and comparable(run, base)]
    alike = [run.name for run in others if run.finished == base.finished][: MOST - 1]
    chosen = page.pick_several("with", say("several.others"), [run.name for run in others], label, alike)
    if not chosen:
        page.notice("empty", say("several.choose"), say("several.choose_what"), say)
        return
    worlds = [base, *(run for run in others if run.name in chosen)]
    try:
        document = _document(tuple(str(run.path) for run in worlds), "".join(_version(run) for run in worlds))
    except (OmoError, OSError, ValueError) as error:
        page.notice("failed", say("ledgers.failed_read"), str(error), say, to=[("runs", say("page.runs"), {})])
        return
    titles = _titles(document, say)
    if document["replications"] < 2:
        page.notice("partial", say("ledgers.one"), say("ledgers.one_replication"), say)
    page.section(say("several.chart"))
    _gains(document, titles, say)
    page.section(say("several.table"), say("several.table_what", base=titles[0]))
    _outcomes(document, titles, say)


def _gains(document: dict[str, Any], titles: Sequence[str], say: Words) -> None:
    """What each world contributes more than the first."""
    found = [measures["contribution_yen"]["difference"] for measures in document["against_first"]][1:]
    told = [interval(difference, "yen", say.language, signed=True) for difference in found]
    best = max(range(len(found)), key=lambda at: found[at]["mean"])
    finding = say("several.none_gains", first=titles[0])
    if found[best]["mean"] > 0:
        finding = say("plot_worlds.many_answer", world=titles[1 + best], gain=told[best], first=titles[0])
    names = [run["run"] for run in document["runs"][1:]]
    page.figure(
        "gains", measured.against_first(document, titles, say), say,
        finding=finding, definition=say("several.chart_what", base=titles[0]), basis=page.basis_of(document, say),
        head=[say("ledgers.world"), say("ledgers.difference")],
        rows=[list(row) for row in zip(titles[1:], told, strict=True)],
        csv_head=["run", "difference_yen", "half_width"],
        csv_rows=[[name, one["mean"], one["half_width"]] for name, one in zip(names, found, strict=True)],
    )  # fmt: skip


def _outcomes(document: dict[str, Any], titles: Sequence[str], say: Words) -> None:
    rows, numbers = [], []
    outcomes = [name for name in MODE_OUTCOMES if all(name in measures for measures in document["against_first"])]
    for name in outcomes:
        found = [measures[name] for measures in document["against_first"]]
        unit = found[0]["unit"]
        levels = [figure(one["b"]["mean"], unit, say.language) for one in found]
        differences = ["", *(_change(one["difference"], unit, say) for one in found[1:])]
        rows.append([say.label(name), *(f"{a}\n{b}".strip() for a, b in zip(levels, differences, strict=True))])
        for run, one in zip(document["runs"], found, strict=True):
            parts = [one[side][key] for side in ("b", "difference") for key in ("mean", "half_width")]
            numbers.append([name, unit, run["run"], *parts])
    page.table([say("ledgers.measure"), *titles], rows, css="several")
    sides = [f"{side}_{key}" for side in ("value", "difference") for key in ("mean", "half_width")]
    page.download("side-by-side", ["measure", "unit", "run", *sides], numbers, say)
    with st.expander(say("report.definitions")):
        page.table(["", ""], [[say.label(name), say.definition(name)] for name in outcomes], words=2, css="wide")


def _change(difference: dict[str, float | None], unit: str, say: Words) -> str:
    if difference["mean"] == 0 and not difference["half_width"]:
        return say("several.same")
    return interval(difference, unit, say.language, signed=True)


def _titles(document: dict[str, Any], say: Words) -> list[str]:
    """Names of the worlds; with the end of the run's name where two are the same."""
    titles = [say.title(run["title"]) for run in document["runs"]]
    return [
        f"{title} ({run['run'][-6:]})" if titles.count(title) > 1 else title
        for title, run in zip(titles, document["runs"], strict=True)
    ]


def _version(run: RunEntry) -> str:
    return f"{run.inputs_hash}{run.state}{run.finished}"


@st.cache_data(show_spinner=False, max_entries=20)
def _document(paths: tuple[str, ...], version: str) -> dict[str, Any]:  # noqa: ARG001  part of the cache key
    return compare_many([Path(path) for path in paths])
