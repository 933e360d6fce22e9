"""What a company would see of a run: its own books to the yen, and nobody that it could not name."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from towns import small
from typer.testing import CliRunner

import omo
from sim.evaluation.rollout.columns import COLUMNS
from sim.evaluation.tables import opened
from sim.experiment import run
from sim.log.run_directory import Request

SETS = [
    "horizon.days=21",
    "capabilities.door_counter=true",
    'rollout.pilot={day=7,stores=["station","ec"],mode="omo"}',
    'rollout.second={day=14,stores=["mall"],mode="omo"}',
]
CONTRACTS = (Path(__file__).parents[2] / "docs" / "contracts.md").read_text(encoding="utf-8")
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run([Request(small("ward-siloed", SETS), 1, 1)], tmp_path_factory.mktemp("runs"), jobs=1)[0]


@pytest.fixture(scope="module")
def folder(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("export") / "data"
    arguments = ["export", str(world), "--company-view", "--ocel", "--csv", "--out", str(target)]
    shown = CliRunner().invoke(omo.app, arguments)
    assert shown.exit_code == 0, shown.output
    assert all(Path(line).is_file() for line in shown.stdout.split())
    return target


def table(folder: Path, name: str) -> Rows:
    rows: Rows = pq.read_table(folder / f"{name}.parquet").to_pylist()
    return rows


def asked(world: Path, query: str) -> list[tuple[Any, ...]]:
    with opened(world / "rep-000") as db:
        return db.execute(query).fetchall()


def test_each_table_has_the_columns_that_are_described(folder: Path) -> None:
    written = {path.stem: pq.read_schema(path).names for path in folder.glob("*.parquet")}
    assert written == {name: list(columns) for name, columns in COLUMNS.items()}
    readme = (folder / "README.md").read_text(encoding="utf-8")
    (described,) = re.findall(r"^### The company's records$(.*?)(?=^#)", CONTRACTS, re.MULTILINE | re.DOTALL)
    for name, columns in COLUMNS.items():
        line = next(line for line in described.splitlines() if line.startswith(f"| `{name}` |"))
        assert re.findall(r"`([^`]+)`", line.split("|")[2]) == list(columns)
        assert all(f"| `{column}` | {meaning} |" in readme for column, meaning in columns.items())
    assert {path.stem for path in folder.glob("*.csv")} == set(COLUMNS) - {"event_log"}


def test_the_ledger_is_the_runs_to_the_yen(world: Path, folder: Path) -> None:
    mine = Counter[str]()
    for row in table(folder, "ledger"):
        mine[row["account"]] += row["amount_yen"]
    theirs = dict(asked(world, "select account::varchar, sum(amount_yen)::bigint from ledger group by 1"))
    assert dict(mine) == theirs


def test_days_of_stores_and_areas_add_up_to_the_books(world: Path, folder: Path) -> None:
    days, areas = table(folder, "store_days"), table(folder, "online_orders_by_area")
    horizon = "time_s < 21 * 86400"
    ((sales,),) = asked(
        world, f"select sum(amount_yen) from ledger where account in ('revenue', 'refund') and {horizon}"
    )
    assert sum(row["sales_yen"] for row in days) == sales
    ((tills, online),) = asked(
        world,
        "select count(*) filter (where order_channel = 'store' and placed_s < 21 * 86400), "
        "count(*) filter (where order_channel = 'ec') from orders",
    )
    assert sum(row["till_receipts"] for row in days) == tills
    assert sum(row["orders"] for row in areas) == online
    assert {row["area"] for row in areas} <= {"station", "mall", "riverside", "temple"}
    ((counted,),) = asked(world, "select sum(counted) from door_counts")
    assert sum(row["counted_visitors"] or 0 for row in days) == counted > 0


def test_only_the_identified_have_a_number_and_a_home(world: Path, folder: Path) -> None:
    receipts = table(folder, "receipts")
    nobody = [row for row in receipts if row["customer"] is None]
    ((unknown,),) = asked(world, "select count(*) from orders where not identified")
    assert len(nobody) == unknown > 0
    assert all(row["area"] is None and row["channel"] == "store" for row in nobody)
    assert all(row["area"] for row in receipts if row["customer"] is not None)


def test_two_systems_know_one_shopper_as_two_customers_until_they_are_linked(world: Path, folder: Path) -> None:
    """Everybody with a card and an account is two customers where the store has no unified id, one where it has."""
    orders = asked(
        world,
        "select shopper, order_channel::varchar, store::varchar, placed_s, identified from orders "
        'order by placed_s, "order"',
    )
    receipts = table(folder, "receipts")
    accounts = {row[0]: one["customer"] for row, one in zip(orders, receipts, strict=True) if row[1] != "store"}
    apart, linked = 0, 0
    for (shopper, channel, store, placed_s, identified), one in zip(orders, receipts, strict=True):
        if channel == "store" and identified and shopper in accounts:
            is_open = placed_s >= {"station": 7, "mall": 14}.get(store, 99) * 86400
            assert (one["customer"] == accounts[shopper]) == is_open
            linked, apart = linked + is_open, apart + (not is_open)
    assert min(linked, apart) > 0


def test_numbers_tell_nothing_of_the_shopper(folder: Path) -> None:
    receipts = table(folder, "receipts")
    assert [row["receipt"] for row in receipts] == list(range(len(receipts)))
    assert [row["placed_at"] for row in receipts] == sorted(row["placed_at"] for row in receipts)
    firsts = list(dict.fromkeys(row["customer"] for row in receipts if row["customer"] is not None))
    assert firsts == list(range(len(firsts)))
    forbidden = {"shopper", "need", "journey", "mission", "satisfaction", "digital_affinity", "age_band", "identified"}
    assert not forbidden & {column for path in folder.glob("*.parquet") for column in pq.read_schema(path).names}


def test_the_calendar_says_what_opened_where_and_when(folder: Path) -> None:
    calendar, stores = table(folder, "rollout_calendar"), table(folder, "stores")
    dates = {(row["place"], str(row["date"])) for row in calendar if row["capability"] == "scan_and_pay"}
    assert dates == {("station", "2026-04-13"), ("ec", "2026-04-13"), ("mall", "2026-04-20")}
    assert {row["store"]: row["first_week"] for row in stores} == {
        "station": 1,
        "mall": 2,
        "riverside": None,
        "temple": None,
    }


def test_every_relation_of_the_object_centric_log_leads_to_an_object(folder: Path) -> None:
    log = json.loads((folder / "ocel.json").read_text(encoding="utf-8"))
    assert set(log) == {"objectTypes", "eventTypes", "objects", "events"}
    ids = [one["id"] for one in log["objects"]]
    assert len(set(ids)) == len(ids)
    known = set(ids)
    for kinds, ones in (("objectTypes", log["objects"]), ("eventTypes", log["events"])):
        allowed = {kind["name"]: {a["name"] for a in kind["attributes"]} for kind in log[kinds]}
        for one in ones:
            assert {a["name"] for a in one["attributes"]} <= allowed[one["type"]]
            assert {related["objectId"] for related in one.get("relationships", [])} <= known
    assert len({one["id"] for one in log["events"]}) == len(log["events"])
    times = [one["time"] for one in log["events"]]
    assert times == sorted(times)
    assert {kind: sum(one["type"] == kind for one in log["objects"]) for kind in ("order", "customer")} == {
        "order": len(table(folder, "receipts")),
        "customer": len({row["customer"] for row in table(folder, "receipts")} - {None}),
    }


def test_the_flat_log_has_the_same_events_and_each_sale_is_paid_once(folder: Path) -> None:
    flat = table(folder, "event_log")
    log = json.loads((folder / "ocel.json").read_text(encoding="utf-8"))
    assert [row["concept:name"] for row in flat] == [one["type"] for one in log["events"]]
    paid = Counter(row["case:concept:name"] for row in flat if row["concept:name"] == "paid")
    assert set(paid.values()) == {1}
    assert set(paid) == {str(row["receipt"]) for row in table(folder, "receipts")}


def test_items_of_the_log_are_the_pieces_sold(folder: Path) -> None:
    with duckdb.connect() as db:
        query = f"select sum(units) from read_parquet('{folder / 'receipts.parquet'}') where state = 'completed'"
        ((units,),) = db.execute(query).fetchall()
    log = json.loads((folder / "ocel.json").read_text(encoding="utf-8"))
    attributes = [{a["name"]: a["value"] for a in one["attributes"]} for one in log["objects"] if one["type"] == "item"]
    assert sum(one["units"] for one in attributes) == pytest.approx(units, rel=0.02)


@pytest.mark.parametrize(
    ("options", "what"), [([], "nothing to export"), (["--company-view", "--rep", "3"], "no such replication")]
)
def test_what_cannot_be_exported_is_said(world: Path, tmp_path: Path, options: list[str], what: str) -> None:
    shown = CliRunner().invoke(omo.app, ["export", str(world), "--out", str(tmp_path), *options])
    assert what in str(shown.exception)
    assert not list(tmp_path.iterdir())
