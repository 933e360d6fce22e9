"""What the company can piece together: hand-written logs of a few rows, and the paths they give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from towns import small

from sim.evaluation.attribution.company_view import CompanyView, Sighting, company_view, paths_of
from sim.evaluation.attribution.paths_file import TouchPath
from sim.log.schema import TABLES

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
WITH_APP, WITHOUT_APP = 1, 2


def order(number: int, shopper: int, placed_s: float, channel: str = "store", **more: Any) -> dict[str, Any]:
    """A completed order from the station store, or from home, of 1,000 yen times its number."""
    place = {"store": None if channel == "ec" else "station", "identified": channel != "store", "state": "completed"}
    row = {"order": number, "need": number, "shopper": shopper, "placed_s": placed_s, "order_channel": channel}
    return {**row, **place, **more}


def event(shopper: int, time_s: float, kind: str, place: str = "app", **more: Any) -> dict[str, Any]:
    return {"shopper": shopper, "time_s": time_s, "kind": kind, "place": place, **more}


def view(folder: Path, sets: tuple[str, ...] = (), **rows: list[dict[str, Any]]) -> CompanyView:
    """The company's view of a log with these rows; each order has its revenue in the ledger."""
    ledger = [{"order": o["order"], "account": "revenue", "amount_yen": 1000 * o["order"]} for o in rows["orders"]]
    people = [
        {"shopper": WITH_APP, "app_from_s": 0.0},
        {"shopper": WITHOUT_APP, "app_from_s": float("inf")},
    ]
    tables = {"events": [], "staff_contacts": [], "contacts": [], "needs": [], "shoppers": people, **rows}
    tables["ledger"] = ledger + rows.get("ledger", [])
    for name, found in tables.items():
        schema = TABLES[name]
        columns = {field.name: [row.get(field.name) for row in found] for field in schema}
        pq.write_table(
            pa.table({n: pa.array(c, schema.field(n).type) for n, c in columns.items()}), folder / f"{name}.parquet"
        )
    return company_view(folder, small("ward-omo", sets).scenario)


def test_touches_of_an_account_lead_to_the_linked_receipt(tmp_path: Path) -> None:
    # Pushed and opened on day 0, another left unopened; scanned on day 1 (two lines at once); bought an hour later.
    found = view(
        tmp_path,
        events=[
            event(WITH_APP, HOUR_S, "pushed", quantity=1),
            event(WITH_APP, 2 * HOUR_S, "pushed", quantity=0),
            event(WITH_APP, DAY_S, "look_up", "floor", sku=1),
            event(WITH_APP, DAY_S, "look_up", "floor", sku=2),
        ],
        orders=[order(5, WITH_APP, DAY_S + HOUR_S, identified=True)],
        ledger=[{"order": 5, "account": "refund", "amount_yen": -2000}],
    )
    (path,) = found.paths
    assert path == TouchPath(("push_coupon", "scan_look_up", "store_visit"), 1, 3000, 0, (24.0, 1.0, 0.0))
    assert (found.linked_orders, found.linked_net_yen) == (1, 3000)


def test_a_receipt_that_is_not_linked_leaves_the_touches_without_a_sale(tmp_path: Path) -> None:
    touch, sale = event(WITH_APP, HOUR_S, "reminded"), order(1, WITH_APP, 2 * HOUR_S)
    found = view(tmp_path, events=[touch], orders=[sale])
    assert sorted(path.touches for path in found.paths) == [("reminder",), ("store_visit",)]
    assert (found.orders, found.net_yen, found.linked_orders) == (1, 1000, 0)


def test_without_one_customer_id_a_card_of_the_store_is_somebody_else_than_the_account(tmp_path: Path) -> None:
    touch, sale = event(WITH_APP, HOUR_S, "reminded"), order(1, WITH_APP, 2 * HOUR_S, identified=True)
    found = view(tmp_path, ("capabilities.unified_id=false",), events=[touch], orders=[sale])
    assert sorted((path.touches, path.conversions) for path in found.paths) == [
        (("reminder",), 0),
        (("store_visit",), 1),
    ]


