"""Tags read at night: the record becomes the reading, which is never too high and seldom too low."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from towns import lived, rows, small

from scenarios.errors import ScenarioInvalid
from scenarios.loader import load
from scenarios.sensors import Rfid
from sim.catalogue import Catalogue, catalogue
from sim.inventory.night import Night, night_of
from sim.inventory.rfid import read_tags
from sim.inventory.stock import Stock
from sim.log.recorder import Memory, Recorder
from sim.log.schema import TABLES
from sim.streams import Streams

ON = "capabilities.rfid=true"
RIGHT = ["stock.shrink_per_unit_and_day=0.0", "stock.receipt_miscount=0.0", "stock.till_mix_up=0.0"]
SPOILT = ["stock.shrink_per_unit_and_day=0.002", "stock.receipt_miscount=0.05", "stock.till_mix_up=0.02"]


def a_night(units: int, recorded: int) -> tuple[Night, Catalogue]:
    """A night on which every location holds `units` of every SKU and the record says otherwise."""
    scenario = load("ward-base").scenario
    goods = catalogue(scenario, 1)
    log = Recorder(list(scenario.stores), list(scenario.missions), ["any"], Memory())
    stock = Stock([[units] * goods.size for _ in range(len(scenario.stores) + 1)], log)
    stock.recorded = [[recorded] * goods.size for _ in stock.recorded]
    return night_of(stock, 3, 4 * 86400.0, log, Streams(1, 0)), goods


def wrong_share(*sets: str, seed: int = 1) -> dict[str, float]:
    """Share of wrong records of the SKUs in each location after a week."""
    closing = rows(lived(small(sets=sets), seed=seed), "stock_closing")
    wrong: dict[str, list[bool]] = {}
    for row in closing:
        wrong.setdefault(str(row["location"]), []).append(row["recorded"] != row["on_hand"])
    return {location: sum(flags) / len(flags) for location, flags in wrong.items()}


@pytest.mark.parametrize("rate", [0.5, 0.93, 0.99])
def test_so_many_tags_are_read_as_configured_and_never_one_too_many(rate: float) -> None:
    night, goods = a_night(units=6, recorded=9)
    read_tags(night, goods, Rfid(read_rate=rate), [1.0] * 5)
    cells = night.on_hand.size
    assert (night.recorded <= night.on_hand).all()
    unread = (night.on_hand - night.recorded).sum()
    assert abs(unread - 6 * cells * (1 - rate)) < 4 * sqrt(6 * cells * rate * (1 - rate))
    all_read = rate**6
    assert abs((night.recorded == 6).mean() - all_read) < 4 * sqrt(all_read * (1 - all_read) / cells)


def test_every_tag_read_makes_every_record_right_and_none_read_makes_it_zero() -> None:
    for rate, says in ((1.0, 6), (0.0, 0)):
        night, goods = a_night(units=6, recorded=9)
        read_tags(night, goods, Rfid(read_rate=rate), [1.0] * 5)
        assert (night.recorded == says).all()


def test_only_tagged_goods_are_read_and_only_where_there_is_a_reader() -> None:
    night, goods = a_night(units=6, recorded=9)
    read_tags(night, goods, Rfid(read_rate=1.0, categories=["apparel"]), [1.0, 0.0, 0.3, 0.0, 0.0])
    tagged = goods.category == goods.category_names.index("apparel")
    read = np.array([True, False, True, False, False])[:, None] & tagged
    assert (night.recorded == np.where(read, 6, 9)).all()


def test_readers_change_nothing_where_records_are_right_and_every_tag_is_read() -> None:
    without, having = lived(small(sets=RIGHT)), lived(small(sets=[*RIGHT, ON, "rfid.read_rate=1.0"]))
    for table in TABLES:
        assert without.table(table).equals(having.table(table)), table


@pytest.mark.parametrize("seed", [1, 2])
def test_records_go_wrong_less_often_where_tags_are_read(seed: int) -> None:
    only_here = "rollout.tags={day=0,stores=['station','mall'],set={rfid=true}}"
    without = wrong_share(*SPOILT, seed=seed)
    having = wrong_share(*SPOILT, only_here, "rfid.read_rate=0.998", seed=seed)
    for store in ("station", "mall"):
        assert having[store] < 0.5 * without[store]
    for store in ("riverside", "temple", "ec"):
        assert having[store] == pytest.approx(without[store], abs=0.05)


def test_tagged_categories_must_exist() -> None:
    with pytest.raises(ScenarioInvalid, match=r"rfid\.categories.*apparel"):
        load("ward-omo", ["rfid.categories=['apparell']"])
