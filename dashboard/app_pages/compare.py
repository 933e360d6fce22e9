"""Compare: any two runs, what was put in differently and what came out, paired where they can be."""

from __future__ import annotations

import json
from typing import Any, Final

import streamlit as st

from dashboard import any_two, findings, page
from dashboard.amounts import figure, interval
from dashboard.any_two import Reason
from dashboard.charts import measured
from dashboard.charts.steps import UNITS
from dashboard.run_list import RunEntry, comparable, entries
from dashboard.words import Words
from scenarios.errors import OmoError
from sim.evaluation.measures import MEASURES

_CARDS: Final = ("contribution_yen", "store_pl_yen", "ec_pl_yen", "satisfaction_mean")
_WIDEST: Final = 60
_SMALL: Final = 0.15
"""Differences below this share of the unit's largest have a figure of their own."""


def draw() -> None:
    """The page."""
    say, root = page.say(), page.root()
    page.heading(say("page.compare"), say("compare.lead"))
    found = {run.name: run for run in entries(root) if run.readable}
    if len(found) < 2:
        command = f"omo compare ward-siloed ward-omo --reps 5 --set horizon.days=14 --out {root}"
        page.notice(
            "empty", say("compare.need_two"), say("compare.need_two_what", n=len(found)), say,
            commands=[command], to=[("run", say("page.run"), {"kind": "compare"})],
        )  # fmt: skip
        return
    a, b = _pair(found, say)
    if a.name == b.name:
        page.notice("invalid", say("compare.same"), say("compare.same_what"), say)
        return
    try:
        document = _document(a, b)
    except (OmoError, OSError, ValueError) as error:
        page.notice("failed", say("ledgers.failed_read"), str(error), say, to=[("runs", say("page.runs"), {})])
        return
    _how(document, a, b, say)
    _cards(document, say)
    _inputs(a, b, say)
    _differences(document, say)
    _measures(document, say)


def _pair(found: dict[str, RunEntry], say: Words) -> tuple[RunEntry, RunEntry]:
    runs = list(found.values())
    newest = next(
        ((i, j) for j, b in enumerate(runs) for i, a in enumerate(runs) if i > j and comparable(a, b)), (1, 0)
    )

    def label(name: str) -> str:
        run = found[name]
        return f"{say.title(run.title)} · {name} · {say('compare.seed_days', seed=run.seed, days=run.days)}"

    left, right = st.columns(2)
    with left:
        a = page.pick("a", say("ledgers.a"), list(found), label, newest[0])
    with right:
        b = page.pick("b", say("ledgers.b"), list(found), label, newest[1])
    return found[a], found[b]


@st.cache_data(
    show_spinner=False, max_entries=30, hash_funcs={RunEntry: lambda run: (run.name, run.inputs_hash, run.finished)}
)
def _document(a: RunEntry, b: RunEntry) -> dict[str, Any]:
    return any_two.compared(a, b)


def _titles(document: dict[str, Any], say: Words) -> tuple[str, str]:
    a, b = (say.title(document[world]["title"]) for world in "ab")
    if a == b:
        return f"{a} ({document['a']['run'][-6:]})", f"{b} ({document['b']['run'][-6:]})"
    return a, b


def _how(document: dict[str, Any], a: RunEntry, b: RunEntry, say: Words) -> None:
    """Whether the runs could be paired, and if not why not and what to do about it."""
    if not document["reasons"]:
        days = {"days": a.days, "seed": a.seed, "n": document["replications"]}
        if document["replications"] > 1:
            titled = {world: document[world] for world in "ab"} | {"days": a.days}
            st.markdown(f"#### {findings.headline(document | titled, say)}")
        st.markdown(f":material/link: **{say('compare.paired')}** {say('compare.paired_what', **days)}")
        page.link("ledgers", say("compare.ledgers"), say, view="two", a=a.name, b=b.name)
        return
    what = "\n".join(_reason(reason, a, b, say) for reason in document["reasons"])
    how = say("compare.per_day") if document["per_day"] else ""
    command = f"omo run {b.path / 'scenario.toml'} --seed {a.seed} --reps {len(a.finished)} --set horizon.days={a.days}"
    page.notice(
        "partial", say("compare.unpaired"), f"{what}\n{say('compare.welch')} {how}".strip(), say,
        commands=[f"{command} --out {page.root()}"],
    )  # fmt: skip


def _reason(reason: Reason, a: RunEntry, b: RunEntry, say: Words) -> str:
    if reason == "seeds":
        return say("compare.reason_seeds", a=a.seed, b=b.seed)
    return say("compare.reason_days", a=a.days, b=b.days) if reason == "days" else say("compare.reason_common")


