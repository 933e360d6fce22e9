"""Load and audit: what a replay measured, whether it counts, and whether the books agree."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import kept, page
from dashboard.amounts import NOTHING, share
from dashboard.charts import measured
from dashboard.charts.drills import setting_name
from dashboard.load_runs import (
    LATENCIES,
    OUTCOMES,
    LoadRun,
    lag_per_second,
    latencies,
    load_runs,
    outcome_totals,
    per_second,
)
from dashboard.report.load_sections import audit_summary, verdict
from dashboard.soak_figures import soak_figures
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
        root = page.root()
        page.notice(
            "empty", say("load.none"), say("load.none_what", root=root), say,
            commands=[f"omo trace ward-omo --from 11:45 --to 12:15 --runs {root} --out lunch",
                      f"omo load lunch --out {root}/load-1", f"omo audit {root}/load-1"],
            to=[("start", say("page.start"), {})],
        )  # fmt: skip
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
    if _is_open_loop(run.result):
        _lag(run, say)
    _outcomes(run.result, say)
    _audit(run, say)
    _setting(run, say)
    soak_figures(kept.documents(page.root(), "omo.soak/1"), say)


def _verdict(result: dict[str, Any], valid: bool, say: Words) -> None:
    if valid:
        page.notice("good", say("load.valid"), "", say)
    else:
        reasons = "\n".join(f"• {say.reason(reason)}" for reason in result["reasons"])
        page.notice("invalid", say("load.invalid"), f"{say('load.invalid_what')}\n{reasons}", say)
    if result["state"] == "interrupted":
        page.notice("partial", say("load.interrupted"), say("load.interrupted_what"), say)


def _basis(result: dict[str, Any], say: Words) -> str:
    """One replay has no interval; what stands instead of it is how many calls it had, and on what."""
    duration, workers = f"{result['duration_s']:,.0f}", max(result.get("workers", 0), 1)
    return say("load.basis", target=result["target"], calls=f"{result['calls']:,}", s=duration, workers=workers)


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
    if _is_open_loop(result):
        items.append((say("load.lag_p99"), say("load.ms", value=f"{result['lag_ms']['p99']:,.1f}"), ""))
    page.cards(items)


def _is_open_loop(result: dict[str, Any]) -> bool:
    """Whether a trace was replayed; a soak's closed loop is never late."""
    return "trace" in result


def _rates(run: LoadRun, say: Words) -> None:
    page.section(say("load.rates"))
    seconds = per_second(run)
    if not seconds:
        st.caption(f"○ {say('load.no_series')}")
        return
    offered, answered = (sum(row[name] or 0 for row in seconds) for name in ("offered", "answered"))
    peak = max(row["offered"] or 0 for row in seconds)
    names = ("second", "offered", "answered", "failed")
    page.figure(
        "requests", measured.request_rates(seconds, say), say,
        finding=say("load.rates_finding", peak=f"{peak:,.0f}", share=share(answered / (offered or 1))),
        definition=say("load.rates_what"), basis=_basis(run.result, say),
        head=[say("load.second"), *(say(f"load.{name}") for name in names[1:])],
        rows=[[f"{row[name] or 0:,.0f}" for name in names] for row in seconds],
        csv_head=list(seconds[0]), csv_rows=[list(row.values()) for row in seconds],
    )  # fmt: skip


def _latency(result: dict[str, Any], say: Words) -> None:
    page.section(say("load.latency"))
    found = latencies(result)
    if not found:
        st.caption(f"○ {say('load.no_calls')}")
        return
    names = {action: say("load.all") if action == "all" else action for action in found}
    slowest = max((action for action in found if action != "all"), key=lambda a: found[a]["p99"], default="all")
    told = {"action": names[slowest], "slow": _ms(found[slowest]["p99"], say)}
    everything = found.get("all", found[slowest])
    page.figure(
        "latency", measured.latency(found, names, say), say,
        finding=say("load.latency_finding", p99=_ms(everything["p99"], say), **told),
        definition=say("load.latency_what"), basis=_basis(result, say),
        head=[say("load.action"), say("load.calls"), *LATENCIES],
        rows=[[names[action], f"{values['calls']:,}", *(_ms(values[q], say) for q in LATENCIES)]
              for action, values in found.items()],
        csv_head=["action", "calls", *(f"{q}_ms" for q in LATENCIES)],
        csv_rows=[[action, values["calls"], *(values[q] for q in LATENCIES)] for action, values in found.items()],
    )  # fmt: skip


