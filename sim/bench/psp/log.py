"""The log of a shard: a row for every event, a row for every yen that becomes due, and the sums that both must obey."""

from __future__ import annotations

from datetime import date
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scenarios.payments import Payments
from sim.bench.psp.merchants import Ints
from sim.bench.psp.paying import CAPTURED, DECLINED, LATE, Attempt
from sim.bench.psp.shard import Shard
from sim.bench.psp.tills import LEFT
from sim.log.schema import CODE, labels
from sim.payments.calendars import periods
from sim.streams import Floats

DAY: Final = date(2025, 9, 10)
"""A Wednesday of the month in which the provider published its figures."""
HOURS: Final = 26
"""Hours of the day, and what runs over midnight: retries, and the night's refunds."""


class Event(IntEnum):
    """What happened to a payer."""

    ARRIVE = 0
    QUEUE_JOIN = 1
    RENEGE = 2
    TILL_START = 3
    ATTEMPT = 4
    CAPTURED = 5
    DECLINED = 6
    TIMED_OUT = 7
    FAILED = 8


class Entry(IntEnum):
    """Why money becomes due to a merchant, or back from it."""

    CAPTURE = 0
    LATE_CAPTURE = 1
    REFUND = 2


_EVENT_COLUMNS: Final[dict[str, pa.DataType]] = {
    "time_s": pa.float64(),
    "payment": pa.int64(),
    "merchant": pa.int32(),
    "store": pa.int32(),
    "kind": CODE,
    "brand": CODE,
    "attempt": pa.int8(),
    "amount_yen": pa.int64(),
}
EVENTS: Final = pa.schema(_EVENT_COLUMNS)
"""`store` is null in an EC shop; `brand` and `attempt` are null until the payer tries to pay. In order of time."""

_SETTLEMENT_COLUMNS: Final[dict[str, pa.DataType]] = {
    "time_s": pa.float64(),
    "payment": pa.int64(),
    "merchant": pa.int32(),
    "brand": CODE,
    "entry": CODE,
    "amount_yen": pa.int64(),
    "fee_yen": pa.int64(),
    "due": pa.date32(),
}
SETTLEMENTS: Final = pa.schema(_SETTLEMENT_COLUMNS)
"""One row for each amount that the provider owes a merchant (negative: the merchant owes it back). In order of time."""

_NUMPY: Final = {pa.int64(): "i8", pa.int32(): "i4", pa.int8(): "i1", pa.date32(): "i4"}

Block = tuple[Floats, Ints, Ints, Ints, Ints]
"""Times, rows of payers, codes, tenders (-1: none) and attempts (-1: none) of some rows to come."""


def write_shard(shard: Shard, number: int, directory: Path) -> dict[str, Any]:
    """Write the two files of a shard; returns its sums: counts of events and yen captured, by hour and kind.

    A file has its final name only once it is whole.
    """
    events, settlements = _events(shard), _settlements(shard)
    for name, table in (("events", events), ("settlements", settlements)):
        partial = directory / f".{name}-{number:03d}.partial"
        coded = [field.name for field in table.schema if field.type == CODE]
        pq.write_table(
            table,
            partial,
            compression="zstd",
            compression_level=1,
            use_dictionary=coded,  # type: ignore[arg-type]
            write_statistics=False,
            row_group_size=len(table) or 1,
        )
        partial.replace(directory / f"{name}-{number:03d}.parquet")
    return _sums(shard, events, settlements)


def _events(shard: Shard) -> pa.Table:
    payers = shard.payers
    everyone = np.arange(len(payers.point))
    in_store = shard.points.store[payers.point] >= 0
    left = payers.start_s == LEFT
    waited = np.flatnonzero(left | (payers.start_s > payers.arrive_s))
    served_in_store = np.flatnonzero(in_store & ~left)
    gone = np.flatnonzero(left)
    blocks = [
        _plain(Event.ARRIVE, payers.arrive_s, everyone),
        _plain(Event.QUEUE_JOIN, payers.arrive_s[waited], waited),
        _plain(Event.RENEGE, payers.patient_until_s[gone], gone),
        _plain(Event.TILL_START, payers.start_s[served_in_store], served_in_store),
    ]
    for number, attempt in enumerate(shard.attempts):
        blocks += _tries(shard, number, attempt)
    time_s, row, kind, tender, attempt_number = (np.concatenate(column) for column in zip(*blocks, strict=True))
    order = np.argsort(time_s, kind="stable")
    row = row[order]
    point = payers.point[row]
    columns = {
        "time_s": time_s[order],
        "payment": payers.payment[row],
        "merchant": shard.points.merchant[point],
        "store": shard.points.store[point],
        "kind": _coded(kind[order], labels(Event)),
        "brand": _coded(tender[order], shard.tenders.brand),
        "attempt": attempt_number[order],
        "amount_yen": payers.amount_yen[row],
    }
    return _table(columns, EVENTS)


def _plain(kind: Event, time_s: Floats, row: Ints) -> Block:
    none = np.full(len(row), -1)
    return time_s, row, np.full(len(row), int(kind)), none, none


