"""What the picture shows of a run: some days of one replication, as plain columns."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from dashboard.player import moments
from dashboard.player.codes import CHANNELS, GLYPHS, MARKS, NOWHERE, SPOTS, TELLING
from scenarios.errors import UsageError
from sim.evaluation.tables import opened
from sim.log.run_directory import read_manifest, replication_path

DAY_S: Final = 86_400
_ROWS: Final = 200_000
"""Rows of the log that a file holds at most, so that it stays below 4 MB; the day asked for is always whole."""
_WEEK: Final = 7
_HOMES: Final = 12_000
_STORIES: Final = 12

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Scene:
    """Days `first_day` to `last_day` of a replication, seconds `from_s` to `to_s`; it opens at `open_s`, the busiest.

    `visits`, `stays` and `marks` are columns; the stays and marks of a visit stand together, in the order of `visits`,
    which have `stays` and `marks` as their numbers. `homes` are x and y of homes in 10 m. Stores are numbered as in
    `stores`, and `ec` comes after the last of them.
    """

    title: str
    run: str
    replication: int
    calendar_start: dt.date
    first_day: int
    last_day: int
    from_s: int
    to_s: int
    open_s: int
    stores: list[dict[str, Any]]
    brands: list[str]
    visits: Columns
    stays: Columns
    marks: Columns
    homes: Columns
    stories: list[int]
    happenings: list[dict[str, Any]]
    hours: list[dict[str, int]]


def read_scene(
    run: Path,
    day: int | None = None,
    hours: tuple[float, float] | None = None,
    shopper: int | None = None,
    replication: int | None = None,
) -> Scene:
    """The scene of `run` that opens on `day`, or on its busiest.

    With `hours` only these of that day; otherwise as many days of the week around it as a file can hold. `shopper` is
    put first among those with a story. Raises UsageError where run, day or shopper do not exist.
    """
    manifest = read_manifest(run)
    finished = manifest["replications_finished"]
    if not finished:
        raise UsageError(f"{run}: no replication of this run has been finished; `omo run` makes a whole one")
    number = finished[0] if replication is None else replication
    if number not in finished:
        raise UsageError(f"{run}: replication {number} is not there; there are: {', '.join(map(str, finished))}")
    scenario = tomllib.loads((run / "scenario.toml").read_text(encoding="utf-8"))
    folder = replication_path(run, number)
    with opened(folder) as db:
        moments.read_log(db, str(folder / "events.parquet"))
        rows = _rows_by_day(db, int(manifest["days"]))
        opening = int(np.argmax(rows)) if day is None else day
        if not 0 <= opening < len(rows):
            raise UsageError(f"--day {opening}: the run has days 0 to {len(rows) - 1}")
        first, last = (opening, opening) if hours else _days_around(rows, opening)
        start, end = _window(first, last, hours)
        moments.marks(db, start, end)
        moments.stays(db)
        columns = _columns(db, scenario, start, end)
        happenings = _happenings(scenario, start, end)
        return Scene(
            title=manifest["title"],
            run=run.name,
            replication=number,
            calendar_start=dt.date.fromisoformat(manifest["first_day"]),
            first_day=first,
            last_day=last,
            from_s=start,
            to_s=end,
            open_s=_opening_s(columns["stays"], opening, (start, end), happenings),
            stores=_stores(scenario, columns["stays"]),
            brands=columns["brands"],
            visits=columns["visits"],
            stays=columns["stays"],
            marks=columns["marks"],
            homes=_homes(db),
            stories=_stories(db, opening, shopper, run),
            happenings=happenings,
            hours=_hours(db, opening),
        )


def _rows_by_day(db: duckdb.DuckDBPyConnection, days: int) -> NDArray[np.int64]:
    rows = np.zeros(days, dtype=np.int64)
    for day, count in db.execute(f"select t // {DAY_S}, count(*) from log group by 1").fetchall():
        if day < days:
            rows[day] = count
    return rows


def _days_around(rows: NDArray[np.int64], day: int) -> tuple[int, int]:
    """As many days of a week around `day` as there is room for; days after it first, by turns."""
    first = last = day
    room = _ROWS - int(rows[day])
    for step in range(1, 2 * _WEEK):
        after = step % 2 == 1
        candidate = last + 1 if after else first - 1
        if last - first + 1 < _WEEK and 0 <= candidate < len(rows) and rows[candidate] <= room:
            room -= int(rows[candidate])
            first, last = min(first, candidate), max(last, candidate)
    return first, last


def _window(first: int, last: int, hours: tuple[float, float] | None) -> tuple[int, int]:
    if hours is None:
        return first * DAY_S, (last + 1) * DAY_S
    return int(first * DAY_S + hours[0] * 3600), int(first * DAY_S + hours[1] * 3600)


def _opening_s(stays: Columns, day: int, window: tuple[int, int], happenings: list[dict[str, Any]]) -> int:
    """When most people wait in line on `day`; while payments get no answer, if they do not on that day."""
    start, end = max(window[0], day * DAY_S), min(window[1], (day + 1) * DAY_S)
    for found in happenings:
        if found["kind"] == "psp_outage" and found["from_s"] < end and found["to_s"] > start:
            start, end = max(start, found["from_s"]), min(end, found["to_s"])
            break
    waits = np.isin(stays["spot"], [SPOTS.index("staffed_line"), SPOTS.index("self_line")])
    begins = stays["t"][waits].astype(np.int64)
    times = np.concatenate([begins, begins + stays["lasts_s"][waits]])
    change = np.repeat([1, -1], len(begins))
    order = np.argsort(times, kind="stable")
    waiting = np.cumsum(change[order])
    inside = (times[order] >= start) & (times[order] < end)
    if not inside.any():
        return start
    return int(times[order][inside][np.argmax(waiting[inside])])


def _columns(db: duckdb.DuckDBPyConnection, scenario: Mapping[str, Any], start: int, end: int) -> dict[str, Any]:
    """Visits in the order of their first row, with their stays and marks."""
    stores = {name: code for code, name in enumerate([*scenario["stores"], "ec"])}
    db.execute("""
        create table ordered as
        select row_number() over (order by min(t), visit) - 1 row, visit, any_value(shopper) shopper
        from (select visit, t from marks union all select visit, t from stays) join shown using (visit)
        group by visit""")
    stays = db.execute(f"""
        select row, t, until, store, glyph, {moments.spot_codes()} spot from stays join ordered using (visit)
        where until >= {start - 3600} and t < {end + 3600} order by row, n""").fetchnumpy()
    marks = db.execute("""
        select row, t, kind, store, lines, amount_yen, asked_s, brand, channel from marks join ordered using (visit)
        order by row, t, n""").fetchnumpy()
    visits = db.execute("""
        select shopper, round(100 * home_x_km)::int x, round(100 * home_y_km)::int y
        from ordered join shoppers using (shopper) order by row""").fetchnumpy()
    brands = sorted({str(brand) for brand in np.ma.compressed(np.ma.asarray(marks["brand"]))})
    count = len(visits["shopper"])
    return {
        "visits": {
            **visits,
            "stays": np.bincount(stays["row"], minlength=count),
            "marks": np.bincount(marks["row"], minlength=count),
        },
        "stays": _encoded_stays(stays, stores),
        "marks": {
            "t": marks["t"],
            "kind": _codes(marks["kind"], {kind: code for code, kind in enumerate(MARKS)}),
            "store": _codes(marks["store"], stores),
            "lines": np.minimum(marks["lines"], 255),
            "yen": marks["amount_yen"],
            "asked_s": marks["asked_s"],
            "brand": _codes(marks["brand"], {brand: code for code, brand in enumerate(brands)}),
            "channel": _codes(marks["channel"], {channel: code for code, channel in enumerate(CHANNELS)}),
        },
        "brands": brands,
    }


def _encoded_stays(stays: Columns, stores: Mapping[str, int]) -> Columns:
    store = _codes(stays["store"], stores)
    spot = np.asarray(stays["spot"])
    return {
        "t": stays["t"],
        "lasts_s": stays["until"] - stays["t"],
        "spot": spot,
        "store": store,
        "glyph": _codes(stays["glyph"], {shape: code for code, shape in enumerate(GLYPHS)}),
        "unit": _units(stays["t"], stays["until"], store.astype(np.int64) * NOWHERE + spot),
    }


def _codes(values: NDArray[Any], codes: Mapping[str, int]) -> NDArray[np.uint8]:
    """The numbers of `values`; NOWHERE for null."""
    found: NDArray[Any] = np.ma.filled(np.ma.asarray(values, dtype=object), "")
    return np.array([codes.get(str(value), NOWHERE) for value in found], dtype=np.uint8)


def _units(start: NDArray[Any], end: NDArray[Any], pool: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The till or counter that each stay is drawn at: the first that is free. The log does not number them."""
    units = np.zeros(len(start), dtype=np.uint8)
    busy_until: dict[int, list[int]] = {}
    for row in np.lexsort((end, start)):
        ends = busy_until.setdefault(int(pool[row]), [])
        free = next((unit for unit, until in enumerate(ends) if until <= start[row]), len(ends))
        ends[free : free + 1] = [int(end[row])]
        units[row] = min(free, NOWHERE)
    return units