def _ms(value: float, say: Words) -> str:
    return say("load.ms", value=f"{value:,.1f}")


def _lag(run: LoadRun, say: Words) -> None:
    page.section(say("load.lag"))
    seconds, lag = lag_per_second(run), run.result["lag_ms"]
    blocking = {name: f"{value:,.1f}" for name, value in run.result["blocking_ms"].items()}
    what = say("load.lag_what", p99=LAG_P99_MS, max=LAG_MAX_MS)
    key = "late" if lag["p99"] > LAG_P99_MS or lag["max"] > LAG_MAX_MS else "on_time"
    finding = say(f"load.lag_{key}", p99=_ms(lag["p99"], say), max=_ms(lag["max"], say))
    if not seconds:
        st.markdown(f"**{finding}**")
        st.caption(what)
        return
    page.figure(
        "lag", measured.generator_lag(seconds, say), say,
        finding=finding, definition=what + say("finding.join") + say("load.blocking", **blocking),
        basis=_basis(run.result, say),
        head=[say("load.second"), say("load.lag_median"), say("load.lag_max")],
        rows=[[f"{row['second']:,.0f}", *(_ms(row[name] or 0, say) for name in ("median_ms", "max_ms"))]
              for row in seconds],
        csv_head=list(seconds[0]), csv_rows=[list(row.values()) for row in seconds],
    )  # fmt: skip


def _outcomes(result: dict[str, Any], say: Words) -> None:
    page.section(say("load.outcomes"))
    by_action = result["outcomes"]
    if not by_action:
        st.caption(f"○ {say('load.no_calls')}")
        return
    totals = outcome_totals(result)
    shares = {name: share(totals[name] / (sum(totals.values()) or 1)) for name in OUTCOMES}
    page.figure(
        "outcomes", measured.outcomes(by_action, {action: action for action in by_action}, say), say,
        finding=say("load.outcomes_finding", **shares), definition=say("load.outcomes_what"),
        basis=_basis(result, say),
        head=[say("load.action"), *(say(f"load.{name}") for name in OUTCOMES)],
        rows=[[action, *(f"{found.get(name, 0):,}" for name in OUTCOMES)] for action, found in by_action.items()],
        csv_head=["action", *OUTCOMES],
        csv_rows=[[action, *(found.get(name, 0) for name in OUTCOMES)] for action, found in by_action.items()],
    )  # fmt: skip


def _audit(run: LoadRun, say: Words) -> None:
    page.section(say("load.audit"))
    found = run.audit
    if found is None:
        page.notice("empty", say("load.audit_none"), say("load.audit_none_what"), say,
                    commands=[f"omo audit {run.path}"])  # fmt: skip
        return
    page.notice("good" if found["clean"] else "failed", audit_summary(found, say), "", say)
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


def _told(key: str, value: object, say: Words) -> str:
    told = f"{value:,}" if isinstance(value, int) else f"{value:,g}" if isinstance(value, float) else f"{value}"
    return f"{setting_name(key, say)} {told}"


def _setting(run: LoadRun, say: Words) -> None:
    """How it was replayed; a soak's load run was not, it has neither trace nor speed."""
    page.section(say("load.setting"))
    result = run.result
    traced = result.get("trace", {})
    trace = ", ".join(_told(key, traced[key], say) for key in TRACE_KEYS if key in traced)
    faults = ", ".join(_told(key, value, say) for key, value in (result.get("faults") or {}).items())
    versions = ", ".join(f"{name} {version}" for name, version in result.get("versions", {}).items())
    rows = [
        [say("load.target"), str(result["target"])],
        [say("load.trace"), trace or NOTHING],
        [say("load.faults"), faults or NOTHING],
        [say("load.speed"), f"{result['speed']:g}" if "speed" in result else NOTHING],
        [say("load.workers"), f"{max(result.get('workers', 0), 1)}"],
        [say("load.cores"), f"{result['machine']['cores']}" if "machine" in result else NOTHING],
        [say("load.versions"), versions or NOTHING],
        [say("runs.where"), str(run.path)],
    ]
    page.table(["", ""], rows, words=2)


draw()
