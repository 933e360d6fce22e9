"""Carries a drill out: traffic, faults, audit, and what happened beside what was promised."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb

from loadtest.audit.verdict import as_document, audit
from loadtest.faults.course import FILE
from loadtest.faults.plans import Drill
from loadtest.faults.traffic import HOT, make_trace
from loadtest.load import Options, Tell, run_load
from loadtest.servers import Faults
from loadtest.trace_schema import write_trace

SCHEMA: Final = "omo.drill/1"

_BOOKS: Final[Mapping[str, tuple[str, ...]]] = {
    "no goods leave unpaid": ("paid_orders", "order_states"),
    "no double charge is left": ("one_capture_per_order", "shoppers_charged_once", "psp_charges_once"),
    "no unknown payment is left": ("unknowns_resolved",),
    "nothing is oversold": ("not_oversold", "stock_not_negative"),
    "what clients were told is in the books": ("told_ok_exists", "told_rejected_absent"),
}
"""What every drill promises, and the laws of the audit that say so."""

_CALM: Final = Faults(timeout_before=0.0, timeout_after=0.0)
"""The provider outside the faults: a time-out of its own would look like a fault that is not over."""

_CHECKOUT: Final = """
    CREATE TEMP TABLE checkout AS
    SELECT due_s - (SELECT min(due_s) FROM history) AS at_s, 1000 * (answered_s - due_s) AS latency_ms, outcome
    FROM history WHERE in_trace AND outcome <> 'skipped' AND action IN ('order', 'pay')
"""
_WELL: Final = """
    SELECT count(*), coalesce(quantile_disc(latency_ms, 0.99), 0), coalesce(avg((outcome <> 'unknown')::INT), 1)
    FROM checkout WHERE at_s >= ? AND at_s < ?
"""
_ILL_SECONDS: Final = """
    SELECT max(second) FROM (
        SELECT 2 * floor(at_s / 2) AS second FROM checkout WHERE at_s >= ? GROUP BY 1
        HAVING quantile_disc(latency_ms, 0.99) > ? OR avg((outcome <> 'unknown')::INT) < ?)
