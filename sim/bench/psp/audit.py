"""The day's audit: every row read back and held against what the shards say and against each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from scenarios.errors import LawViolated
from sim.bench.psp.log import HOURS

_MEMORY: Final = "512MB"

Sums = dict[str, Any]
"""What a shard says of itself: see `sim.bench.psp.log.write_shard`."""


@dataclass(frozen=True)
class Rows:
    """Sums over the rows in the files: of events (count and yen by kind and hour), of settlements (count, yen, fees in
    yen by entry)."""

    count: dict[tuple[str, int], int]
    yen: dict[tuple[str, int], int]
    due: dict[str, tuple[int, int, int]]

    def events(self, kind: str) -> int:
        """Rows of a kind over the whole day."""
        return sum(count for (of, _), count in self.count.items() if of == kind)

    def by_hour(self, kind: str, what: dict[tuple[str, int], int]) -> list[int]:
        """`what` of a kind for each hour."""
        return [what.get((kind, hour), 0) for hour in range(HOURS)]


def audit(directory: Path, sums: list[Sums]) -> dict[str, Any]:
    """The day's totals from its files. Raises `LawViolated` naming the first law that does not hold."""
    if not sums:
        return {"payments": 0}
    rows = _read(directory)
    stated = {key: sum(shard[key] for shard in sums) for key in ("came_to_pay", "event_rows", "in_stores", "stores")}
    for law, (one, other) in (_laws(rows, stated) | _hourly_laws(rows, sums)).items():
        if one != other:
            raise LawViolated(f"{law}: {one} against {other}")
    return {
        "payers": rows.events("arrive"),
        "payers_in_stores": stated["in_stores"],
        "stores": stated["stores"],
        "left_the_queue": rows.events("renege"),
        "payments": stated["came_to_pay"],
        "captured": rows.events("captured"),
        "failed": rows.events("failed"),
        "attempts": rows.events("attempt"),
        "captured_yen": sum(rows.by_hour("captured", rows.yen)),
        "fees_yen": sum(fee for _, _, fee in rows.due.values()),
        "event_rows": sum(rows.count.values()),
        "settlement_rows": sum(count for count, _, _ in rows.due.values()),
        "busiest_hour_attempts_per_s": max(rows.by_hour("attempt", rows.count)) / 3600,
        "laws_hold": True,
    }


def _read(directory: Path) -> Rows:
    with duckdb.connect(config={"memory_limit": _MEMORY, "threads": 2}) as db:
        events = db.execute(
            f"select kind::varchar, least(floor(time_s / 3600), {HOURS - 1})::int, count(*), sum(amount_yen)::bigint "
            "from read_parquet(?) group by 1, 2",
            [str(directory / "events-*.parquet")],
        ).fetchall()
        entries = db.execute(
            "select entry::varchar, count(*), sum(amount_yen)::bigint, sum(fee_yen)::bigint "
            "from read_parquet(?) group by 1",
            [str(directory / "settlements-*.parquet")],
        ).fetchall()
    return Rows(
        count={(kind, hour): count for kind, hour, count, _ in events},
        yen={(kind, hour): yen for kind, hour, _, yen in events},
        due={entry: (count, yen, fee) for entry, count, yen, fee in entries},
    )


def _laws(rows: Rows, stated: dict[str, int]) -> dict[str, tuple[Any, Any]]:
    """Both sides of each law over the whole day."""
    none = (0, 0, 0)
    _, late_yen, late_fee = rows.due.get("late_capture", none)
    _, back_yen, back_fee = rows.due.get("refund", none)
    captures, captured_yen, _ = rows.due.get("capture", none)
    answers = rows.events("captured") + rows.events("declined") + rows.events("timed_out")
    return {
        "payers = left the queue + came to pay": (
            rows.events("arrive"),
            rows.events("renege") + stated["came_to_pay"],
        ),
        "payments = captured + failed": (stated["came_to_pay"], rows.events("captured") + rows.events("failed")),
        "attempts = captured + declined + timed out": (rows.events("attempt"), answers),
        "rows written = rows read": (stated["event_rows"], sum(rows.count.values())),
        "captures logged = captures due": (rows.events("captured"), captures),
        "yen captured = yen due": (sum(rows.by_hour("captured", rows.yen)), captured_yen),
        "late captures are given back": ((late_yen, late_fee), (-back_yen, -back_fee)),
    }


def _hourly_laws(rows: Rows, sums: list[Sums]) -> dict[str, tuple[Any, Any]]:
    """Each kind's count and the captured yen, hour by hour: in the files, and as the shards had them in memory."""
    laws = {
        f"{kind} by hour": (rows.by_hour(kind, rows.count), _added([shard["by_hour"][kind] for shard in sums]))
        for kind in sums[0]["by_hour"]
    }
    stated_yen = _added([shard["captured_yen"] for shard in sums])
    return laws | {"captured yen by hour": (rows.by_hour("captured", rows.yen), stated_yen)}


def _added(columns: list[list[int]]) -> list[int]:
    return [sum(hour) for hour in zip(*columns, strict=True)]