def _stores(scenario: Mapping[str, Any], stays: Columns) -> list[dict[str, Any]]:
    """Where the stores are and what they have; as many tills as were ever manned or used at once."""
    found: list[dict[str, Any]] = []
    for code, (name, store) in enumerate(scenario["stores"].items()):
        tills = (stays["store"] == code) & (stays["spot"] == SPOTS.index("staffed_till"))
        found.append(
            {
                "id": name,
                "x": store["x_km"],
                "y": store["y_km"],
                "roster": store["staffed_tills"],
                "tills": max([*store["staffed_tills"], 1, int(stays["unit"][tills].max(initial=0)) + 1]),
                "checkouts": store["self_checkouts"],
                "opens_day": store["opens_day"],
            }
        )
    return found


def _homes(db: duckdb.DuckDBPyConnection) -> Columns:
    """Where people live; in a big town some of them, by their ids."""
    return db.execute(f"""
        select round(100 * home_x_km)::int x, round(100 * home_y_km)::int y from shoppers
        where shopper % (1 + (select count(*) from shoppers) // {_HOMES}) = 0 order by shopper""").fetchnumpy()


def _stories(db: duckdb.DuckDBPyConnection, day: int, shopper: int | None, run: Path) -> list[int]:
    """Those seen in a store on `day` whose days have most kinds of events, `shopper` first."""
    kinds = ", ".join(f"'{kind}'" for kind in TELLING)
    rows = db.execute(f"""
        with theirs as (select distinct shopper, marks.kind, channel from marks join shown using (visit)),
             seen as (select distinct shopper from log where kind = 'arrive' and t // {DAY_S} = {day})
        select shopper, count(distinct kind) filter (kind in ({kinds}))
               + count(distinct channel) filter (kind = 'captured')
               + 2 * count(distinct kind) filter (kind = 'reminded') found
        from theirs join seen using (shopper)
        group by shopper order by found desc, shopper limit {_STORIES}""").fetchall()
    stories = [int(row[0]) for row in rows]
    if shopper is None:
        return stories
    if not db.execute("select count(*) from shown where shopper = ?", [shopper]).fetchall()[0][0]:
        raise UsageError(f"--shopper {shopper}: nobody with this id does anything on the days shown of {run.name}")
    return [shopper, *(found for found in stories if found != shopper)]