"""


@dataclass(frozen=True)
class Promise:
    """One promise; `kept` is None where the load run does not allow to say (its generator was late).

    `promised` and `seen` say in English what their figures are, by name, for whoever says it in another language.
    """

    promise: str
    promised: str
    seen: str
    kept: bool | None
    promised_figures: Mapping[str, float] = field(default_factory=dict)
    seen_figures: Mapping[str, float] = field(default_factory=dict)


def run_drill(drill: Drill, out: Path, tell: Tell, *, scale: float = 1.0, trace: Path | None = None) -> dict[str, Any]:
    """Carry out `drill` into the directory `out` and return its document, also written to `drill.json`.

    `scale` times the shoppers; `trace` is replayed in place of the drill's own traffic. Raises as `run_load`.
    """
    if trace is None:
        trace = out / "trace"
        write_trace(make_trace(drill.plan.traffic, scale), trace)
    load = out / "load"
    result = run_load(Options(trace=trace, out=load, faults=_CALM, timetable=drill.plan.faults, disturbed=True), tell)
    verdict = as_document(audit(load))
    (load / "audit.json").write_text(json.dumps(verdict, indent=2) + "\n", encoding="utf-8")
    with duckdb.connect() as db:
        db.read_parquet(str(load / "client_history.parquet")).create_view("history")
        db.execute(_CHECKOUT)
        stages = _stages(db, drill)
        promises = [*_books(verdict), *_timing(db, drill, load, stages), *_sold_out(load, drill)]
    document = {
        "schema": SCHEMA,
        "drill": drill.name,
        "about": drill.plan.about,
        "state": result["state"],
        "scale": scale,
        "own_traffic": trace == out / "trace",
        "valid": result["valid"],
        "reasons": result["reasons"],
        "kept": all(promise.kept is not False for promise in promises) and bool(verdict["clean"]),
        "promises": [asdict(promise) for promise in promises],
        "happened": _happened(load, result),
        "stages": stages,
        "safe_pushes_per_s": _safe(stages, result),
        "faults_survived": result["faults_survived"],
        "audit_clean": verdict["clean"],
    }
    (out / "drill.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return document


def _books(verdict: Mapping[str, Any]) -> list[Promise]:
    broken = {law["law"]: law["broken"] for law in verdict["laws"]}
    counts = {name: sum(broken.get(law, 0) for law in laws) for name, laws in _BOOKS.items()}
    counts["every law of the audit holds"] = sum(broken.values())
    return [
        Promise(name, "0 breaches", f"{count} breaches", not count, seen_figures={"breaches": count})
        for name, count in counts.items()
    ]


def _timing(db: duckdb.DuckDBPyConnection, drill: Drill, load: Path, stages: list[dict[str, Any]]) -> list[Promise]:
    result = json.loads((load / "load.json").read_text(encoding="utf-8"))
    done = json.loads((load / FILE).read_text(encoding="utf-8"))["faults"] if (load / FILE).is_file() else []
    plan, valid = drill.plan, result["valid"]
    limit = f"p99 <= {plan.objective.p99_ms:g} ms, {plan.objective.answered:.1%} answered"
    limits = {"p99_ms": plan.objective.p99_ms, "answered": plan.objective.answered}
    found = []
    if plan.promises.recovers_within_s is not None:
        within_s = plan.promises.recovers_within_s
        over_s = _over_s(done, drill)
        ill = db.execute(_ILL_SECONDS, [over_s, plan.objective.p99_ms, plan.objective.answered]).fetchall()[0][0]
        after_s = 0.0 if ill is None else ill + 2.0 - over_s
        text = f"well ({limit}) within {within_s:g} s of the last fault"
        kept = after_s <= within_s if valid else None
        figures = ({**limits, "within_s": within_s}, {"after_s": after_s})
        found.append(Promise("checkout recovers", text, f"{after_s:.1f} s", kept, *figures))
    if plan.promises.checkout_holds:
        calls, p99_ms, answered = db.execute(_WELL, [0.0, drill.seconds()]).fetchall()[0]
        kept = bool(calls) and _is_well(drill, p99_ms, answered) if valid else None
        seen = f"p99 {p99_ms:.0f} ms, {answered:.1%} answered"
        figures = (limits, {"p99_ms": p99_ms, "answered": answered})
        found.append(Promise("checkout holds throughout", limit, seen, kept, *figures))
    if (pace := plan.promises.safe_pushes_per_s) is not None and stages:
        safe = _safe(stages, result) or 0.0
        text = f"checkout is well ({limit}) up to {pace:,.0f}/s"
        slowest = min(pace, max(stage["pushes_per_s"] for stage in stages))
        kept = safe >= slowest if valid else None
        figures = ({**limits, "pace_per_s": pace}, {"pace_per_s": safe})
        found.append(Promise("a push leaves checkout alone", text, f"well up to {safe:,.0f}/s", kept, *figures))
    return found


def _over_s(done: Sequence[Mapping[str, Any]], drill: Drill) -> float:
    """When the last fault was over in fact, seconds after the first step."""
    ended = [each["ended_s"] for each in done if each["ended_s"] is not None]
    return float(max(ended, default=drill.last_fault_s()))


def _is_well(drill: Drill, p99_ms: float, answered: float) -> bool:
    return p99_ms <= drill.plan.objective.p99_ms and answered >= drill.plan.objective.answered


def _stages(db: duckdb.DuckDBPyConnection, drill: Drill) -> list[dict[str, Any]]:
    """How checkout was while a push went out, pace by pace."""
    stages = []
    for wave in drill.plan.traffic.waves:
        if wave.pushes_per_s:
            calls, p99_ms, answered = db.execute(_WELL, [wave.from_s, wave.to_s]).fetchall()[0]
            stages.append(
                {
                    "pushes_per_s": wave.pushes_per_s,
                    "opens_per_s": wave.rate_per_s(),
                    "checkout_calls": calls,
                    "p99_ms": round(p99_ms, 1),
                    "answered": round(answered, 4),
                    "well": bool(calls) and _is_well(drill, p99_ms, answered),
                }
            )
    return sorted(stages, key=lambda stage: float(stage["pushes_per_s"]))


def _safe(stages: list[dict[str, Any]], result: Mapping[str, Any]) -> float | None:
    """The fastest pace at which, and below which, checkout was well; None where nothing may be said."""
    if not stages or not result["valid"]:
        return None
    safe = 0.0
    for stage in stages:
        if not stage["well"]:
            break
        safe = stage["pushes_per_s"]
    return safe


def _sold_out(load: Path, drill: Drill) -> list[Promise]:
    if not drill.plan.promises.sold_out:
        return []
    with duckdb.connect() as db:
        paths = [str(load / "books" / f"{book}.parquet") for book in ("stock", "opening")]
        left, opened = (
            db.execute(f"SELECT coalesce(sum(on_hand), 0) FROM read_parquet(?) WHERE sku = {HOT}", [path]).fetchall()
            for path in paths
        )
        allocated = db.execute(
            f"SELECT coalesce(sum(allocated + held), 0) FROM read_parquet(?) WHERE sku = {HOT}", [paths[0]]
        ).fetchall()
    units, free = int(opened[0][0]), int(left[0][0] - allocated[0][0])
    what, figures = f"{units:,} units, {free:,} left", {"units": units, "left": free}
    return [Promise("the hot item sells out", "0 units left, none oversold", what, free == 0, seen_figures=figures)]


def _happened(load: Path, result: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of the story, out of the books."""
    queries = {
        "orders_paid": ("orders", "SELECT count(*) FROM book WHERE state IN ('completed', 'paid', 'shipped')"),
        "double_charges_made_and_given_back": (
            "payments",
            "SELECT count(*) FROM book WHERE late AND state = 'refunded'",
        ),
        "double_charges_yen": ("payments", "SELECT coalesce(sum(refunded_yen), 0) FROM book WHERE late"),
        "payments_failed": ("payments", "SELECT count(*) FROM book WHERE state = 'failed'"),
        "webhooks_received_again": ("webhook_inbox", "SELECT coalesce(sum(deliveries - 1), 0) FROM book"),
    }
    found: dict[str, Any] = {}
    with duckdb.connect() as db:
        for name, (book, query) in queries.items():
            path = load / "books" / f"{book}.parquet"
            if path.is_file():
                db.read_parquet(str(path)).create_view("book", replace=True)
                found[name] = int(db.execute(query).fetchall()[0][0])
    outcomes = result["outcomes"]
    found["checkout_calls_unknown"] = sum(outcomes.get(action, {}).get("unknown", 0) for action in ("order", "pay"))
    found["retries"] = result["retries"]
    if result["valid"]:
        found["checkout_p99_ms"] = max(result["latency_ms"].get(each, {}).get("p99", 0.0) for each in ("order", "pay"))
    return found
