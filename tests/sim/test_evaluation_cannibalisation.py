"""Cannibalisation on a few hand-written needs, and its sums on two small worlds."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from towns import small

from sim.evaluation.cannibalisation import cannibalisation
from sim.evaluation.comparison import compare_runs
from sim.experiment import run
from sim.log.run_directory import Request, replication_path

Need = tuple[int, str, int, int]
"""Id, outcome, yen at our tills, yen online."""


def world(directory: Path, needs: list[Need]) -> Path:
    """A replication's folder with just the columns of `needs` and `ledger` that tell what was sold where."""
    directory.mkdir()
    ledger = [(need, "store", till) for need, _, till, _ in needs] + [(n, "ec", online) for n, _, _, online in needs]
    with duckdb.connect() as db:
        db.execute("create table needs (need bigint, outcome varchar)")
        db.executemany("insert into needs values (?, ?)", [need[:2] for need in needs])
        db.execute("create table ledger (need bigint, order_channel varchar, amount_yen bigint, account varchar)")
        db.executemany("insert into ledger values (?, ?, ?, 'revenue')", ledger)
        db.execute("insert into ledger values (1, 'ec', -400, 'parcel'), (null, null, -70, 'shrink')")
        for name in ("needs", "ledger"):
            db.execute(f"copy {name} to '{directory / name}.parquet' (format parquet)")
    return directory


def test_five_needs_worked_out(tmp_path: Path) -> None:
    """Need 1: 3,000 at our till, then 3,500 online: 3,000 taken, 500 more of ours.
    Need 2: a rival's, then 2,000 online: all incremental. Need 3: online 1,000 before and 1,200 after: 200 more.
    Need 4: lost in front of an empty shelf, then 800 collected. Need 5: 900 at our till in both, no matter here.
    Need 6: did not arise under A, 500 online under B. Need 7: 1,000 at the till, then 600 there and 700 online:
    400 of the 700 are missing at the till, 300 are more; it is the till's need in both worlds.
    Online 3,500 + 2,000 + 1,200 + 800 + 500 + 700 = 8,700; taken 3,400; before 1,000; incremental 4,300.
    Online needs: 1, 2, 3, 4, 6 are five, of which 1 was a store's and 3 online before.
    """
    before: list[Need] = [(1, "store", 3000, 0), (2, "rival", 0, 0), (3, "ec_ship", 0, 1000)]
    before += [(4, "lost_stock_out", 0, 0), (5, "store", 900, 0), (7, "store", 1000, 0)]
    after: list[Need] = [(1, "app_ship", 0, 3500), (2, "ec_ship", 0, 2000), (3, "ec_ship", 0, 1200)]
    after += [(4, "collect", 0, 800), (5, "store", 900, 0), (6, "ec_ship", 0, 500), (7, "store", 600, 700)]
    found = cannibalisation([world(tmp_path / "a", before)], [world(tmp_path / "b", after)])
    yen, needs = found["yen"], found["needs"]
    assert (yen["online"], yen["from_stores"], yen["online_before"]) == (8700, 3400, 1000)
    assert yen["incremental"] == {"lost_stock_out": 800, "no_need": 500, "ours": 1000, "rival": 2000}
    assert yen["cannibalisation_rate"]["value"] == pytest.approx(3400 / 8700)
    assert yen["incremental_share"]["value"] == pytest.approx(4300 / 8700)
    assert yen["cannibalisation_rate_of_new_sales"]["value"] == pytest.approx(3400 / 7700)
    assert (needs["online"], needs["from_stores"], needs["online_before"]) == (5, 1, 1)
    assert needs["incremental"] == {"lost_stock_out": 1, "no_need": 1, "rival": 1}


def test_without_online_sales_there_is_no_rate(tmp_path: Path) -> None:
    stores_only: list[Need] = [(2, "store", 1000, 0)]
    found = cannibalisation([world(tmp_path / "a", stores_only)], [world(tmp_path / "b", stores_only)])
    assert found["yen"]["cannibalisation_rate"]["value"] is None


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, Path]:
    root = tmp_path_factory.mktemp("worlds")
    runs = run([Request(small(name), 1, 2) for name in ("ward-siloed", "ward-omo")], root, jobs=1)
    return compare_runs(*runs), runs[1]


def test_the_parts_are_all_online_sales_of_the_second_world(comparison: tuple[dict, Path]) -> None:
    document, omo = comparison
    yen = document["cannibalisation"]["yen"]
    assert yen["from_stores"] + yen["online_before"] + sum(yen["incremental"].values()) == yen["online"]
    sold = "sum(amount_yen) filter (where order_channel <> 'store' and account in ('revenue', 'refund'))"
    ledgers = [str(replication_path(omo, r) / "ledger.parquet") for r in range(2)]
    row = duckdb.execute(f"select {sold} from read_parquet({ledgers})").fetchone()
    assert row is not None
    assert yen["online"] == row[0]


def test_needs_taken_from_stores_are_cells_of_the_shift_matrix(comparison: tuple[dict, Path]) -> None:
    document, _ = comparison
    online = {"app_carry", "app_ship", "ec_ship", "collect"}
    cells = [cell for cell in document["shift"]["cells"] if cell["target"] in online]
    needs = document["cannibalisation"]["needs"]
    assert needs["online"] == sum(cell["needs"] for cell in cells)
    assert needs["from_stores"] == sum(cell["needs"] for cell in cells if cell["source"] == "store") > 0