def test_a_coupon_is_seen_on_the_receipt_although_nobody_knows_whose_it_is(tmp_path: Path) -> None:
    used = event(WITHOUT_APP, HOUR_S, "coupon_used", "staffed_till", order=1)
    found = view(tmp_path, events=[used], orders=[order(1, WITHOUT_APP, HOUR_S)])
    assert [path.touches for path in found.paths] == [("push_coupon", "store_visit")]


@pytest.mark.parametrize(("staff_code", "touches"), [(True, ("staff_advice", "app_order")), (False, ("app_order",))])
def test_advice_is_seen_by_the_code_on_the_order_or_on_the_sign_up(
    tmp_path: Path, staff_code: bool, touches: tuple[str, ...]
) -> None:
    # The sign-up on the floor at 9:00 is the touch; the order minutes later carries the code and is the same session.
    at_s = 9 * HOUR_S
    contact = {"time_s": at_s, "store": "station", "need": 7, "signed_up": True}
    coded = {"staff": 3} if staff_code else {}
    found = view(
        tmp_path,
        (f"capabilities.staff_code={str(staff_code).lower()}",),
        staff_contacts=[contact],
        needs=[{"need": 7, "shopper": WITH_APP}],
        orders=[order(7, WITH_APP, at_s + 300, "app", **coded)],
    )
    assert [path.touches for path in found.paths] == [touches]


def test_looking_up_is_only_seen_of_those_who_have_the_app_by_then(tmp_path: Path) -> None:
    seen = [event(who, HOUR_S, "researched", "home") for who in (WITH_APP, WITHOUT_APP)]
    found = view(tmp_path, events=seen, orders=[order(1, WITHOUT_APP, DAY_S, "ec"), order(2, WITH_APP, DAY_S, "ec")])
    assert sorted(path.touches for path in found.paths) == [("ec_visit",), ("research_online", "ec_visit")]


def test_of_messages_through_touchpoints_those_that_were_opened_are_seen(tmp_path: Path) -> None:
    contacts = [
        {"time_s": day * DAY_S, "shopper": WITH_APP, "touchpoint": name, "noticed": noticed}
        for day, name, noticed in ((0, "email", True), (1, "email", False), (2, "line", True))
    ]
    found = view(tmp_path, contacts=contacts, orders=[order(1, WITH_APP, 3 * DAY_S, "ec")])
    assert [path.touches for path in found.paths] == [("email", "line", "ec_visit")]


def test_an_order_that_is_not_completed_is_a_touch_and_no_conversion(tmp_path: Path) -> None:
    sales = [order(1, WITH_APP, HOUR_S, "ec", state="no_show"), order(2, WITH_APP, DAY_S, "ec")]
    found = view(tmp_path, orders=sales)
    assert found.paths == [TouchPath(("ec_visit", "ec_visit"), 1, 2000, 0, (23.0, 0.0))]


def test_a_sale_ends_a_path_and_what_is_older_than_the_lookback_does_not_count() -> None:
    one = [
        Sighting(0, 0.0, "mail"),
        Sighting(0, 5 * DAY_S, "scan"),
        Sighting(0, 5 * DAY_S + 60, "scan"),
        Sighting(0, 6 * DAY_S, "store", converts=True, net_yen=500),
        Sighting(0, 6 * DAY_S + 10, "store", converts=True, net_yen=70),
        Sighting(0, 7 * DAY_S, "mail"),
    ]
    assert paths_of(one, lookback_s=2 * DAY_S) == [
        TouchPath(("mail",), nulls=1),
        TouchPath(("scan", "store"), 1, 500, 0, (24.0, 0.0)),
        TouchPath(("store",), 1, 70, 0, (0.0,)),
        TouchPath(("mail",), nulls=1),
    ]
