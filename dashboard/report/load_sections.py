"""Sections of the report about a load run and its audit."""

from __future__ import annotations

from typing import Any

from dashboard.amounts import NOTHING
from dashboard.charts import printed
from dashboard.load_runs import LATENCIES, OUTCOMES, LoadRun, latencies, outcome_totals, per_second
from dashboard.report import markup
from dashboard.words import Words


def load(run: LoadRun, say: Words) -> str:
    """What was offered and achieved; latencies only when the run is valid."""
    result = run.result
    valid = bool(result["valid"])
    parts = [_verdict(result, valid, say), _rates(result, say)]
    if valid:
        found = latencies(result)
        names = {action: say("load.all") if action == "all" else action for action in found}
        plot = printed.latency(found, names, say("report.load_alt"), say)
        parts.append(markup.figure(plot, say("load.latency_what")))
    seconds = per_second(run)
    if seconds:
        parts.append(
            markup.figure(printed.request_rates(seconds, say("report.rates_alt"), say), say("load.rates_what"))
        )
    parts += [_calls(result, valid, say), markup.element("p", say("load.outcomes_what"), "note")]
    return markup.section(f"{say('report.load')}: {run.name}", *parts)


def audit(run: LoadRun, say: Words) -> str:
    """The verdict per law, and the breaches with their rows."""
    found = run.audit
    if found is None:
        command = markup.code([f"omo audit {run.name}"])
        return markup.section(say("report.audit"), markup.element("p", say("load.audit_none")), command)
    head = [say("load.verdict"), say("load.says"), say("load.checked"), say("load.broken")]
    rows = [
        [verdict(law, say), say.law(law["law"], law["about"]), f"{law['checked']:,}", f"{law['broken']:,}"]
        for law in found["laws"]
    ]
    css = "good" if found["clean"] else "bad"
    summary = f'<div class="verdict {css}">{markup.element("p", audit_summary(found, say))}</div>'
    return markup.section(
        say("report.audit"),
        summary,
        markup.table(head, rows, say("report.audit_caption"), words=2),
        _findings(found, say),
    )


def audit_summary(found: dict[str, Any], say: Words) -> str:
    """The audit in one sentence."""
    broken = sum(law["broken"] for law in found["laws"])
    checked = sum(law["checked"] for law in found["laws"])
    if broken:
        laws = sum(1 for law in found["laws"] if law["broken"])
        return say("load.audit_broken", broken=f"{broken:,}", laws=laws)
    return say("load.audit_clean", checked=f"{checked:,}") if checked else say("load.audit_empty")


def verdict(law: dict[str, Any], say: Words) -> str:
    """How one law came out, in a sign and a word."""
    if law["broken"]:
        return say("load.breaks")
    return say("load.holds") if law["checked"] else say("load.unchecked")


def _verdict(result: dict[str, Any], valid: bool, say: Words) -> str:
    lines = [markup.element("p", say("load.valid" if valid else "load.invalid"))]
    if not valid:
        lines.append(markup.element("p", say("load.invalid_what")))
        lines.append("<ul>" + "".join(markup.element("li", say.reason(r)) for r in result["reasons"]) + "</ul>")
    if result["state"] == "interrupted":
        lines.append(markup.element("p", f"{say('load.interrupted')}: {say('load.interrupted_what')}"))
    return f'<div class="verdict {"good" if valid else "bad"}">{"".join(lines)}</div>'


def _rates(result: dict[str, Any], say: Words) -> str:
    lag = result["lag_ms"]
    rows = [
        [say("load.offered"), say("load.per_s", value=f"{result['offered_per_s']:,.1f}")],
        [say("load.achieved"), say("load.per_s", value=f"{result['achieved_per_s']:,.1f}")],
        [say("load.payments"), say("load.per_s", value=f"{result['payments_per_s']:,.1f}")],
        [say("load.duration"), say("load.s", value=f"{result['duration_s']:,.1f}")],
        [say("load.lag_p99"), say("load.ms", value=f"{lag['p99']:,.1f}")],
        [say("load.target"), str(result["target"])],
    ]
    return markup.table(["", ""], rows, say("report.load_caption"))


def _calls(result: dict[str, Any], valid: bool, say: Words) -> str:
    quantiles = [f"{name} ({say('load.ms', value='').strip()})" for name in LATENCIES] if valid else []
    head = [say("load.action"), say("load.calls"), *quantiles, *(say(f"load.{name}") for name in OUTCOMES)]
    rows = []
    for action in sorted(set(result["latency_ms"]) | set(result["outcomes"]), key=lambda name: (name != "all", name)):
        latency = result["latency_ms"].get(action)
        outcomes = outcome_totals(result) if action == "all" else result["outcomes"].get(action, {})
        figures = [f"{latency[name]:,.1f}" if latency else NOTHING for name in LATENCIES] if valid else []
        calls = f"{latency['calls']:,}" if latency else "0"
        ends = [f"{outcomes.get(name, 0):,}" for name in OUTCOMES]
        rows.append([say("load.all") if action == "all" else action, calls, *figures, *ends])
    return markup.table(head, rows, say("report.calls_caption"))


def _findings(found: dict[str, Any], say: Words) -> str:
    rows = [
        [law["law"], finding["what"], ", ".join(f"{key} {value}" for key, value in finding["rows"].items())]
        for law in found["laws"]
        for finding in law["findings"]
    ]
    if not rows:
        return ""
    return markup.table([say("load.law"), say("load.finding"), say("load.rows")], rows, say("load.findings"), words=3)
