"""Load and audit: what a replay measured, whether it counts, and whether the books agree."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import page
from dashboard.amounts import NOTHING
from dashboard.charts import measured
from dashboard.load_runs import LATENCIES, OUTCOMES, LoadRun, lag_per_second, latencies, load_runs, per_second
from dashboard.report.load_sections import audit_summary, verdict
from dashboard.words import Words

LAG_P99_MS = 10
LAG_MAX_MS = 250
TRACE_KEYS = ("run", "replication", "day", "copies", "journeys", "steps")


def draw() -> None:
    """The page."""
    say = page.say()
    page.heading(say("page.load"), say("load.lead"))
    found = {run.name: run for run in load_runs(page.root())}
    if not found:
        st.info(say("load.none"), icon=":material/info:")
        root = page.root()
        commands = (
            f"omo trace ward-omo --from 11:45 --to 12:15 --runs {root} --out lunch",
            f"omo load lunch --out {root}/load-1",
            f"omo audit {root}/load-1",
        )
        st.code("\n".join(commands), language=None, wrap_lines=True)
        return

    def label(name: str) -> str:
        mark = "load.valid_mark" if found[name].result["valid"] else "load.invalid_mark"
        return f"{name} · {say(mark)} · {say('load.per_s', value=format(found[name].result['offered_per_s'], ',.0f'))}"

    run = found[page.pick("load", say("load.choose"), list(found), label)]
    valid = bool(run.result["valid"])
    _verdict(run.result, valid, say)
    _figures(run.result, valid, say)
    _rates(run, say)
    if valid:
        _latency(run.result, say)
    _lag(run, say)
    _outcomes(run.result, say)
    _audit(run, say)
    _setting(run, say)


def _verdict(result: dict[str, Any], valid: bool, say: Words) -> None:
    if valid:
        st.success(say("load.valid"), icon=":material/check_circle:")
    else:
        reasons = "\n".join(f"- {say.reason(reason)}" for reason in result["reasons"])
        text = f"**{say('load.invalid')}** {say('load.invalid_what')}\n\n{reasons}"
        st.error(text, icon=":material/block:")
    if result["state"] == "interrupted":
        st.warning(say("load.interrupted"), icon=":material/warning:")


def _figures(result: dict[str, Any], valid: bool, say: Words) -> None:
    def per_s(name: str) -> str:
        return say("load.per_s", value=f"{result[name]:,.1f}")

    items = [
        (say("load.offered"), per_s("offered_per_s"), f"{say('load.calls')} {result['calls']:,}"),
        (say("load.achieved"), per_s("achieved_per_s"), say("load.s", value=f"{result['duration_s']:,.0f}")),
        (say("load.payments"), per_s("payments_per_s"), ""),
    ]
    everything = result["latency_ms"].get("all")
    if valid and everything:
        items.append((say("load.p99_all"), say("load.ms", value=f"{everything['p99']:,.1f}"), ""))
    items.append((say("load.lag_p99"), say("load.ms", value=f"{result['lag_ms']['p99']:,.1f}"), ""))
    page.cards(items)


def _rates(run: LoadRun, say: Words) -> None:
    page.section(say("load.rates"), say("load.rates_what"))
    seconds = per_second(run)
    if not seconds:
        st.info(say("load.no_series"), icon=":material/info:")
        return
    st.altair_chart(measured.request_rates(seconds, say), key="rates")
    page.download("requests", list(seconds[0]), [list(row.values()) for row in seconds], say)


def _latency(result: dict[str, Any], say: Words) -> None:
    page.section(say("load.latency"), say("load.latency_what"))
    found = latencies(result)
    if not found:
        return
    names = {action: say("load.all") if action == "all" else action for action in found}
    st.altair_chart(measured.latency(found, names, say), key="latency")
    head = [say("load.action"), say("load.calls"), *LATENCIES]
    rows = [
        [names[action], f"{values['calls']:,}", *(say("load.ms", value=f"{values[q]:,.1f}") for q in LATENCIES)]
        for action, values in found.items()
    ]
    page.table(head, rows)
    numbers = [[action, values["calls"], *(values[q] for q in LATENCIES)] for action, values in found.items()]
    page.download("latency", ["action", "calls", *(f"{q}_ms" for q in LATENCIES)], numbers, say)


def _lag(run: LoadRun, say: Words) -> None:
    page.section(say("load.lag"), say("load.lag_what", p99=LAG_P99_MS, max=LAG_MAX_MS))
    seconds = lag_per_second(run)
    if seconds:
        st.altair_chart(measured.generator_lag(seconds, say), key="lag")
    blocking = {name: f"{value:,.1f}" for name, value in run.result["blocking_ms"].items()}
    st.caption(say("load.blocking", **blocking))


def _outcomes(result: dict[str, Any], say: Words) -> None:
    page.section(say("load.outcomes"), say("load.outcomes_what"))
    by_action = result["outcomes"]
    if not by_action:
        return
    st.altair_chart(measured.outcomes(by_action, {action: action for action in by_action}, say), key="outcomes")
    head = [say("load.action"), *(say(f"load.{name}") for name in OUTCOMES)]
    rows = [[action, *(f"{found.get(name, 0):,}" for name in OUTCOMES)] for action, found in by_action.items()]
    page.table(head, rows)


def _audit(run: LoadRun, say: Words) -> None:
    page.section(say("load.audit"))
    found = run.audit
    if found is None:
        st.info(say("load.audit_none"), icon=":material/info:")
        st.code(f"omo audit {run.path}", language=None, wrap_lines=True)
        return
    summary = audit_summary(found, say)
    if found["clean"]:
        st.success(summary, icon=":material/verified:")
    else:
        st.error(summary, icon=":material/gpp_bad:")
    head = [say("load.verdict"), say("load.law"), say("load.says"), say("load.checked"), say("load.broken")]
    laws = sorted(found["laws"], key=lambda law: (-law["broken"], law["checked"] == 0))
    rows = [
        [verdict(law, say), law["law"], say.law(law["law"], law["about"]), f"{law['checked']:,}", f"{law['broken']:,}"]
        for law in laws
    ]
    page.table(head, rows, words=3)
    findings = [(law["law"], finding) for law in laws for finding in law["findings"]]
    if findings:
        st.markdown(f"##### {say('load.findings')}")
        page.table([say("load.law"), say("load.finding"), say("load.rows")], _finding_rows(findings), words=3)
    page.download("audit", ["law", "checked", "broken"], [[w["law"], w["checked"], w["broken"]] for w in laws], say)


def _finding_rows(findings: list[tuple[str, dict[str, Any]]]) -> list[list[str]]:
    return [
        [law, finding["what"], ", ".join(f"{key} {value}" for key, value in finding["rows"].items())]
        for law, finding in findings
    ]


def _setting(run: LoadRun, say: Words) -> None:
    page.section(say("load.setting"))
    result = run.result
    trace = ", ".join(f"{key} {result['trace'][key]}" for key in TRACE_KEYS if key in result["trace"])
    faults = ", ".join(f"{key} {value}" for key, value in (result["faults"] or {}).items())
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    rows = [
        [say("load.target"), str(result["target"])],
        [say("load.trace"), trace],
        [say("load.faults"), faults or NOTHING],
        [say("load.speed"), f"{result['speed']:g}"],
        [say("load.workers"), f"{max(result['workers'], 1)}"],
        [say("load.cores"), f"{result['machine']['cores']}"],
        [say("load.versions"), versions],
        [say("runs.where"), str(run.path)],
    ]
    page.table(["", ""], rows, words=2)


draw()
