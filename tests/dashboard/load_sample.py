"""A load directory measured from a made-up history, with an audit in the form that `omo audit` writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from loadtest.audit.law import Finding, Verdict
from loadtest.audit.verdict import LAWS, Audit, as_document
from loadtest.result import Setting, measure
from loadtest.spool import HISTORY

CALLS = 400


def write_load(folder: Path, lag_s: float, *, broken: int = 0) -> Path:
    """A load directory whose generator was `lag_s` late for every call, with `broken` breaches of the last law."""
    folder.mkdir(parents=True)
    rows = [_call(i, lag_s) for i in range(CALLS)]
    columns = {name: [row.get(name) for row in rows] for name in HISTORY.names}
    pq.write_table(pa.table(columns, schema=HISTORY), folder / "client_history.parquet")
    (folder / "spool").mkdir()
    note = {"share": 0, "journeys": CALLS, "wall_s": 20.0, "cpu_share": 0.2}
    (folder / "spool" / "0.done.json").write_text(json.dumps(note))
    measures = measure(folder, Setting(CALLS, 0.0, 1, interrupted=False))
    result = {
        "schema": "omo.load/1",
        "state": "complete",
        "target": "core (own, embedded)",
        "trace": {"run": "ward-omo", "day": 1, "copies": 3, "steps": CALLS},
        "speed": 1.0,
        "warm_up_s": 0.0,
        "workers": 0,
        "faults": {"seed": 1},
        "stock_guard": True,
        **measures,
        "still_unknown": 0,
        "books": True,
        "machine": {"cores": 2, "platform": "test"},
        "versions": {"python": "3.11", "locust": "2"},
    }
    (folder / "load.json").write_text(json.dumps(result))
    write_audit(folder, broken)
    return folder


def write_audit(folder: Path, broken: int) -> None:
    """An audit in the form that `omo audit` writes."""
    findings = tuple(Finding(LAWS[-1].name, f"order {i}: charged twice", {"order": i}) for i in range(broken))
    verdicts = [Verdict(law, 10, 0, ()) for law in LAWS[:-1]]
    document = as_document(Audit((*verdicts, Verdict(LAWS[-1], 10, broken, findings)), ()))
    (folder / "audit.json").write_text(json.dumps(document))


def _call(i: int, lag_s: float) -> dict[str, Any]:
    due_s = 20.0 * i / CALLS
    return {
        "journey": i,
        "copy": 0,
        "step": 0,
        "action": "pay" if i % 2 else "order",
        "client": "till",
        "idempotency_key": f"k{i}",
        "due_s": due_s,
        "ready_s": due_s,
        "sent_s": due_s + lag_s,
        "answered_s": due_s + lag_s + 0.012345,
        "status": 201,
        "outcome": "ok",
        "attempts": 1,
        "in_trace": True,
        "detail": "captured",
    }
