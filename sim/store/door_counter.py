"""A counter at the door: it counts people, not shoppers, and not all of them.

Companions, those who only collect an order, and the store's own staff are counted too; of all who come in some are
missed. What a store divides its receipts by is this figure, and not the number of those who came to buy.
"""

from __future__ import annotations

import numpy as np

from sim.calendar import DAY_S, HOUR_S
from sim.log.schema import Kind, Place
from sim.needs import Ints
from sim.town import Town

_HOURS = 24


def count_entries(town: Town, day: int) -> None:
    """After closing: the day's readings of the stores that have a counter, one row for each hour with anybody."""
    sensors = np.array(town.open.door_counter[:-1]) > 0
    if not sensors.any():
        return
    rules = town.scenario.door_counter
    events, _ = town.log.rows_since("events", 0)
    kind, now_s = events["kind"], events["time_s"]
    arrived = kind == Kind.ARRIVE
    collected = (kind == Kind.COLLECTED) & (events["place"] != Place.LOCKER)
    came = events[(now_s >= day * DAY_S) & (arrived | collected)]
    cell = came["store"].astype(np.int64) * _HOURS + (came["time_s"] % DAY_S / HOUR_S).astype(np.int64)
    shops = came["kind"] == Kind.ARRIVE
    draws = town.streams.uniforms("door", came["need"], 3)
    brings = draws[:, 0] < rules.companions
    seen = (draws[:, 1] >= rules.missed).astype(np.int64) + (brings & (draws[:, 2] >= rules.missed))
    size = len(sensors) * _HOURS
    visitors = np.bincount(cell, shops, minlength=size).astype(np.int64)
    others = np.bincount(cell, ~shops + brings.astype(np.int64), minlength=size).astype(np.int64)
    passes, passes_seen = _staff_passes(town, day)
    others += passes
    counted = np.bincount(cell, seen, minlength=size).astype(np.int64) + passes_seen
    rows = np.flatnonzero(np.repeat(sensors, _HOURS) & (visitors + others > 0))
    columns = {"visitors": visitors[rows], "others": others[rows], "counted": counted[rows]}
    where = {"day": np.full(len(rows), day), "hour": rows % _HOURS, "store": rows // _HOURS}
    town.log.extend("door_counts", where | columns)


def _staff_passes(town: Town, day: int) -> tuple[Ints, Ints]:
    """How often staff come in through the door in each store and hour, and how often they are counted.

    Both are the mean rounded up or down at random, so that they are right on average.
    """
    rules = town.scenario.door_counter
    roster = [np.add(s.table.floor_staff, s.table.staffed_tills) * s.is_open_on(day) for s in town.stores]
    on_duty = np.concatenate(roster)
    draws = town.streams.uniforms("door/staff", day * len(on_duty) + np.arange(len(on_duty)), 2)
    passes = np.floor(on_duty * rules.staff_passes_per_hour + draws[:, 0]).astype(np.int64)
    return passes, np.floor(passes * (1 - rules.missed) + draws[:, 1]).astype(np.int64)