def _tries(shard: Shard, number: int, attempt: Attempt) -> list[Block]:
    """An attempt, its answer, and for whom it was the last without success, that the payment has failed."""
    payers = shard.payers
    row, nth = attempt.row, np.full(len(attempt.row), number)
    begin_s = payers.start_s[row] + payers.scanning_s[row]
    answer = np.full(len(row), int(Event.TIMED_OUT))
    answer[attempt.outcome == CAPTURED] = int(Event.CAPTURED)
    answer[attempt.outcome == DECLINED] = int(Event.DECLINED)
    again = shard.attempts[number + 1].row if number + 1 < len(shard.attempts) else row[:0]
    last = (attempt.outcome != CAPTURED) & ~np.isin(row, again, assume_unique=True)
    answered_s = begin_s + attempt.answered_s
    failed = np.full(int(last.sum()), int(Event.FAILED))
    return [
        (begin_s + attempt.sent_s, row, np.full(len(row), int(Event.ATTEMPT)), attempt.tender, nth),
        (answered_s, row, answer, attempt.tender, nth),
        (answered_s[last], row[last], failed, attempt.tender[last], nth[last]),
    ]


def _settlements(shard: Shard) -> pa.Table:
    """What each capture makes due; what was captured behind the payer's back is paid back at midnight."""
    payers, tenders = shard.payers, shard.tenders
    blocks: list[Block] = []
    for attempt in shard.attempts:
        answered_s = payers.start_s[attempt.row] + payers.scanning_s[attempt.row] + attempt.answered_s
        for entry, outcome in ((Entry.CAPTURE, CAPTURED), (Entry.LATE_CAPTURE, LATE)):
            of = attempt.outcome == outcome
            row = attempt.row[of]
            blocks.append((answered_s[of], row, np.full(len(row), int(entry)), attempt.tender[of], np.ones_like(row)))
        midnight_s = 86_400.0 * (answered_s[of] // 86_400 + 1)
        blocks.append((midnight_s, row, np.full(len(row), int(Entry.REFUND)), attempt.tender[of], -np.ones_like(row)))
    time_s, row, entry_code, tender, sign = (np.concatenate(column) for column in zip(*blocks, strict=True))
    order = np.argsort(time_s, kind="stable")
    row, tender = row[order], tender[order]
    amount = payers.amount_yen[row] * sign[order]
    calendars = Payments().calendars
    pay_out = [int(periods(calendars[name], DAY, 1).pay_out[0]) for name in tenders.calendar]
    due = np.array([(DAY - date(1970, 1, 1)).days + days for days in pay_out])
    columns = {
        "time_s": time_s[order],
        "payment": payers.payment[row],
        "merchant": shard.points.merchant[payers.point[row]],
        "brand": _coded(tender, tenders.brand),
        "entry": _coded(entry_code[order], labels(Entry)),
        "amount_yen": amount,
        "fee_yen": (np.rint(amount * tenders.fee[tender]) + sign[order] * tenders.fee_yen[tender]).astype(np.int64),
        "due": due[tender],
    }
    return _table(columns, SETTLEMENTS)


def _coded(codes: np.ndarray[Any, Any], names: list[str]) -> pa.Array[Any]:
    index: np.ndarray[Any, Any] = codes.astype(np.int16)
    return pa.DictionaryArray.from_arrays(pa.array(index, mask=index < 0), pa.array(names))


def _table(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    arrays = []
    for field in schema:
        values = columns[field.name]
        if isinstance(values, np.ndarray):
            missing = values < 0 if field.name in ("store", "attempt") else None
            values = pa.array(values.astype(_NUMPY.get(field.type, "f8")), mask=missing).cast(field.type)
        arrays.append(values)
    return pa.table(arrays, schema=schema)


def _sums(shard: Shard, events: pa.Table, settlements: pa.Table) -> dict[str, Any]:
    """Counts by hour and kind from the simulated arrays, not from the rows: the files are held against them."""
    payers = shard.payers
    left = payers.start_s == LEFT
    captured_yen = np.zeros(HOURS)
    by_hour = {"arrive": _hourly(payers.arrive_s), "renege": _hourly(payers.patient_until_s[left])}
    by_hour |= {kind: np.zeros(HOURS) for kind in ("attempt", "captured", "declined", "timed_out")}
    for attempt in shard.attempts:
        begin_s = payers.start_s[attempt.row] + payers.scanning_s[attempt.row]
        answered_s = begin_s + attempt.answered_s
        captured, declined = attempt.outcome == CAPTURED, attempt.outcome == DECLINED
        by_hour["attempt"] += _hourly(begin_s + attempt.sent_s)
        by_hour["captured"] += _hourly(answered_s[captured])
        by_hour["declined"] += _hourly(answered_s[declined])
        by_hour["timed_out"] += _hourly(answered_s[~captured & ~declined])
        captured_yen += _hourly(answered_s[captured], payers.amount_yen[attempt.row[captured]])
    return {
        "payers": len(left),
        "came_to_pay": len(shard.paying),
        "in_stores": int((shard.points.store[payers.point] >= 0).sum()),
        "stores": int((shard.points.store >= 0).sum()),
        "event_rows": len(events),
        "settlement_rows": len(settlements),
        "captured_yen": captured_yen.astype(int).tolist(),
        "by_hour": {kind: counts.astype(int).tolist() for kind, counts in by_hour.items()},
    }


def _hourly(time_s: Floats, weights: Any = None) -> Floats:
    hour = np.minimum(time_s // 3600, HOURS - 1).astype(np.int64)
    return np.bincount(hour, weights, HOURS).astype(float)
