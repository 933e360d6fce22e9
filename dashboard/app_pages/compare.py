"""Compare: any two runs, what was put in differently and what came out, paired where they can be."""

from __future__ import annotations

import json
from typing import Any, Final

import streamlit as st

from dashboard import any_two, difference_figures, findings, page
from dashboard.amounts import figure, interval, whole
from dashboard.any_two import Change, Reason
from dashboard.run_list import RunEntry, entries, newest_pair
from dashboard.words import Words
from scenarios.errors import OmoError

_CARDS: Final = ("contribution_yen", "store_pl_yen", "ec_pl_yen", "satisfaction_mean")
_WIDEST: Final = 60


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
        document, changed = _document(a, b)
    except (OmoError, OSError, ValueError) as error:
        page.notice("failed", say("ledgers.failed_read"), str(error), say, to=[("runs", say("page.runs"), {})])
        return
    _how(document, a, b, say)
    _cards(document, say)
    _inputs(changed, say)
    page.section(say("compare.differences"))
    difference_figures.draw(document, _basis(document, say), say)
    difference_figures.table(document, _titles(document, say), say, any_two.SUMS if document["per_day"] else ())


def _pair(found: dict[str, RunEntry], say: Words) -> tuple[RunEntry, RunEntry]:
    runs = list(found.values())
    newest = newest_pair(runs) or (1, 0)

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
    show_spinner=False, max_entries=30, hash_funcs={RunEntry: lambda run: (run.path, run.inputs_hash, run.finished)}
)
def _document(a: RunEntry, b: RunEntry) -> tuple[dict[str, Any], list[Change]]:
    """The comparison, and the keys in which the scenarios differ."""
    return any_two.compared(a, b), any_two.changes(a.path, b.path)


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
            st.markdown(f"#### {whole(findings.headline(document | titled, say))}")
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


def _inputs(found: list[Change], say: Words) -> None:
    page.section(say("compare.inputs"))
    if not found:
        st.caption(say("compare.inputs_same"))
        return
    rows = [[change.key, _short(change.a), _short(change.b)] for change in found]
    with st.expander(say("compare.inputs_what", n=len(found)), expanded=len(found) <= 8):
        page.table([say("scenario.key"), "A", "B"], rows, words=3)


def _short(value: Any) -> str:
    text = "–" if value is None else value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _basis(document: dict[str, Any], say: Words) -> str:
    a, b = document["a"], document["b"]
    if not document["reasons"]:
        return page.basis_of({"days": a["days"], "seed": a["seed"], "replications": document["replications"]}, say)
    sides = {
        f"{key}_{world}": side[key] for world, side in (("a", a), ("b", b)) for key in ("days", "seed", "replications")
    }
    return say("compare.basis", **sides)


draw()
