"""The audit of a load directory: every law applied, and `audit.json` written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from loadtest.audit import benefits, elsewhere, money, once, psp, settlement, states, stock
from loadtest.audit.books import open_books
from loadtest.audit.law import Law, Verdict, judge
from loadtest.audit.needs import Columns, columns_of, lacking

SCHEMA: Final = "omo.audit/1"
LAWS: Final = (*money.LAWS, *once.LAWS, *stock.LAWS, *states.LAWS, *psp.LAWS, *settlement.LAWS, *benefits.LAWS)


@dataclass(frozen=True)
class Audit:
    """The verdicts, and why the load run itself may not be quoted (empty: it may)."""

    verdicts: tuple[Verdict, ...]
    invalid: tuple[str, ...]

    def is_clean(self) -> bool:
        """Whether no law is broken and at least one had something to look at."""
        return not any(v.broken for v in self.verdicts) and any(v.checked for v in self.verdicts)


def audit(load: Path) -> Audit:
    """Apply every law to the books of the load directory `load`; of another system's, those that it has books for."""
    db, has = open_books(load), columns_of(load)
    laws = LAWS if has is None else (*LAWS, *elsewhere.LAWS)
    try:
        verdicts = tuple(_judged(db, law, has) for law in laws)
    finally:
        db.close()
    report = load / "load.json"
    if not report.is_file():
        return Audit(verdicts, ("no load.json: the load run did not end",))
    result = json.loads(report.read_text(encoding="utf-8"))
    return Audit(verdicts, tuple(result.get("reasons", ())))


def _judged(db: duckdb.DuckDBPyConnection, law: Law, has: Columns | None) -> Verdict:
    lacks = lacking(db, law, has) if has is not None else ""
    return Verdict(law, 0, 0, (), lacks) if lacks else judge(db, law)


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
                **({"not_checked": f"target has no {verdict.lacks}"} if verdict.lacks else {}),
                "findings": [{"what": finding.what, "rows": dict(finding.rows)} for finding in verdict.findings],
            }
            for verdict in result.verdicts
        ],
    }
