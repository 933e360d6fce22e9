"""Settlement: what each provider pays out for each period, and on which day the money arrives.

Computed once at the end of a replication, from its tables. An item is a captured payment or a refund. It belongs to
the period of the day on which it happened, under the contract by which its payment was captured. What is captured and
refunded less fees is either paid out by a given day or not yet due: nothing else can become of it.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from scenarios.schema import Scenario
from sim.calendar import DAY_S
from sim.evaluation.tables import opened
from sim.log.schema import TABLES, Channel
from sim.payments.calendars import periods
from sim.payments.month_end import close_months
from sim.payments.reconciliation import find_breaks
from sim.payments.routes import carries_stores, eras, provider_of
from sim.streams import Streams

_ITEMS = f"""
    create view item as
    with captured as (
        select payment, "order", floor(time_s / {DAY_S})::int as day, brand::varchar as brand,
            channel::varchar as channel, amount_yen, fee_yen, outcome = 'timed_out_captured' as late
        from payments where outcome in ('captured', 'timed_out_captured')),
    given_back as (
        select payment, floor(time_s / {DAY_S})::int as day, amount_yen, fee_yen
        from payments where outcome = 'refunded'),
    both_kinds as (
        select *, day as captured_day, false as refund from captured
        union all
        select c.payment, c."order", r.day, c.brand, c.channel, r.amount_yen, r.fee_yen, c.late, c.day, true
        from given_back r join captured c using (payment))
    select i.*, r.provider, r.calendar, r.carries_stores, p.start_day, p.end_day, p.pay_out_day,
        q.end_day as captured_end_day
    from both_kinds i
    left join place_of_payment s on s.payment = i.payment and i.channel = 'store'
    join route r on r.brand = i.brand and r.channel = i.channel and r.place = coalesce(s.place, r.any_place)
        and i.captured_day between r.from_day and r.to_day
    join period p on p.calendar = r.calendar and p.day = i.day
    join period q on q.calendar = r.calendar and q.day = i.captured_day"""
"""Every captured or refunded item with its contract and its period; one row each."""

_SETTLEMENTS = """
    select provider, brand, channel, start_day as period_start_day, end_day as period_end_day,
        pay_out_day as payout_day, count(*) as items,
        coalesce(sum(amount_yen) filter (where not refund), 0) as gross_yen,
        coalesce(-sum(amount_yen) filter (where refund), 0) as refunds_yen, sum(fee_yen) as fee_yen,
        sum(amount_yen) - sum(fee_yen) as net_yen,
        sum(amount_yen * (pay_out_day - day)) filter (where not refund)
            / sum(amount_yen) filter (where not refund) as days_to_cash
    from item group by all order by all"""


def settle(directory: Path, scenario: Scenario, streams: Streams) -> None:
    """Write `settlements`, `breaks` and `month_ends` of the finished replication in `directory`."""
    with opened(directory) as db:
        _register_contracts(db, scenario)
        db.execute(_ITEMS)
        _write(directory, "settlements", db.sql(_SETTLEMENTS).to_arrow_table())
        breaks = find_breaks(db, scenario, streams)
        months, breaks = close_months(db, scenario, breaks)
        _write(directory, "breaks", breaks)
        _write(directory, "month_ends", months)


def _register_contracts(db: duckdb.DuckDBPyConnection, scenario: Scenario) -> None:
    """Tables `route` and `period`: who carries what where and when, and the days of every calendar."""
    last = db.execute(f"select coalesce(floor(max(time_s) / {DAY_S}), 0)::int from payments").fetchall()[0][0]
    days = max(last + 1, scenario.horizon.days)
    rows: list[tuple[object, ...]] = []
    for name, calendar in scenario.payments.calendars.items():
        found = periods(calendar, scenario.horizon.start, days)
        rows += zip([name] * days, range(days), found.start, found.end, found.pay_out, strict=True)
    _table(db, "period", ["calendar", "day", "start_day", "end_day", "pay_out_day"], rows)
    routes = _routes(scenario, days)
    _table(
        db,
        "route",
        ["brand", "channel", "place", "any_place", "from_day", "to_day", "provider", "calendar", "carries_stores"],
        routes,
    )
    by_store = any(route[2] != route[3] for route in routes)
    db.execute(
        """create view place_of_payment as select payment, any_value(store)::varchar as place from events
           where kind = 'pay_attempt' group by payment"""
        if by_store
        else "create view place_of_payment as select null::bigint as payment, null::varchar as place limit 0"
    )


def _routes(scenario: Scenario, days: int) -> list[tuple[object, ...]]:
    """One row for each tender, channel, place and era; `place` is `any_place` where all stores have one contract."""
    changes = eras(scenario)
    ends = [*(day for day, _ in changes[1:]), days]
    by_store = any(len(set(at[:-1])) > 1 for _, at in changes)
    rows: dict[tuple[object, ...], tuple[object, ...]] = {}
    for tender in scenario.payments.tenders.values():
        store_side = tender.channel == "store"
        for (from_day, at), end in zip(changes, ends, strict=True):
            places = list(scenario.stores) if store_side and by_store else [""]
            for number, place in enumerate(places):
                provider = provider_of(scenario, tender, at[number if store_side else -1])
                own = scenario.payments.providers[provider].calendar if provider else ""
                contract = (
                    provider or None,
                    own or tender.calendar,
                    bool(provider) and carries_stores(scenario, provider),
                )
                for channel in (Channel.STORE,) if store_side else (Channel.APP, Channel.EC):
                    key = (tender.brand, channel.name.lower(), place)
                    rows.setdefault((*key, from_day), (*key, "", from_day, end - 1, *contract))
    return list(rows.values())


def _table(db: duckdb.DuckDBPyConnection, name: str, columns: list[str], rows: list[tuple[object, ...]]) -> None:
    found = pa.table({column: list(values) for column, values in zip(columns, zip(*rows, strict=True), strict=True)})
    db.register(name, found)


def _write(directory: Path, name: str, rows: pa.Table) -> None:
    schema = TABLES[name]
    pq.write_table(rows.select(schema.names).cast(schema), directory / f"{name}.parquet", compression="zstd")
