"""What the player shows is what the log says: counted again by plain SQL over the run's files."""

from __future__ import annotations

import base64
import itertools
import zlib
from pathlib import Path

import duckdb
import numpy as np
import pytest

from dashboard.player.codes import CHANNELS, MARKS, SPOTS
from dashboard.player.pack import pack
from dashboard.player.scene import DAY_S, Scene, read_scene
from scenarios.errors import UsageError
from scenarios.loader import load
from sim.experiment import run
from sim.log.run_directory import Request

OUTAGE = ("population.shoppers=2500", "horizon.days=3", "events.launch.demand_factor=6.0")
IN_STORE = [SPOTS.index(name) for name in ("floor", "staffed_line", "staffed_till", "self_line", "self_checkout")]
COLLECTING = [SPOTS.index(name) for name in ("pickup_counter", "locker")]


@pytest.fixture(scope="module")
def outage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small launch day with lines, an outage of the payment provider, collectors and parcels."""
    root = tmp_path_factory.mktemp("player")
    (path,) = run([Request(load("lunch-outage", OUTAGE), 1, 1)], root, jobs=1)
    return path


@pytest.fixture(scope="module")
def scene(outage: Path) -> Scene:
    return read_scene(outage)


def ask(path: Path, query: str) -> list[tuple[int, ...]]:
    """Rows of a query in which {table} stands for a file of the run's first replication."""
    tables = {
        name: f"'{path}/rep-000/{name}.parquet'" for name in ("events", "payments", "needs", "orders", "shoppers")
    }
    return duckdb.sql(query.format(**tables)).fetchall()


def of_visits(scene: Scene, table: str, column: str) -> np.ndarray:
    """A visit's value for each of its stays or marks."""
    return np.repeat(scene.visits[column], scene.visits[table])


def marks(scene: Scene, kind: str) -> np.ndarray:
    return scene.marks["kind"] == MARKS.index(kind)


def test_whoever_is_inside_a_store_at_a_minute_has_come_and_not_left(outage: Path, scene: Scene) -> None:
    minutes = np.arange(DAY_S, 2 * DAY_S, 60)
    visit = np.repeat(np.arange(len(scene.visits["stays"])), scene.visits["stays"])
    collects = np.unique(visit[np.isin(scene.stays["spot"], COLLECTING)])
    own = np.isin(scene.stays["spot"], IN_STORE) & ~np.isin(visit, collects)
    shown = 0
    for code, store in enumerate(scene.stores):
        moves = ask(
            outage,
            f"""select time_s, case kind when 'arrive' then 1 else -1 end from {{events}} where store = '{store["id"]}'
                and kind in ('arrive', 'leave')
                and need not in (select need from {{events}} where kind = 'collected')""",
        )
        times, change = np.array(moves).T
        inside = np.array([change[times <= minute].sum() for minute in minutes])
        here = own & (scene.stays["store"] == code)
        begins, lasts = scene.stays["t"][here], scene.stays["lasts_s"][here]
        drawn = np.array([((begins <= minute) & (minute < begins + lasts)).sum() for minute in minutes])
        np.testing.assert_array_equal(drawn, inside)
        shown += int(drawn.sum())
    assert shown > 1000


def test_a_visit_is_in_one_place_at_a_time(scene: Scene) -> None:
    visit = np.repeat(np.arange(len(scene.visits["stays"])), scene.visits["stays"])
    ends = scene.stays["t"] + scene.stays["lasts_s"]
    assert (scene.stays["lasts_s"] >= 0).all()
    same = visit[1:] == visit[:-1]
    assert (scene.stays["t"][1:][same] >= ends[:-1][same]).all()


def test_nobody_shares_a_till(scene: Scene) -> None:
    tills = np.isin(scene.stays["spot"], [SPOTS.index("staffed_till"), SPOTS.index("self_checkout")])
    columns = (scene.stays[name][tills] for name in ("store", "spot", "unit", "t", "lasts_s"))
    rows = sorted(zip(*(column.tolist() for column in columns), strict=True))
    for before, after in itertools.pairwise(rows):
        assert before[:3] != after[:3] or before[3] + before[4] <= after[3]


def test_no_more_self_checkouts_are_drawn_than_the_store_has(scene: Scene) -> None:
    own = scene.stays["spot"] == SPOTS.index("self_checkout")
    assert own.any()
    for code, store in enumerate(scene.stores):
        used = scene.stays["unit"][own & (scene.stays["store"] == code)]
        assert (used < store["checkouts"]).all()


