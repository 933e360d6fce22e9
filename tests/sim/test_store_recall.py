"""Back-room staff come when lines are long, after the change-over, and go when the queue is gone."""

from __future__ import annotations

import pytest
from till_hall import Hall, Shopper, crowd, mean_wait_s

from sim.calendar import DAY_S


def _hall(back_room: int, lines: str = "pooled", tills: int = 2, change_over_s: float = 60.0) -> Hall:
    sets = [f"stores.station.back_room_staff={back_room}", f"tills.change_over_s={change_over_s}"]
    return Hall([*sets, f'tills.lines="{lines}"', "tills.jockey_from_people=1", "tills.recall_from_people=2"], tills)


@pytest.mark.parametrize("lines", ["pooled", "separate"])
def test_help_shortens_the_longest_queue_and_the_mean_wait(lines: str) -> None:
    for seed in range(5):
        shoppers = crowd(3_000, arrivals_per_s=1.9 / 60, mean_service_s=60.0, seed=seed)
        queues, waits = [], []
        for back_room in (0, 1, 2):
            hall = _hall(back_room, lines)
            longest = hall.longest_queue()
            waits.append(mean_wait_s(hall.run(shoppers, until_s=3 * DAY_S)))
            queues.append(longest())
        assert queues[0] > queues[1] >= queues[2]
        assert waits[0] > waits[1] > waits[2]


def test_a_till_opens_after_the_change_over_and_closes_when_the_queue_is_gone() -> None:
    """One till, threshold two: the fourth to come is the third to wait and calls help at second 30."""
    hall = _hall(1, tills=1, change_over_s=100.0)
    seen: list[tuple[float, int]] = []
    for at_s in (129.0, 131.0, 700.0):
        hall.town.engine.call_after(at_s, lambda: seen.append((hall.town.engine.now, hall.store.tills.capacity)))
    hall.run([Shopper(10.0 * k, 300.0) for k in range(4)])
    assert [(row["time_s"], row["quantity"]) for row in hall.events("recalled")] == [(130.0, 1)]
    assert seen == [(129.0, 1), (131.0, 2), (700.0, 1)]
    starts = {row["order"]: row["time_s"] for row in hall.events("till_start")}
    assert starts == pytest.approx({0: 0.0, 1: 130.0, 2: 300.0, 3: 430.0})


def test_nobody_comes_for_a_queue_that_is_gone_in_time() -> None:
    hall = _hall(1, tills=1, change_over_s=1_000.0)
    hall.run([Shopper(10.0 * k, 50.0) for k in range(5)])
    assert hall.events("recalled") == []
    assert hall.store.helpers == hall.store.helpers_coming == 0


def test_never_more_helpers_than_there_are() -> None:
    hall = _hall(2)
    hall.run(crowd(3_000, arrivals_per_s=3.0 / 60, mean_service_s=60.0, patience_s=600.0))
    helpers = {row["quantity"] for row in hall.events("recalled")}
    assert helpers == {1, 2}
    assert hall.counted("joined") == hall.counted("served") + hall.counted("reneged")
    assert hall.store.helpers == 0
