"""A load step carried out: a slice of the trace replayed at a fresh system, its history measured, its books audited."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import duckdb

from loadtest.audit.verdict import as_document, audit
from loadtest.capacity.cpu import CpuUse
from loadtest.capacity.point import QUANTILES, Endpoint, Point
from loadtest.capacity.slices import at_rate
from loadtest.load import Options, run_load
from loadtest.trace_schema import Trace, write_trace

_LATENCY: Final = f"""
    SELECT coalesce(action, 'all'), count(*), 1000 * avg(answered_s - due_s),
        quantile_disc(1000 * (answered_s - due_s), {list(QUANTILES)})
    FROM history WHERE outcome <> 'skipped' AND answered_s IS NOT NULL AND due_s >= $from_s
    GROUP BY GROUPING SETS ((), (action))
"""
_RATES: Final = """
    WITH calls AS (SELECT * FROM history WHERE outcome <> 'skipped' AND due_s >= $from_s AND due_s < $from_s + $seconds)
    SELECT count(*) / $seconds,
        count(*) FILTER (outcome <> 'unknown' AND answered_s < $from_s + $seconds + 1) / $seconds,
        count(*) FILTER (action = 'pay') / $seconds,
        count(*) FILTER (outcome = 'unknown' OR status >= 500) / greatest(count(*), 1)
    FROM calls
"""
_DRAIN: Final = """
    SELECT greatest(0, max(answered_s) - max(due_s) FILTER (in_trace)), min(due_s) FROM history
    WHERE outcome <> 'skipped'
"""
_TARGETS_FAULT: Final = ("achieved ",)
"""How the reasons of an invalid run begin that are no fault of the generator's."""

Tell = Callable[[float, float], None]


@dataclass(frozen=True)
class Stepper:
    """What all steps of a search have in common. `options` has the target; its trace and folder are each step's own."""

    trace: Trace
    seconds: float
    options: Options
    folder: Path
    keep: bool
    tell: Tell

    def step(self, number: int, per_s: float) -> Point:
        """Run step `number` at about `per_s` steps a second."""
        place = self.folder / f"step-{number:02}"
        cut = at_rate(self.trace, per_s, self.seconds, seed=number)
        write_trace(cut, place / "trace")
        use = CpuUse()

        def tell(done_s: float, total_s: float) -> None:
            if done_s > 0:
                use.sample()
            self.tell(done_s, total_s)

        result = run_load(replace(self.options, trace=place / "trace", out=place / "load"), tell)
        point = point_of(per_s, result, place / "load", -min(cut.header["first_due_s"], 0.0), self.seconds, use)
        if not self.keep:
            shutil.rmtree(place)
        return point


def point_of(
    asked_per_s: float, result: dict[str, Any], load: Path, pre_roll: float, seconds: float, use: CpuUse
) -> Point:
    """The point that a finished load directory shows: `pre_roll` seconds are left out, then `seconds` are measured."""
    audited = as_document(audit(load))
    (load / "audit.json").write_text(json.dumps(audited, indent=2) + "\n", encoding="utf-8")
    with duckdb.connect() as db:
        db.read_parquet(str(load / "client_history.parquet")).create_view("history")
        found: Any = db.execute(_DRAIN).fetchall()[0]
        drain_s, began_s = found
        from_s = began_s + pre_roll
        rates: Any = db.execute(_RATES, {"from_s": from_s, "seconds": seconds}).fetchall()[0]
        rows = db.execute(_LATENCY, {"from_s": from_s}).fetchall()
    endpoints = {action: Endpoint(calls, mean, tuple(ms)) for action, calls, mean, ms in rows}
    return Point(
        asked_per_s=asked_per_s,
        offered_per_s=rates[0],
        achieved_per_s=rates[1],
        payments_per_s=rates[2],
        everything=endpoints.pop("all"),
        endpoints=dict(sorted(endpoints.items())),
        error_share=rates[3],
        drain_s=drain_s,
        lag_p99_ms=result["lag_ms"]["p99"],
        audit_clean=audited["clean"],
        broken_laws=tuple(law["law"] for law in audited["laws"] if law["broken"]),
        invalid_because=tuple(why for why in result["reasons"] if not why.startswith(_TARGETS_FAULT)),
        cpu=use.cores(),
        interrupted=result["state"] == "interrupted",
    )
