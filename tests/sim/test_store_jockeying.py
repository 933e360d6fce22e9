"""Changing lines: who moves, that nobody is lost or counted twice, and that it never costs waiting time here."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest
from till_hall import Hall, Shopper, crowd, mean_wait_s
from towns import small

from sim.experiment import run_replication
from sim.theory import mmc

SEPARATE = 'tills.lines="separate"'


def _hall(jockey: int, rule: str = "random", tills: int = 3) -> Hall:
    return Hall([SEPARATE, f'tills.line_choice="{rule}"', f"tills.jockey_from_people={jockey}"], tills)


@pytest.mark.parametrize("rule", ["random", "fewest_people", "fewest_items", "least_expected_wait_by_items"])
def test_changing_lines_never_makes_the_mean_wait_longer(rule: str) -> None:
    for seed in range(5):
        shoppers = crowd(3_000, arrivals_per_s=2.6 / 60, mean_service_s=60.0, seed=seed, most_items=20)
        staying, moving = (mean_wait_s(_hall(jockey, rule).run(shoppers)) for jockey in (0, 1))
        assert moving <= staying


def test_where_everybody_moves_to_a_free_till_separate_lines_are_one_queue() -> None:
    """No till is ever free while somebody waits, so the number of people is Erlang's birth-and-death process."""
    shoppers = crowd(60_000, arrivals_per_s=2.4 / 60, mean_service_s=60.0)
    expected_s = mmc.mean_wait_s(2.4 / 60, 1 / 60, servers=3)
    assert mean_wait_s(_hall(1).run(shoppers)) == pytest.approx(expected_s, rel=0.05)


def test_the_last_in_line_moves_when_it_puts_enough_fewer_people_before_them() -> None:
    """Three join the first till while the second is shut; at one o'clock it opens."""
    roster = "[" + ",".join(["1"] + ["2"] * 23) + "]"
    for gain, movers in ((1, [2]), (2, [2]), (3, [])):
        hall = Hall([SEPARATE, f"tills.jockey_from_people={gain}", f"stores.station.staffed_tills={roster}"], tills=1)
        hall.run([Shopper(3_000.0 + k, 2_000.0) for k in range(3)])
        moved = hall.events("jockeyed")
        assert [row["need"] for row in moved if row["time_s"] == 3_600.0] == movers


def test_joined_is_served_and_reneged_and_a_shopper_who_moves_joins_once() -> None:
    hall = _hall(1)
    hall.run(crowd(5_000, arrivals_per_s=3.3 / 60, mean_service_s=60.0, patience_s=200.0, balking=True))
    assert hall.counted("joined") == hall.counted("served") + hall.counted("reneged")
    assert hall.counted("joined") + hall.counted("balked") == 5_000
    joins = sorted(row["need"] for row in hall.events("queue_join"))
    assert all(len(list(same)) == 1 for _, same in groupby(joins))
    assert len(hall.events("jockeyed")) > 500
    assert all(line.load == 0 and line.pool.in_use == line.pool.queue_length == 0 for line in hall.store.lines)


def test_nobody_moves_unless_asked_for() -> None:
    hall = _hall(0)
    hall.run(crowd(2_000, arrivals_per_s=2.9 / 60, mean_service_s=60.0))
    assert hall.events("jockeyed") == []


def test_baskets_are_seen_where_their_owners_stand() -> None:
    """Once all have gone, no line holds items any more, whoever moved and whoever gave up."""
    hall = _hall(1, "fewest_items")
    hall.run(crowd(3_000, arrivals_per_s=3.3 / 60, mean_service_s=60.0, patience_s=200.0, most_items=30))
    assert len(hall.events("jockeyed")) > 20
    assert [line.load for line in hall.store.lines] == [0.0] * 3


def test_all_laws_hold_with_everything_switched_on(tmp_path: Path) -> None:
    """The laws are checked by the replication itself; here they meet every mechanism of the store at once."""
    on = ["stores.station.back_room_staff=2", "stores.station.break_minutes=30", "stores.mall.break_minutes=45"]
    on += [SEPARATE, 'tills.line_choice="fewest_items"', "tills.jockey_from_people=1", "tills.recall_from_people=1"]
    on += ["stores.station.pickup_lockers=2", "stores.temple.pickup_counters=0", "stock.cycle_count_skus_per_day=20"]
    loaded = small("launch-day", ["horizon.days=2", *on])
    assert list(run_replication(loaded.scenario, 1, 0, tmp_path)) == [1, 2]
