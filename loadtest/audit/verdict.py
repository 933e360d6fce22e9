"""The audit of a load directory: every law applied, and `audit.json` written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from loadtest.audit import money, once, psp, states, stock
from loadtest.audit.books import open_books
from loadtest.audit.law import Verdict, judge

SCHEMA: Final = "omo.audit/1"
LAWS: Final = (*money.LAWS, *once.LAWS, *stock.LAWS, *states.LAWS, *psp.LAWS)


@dataclass(frozen=True)
class Audit:
    """The verdicts, and why the load run itself may not be quoted (empty: it may)."""

    verdicts: tuple[Verdict, ...]
    invalid: tuple[str, ...]

    def is_clean(self) -> bool:
        """Whether no law is broken and at least one had something to look at."""
        return not any(v.broken for v in self.verdicts) and any(v.checked for v in self.verdicts)


def audit(load: Path) -> Audit:
    """Apply every law to the books of the load directory `load`."""
    db = open_books(load)
    try:
        verdicts = tuple(judge(db, law) for law in LAWS)
    finally:
        db.close()
    report = load / "load.json"
    if not report.is_file():
        return Audit(verdicts, ("no load.json: the load run did not end",))
    result = json.loads(report.read_text(encoding="utf-8"))
    return Audit(verdicts, tuple(result.get("reasons", ())))


def as_document(result: Audit) -> dict[str, Any]:
    """The audit as one JSON document."""
    return {
        "schema": SCHEMA,
        "clean": result.is_clean(),
        "load_valid": not result.invalid,
        "load_invalid_because": list(result.invalid),
        "laws": [
            {
                "law": verdict.law.name,
                "about": verdict.law.about,
                "checked": verdict.checked,
                "broken": verdict.broken,
                "findings": [{"what": finding.what, "rows": dict(finding.rows)} for finding in verdict.findings],
            }
            for verdict in result.verdicts
        ],
    }
