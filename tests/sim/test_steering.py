"""A manager's instructions: followed while they hold, without effect on the past; and how a paused day stands."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from scenarios.errors import ScenarioInvalid
from scenarios.loader import load
from sim.calendar import HOUR_S
from sim.evaluation.tables import opened
from sim.experiment import run_replication
from sim.log.recorder import Memory
from sim.steering.pause import pause
from sim.streams import Streams
from sim.world import World

SMALL = [
    "horizon.days=1",
    "population.shoppers=4000",
    "events.crowd.kind=campaign",
    "events.crowd.day=0",
    "events.crowd.demand_factor=3",
]
NOON_S = 12 * HOUR_S
TIMED = ("events", "payments", "staff_contacts", "ledger", "stock_moves", "points")


def _instruction(name: str, from_hour: float, hours: float, *keys: str, store: str = "mall") -> list[str]:
    at = f"instructions.{name}"
    return [f'{at}.store="{store}"', f"{at}.day=0", f"{at}.from_hour={from_hour}", f"{at}.hours={hours}"] + [
        f"{at}.{key}" for key in keys
    ]


def _day(*sets: str) -> Memory:
    memory = Memory()
    for _ in World(load("ward-omo", [*SMALL, *sets]).scenario, Streams(1, 0), memory).run():
        pass
    return memory


def _rows(memory: Memory, table: str, store: str = "mall", from_h: float = 0, to_h: float = 24) -> pa.Table:
    rows = memory.table(table)
    time = pc.divide(rows["time_s"], HOUR_S)
    here = pc.equal(pc.cast(rows["store"], pa.string()), store)
    return rows.filter(pc.and_(here, pc.and_(pc.greater_equal(time, from_h), pc.less(time, to_h))))


@pytest.fixture(scope="module")
def untouched() -> Memory:
    return _day()


ORDERS = {
    "tills": ["to_tills=1"],
    "orders": ["to_orders=2"],
    "silence": ['advising="never"'],
    "pushing": ['advising="always"'],
    "cash": ['refuse=["qr", "card", "contactless"]'],
}


@pytest.mark.parametrize("kind", ORDERS)
def test_what_is_ordered_later_does_not_change_the_past(kind: str, untouched: Memory) -> None:
    steered = _day(*_instruction("later", 12, 6, *ORDERS[kind]))
    for table in TIMED:
        before, after = (memory.table(table) for memory in (untouched, steered))
        past = [rows.filter(pc.less(rows["time_s"], NOON_S)) for rows in (before, after)]
        assert past[0].num_rows > 0
        assert past[0].equals(past[1]), table
    assert not untouched.table("events").equals(steered.table("events"))


def test_an_instruction_that_says_nothing_changes_nothing(untouched: Memory) -> None:
    steered = _day(*_instruction("idle", 10, 8))
    for table in TIMED:
        assert untouched.table(table).equals(steered.table(table)), table


def test_a_till_more_shortens_the_wait_and_leaves_fewer_to_talk(untouched: Memory) -> None:
    steered = _day(*_instruction("open", 12, 7, "to_tills=2"))

    def waited(memory: Memory) -> float:
        rows = memory.table("queues")
        rows = rows.filter(pc.and_(pc.greater_equal(rows["hour"], 12), pc.less(rows["hour"], 19)))
        here = [row for row in rows.to_pylist() if (row["store"], row["place"]) == ("mall", "staffed_till")]
        return float(sum(row["wait_s"] for row in here) / sum(row["served"] for row in here))

    assert waited(steered) < waited(untouched) / 2
    open_units = {
        row["hour"]: row["open_units"]
        for row in steered.table("queues").to_pylist()
        if (row["store"], row["place"]) == ("mall", "staffed_till")
    }
    assert open_units[11] == 1
    assert open_units[13] == 3
    contacts = [_rows(memory, "staff_contacts", from_h=12, to_h=19).num_rows for memory in (untouched, steered)]
    assert contacts[1] < contacts[0]


def test_the_last_till_stays_open_whatever_is_ordered() -> None:
    steered = _day(*_instruction("close", 12, 7, "to_tills=-5"))
    assert _rows(steered, "events", from_h=13, to_h=19).filter(pc.field("kind") == "till_start").num_rows > 0


def test_staff_advise_as_they_are_told_and_by_themselves_again_afterwards() -> None:
    advice = {"recommend", "recommend_joining", "recommend_scan_and_pay"}
    for told, allowed in (("always", advice), ("never", {"nothing", "deflect"})):
        steered = _day(*_instruction("told", 12, 3, f'advising="{told}"'))
        during = set(_rows(steered, "staff_contacts", from_h=12, to_h=15)["action"].to_pylist())
        assert during
        assert during <= allowed
        assert not set(_rows(steered, "staff_contacts", from_h=15)["action"].to_pylist()) <= allowed


def test_tills_that_take_cash_only_lose_those_without_and_no_other_payment_is_tried(untouched: Memory) -> None:
    steered = _day(*_instruction("cash", 12, 3, 'refuse=["qr", "card", "contactless"]'))
    starts = _rows(steered, "events", from_h=12, to_h=15).filter(pc.field("kind") == "till_start")
    served = set(starts["order"].to_pylist())
    payments = [row for row in steered.table("payments").to_pylist() if row["channel"] == "store"]
    assert {row["brand"] for row in payments if row["order"] in served} == {"cash"}
    memories = (untouched, steered)
    during = [_rows(memory, "events", from_h=12, to_h=15) for memory in memories]
    failed = [rows.filter(pc.field("kind") == "pay_failed").num_rows for rows in during]
    assert failed[1] > failed[0]


def test_every_law_holds_in_a_steered_day(tmp_path: Path) -> None:
    each = [_instruction(f"n{number}", 11 + number, 2, *keys) for number, keys in enumerate(ORDERS.values())]
    sets = [part for parts in each for part in parts]
    scenario = load("ward-omo", [*SMALL, *sets]).scenario
    assert list(run_replication(scenario, 1, 0, tmp_path)) == [1]


def test_a_paused_day_stands_as_the_whole_day_did_then(tmp_path: Path) -> None:
    scenario = load("ward-omo", [*SMALL, *_instruction("open", 12, 2, "to_tills=1")]).scenario
    for _ in run_replication(scenario, 1, 0, tmp_path):
        pass
    standing = pause(scenario, "mall", 14 * HOUR_S, seed=1)
    with opened(tmp_path) as tables:
        until = f"time_s <= {14 * HOUR_S}"
        booked = tables.execute(f"select sum(amount_yen) from ledger where {until}").fetchone()
        lost = f"select sum(amount_yen) from events where kind = 'lost_sale' and store = 'mall' and {until}"
        assert booked == (standing.contribution_yen,)
        assert tables.execute(lost).fetchone() == (standing.lost_yen,)
        queues = "select hour, wait_s / served from queues where place = 'staffed_till' and store = 'mall' and day = 0"
        waits = dict(tables.execute(queues).fetchall())
    for hour in standing.hours[:-2]:
        assert hour.mean_wait_s == pytest.approx(waits[hour.hour])
    assert standing.contacts >= standing.advised > 0


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (_instruction("x", 23, 2), "midnight"),
        (_instruction("x", 9, 1, store="mal"), "did you mean mall"),
        (_instruction("x", 9, 1, 'refuse=["cash"]'), "cash is always taken"),
        (_instruction("x", 9, 1, 'advising="loudly"'), "instructions.x.advising"),
    ],
)
def test_instructions_that_cannot_be_followed_are_refused(keys: list[str], says: str) -> None:
    with pytest.raises(ScenarioInvalid, match=says):
        load("ward-omo", keys)