def _happenings(scenario: Mapping[str, Any], start: int, end: int) -> list[dict[str, Any]]:
    """Events by timetable of the scenario that touch the window: kind, and from when to when."""
    found = []
    for event in scenario.get("events", {}).values():
        hour = event.get("from_hour", event.get("hour", 0.0))
        begins = event["day"] * DAY_S + hour * 3600
        ends = begins + event["hours"] * 3600 if "hours" in event else (event["day"] + event.get("days", 1)) * DAY_S
        if begins < end and ends > start:
            brands = event.get("brands", [])
            found.append({"kind": event["kind"], "from_s": int(begins), "to_s": int(ends), "brands": brands})
    return found


def _hours(db: duckdb.DuckDBPyConnection, day: int) -> list[dict[str, int]]:
    """The day by the hour, for those who cannot see the picture."""
    start, end = day * DAY_S, (day + 1) * DAY_S
    paid = [
        f"sum(amount_yen) filter (kind = 'captured' and channel = '{channel}') {channel}_yen" for channel in CHANNELS
    ]
    rows = db.execute(f"""
        select t % {DAY_S} // 3600 as "hour", count(*) filter (kind = 'arrive') came, {", ".join(paid)},
               count(*) filter (kind in ('declined', 'timed_out_no_effect', 'timed_out_captured')) unpaid,
               sum(amount_yen) filter (kind = 'lost_sale') lost_yen
        from marks where t >= {start} and t < {end} group by 1 order by 1""")
    names = [column[0] for column in rows.description]
    return [{name: int(value or 0) for name, value in zip(names, row, strict=True)} for row in rows.fetchall()]
