"""Audit: every law with its verdict and what it looked at, the faults that were survived, drills, and conformance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from dashboard import kept, page
from dashboard.amounts import NOTHING, seconds
from dashboard.charts import drills, panels
from dashboard.charts.palette import APP, LOST, NEUTRAL
from dashboard.charts.panels import Part
from dashboard.kept import Kept
from dashboard.load_runs import LoadRun, read_json
from dashboard.report.load_sections import audit_summary
from dashboard.words import Words

_VERDICTS: Final = {"holds": APP, "breaks": LOST, "unchecked": NEUTRAL}
_SHOWN: Final = 25
"""Breaches and differences that are listed; the file has more."""


def draw() -> None:
    """The page."""
    say = page.say()
    page.heading(say("page.audit"), say("audit.lead"))
    found = kept.load_directories(page.root())
    if found:
        name = page.pick("load", say("load.choose"), list(found), lambda key: _label(key, found[key], say))
        _load(found[name], say)
    else:
        root = page.root()
        page.notice(
            "empty", say("audit.none"), say("audit.none_what"), say,
            commands=[f"omo trace ward-omo --from 11:45 --to 12:15 --runs {root} --out lunch",
                      f"omo load lunch --out {root}/load-1", f"omo audit {root}/load-1"],
            to=[("start", say("page.start"), {})],
        )  # fmt: skip
    _drills(say)
    _conformance(say)


def _label(key: str, run: LoadRun, say: Words) -> str:
    if run.audit is None:
        return f"{key} · {say('audit.not_audited')}"
    return f"{key} · {say('start.clean') if run.audit['clean'] else say('start.broken')}"


def _load(run: LoadRun, say: Words) -> None:
    if not run.result["valid"]:
        reasons = "\n".join(map(say.reason, run.result["reasons"]))
        page.notice("invalid", say("audit.invalid"), f"{say('audit.invalid_what')}\n{reasons}", say)
    if run.result["state"] == "interrupted":
        page.notice("partial", say("state.interrupted"), say("load.interrupted"), say)
    if run.audit is None:
        page.notice("empty", say("audit.not_audited"), say("audit.not_audited_what"), say,
                    commands=[f"omo audit {run.path}"])  # fmt: skip
        return
    audit = run.audit
    _verdict(audit, say)
    if any(law["checked"] for law in audit["laws"]):
        _laws_figure(run, audit, say)
    _laws_table(audit, say)
    _findings(audit, say)
    _faults(run, say)


def _verdict(audit: Mapping[str, Any], say: Words) -> None:
    summary = audit_summary(dict(audit), say)
    if not audit["clean"]:
        page.notice("failed", say("start.broken"), summary, say)
        return
    st.success(summary, icon=":material/verified:")


def _of(law: Mapping[str, Any]) -> str:
    return "breaks" if law["broken"] else "holds" if law["checked"] else "unchecked"


def _laws_figure(run: LoadRun, audit: Mapping[str, Any], say: Words) -> None:
    """How much each law looked at."""
    laws = _ordered(audit)
    names = {kind: say(f"load.{kind}") for kind in _VERDICTS}
    parts = [Part(law["law"], names[_of(law)], law["checked"], f"{law['checked']:,}", " ") for law in laws]
    totals = {law["law"]: f"{say(f'load.{_of(law)}')} · {law['checked']:,}" for law in laws}
    colours = {names[kind]: colour for kind, colour in _VERDICTS.items() if any(_of(law) == kind for law in laws)}
    broken = sum(bool(law["broken"]) for law in laws)
    checked = sum(bool(law["checked"]) for law in laws)
    page.figure(
        "laws", panels.stacked(parts, colours, say("load.checked"), page.ink(), totals), say,
        finding=say("audit.laws_finding", broken=broken, checked=checked, n=len(laws),
                    rows=f"{sum(law['checked'] for law in laws):,}"),
        definition=say("audit.laws_what"), basis=_basis(run, say),
        head=[say("load.law"), say("load.verdict"), say("load.checked"), say("load.broken")],
        rows=[[law["law"], names[_of(law)], f"{law['checked']:,}", f"{law['broken']:,}"] for law in laws],
        csv_head=["law", "checked", "broken"], csv_rows=[[w["law"], w["checked"], w["broken"]] for w in laws], words=2,
    )  # fmt: skip


def _basis(run: LoadRun, say: Words) -> str:
    return say("audit.basis", target=run.result["target"], calls=f"{run.result['calls']:,}", name=run.name)


def _ordered(audit: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return sorted(audit["laws"], key=lambda law: (-law["broken"], law["checked"] == 0, -law["checked"]))


def _laws_table(audit: Mapping[str, Any], say: Words) -> None:
    page.section(say("audit.what_laws_say"))
    head = [say("load.verdict"), say("load.law"), say("load.says"), say("load.checked"), say("load.broken")]
    rows = [
        [say(f"load.{_of(law)}"), law["law"], _says(law, say), f"{law['checked']:,}", f"{law['broken']:,}"]
        for law in _ordered(audit)
    ]
    page.table(head, rows, words=3)


def _says(law: Mapping[str, Any], say: Words) -> str:
    """The law in words; of one that could not be applied also what it lacks."""
    text = say.law(law["law"], law["about"])
    if "not_checked" not in law:
        return text
    lacks = str(law["not_checked"]).removeprefix("target has no ")
    return f"{text} {say('audit.lacks', what=lacks)}"


def _findings(audit: Mapping[str, Any], say: Words) -> None:
    found = [(law["law"], finding) for law in _ordered(audit) for finding in law["findings"]]
    if not found:
        return
    page.section(say("load.findings"), say("audit.findings_what", n=min(len(found), _SHOWN), all=len(found)))
    rows = [
        [law, finding["what"], ", ".join(f"{_key(key, say)} {value}" for key, value in finding["rows"].items())]
        for law, finding in found
    ]
    page.table([say("load.law"), say("load.finding"), say("load.rows")], rows[:_SHOWN], words=3)
    page.download("breaches", ["law", "what", "rows"], rows, say)


def _key(name: str, say: Words) -> str:
    return say.of_code("row", name, name)


def _faults(run: LoadRun, say: Words) -> None:
    page.section(say("audit.faults"))
    document = read_json(run.path / "faults.json")
    if document is None:
        st.caption(f"○ {say('audit.no_faults')}")
        return
    survived = ", ".join(f"{count} × {drills.fault_name(name, say)}" for name, count in document["survived"].items())
    st.markdown(say("audit.survived", told=survived or "–"))
    rows = [
        [
            drills.fault_name(fault["action"], say),
            ", ".join(_setting(key, value, say) for key, value in fault["settings"].items()) or "–",
            *(
                NOTHING if fault[at] is None else seconds(fault[at], say.language)
                for at in ("planned_s", "began_s", "ended_s")
            ),
            _outcome(fault, say),
        ]
        for fault in document["faults"]
    ]
    heads = ("fault", "settings", "planned", "began", "ended", "outcome")
    page.table([say(f"audit.{name}") for name in heads], rows, words=2, css="stacked")


def _outcome(fault: Mapping[str, Any], say: Words) -> str:
    outcome = fault["outcome"]
    return ": ".join(filter(None, [say(f"audit.outcome_{outcome}"), fault["why"]]))


def _setting(key: str, value: object, say: Words) -> str:
    return f"{drills.setting_name(key, say)} {value}"


def _drills(say: Words) -> None:
    page.section(say("audit.drills"), say("audit.drills_what"))
    found = [one for one in kept.documents(page.root(), "omo.drill/1") if not one.problem]
    if not found:
        page.notice("empty", say("audit.no_drills"), say("audit.no_drills_what"), say,
                    commands=["omo drill", f"omo drill slow-psp-x10 --out {page.root()}/drill-slow-psp"])  # fmt: skip
        return
    rows = []
    for one in found:
        document = one.document
        kept_ = [promise["kept"] for promise in document["promises"]]
        verdict = say("audit.kept") if document["kept"] else say("audit.missed")
        rows.append(
            [verdict, _drill_name(one, found), drills.about(document, say), f"{kept_.count(True)}/{len(kept_)}"]
        )
    heads = [say("load.verdict"), say("audit.drill"), say("audit.happens"), say("audit.promises_kept")]
    page.table(heads, rows, words=3)
    names = {one.name: one for one in found}
    chosen = names[page.pick("drill", say("audit.drill"), list(names), lambda key: _drill_name(names[key], found))]
    _drill(chosen, say)


def _drill_name(one: Kept, found: list[Kept]) -> str:
    """The drill; of one that was run more than once also which of them."""
    name = str(one.document["drill"])
    return (
        name
        if sum(other.document["drill"] == name for other in found) == 1
        else f"{name} · {one.name.removesuffix('/drill.json')}"
    )


def _drill(one: Kept, say: Words) -> None:
    document = one.document
    if not document["valid"]:
        page.notice("invalid", say("audit.invalid"), "\n".join(map(say.reason, document["reasons"])), say)
    if document["state"] != "complete":
        page.notice("partial", say("state.interrupted"), say("load.interrupted"), say)
    marks = {True: say("audit.kept"), False: say("audit.missed"), None: say("audit.not_judged")}
    rows = [
        [marks[promise["kept"]], say.of_code("promise", promise["promise"], promise["promise"]),
         *drills.promise_texts(promise, say)]
        for promise in document["promises"]
    ]  # fmt: skip
    st.markdown(f"##### {drills.drill_finding(document, say)}")
    st.caption(drills.drill_basis(document, say))
    head = [say("load.verdict"), say("audit.promise"), say("audit.promised"), say("audit.seen")]
    page.table(head, rows, css="keys", words=4)
    page.download(f"drill-{document['drill']}", ["kept", "promise", "promised", "seen"],
                  [[p["kept"], p["promise"], p["promised"], p["seen"]] for p in document["promises"]], say)  # fmt: skip


def _conformance(say: Words) -> None:
    page.section(say("audit.conformance"), say("audit.conformance_what"))
    found = {one.name: one for one in kept.documents(page.root(), "omo.conformance/1") if not one.problem}
    if not found:
        command = f"omo conformance ward-omo --day 1 --runs {page.root()} --json > {page.root()}/conformance.json"
        page.notice("empty", say("audit.no_conformance"), say("audit.no_conformance_what"), say, commands=[command])
        return
    name = page.pick("conformance", say("demand.which"), list(found), lambda key: _conformance_label(found[key], say))
    document = found[name].document
    text = drills.conformance_finding(document, say)
    if document["conforms"]:
        st.success(text, icon=":material/verified:")
    else:
        page.notice("failed", say("audit.books_differ"), text, say)
        rows = [
            [row["book"], str(row["where"]), row["what"], f"{row['expected']:,}", f"{row['found']:,}"]
            for row in document["differences"]
        ]
        heads = ("book", "where", "what", "expected", "found")
        page.table([say(f"audit.{head}") for head in heads], rows[:_SHOWN], words=3)
        page.download("differences", heads, rows, say)
    _bridge(document, say)


def _conformance_label(one: Kept, say: Words) -> str:
    verdict = say("audit.kept") if one.document["conforms"] else say("audit.missed")
    return f"{one.document['run']} · {say('stock.day')} {one.document['day']} · {verdict}"


def _bridge(document: Mapping[str, Any], say: Words) -> None:
    """What leads from the core's books to the world's."""
    stock = document["stock"]
    rows = [[say("audit.core"), f"{stock['core']['on_hand']:,}", ""]]
    rows += [
        [say(f"audit.adjust_{reason}"), f"{one['units']:+,}", f"{one['places']:,}"]
        for reason, one in stock["adjustments"].items()
    ]
    rows.append([say("audit.world"), f"{stock['world']['on_hand']:,}", ""])
    page.table([say("audit.stock"), say("stock.units"), say("stock.items")], rows, last_is_total=True)
    money = [
        [
            say(f"player.brand_{tender}"),
            *(f"{one[side][kind]:,}" for side in ("core", "world") for kind in ("gross_yen", "refunds_yen", "fee_yen")),
        ]
        for tender, one in document["money"].items()
    ]
    kinds = ("gross", "refunds", "fees")
    page.table(
        [say("payments.tender"), *(f"{say(f'audit.{side}')}: {say(f'audit.{k}')}" for side in ("core", "world")
                                   for k in kinds)],
        money,
    )  # fmt: skip
    st.caption(drills.conformance_basis(document, say))


draw()
