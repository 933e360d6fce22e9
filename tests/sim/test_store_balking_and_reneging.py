"""Who is lost to the line: nobody with endless patience, by length and not by speed, and as Palm's formula says."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import pytest
from till_hall import Hall, Shopper, crowd, mean_wait_s
from towns import small

from scenarios.loader import load
from sim.experiment import run_replication
from sim.store.balking_and_reneging import stay_probability
from sim.theory import erlang_a

SEPARATE = 'tills.lines="separate"'
NO_COLLECTING = "capabilities.click_and_collect=false"


@pytest.mark.parametrize("sets", [[], [SEPARATE], [SEPARATE, "tills.jockey_from_people=1"]])
def test_with_endless_patience_and_no_balking_everybody_is_served(sets: list[str]) -> None:
    hall = Hall(sets)
    waits = hall.run(crowd(3_000, arrivals_per_s=2.9 / 60, mean_service_s=60.0))
    assert all(wait.wait_s is not None for wait in waits)
    assert hall.counted("joined") == hall.counted("served") == 3_000


def test_reneging_from_a_pooled_line_is_palms_formula() -> None:
    """M/M/3+M, overloaded: 3.3 erlangs on three tills, mean patience four services."""
    waits = Hall().run(crowd(40_000, arrivals_per_s=3.3 / 60, mean_service_s=60.0, patience_s=240.0))
    lost = fmean(wait.wait_s is None for wait in waits)
    assert lost == pytest.approx(erlang_a.abandon_probability(3.3 / 60, 1 / 60, 1 / 240, servers=3), rel=0.05)


def test_incidence_falls_with_length_as_measured() -> None:
    """Purchase incidence 30 % at ten people and 27 % at fifteen, flat below five [S38]."""
    stay = stay_probability(load("ward-omo").scenario)
    assert stay[15] / stay[10] == pytest.approx(0.27 / 0.30, abs=0.01)
    assert stay[:6] == pytest.approx([1.0] * 6)
    assert stay == sorted(stay, reverse=True)


def test_one_line_loses_more_shoppers_by_its_length_although_it_is_faster() -> None:
    """Lu, Musalem, Olivares and Schilkrut 2013: people react to the number of people, not to the wait."""
    for seed in range(5):
        shoppers = crowd(4_000, arrivals_per_s=4.2 / 60, mean_service_s=60.0, seed=seed, balking=True)
        pooled, separate = Hall(tills=4), Hall([SEPARATE, 'tills.line_choice="fewest_people"'], tills=4)
        waits = {hall: hall.run(shoppers) for hall in (pooled, separate)}
        assert pooled.counted("balked") > 1.5 * separate.counted("balked")
        assert mean_wait_s(waits[pooled]) < mean_wait_s(waits[separate])


def test_patience_runs_from_joining_the_first_line_through_all_changes() -> None:
    hall = Hall([SEPARATE, 'tills.line_choice="random"', "tills.jockey_from_people=1"])
    shoppers = crowd(6_000, arrivals_per_s=3.4 / 60, mean_service_s=60.0, patience_s=180.0)
    hall.run(shoppers)
    left = {row["need"]: row["time_s"] for row in hall.events("renege")}
    moved = {row["need"] for row in hall.events("jockeyed")}
    assert len(moved & set(left)) > 50
    assert all(at_s == pytest.approx(shoppers[who].at_s + shoppers[who].patience_s) for who, at_s in left.items())


def test_who_finds_a_free_till_is_put_off_by_nothing() -> None:
    hall = Hall(tills=1)
    hall.run([Shopper(100.0 * k, 60.0, balk_draw=1.0) for k in range(20)])
    assert hall.counted("balked") == 0


def test_joined_is_served_and_reneged_where_the_line_stands_at_midnight(tmp_path: Path) -> None:
    """Stores that never close: the replication itself checks the law of conservation, day by day."""
    hours = [f"traffic.store_{day}_hours={[1] * 24}" for day in ("weekday", "holiday")]
    tills = [f"stores.{store}.staffed_tills={[1] * 24}" for store in ("station", "mall", "riverside", "temple")]
    loaded = small("launch-day", ["horizon.days=2", "population.shoppers=24000", NO_COLLECTING, *hours, *tills])
    assert list(run_replication(loaded.scenario, 1, 0, tmp_path)) == [1, 2]
