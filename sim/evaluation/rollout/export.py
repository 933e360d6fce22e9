"""A replication's records as the company itself would have them: nothing of needs, motives or other worlds.

Receipts are numbered anew, as ids of a run tell whose need they were. A customer is what the company's systems hold
together: an account, or a member card of the stores' own that nothing links to one. Receipts that nobody was named for
have neither customer nor area.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from scenarios.schema import Scenario
from sim.calendar import DAY_S
from sim.evaluation.attribution.company_view import Identities
from sim.evaluation.rollout.columns import COLUMNS
from sim.evaluation.rollout.panels import home_catchments
from sim.evaluation.rollout.schedule import first_weeks, steps, weeks_of
from sim.evaluation.tables import opened

_RECEIPTS: Final = """
  select o."order", o.shopper, o.placed_s, o.closed_s, o.order_channel::varchar as channel,
    o.fulfilment::varchar as fulfilment, o.store::varchar as store, o.identified, o.staff, o.units,
    p.brand, o.net_yen as goods_yen, coalesce(l.coupon_yen, 0)::bigint as coupon_yen,
    coalesce(l.refunded_yen, 0)::bigint as refunded_yen, o.state::varchar as state
  from orders o left join (
    select "order", -sum(amount_yen) filter (where account = 'coupon') as coupon_yen,
      -sum(amount_yen) filter (where account = 'refund') as refunded_yen from ledger group by 1
  ) l using ("order") left join (
    select "order", max(brand::varchar) as brand from payments where outcome = 'captured' group by 1
  ) p using ("order") order by o.placed_s, o."order" """
_NEEDED: Final = ["order", "shopper", "placed_s", "closed_s", "channel", "store", "identified"]
_LEDGER: Final = """
  select ($first + to_seconds(l.time_s))::timestamp as booked_at, l.account::varchar as account, l.amount_yen,
    l.order_channel::varchar as order_channel, l.pay_channel::varchar as pay_channel,
    l.fulfilment::varchar as fulfilment, l.store::varchar as store, l.staff, r.receipt
  from ledger l left join receipt_of r using ("order") order by l.time_s, r.receipt, account, amount_yen"""
_STORE_DAYS: Final = """
  with booked as (
    select floor(time_s / {day_s})::int as day, coalesce(store::varchar, 'ec') as store,
      sum(amount_yen) filter (where account in ('revenue', 'refund')) as sales_yen, sum(amount_yen) as contribution_yen
    from ledger where store is not null or "order" is not null group by all
  ), bought as (
    select floor(placed_s / {day_s})::int as day, coalesce(store::varchar, 'ec') as store,
      count(*) filter (where order_channel = 'store') as till_receipts,
      count(*) filter (where order_channel = 'app') as app_orders,
      count(*) filter (where order_channel = 'ec' and fulfilment = 'collect') as orders_to_collect
    from orders group by all
  ), counted as (select day, store::varchar as store, sum(counted) as counted_visitors from door_counts group by all)
  select day, store, coalesce(sales_yen, 0)::bigint as sales_yen, coalesce(contribution_yen, 0)::bigint
    as contribution_yen, coalesce(till_receipts, 0)::int as till_receipts, coalesce(app_orders, 0)::int as app_orders,
    coalesce(orders_to_collect, 0)::int as orders_to_collect, counted_visitors::int as counted_visitors
  from booked full join bought using (day, store) left join counted using (day, store)
  where day < {days} order by day, store"""
_AREAS: Final = """
  select placed_at::date as date, area, fulfilment, count(*)::int as orders, sum(goods_yen)::bigint as goods_yen,
    sum(refunded_yen)::bigint as refunded_yen
  from receipts where channel = 'ec' group by all order by 1, 2, 3"""


@dataclass(frozen=True)
class CompanyRecords:
    """The tables by name, and the new number of each order of the run."""

    tables: dict[str, pa.Table]
    receipt_of: dict[int, int]


def company_records(directory: Path, scenario: Scenario) -> CompanyRecords:
    """All tables of `COLUMNS` from the replication in `directory`."""
    first = _first_moment(scenario)
    with opened(directory) as db:
        receipts, receipt_of = _receipts(db, scenario, first)
        numbers = pa.table({"order": list(receipt_of), "receipt": list(receipt_of.values())})
        db.register("receipt_of", numbers)
        db.register("receipts", receipts)
        days: pa.Table = db.sql(_STORE_DAYS.format(day_s=DAY_S, days=scenario.horizon.days)).to_arrow_table()
        tables = {
            "receipts": receipts,
            "ledger": db.sql(_LEDGER, params={"first": first}).to_arrow_table(),
            "store_days": _dated(days, first),
            "online_orders_by_area": db.sql(_AREAS).to_arrow_table(),
            "rollout_calendar": _calendar(scenario, first),
            "stores": _stores(scenario),
        }
    return CompanyRecords({name: table.select(list(COLUMNS[name])) for name, table in tables.items()}, receipt_of)


def write_records(records: CompanyRecords, folder: Path, csv: bool) -> list[Path]:
    """Write each table as Parquet, with `csv` also as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in records.tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
        written.append(folder / f"{name}.parquet")
        if csv:
            pa_csv.write_csv(table, folder / f"{name}.csv")
            written.append(folder / f"{name}.csv")
    return written


