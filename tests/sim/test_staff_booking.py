"""Whatever the booking switches say, each yen is booked once, and known cases of credit come out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_ledgers import booked, books, sent
from towns import small

from scenarios.evaluation import Booking
from sim.evaluation.ledgers.siloed import UNALLOCATED, profit_and_loss
from sim.evaluation.tables import opened
from sim.experiment import run_replication
from sim.log.schema import Account

DIVISION = st.sampled_from(["store", "ec"])
FUNDER = st.sampled_from(["as_booked", "store", "ec", "unallocated"])
BEARER = st.sampled_from(["store", "ec", "shared", "unallocated"])
SWITCHES = st.builds(
    Booking,
    app_sales=DIVISION,
    collect_sales=DIVISION,
    collect_picking=DIVISION,
    returns=st.sampled_from(["sale", "return_channel"]),
    ship_from_store_sales=DIVISION,
    ship_from_store_percent=st.floats(0, 1),
    coupons=FUNDER,
    points=FUNDER,
    contact_centre=BEARER,
    media=BEARER,
    capability_opex=BEARER,
    shared_store_share=st.floats(0, 1),
)


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables of a town where everything happens, and a few ledger rows of each account on top."""
    directory: Path = tmp_path_factory.mktemp("town")
    sets = ["population.shoppers=4000", "horizon.days=42", "stock.cover_days=1", "evaluation.join_fee_yen=100"]
    for _ in run_replication(small("ward-omo", sets).scenario, 1, 0, directory):
        pass
    ledger = pq.read_table(directory / "ledger.parquet")
    more = [
        {**ledger.slice(row, 1).to_pylist()[0], "account": account.name.lower(), "amount_yen": 101 + row}
        for row in range(3)
        for account in Account
    ]
    pq.write_table(
        pa.concat_tables([ledger, pa.Table.from_pylist(more, ledger.schema)]).unify_dictionaries(),
        directory / "ledger.parquet",
    )
    with opened(directory) as connection:
        yield connection


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(booking=SWITCHES)
def test_the_divisions_and_what_neither_owns_sum_to_the_company(
    db: duckdb.DuckDBPyConnection, booking: Booking
) -> None:
    found = profit_and_loss(db, booking)
    assert {division for division, _ in found} <= {"store", "ec", UNALLOCATED}
    for account, yen in db.execute("select account::varchar, sum(amount_yen) from ledger group by 1").fetchall():
        if account != "transfer":
            assert sum(found.get((owner, account), 0) for owner in ("store", "ec", UNALLOCATED)) == yen
    assert sum(found.values()) == db.execute("select sum(amount_yen) from ledger").fetchall()[0][0]


def test_each_switch_moves_yen_where_there_is_something_to_move(db: duckdb.DuckDBPyConnection) -> None:
    plain = profit_and_loss(db, Booking())
    switched = {
        "app_sales": "store",
        "collect_sales": "store",
        "collect_picking": "ec",
        "returns": "return_channel",
        "ship_from_store_sales": "store",
        "ship_from_store_percent": 0.3,
        "coupons": "store",
        "points": "store",
        "contact_centre": "store",
        "media": "store",
        "capability_opex": "ec",
        "shared_store_share": 0.9,
    }
    assert set(switched) == set(Booking.model_fields)
    for key, value in switched.items():
        assert profit_and_loss(db, Booking(**{key: value})) != plain, key


def test_a_return_booked_where_it_came_back_makes_that_division_bear_the_refund(db: duckdb.DuckDBPyConnection) -> None:
    in_stores = """select sum(amount_yen) from ledger where account = 'return_handling' and order_channel <> 'store'
        and "order" in (select "order" from events where kind = 'returned' and place = 'pickup_counter')"""
    moved = db.execute(in_stores).fetchall()[0][0]
    assert moved < 0
    at_sale, where_returned = (profit_and_loss(db, Booking(returns=rule)) for rule in ("sale", "return_channel"))
    difference = where_returned["store", "return_handling"] - at_sale.get(("store", "return_handling"), 0)
    assert difference == moved


def test_one_set_of_receipts_gives_the_three_shares_that_ec_claimed() -> None:
    """Camera Kitamura, JPY m: parcels 11,900, ordered at home and collected 14,300, on a tablet in the store 16,700.

    EC's part of the 42,900 is 27.7 % (delivery alone), 61 % (with what was ordered at home) or all of it.
    """
    ledger = [
        booked("revenue", 11_900, 0, "ec", "ship"),
        booked("revenue", 14_300, 1, "ec", "collect", "station"),
        booked("revenue", 16_700, 2, "app", "collect", "station"),
    ]
    with books(ledger=ledger, stock_moves=[sent(0, "ec", 1)]) as db:
        shares = [
            profit_and_loss(db, Booking(app_sales=app, collect_sales=collect)).get(("ec", "revenue"), 0) / 42_900
            for app, collect in (("store", "store"), ("store", "ec"), ("ec", "ec"))
        ]
    assert shares == pytest.approx([0.277, 0.61, 1.0], abs=0.002)
