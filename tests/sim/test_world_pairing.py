"""The same people in every world: what differs between two worlds is the policy, and nothing else."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from towns import lived, rows, small

from scenarios.capabilities import Capabilities
from sim.log.schema import TABLES
from sim.population import population
from sim.streams import Streams


def test_two_identical_scenarios_differ_by_nothing() -> None:
    first, second = lived(small()), lived(small())
    for table in TABLES:
        assert first.table(table).equals(second.table(table)), table


def test_another_seed_is_another_town() -> None:
    assert not lived(small()).table("needs").equals(lived(small(), seed=2).table("needs"))


def test_one_inert_extra_shopper_changes_nobody_else() -> None:
    loaded = small()
    streams = Streams(1, 0)
    people = population(loaded.scenario, streams)
    extra = dataclasses.replace(
        people,
        **{
            f.name: np.append(getattr(people, f.name), getattr(people, f.name)[-1:]) for f in dataclasses.fields(people)
        },
    )
    extra.needs_per_day[-1] = 0.0
    alone, together = lived(loaded, people=people), lived(loaded, people=extra)
    for table in TABLES:
        assert rows(alone, table) == rows(together, table, without_shopper=people.size), table


def test_needs_do_not_depend_on_policy() -> None:
    keys = ("need", "shopper", "mission", "items")
    siloed, omo = (
        sorted(tuple(row[key] for key in keys) for row in rows(lived(small(name)), "needs"))
        for name in ("ward-siloed", "ward-omo")
    )
    assert siloed == omo


def test_more_demand_only_adds_needs() -> None:
    ordinary = {row["need"] for row in rows(lived(small()), "needs")}
    doubled = {row["need"] for row in rows(lived(small(sets=["population.needs_per_week=2.0"])), "needs")}
    assert ordinary < doubled


NEEDS_NO_SHOPPER = {
    "showroom",
    "one_psp",
    "one_settlement_view",
    "same_prices",
    "staff_code",
    "contact_centre_view",
    "shared_history",
    "ship_from_store",
    "door_counter",
    "rfid",
}
"""Capabilities that work without anybody being online: a tablet proposes to strangers too, and with the last the
warehouse keeps less."""
SWITCHES = [name for name, field in Capabilities.model_fields.items() if field.annotation is bool]


@pytest.mark.parametrize("flag", sorted(set(SWITCHES) - NEEDS_NO_SHOPPER))
def test_a_capability_that_nobody_can_use_changes_nothing(flag: str) -> None:
    nobody_online = [f"population.age_bands.{band}.smartphone=0.0" for band in ("20s_30s", "40s_50s", "60s", "70s_up")]
    nobody_online += ["population.card_share=0.0", f"capability_costs.{flag}.opex_yen_per_month=0"]
    nobody_online += [f"capability_costs.{flag}.opex_yen_per_store_month=0", "staff.scan_and_pay=-50.0"]
    without = lived(small("ward-siloed", nobody_online))
    having = lived(small("ward-siloed", [*nobody_online, f"capabilities.{flag}=true"]))
    for table in TABLES:
        assert without.table(table).equals(having.table(table)), table


def test_a_wave_on_the_first_day_equals_the_capability_itself_once_it_is_learnt() -> None:
    learnt = ["learning.days=0.001"]
    itself = lived(small("ward-siloed", [*learnt, "capabilities.mode=omo"]))
    wave = lived(small("ward-siloed", [*learnt, 'rollout.all={day=0,mode="omo"}']))
    for table in TABLES:
        assert itself.table(table).equals(wave.table(table)), table


def test_a_wave_changes_nothing_before_its_day() -> None:
    before = lived(small("ward-siloed"))
    after = lived(small("ward-siloed", ['rollout.late={day=4,stores=["mall"],mode="omo"}']))
    first_days = [
        [row for row in rows(memory, "events") if row["time_s"] < 4 * 86_400.0]  # type: ignore[operator]
        for memory in (before, after)
    ]
    assert first_days[0] == first_days[1]
    assert rows(before, "events") != rows(after, "events")