def test_every_payment_of_the_log_is_shown_once(outage: Path, scene: Scene) -> None:
    rows = ask(
        outage,
        f"""select outcome, channel, count(*), sum(abs(amount_yen)) from {{payments}}
            where ceil(time_s) >= {DAY_S} and ceil(time_s) < {2 * DAY_S} group by all""",
    )
    today = (scene.marks["t"] >= DAY_S) & (scene.marks["t"] < 2 * DAY_S)
    for outcome, channel, count, total in rows:
        own = today & marks(scene, outcome) & (scene.marks["channel"] == CHANNELS.index(channel))
        assert (int(own.sum()), int(scene.marks["yen"][own].sum())) == (count, total), (outcome, channel)
    assert {row[0] for row in rows} >= {"captured", "timed_out_captured", "timed_out_no_effect"}


@pytest.mark.parametrize("kind", ["scan", "lost_sale", "order_placed", "delivered", "balk", "renege", "reminded"])
def test_lines_and_yen_of_events_are_those_of_the_log(outage: Path, scene: Scene, kind: str) -> None:
    ((lines, total),) = ask(
        outage,
        f"""select count(*), coalesce(sum(amount_yen), 0) from {{events}} where kind = '{kind}'
            and ceil(time_s) >= {DAY_S} and ceil(time_s) < {2 * DAY_S}""",
    )
    own = marks(scene, kind) & (scene.marks["t"] >= DAY_S) & (scene.marks["t"] < 2 * DAY_S)
    assert (int(scene.marks["lines"][own].sum()), int(scene.marks["yen"][own].sum())) == (lines, total)


def test_those_who_went_to_a_rival_are_shown_there(outage: Path, scene: Scene) -> None:
    ((count,),) = ask(outage, "select count(*) from {needs} where outcome = 'rival' and time_s < 3 * 86400")
    assert (scene.stays["spot"] == SPOTS.index("rival")).sum() == pytest.approx(count, abs=3)


def test_homes_are_where_the_shoppers_live(outage: Path, scene: Scene) -> None:
    homes = {row[0]: row[1:] for row in ask(outage, "select shopper, home_x_km, home_y_km from {shoppers}")}
    shoppers = scene.visits["shopper"]
    for row in (0, len(shoppers) // 2, len(shoppers) - 1):
        x, y = homes[int(shoppers[row])]
        assert (scene.visits["x"][row] / 100, scene.visits["y"][row] / 100) == pytest.approx((x, y), abs=0.006)


def test_a_story_is_told_of_somebody_with_most_kinds_of_events(scene: Scene) -> None:
    first = scene.stories[0]
    whose = of_visits(scene, "marks", "shopper")
    kinds = {MARKS[code] for code in scene.marks["kind"][whose == first]}
    assert len(kinds) > 8
    assert len(set(scene.stories)) == len(scene.stories) == 12


def test_hours_sum_to_the_day(scene: Scene) -> None:
    today = (scene.marks["t"] >= DAY_S) & (scene.marks["t"] < 2 * DAY_S)
    assert sum(hour["came"] for hour in scene.hours) == int((today & marks(scene, "arrive")).sum())
    failed = sum(int((today & marks(scene, kind)).sum()) for kind in MARKS if kind.startswith(("declined", "timed")))
    assert sum(hour["unpaid"] for hour in scene.hours) == failed > 0


def test_it_opens_while_the_provider_does_not_answer(scene: Scene) -> None:
    (outage,) = [found for found in scene.happenings if found["kind"] == "psp_outage"]
    assert outage["from_s"] <= scene.open_s < outage["to_s"]
    assert (scene.first_day, scene.last_day) == (0, 2)


def test_hours_of_a_day_hold_only_these(outage: Path, scene: Scene) -> None:
    noon = read_scene(outage, 1, (12.0, 13.5))
    assert (noon.from_s, noon.to_s) == (DAY_S + 12 * 3600, DAY_S + 13.5 * 3600)
    assert 0 < len(noon.visits["shopper"]) < len(scene.visits["shopper"]) / 3


def test_a_shopper_to_follow_comes_first_and_must_be_there(outage: Path, scene: Scene) -> None:
    other = scene.stories[5]
    assert read_scene(outage, 1, shopper=other).stories[0] == other
    with pytest.raises(UsageError, match="nobody with this id"):
        read_scene(outage, 1, shopper=999_999)
    with pytest.raises(UsageError, match="days 0 to 2"):
        read_scene(outage, 3)
    with pytest.raises(UsageError, match="replication 4 is not there"):
        read_scene(outage, replication=4)


def test_packed_columns_are_read_back_as_they_were() -> None:
    columns = {
        "t": np.array([5, 5, 70_000, 69_999]),
        "x": np.array([-300, 0, 300, 7]),
        "small": np.array([0, 255, 1, 2]),
        "none": np.array([], dtype=int),
    }
    layout, text = pack({"group": columns})
    raw = zlib.decompress(base64.b64decode(text))
    offset = 0
    for _, name, kind, length, differences in layout:
        found = np.frombuffer(raw, f"<{kind}", length, offset)
        assert offset % found.itemsize == 0
        offset += found.nbytes
        np.testing.assert_array_equal(np.cumsum(found, dtype=np.int64) if differences else found, columns[name])
    assert offset == len(raw)