def write_readme(tables: Iterable[str], folder: Path) -> Path:
    """What the columns of `tables` mean, beside them."""
    path = folder / "README.md"
    path.write_text(described(tables), encoding="utf-8")
    return path


def described(tables: Iterable[str]) -> str:
    """The columns of `tables` as Markdown."""
    parts = ["# What the company sees\n\nMoney is integer yen, tax excluded. What is not known is null.\n"]
    for name in tables:
        rows = "".join(f"| `{column}` | {meaning} |\n" for column, meaning in COLUMNS[name].items())
        parts.append(f"## `{name}`\n\n| column | meaning |\n|---|---|\n{rows}")
    return "\n".join(parts)


def _receipts(db: duckdb.DuckDBPyConnection, scenario: Scenario, first: datetime) -> tuple[pa.Table, dict[int, int]]:
    found: pa.Table = db.sql(_RECEIPTS).to_arrow_table()
    nearest, ids, stores = home_catchments(db, scenario), Identities(scenario), list(scenario.stores)
    rows: list[dict[str, Any]] = found.select(_NEEDED).to_pylist()
    numbers: dict[int, int] = {}
    customers: list[int | None] = []
    areas: list[str | None] = []
    for row in rows:
        person = _person(ids, row)
        customers.append(None if person < 0 else numbers.setdefault(person, len(numbers)))
        areas.append(None if person < 0 else stores[int(nearest[row["shopper"]])])
    for name, seconds in (("placed_at", "placed_s"), ("closed_at", "closed_s")):
        moments = [first + timedelta(seconds=row[seconds]) for row in rows]
        found = found.append_column(name, pa.array(moments, pa.timestamp("us")))
    found = found.append_column("receipt", pa.array(range(len(rows)), pa.int64()))
    found = found.append_column("customer", pa.array(customers, pa.int64()))
    found = found.append_column("area", pa.array(areas, pa.string()))
    return found, {row["order"]: number for number, row in enumerate(rows)}


def _person(ids: Identities, row: dict[str, Any]) -> int:
    """The id under which the company files a receipt; negative for nobody's."""
    if row["channel"] == "store" and row["store"] is not None:
        return ids.at_till(row["shopper"], row["store"], row["placed_s"], row["order"], row["identified"])
    return ids.account(row["shopper"])


def _dated(table: pa.Table, first: datetime) -> pa.Table:
    days: list[Any] = table["day"].to_pylist()
    dates = [(first + timedelta(days=day)).date() for day in days]
    return table.append_column("date", pa.array(dates, pa.date32()))


def _calendar(scenario: Scenario, first: datetime) -> pa.Table:
    rows = [
        {
            "place": step.store,
            "wave": step.wave,
            "date": (first + timedelta(days=step.day)).date(),
            "capability": name,
            "value": value,
        }
        for step in steps(scenario)
        for name, value in sorted(step.changed.items())
    ]
    kinds: dict[str, pa.DataType] = {
        "place": pa.string(),
        "wave": pa.string(),
        "date": pa.date32(),
        "capability": pa.string(),
        "value": pa.float64(),
    }
    return pa.Table.from_pylist(rows, pa.schema(kinds))


def _stores(scenario: Scenario) -> pa.Table:
    weeks = weeks_of(scenario)
    rows = [
        {"store": name, "x_km": table.x_km, "y_km": table.y_km, "first_week": int(week) if week < weeks else None}
        for (name, table), week in zip(scenario.stores.items(), first_weeks(scenario), strict=True)
    ]
    kinds: dict[str, pa.DataType] = {
        "store": pa.string(),
        "x_km": pa.float64(),
        "y_km": pa.float64(),
        "first_week": pa.int32(),
    }
    return pa.Table.from_pylist(rows, pa.schema(kinds))


def _first_moment(scenario: Scenario) -> datetime:
    """Midnight at the start of the first day."""
    return datetime.combine(scenario.horizon.start, datetime.min.time())