def _cards(document: dict[str, Any], say: Words) -> None:
    items = []
    for name in _CARDS:
        found = document["measures"].get(name)
        if found is not None:
            levels = [figure(found[world]["mean"], found["unit"], say.language) for world in "ab"]
            change = interval(found["difference"], found["unit"], say.language, signed=True)
            items.append((say.label(name), change, f"A {levels[0]} → B {levels[1]}"))
    page.cards(items)


def _inputs(a: RunEntry, b: RunEntry, say: Words) -> None:
    page.section(say("compare.inputs"))
    found = any_two.changes(a.path, b.path)
    if not found:
        st.caption(say("compare.inputs_same"))
        return
    rows = [[change.key, _short(change.a), _short(change.b)] for change in found]
    with st.expander(say("compare.inputs_what", n=len(found)), expanded=len(found) <= 8):
        page.table([say("scenario.key"), "A", "B"], rows, words=3)


def _short(value: Any) -> str:
    text = "–" if value is None else value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _differences(document: dict[str, Any], say: Words) -> None:
    """For each unit the measures that changed; differences of very different size are in figures of their own."""
    for unit in UNITS:
        for part, names in enumerate(_parts(document["measures"], unit)):
            measures = {name: document["measures"][name] for name in names}
            _figure(f"differences-{unit}-{part}", document | {"measures": measures}, unit, say)


def _parts(measures: dict[str, Any], unit: str) -> list[list[str]]:
    """Names by size of the difference: a bar that reaches far would make points of all the others."""
    sizes = {
        name: abs(found["difference"]["mean"] or 0) + (found["difference"]["half_width"] or 0)
        for name, found in measures.items()
        if found["unit"] == unit
    }
    edge = _SMALL * max(sizes.values(), default=0.0)
    large = [name for name, size in sizes.items() if size >= edge > 0]
    small = [name for name, size in sizes.items() if 0 < size < edge]
    return [part for part in ([large, small] if len(small) > 1 else [[*large, *small]]) if part]


def _figure(key: str, document: dict[str, Any], unit: str, say: Words) -> None:
    found = document["measures"]
    told = {name: interval(one["difference"], unit, say.language, signed=True) for name, one in found.items()}
    settled = [name for name, one in found.items() if findings.sign_of(one["difference"]) != "open"]
    finding = say("compare.finding", settled=len(settled), n=len(found), unit=say(f"compare.unit_{unit}"))
    if len(found) == 1:
        finding = say("compare.one", measure=say.label(next(iter(found))), change=told[next(iter(found))])
    elif settled:
        largest = max(settled, key=lambda name: abs(found[name]["difference"]["mean"]))
        finding = say("compare.largest", finding=finding, measure=say.label(largest), change=told[largest])
    numbers = [[name, one["difference"]["mean"], one["difference"]["half_width"]] for name, one in found.items()]
    page.figure(
        key, measured.forest(document, unit, say), say,
        finding=finding, definition=say("ledgers.forest_what"), basis=_basis(document, say),
        head=[say("ledgers.measure"), say("ledgers.difference")],
        rows=[[say.label(name), text] for name, text in told.items()],
        csv_head=["measure", "difference", "half_width"], csv_rows=numbers,
    )  # fmt: skip


def _basis(document: dict[str, Any], say: Words) -> str:
    a, b = document["a"], document["b"]
    if not document["reasons"]:
        return page.basis_of({"days": a["days"], "seed": a["seed"], "replications": document["replications"]}, say)
    sides = {
        f"{key}_{world}": side[key] for world, side in (("a", a), ("b", b)) for key in ("days", "seed", "replications")
    }
    return say("compare.basis", **sides)


def _measures(document: dict[str, Any], say: Words) -> None:
    page.section(say("ledgers.all_measures"))
    head = [say("ledgers.measure"), say("ledgers.definition"), *_titles(document, say), say("ledgers.difference")]
    rows, numbers = [], []
    for name in [measure.name for measure in MEASURES if measure.name in document["measures"]]:
        found, unit = document["measures"][name], document["measures"][name]["unit"]
        daily = f" ({say('compare.a_day')})" if document["per_day"] and name in any_two.SUMS else ""
        levels = [interval(found[world], unit, say.language) for world in "ab"]
        difference = interval(found["difference"], unit, say.language, signed=True)
        rows.append([say.label(name) + daily, say.definition(name), *levels, difference])
        parts = [found[side][key] for side in ("a", "b", "difference") for key in ("mean", "half_width")]
        numbers.append([name, unit, *parts])
    with st.expander(say("compare.show_all", n=len(rows))):
        page.table(head, rows, words=2, css="wide")
    sides = [f"{side}_{key}" for side in ("a", "b", "difference") for key in ("mean", "half_width")]
    page.download("compared", ["measure", "unit", *sides], numbers, say)


draw()
