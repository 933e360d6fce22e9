"""`omo.ledgers/1`: one run's books, or those of two worlds on the same shoppers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios.errors import UsageError
from scenarios.loader import load
from scenarios.schema import Scenario
from sim.evaluation.ledgers.credit import EC, Credits, accounting_credits, assistants, evaluation_credits
from sim.evaluation.ledgers.ec_involved import DEFINITIONS, ec_involved_yen, ec_shares
from sim.evaluation.ledgers.siloed import UNALLOCATED, Statement, checked, profit_and_loss
from sim.evaluation.ledgers.waterfall import (
    figure,
    from_divisions_to_company,
    from_one_world_to_another,
    statement_rows,
)
from sim.evaluation.tables import opened, single
from sim.log.run_directory import read_manifest, replication_path


@dataclass(frozen=True)
class Books:
    """What one replication says about whose yen is whose."""

    statement: Statement
    accounting: dict[str, int]
    evaluation: Credits
    involved_yen: dict[str, int]
    assistants: dict[int, dict[int, int]]


def ledgers(run: Path, against: Path | None = None) -> dict[str, Any]:
    """`omo.ledgers/1` of a run; with `against`, also what changed from that one, paired."""
    finished = common_replications(run, against)
    scenario = scenario_of(run)
    books = [read_books(replication_path(run, r), scenario) for r in finished]
    statements = [one.statement for one in books]
    document = heading("omo.ledgers/1", run, finished) | {
        "policy": scenario.evaluation.policy,
        "booking": scenario.evaluation.booking.model_dump(),
        "statement": statement_rows(statements),
        "waterfall": from_divisions_to_company(statements),
        "sales": _sales(books),
        "ec_involved": _involved(books),
        "assistants": _assistants(books),
        "against": None,
    }
    if against is not None:
        other = scenario_of(against).evaluation.booking
        before = [statement_of(replication_path(against, r), other) for r in finished]
        document["against"] = {"run": against.name, "title": read_manifest(against)["title"]} | {
            "statement": statement_rows(statements, before),
            "waterfall": from_one_world_to_another(before, statements),
        }
    return document


def heading(schema: str, run: Path, finished: Sequence[int]) -> dict[str, Any]:
    """What every document about a run begins with."""
    manifest = read_manifest(run)
    kept = {key: manifest[key] for key in ("title", "state", "seed", "days")}
    return {"schema": schema, "run": run.name} | kept | {"replications": len(finished), "confidence": 0.95}


def scenario_of(run: Path) -> Scenario:
    """The scenario that a run has lived."""
    return load(run / "scenario.toml").scenario


def common_replications(run: Path, against: Path | None) -> list[int]:
    """Finished replications of a run, and of the one it is compared with; `UsageError` where they do not pair."""
    mine = read_manifest(run)
    finished = set(mine["replications_finished"])
    if against is not None:
        other = read_manifest(against)
        for key in ("seed", "days"):
            if mine[key] != other[key]:
                raise UsageError(f"{run.name} has {key} {mine[key]}, {against.name} {other[key]}: only equal ones pair")
        finished &= set(other["replications_finished"])
    if not finished:
        raise UsageError(f"{run}: no finished replication to read; run it again")
    return sorted(finished)


def statement_of(directory: Path, booking: Any) -> Statement:
    """The P/Ls of one replication, summing to its ledger."""
    with opened(directory) as db:
        return checked(profit_and_loss(db, booking), single(db, "select sum(amount_yen) from ledger"))


def read_books(directory: Path, scenario: Scenario) -> Books:
    """All that is said of one replication."""
    with opened(directory) as db:
        booking = scenario.evaluation.booking
        statement = checked(profit_and_loss(db, booking), single(db, "select sum(amount_yen) from ledger"))
        credits = evaluation_credits(db, scenario)
        return Books(statement, accounting_credits(db, booking), credits, ec_involved_yen(db), assistants(db))


def _sales(books: Sequence[Books]) -> dict[str, Any]:
    whose = sorted({who for one in books for who in (*one.accounting, *one.evaluation.evaluation)})
    return {
        "company_yen": _each(books, lambda one: one.evaluation.sales_yen),
        "counted_twice_yen": _each(books, lambda one: one.evaluation.shadow_yen),
        "inflation": _each(books, lambda one: one.evaluation.inflation),
        "credit": [
            {
                "who": who,
                "accounting_yen": figure([one.accounting.get(who, 0) for one in books]),
                "evaluation_yen": figure([one.evaluation.evaluation.get(who, 0) for one in books]),
            }
            for who in whose
        ],
        "claims": _claims(books),
    }


def _claims(books: Sequence[Books]) -> list[dict[str, Any]]:
    """From the sales that stores and EC are evaluated by to the company's: steps that sum to it."""
    counted = [one.evaluation.evaluation for one in books]
    own = [(credit.get(EC, 0), credit.get(UNALLOCATED, 0)) for credit in counted]
    stores = [sum(credit.values()) - ec - nobody for credit, (ec, nobody) in zip(counted, own, strict=True)]
    return [
        {"step": "stores"} | figure(stores),
        {"step": "ec"} | figure([ec for ec, _ in own]),
        {"step": "unallocated"} | figure([nobody for _, nobody in own]),
        {"step": "counted_twice"} | figure([-one.evaluation.shadow_yen for one in books]),
        {"step": "company"} | figure([one.evaluation.sales_yen for one in books]),
    ]


def _involved(books: Sequence[Books]) -> dict[str, Any]:
    shares = [ec_shares(one.involved_yen) for one in books]
    return {
        "yen": {kind: figure([one.involved_yen[kind] for one in books]) for kind in DEFINITIONS["and_in_store"]},
        "ec_share": {name: figure([share[name] for share in shares]) for name in DEFINITIONS},
        "of_company_sales": _each(books, lambda one: sum(one.involved_yen.values()) / max(1, one.evaluation.sales_yen)),
    }


def _assistants(books: Sequence[Books]) -> dict[str, Any]:
    by_staff = [_by_staff(one.assistants) for one in books]
    staff = sorted({code for one in by_staff for code in one})
    return {
        "orders": _each(books, lambda one: len(one.assistants)),
        "orders_with_several": _each(books, lambda one: sum(len(parts) > 1 for parts in one.assistants.values())),
        "by_staff": [{"staff": code, "yen": figure([one.get(code, 0) for one in by_staff])} for code in staff],
    }


def _by_staff(orders: dict[int, dict[int, int]]) -> dict[int, int]:
    found: dict[int, int] = {}
    for parts in orders.values():
        for code, yen in parts.items():
            found[code] = found.get(code, 0) + yen
    return found


def _each(books: Sequence[Books], number: Callable[[Books], float]) -> dict[str, float | None]:
    return figure([number(one) for one in books])
