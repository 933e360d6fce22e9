"""A small world's day at the core: the same stock and the same money, and a lost item or yen does not pass."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from loadtest.conformance import verdict
from loadtest.conformance.replay import Core, replay
from loadtest.conformance.verdict import Conformance, conform
from omo import app
from scenarios.errors import ObjectiveMissed
from scenarios.loader import load
from sim.experiment import run_replication

DAY = 1
TROUBLE = (
    "population.shoppers=900",
    "horizon.days=3",
    *(f"payments.tenders.{tender}.decline=0.08" for tender in ("qr", "card_online", "wallet")),
    *(f"payments.tenders.{tender}.time_out=0.08" for tender in ("qr", "card_online", "wallet")),
    "returns.defect=0.3",
    "returns.median_days=1",
    "fulfilment.no_show=0.4",
    "fulfilment.hold_hours=3",
)
"""Few shoppers, whose payments often fail, who bring much back and leave much uncollected."""


def nobody(_: int, __: int) -> None:
    """Hears of the progress."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("runs") / "small-world"
    list(run_replication(load("ward-omo", list(TROUBLE)).scenario, 1, 0, directory / "rep-000"))
    (directory / "manifest.json").write_text(json.dumps({"state": "complete", "seed": 1}))
    return directory


@pytest.fixture(scope="module")
def played(world: Path) -> tuple[Core, Conformance]:
    """The replay, made once, and its verdict."""
    cores: list[Core] = []

    def kept(*arguments: Any) -> Core:
        cores.append(replay(*arguments))
        return cores[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verdict, "replay", kept)
        found = conform(world, DAY, 0, nobody)
    return cores[0], found


def judged(world: Path, core: Core, monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str, int]]:
    """The differences of a replay that ended with the books of `core`: book, what, and by how much."""
    monkeypatch.setattr(verdict, "replay", lambda *_: core)
    found = conform(world, DAY, 0, nobody)
    return {(row.book, row.what, row.found - row.expected) for row in found.differences}


def test_stock_and_money_are_the_worlds_to_the_item_and_the_yen(played: tuple[Core, Conformance]) -> None:
    _, result = played
    assert result.differences == []
    assert result.orders > 50
    assert min(result.compared.values()) > 10


def test_the_day_had_what_could_make_a_difference(played: tuple[Core, Conformance]) -> None:
    """Late successes, goods and money that came back, uncollected orders: else the test above says little."""
    core, result = played
    reasons = {reason for statement in result.money.values() for reason in statement["adjustments"]}
    assert {"late_captures_given_back_at_once", "bought_again"} <= reasons
    assert {"customer_return", "set_aside_for_others", "shrink"} <= result.stock["adjustments"].keys()
    assert core.stock != {}
    assert sum(yen for (account, _), yen in core.ledger.items() if account == "sales_returns") > 0
    assert core.answers == {}  # no step of the day was refused, left open or skipped


def test_the_ledger_is_closed_and_balances(played: tuple[Core, Conformance]) -> None:
    core, _ = played
    assert sum(core.ledger.values()) == 0
    left_open = {"psp_receivable", "refunds_payable", "unapplied_receipts"}
    assert {yen for (account, _), yen in core.ledger.items() if account in left_open} == {0}


def test_an_item_too_few_is_named(
    world: Path, played: tuple[Core, Conformance], monkeypatch: pytest.MonkeyPatch
) -> None:
    core, _ = played
    key = next(key for key, units in core.stock.items() if units and key[1] == "on_hand")
    short = replace(core, stock={**core.stock, key: core.stock[key] - 1})
    assert judged(world, short, monkeypatch) == {("stock", "on_hand", -1), ("world's stock", "on_hand", -1)}


def test_a_yen_too_much_is_named(
    world: Path, played: tuple[Core, Conformance], monkeypatch: pytest.MonkeyPatch
) -> None:
    core, _ = played
    more = replace(
        core,
        ledger={**core.ledger, ("psp_fees", "qr"): core.ledger["psp_fees", "qr"] + 1},
        money={**core.money, ("qr", "fee_yen"): core.money["qr", "fee_yen"] + 1},
    )
    assert judged(world, more, monkeypatch) == {("ledger", "yen", 1), ("world's money", "fee_yen", 1)}


@pytest.mark.parametrize(
    ("table", "change", "book"),
    [
        ("stock_moves", "reason = 'sale' AND time_s > 86400 + 36000", "world's stock"),
        ("payments", "outcome = 'captured' AND time_s > 86400 + 36000", "ledger"),
    ],
)
def test_a_row_that_the_worlds_books_have_lost_is_found(
    table: str,
    change: str,
    book: str,
    world: Path,
    played: tuple[Core, Conformance],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    core, _ = played
    damaged = tmp_path / "damaged"
    shutil.copytree(world, damaged)
    path = damaged / "rep-000" / f"{table}.parquet"
    with duckdb.connect() as db:
        db.read_parquet(str(path)).create_view("whole")
        lost = f"SELECT min(rowid_) FROM (SELECT row_number() OVER () AS rowid_, * FROM whole) WHERE {change}"
        db.execute(f"""COPY (SELECT * EXCLUDE rowid_ FROM (SELECT row_number() OVER () AS rowid_, * FROM whole)
            WHERE rowid_ <> ({lost})) TO '{tmp_path / "less.parquet"}'""")
    shutil.move(tmp_path / "less.parquet", path)
    assert book in {name for name, _, _ in judged(damaged, core, monkeypatch)}


def test_the_command_prints_one_document_and_exits_with_4_where_books_differ(
    world: Path, played: tuple[Core, Conformance], monkeypatch: pytest.MonkeyPatch
) -> None:
    core, _ = played
    arguments = ["conformance", str(world), "--day", str(DAY), "--json"]
    monkeypatch.setattr(verdict, "replay", lambda *_: core)
    good = CliRunner().invoke(app, arguments)
    assert good.exit_code == 0
    document = json.loads(good.stdout)
    assert (document["schema"], document["conforms"], document["differences"]) == ("omo.conformance/1", True, [])
    monkeypatch.setattr(verdict, "replay", lambda *_: replace(core, ledger={}))
    bad = CliRunner().invoke(app, arguments)
    assert isinstance(bad.exception, ObjectiveMissed)
    assert json.loads(bad.stdout)["differences_in_all"] > 0
