"""The life of orders as event logs for process mining: OCEL 2.0 (objects and events), and flat, one case per receipt.

Only what the company's own systems record: no browsing, no wishes, and customers only where they are known.
OCEL 2.0: Berti et al. 2024, OCEL (Object-Centric Event Log) 2.0 Specification, JSON format.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from scenarios.schema import Scenario
from sim.evaluation.rollout.columns import COLUMNS
from sim.evaluation.rollout.export import CompanyRecords
from sim.evaluation.tables import opened

RECORDED: Final = (
    "order_placed", "till_start", "pay_attempt", "paid", "pay_failed", "coupon_used", "picked", "ready", "collected",
    "no_show", "shipped", "delivered", "cancelled", "returned", "inquiry",
)  # fmt: skip
"""Kinds of events that leave a trace in a system of the company and belong to an order."""

_EVENTS: Final = """
  select time_s, "order", kind::varchar as kind, place::varchar as place, store::varchar as store, staff, amount_yen,
    payment from events where "order" is not null and list_contains($kinds, kind::varchar) order by time_s, "order" """
_ITEMS: Final = """
  select "order", sku, -sum(on_hand_change)::int as units from stock_moves
  where reason in ('sale', 'pick', 'ship') and "order" is not null group by all order by all"""
_PAYMENTS: Final = """
  select payment, "order", min(time_s) as time_s, max(brand::varchar) as brand, max(channel::varchar) as channel,
    max(amount_yen) as amount_yen from payments group by all order by time_s, payment"""

_ATTRIBUTES: Final[dict[str, dict[str, str]]] = {
    "order": {"channel": "string", "fulfilment": "string", "units": "integer", "goods_yen": "integer",
              "state": "string"},
    "item": {"sku": "integer", "units": "integer"},
    "payment": {"brand": "string", "channel": "string", "amount_yen": "integer"},
    "customer": {"area": "string"},
    "store": {},
    "staff": {},
}  # fmt: skip


def write_event_logs(directory: Path, scenario: Scenario, records: CompanyRecords, folder: Path) -> list[Path]:
    """Write `ocel.json` and the flat `event_log.parquet` into `folder`."""
    first = datetime.combine(scenario.horizon.start, datetime.min.time())
    with opened(directory) as db:
        events = db.sql(_EVENTS, params={"kinds": list(RECORDED)}).to_arrow_table().to_pylist()
        items = db.execute(_ITEMS).fetchall()
        payments = db.sql(_PAYMENTS).to_arrow_table().to_pylist()
    numbers = {row["payment"]: number for number, row in enumerate(payments)}
    known = records.receipt_of
    for row in (*events, *payments):
        row["receipt"], row["payment"] = known.get(row["order"]), numbers.get(row["payment"])
    events = [row for row in events if row["receipt"] is not None]
    payments = [row for row in payments if row["receipt"] is not None]
    lines = [(known[order], sku, units) for order, sku, units in items if order in known and units > 0]
    staff = sorted({row["staff"] for row in (*events, *records.tables["receipts"].to_pylist())} - {None})
    log = _log(events, first, [*_objects(records, lines, payments, staff, first)])
    ocel, flat = folder / "ocel.json", folder / "event_log.parquet"
    ocel.write_text(json.dumps(log, ensure_ascii=False), encoding="utf-8")
    pq.write_table(_flat(events, first), flat)
    return [ocel, flat]


def _log(events: list[dict[str, Any]], first: datetime, objects: list[dict[str, Any]]) -> dict[str, Any]:
    named = {"amount_yen": "integer", "place": "string"}
    return {
        "objectTypes": [{"name": kind, "attributes": _typed(fields)} for kind, fields in _ATTRIBUTES.items()],
        "eventTypes": [{"name": kind, "attributes": _typed(named)} for kind in RECORDED],
        "objects": objects,
        "events": [_event(number, row, first) for number, row in enumerate(events)],
    }


def _event(number: int, row: dict[str, Any], first: datetime) -> dict[str, Any]:
    qualifiers = {"receipt": "of", "payment": "by", "store": "at", "staff": "with"}
    related = [
        _related("order" if column == "receipt" else column, row[column], qualifier)
        for column, qualifier in qualifiers.items()
        if row[column] is not None
    ]
    values = {name: row[name] for name in ("amount_yen", "place") if row[name] is not None}
    return {
        "id": f"event-{number}",
        "type": row["kind"],
        "time": _moment(first, row["time_s"]),
        "attributes": [{"name": name, "value": value} for name, value in values.items()],
        "relationships": related,
    }


def _objects(
    records: CompanyRecords,
    lines: list[tuple[int, int, int]],
    payments: list[dict[str, Any]],
    staff: list[int],
    first: datetime,
) -> Iterator[dict[str, Any]]:
    receipts = records.tables["receipts"].to_pylist()
    contained, paid = (
        _by_receipt((line[0], line[1]) for line in lines),
        _by_receipt((row["receipt"], row["payment"]) for row in payments),
    )
    for row in receipts:
        yield _order(row, contained.get(row["receipt"], []), paid.get(row["receipt"], []))
    start = _moment(first, 0.0)
    for receipt, sku, units in lines:
        yield _object("item", f"{receipt}-{sku}", {"sku": sku, "units": units}, start)
    for row in payments:
        values = {name: row[name] for name in _ATTRIBUTES["payment"]}
        yield _object("payment", row["payment"], values, _moment(first, row["time_s"]))
    customers = {row["customer"]: row["area"] for row in receipts if row["customer"] is not None}
    for customer, area in customers.items():
        yield _object("customer", customer, {"area": area}, start)
    for kind, names in (("store", records.tables["stores"]["store"].to_pylist()), ("staff", staff)):
        yield from (_object(kind, name, {}, start) for name in names)


def _by_receipt(pairs: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for receipt, other in pairs:
        found.setdefault(receipt, []).append(other)
    return found


def _order(row: dict[str, Any], skus: list[int], paid: list[int]) -> dict[str, Any]:
    placed = row["placed_at"].isoformat(timespec="milliseconds") + "Z"
    found = _object("order", row["receipt"], {name: row[name] for name in _ATTRIBUTES["order"]}, placed)
    found["relationships"] = [
        *([_related("customer", row["customer"], "placed by")] if row["customer"] is not None else []),
        *(_related("item", f"{row['receipt']}-{sku}", "contains") for sku in skus),
        *(_related("payment", payment, "paid by") for payment in paid),
    ]
    return found


def _object(kind: str, name: Any, values: dict[str, Any], time: str) -> dict[str, Any]:
    attributes = [{"name": key, "time": time, "value": value} for key, value in values.items() if value is not None]
    return {"id": f"{kind}-{name}", "type": kind, "attributes": attributes}


def _related(kind: str, name: Any, qualifier: str) -> dict[str, str]:
    return {"objectId": f"{kind}-{name}", "qualifier": qualifier}


def _typed(fields: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in fields.items()]


def _moment(first: datetime, seconds: float) -> str:
    return (first + timedelta(seconds=seconds)).isoformat(timespec="milliseconds") + "Z"


def _flat(events: list[dict[str, Any]], first: datetime) -> pa.Table:
    columns = {
        "case:concept:name": pa.array([str(row["receipt"]) for row in events], pa.string()),
        "concept:name": pa.array([row["kind"] for row in events], pa.string()),
        "time:timestamp": pa.array(
            [first + timedelta(seconds=row["time_s"]) for row in events], pa.timestamp("us", "UTC")
        ),
        "org:resource": pa.array([None if row["staff"] is None else str(row["staff"]) for row in events], pa.string()),
        "place": pa.array([row["place"] for row in events], pa.string()),
        "store": pa.array([row["store"] for row in events], pa.string()),
        "amount_yen": pa.array([row["amount_yen"] for row in events], pa.int64()),
        "payment": pa.array([row["payment"] for row in events], pa.int64()),
    }
    return pa.table(columns).select(list(COLUMNS["event_log"]))
