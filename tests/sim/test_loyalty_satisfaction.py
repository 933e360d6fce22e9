"""Satisfaction rises and fades, moves the next choice, and makes some leave for good."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import lived, nights, small

from sim.log.schema import TABLES
from sim.loyalty.satisfaction import Feeling

OFF = ("loyalty.satisfaction=0", "loyalty.fit_spread=0", "loyalty.drop_out_a=0")


def test_satisfaction_adds_weights_and_fades_by_the_day() -> None:
    town = nights("loyalty.memory_days=10", "loyalty.feelings.queue_left=-0.3", "loyalty.feelings.helped=0.1")
    town.loyalty.feel(1, int(Feeling.QUEUE_LEFT))
    town.loyalty.feel(1, int(Feeling.HELPED))
    for day in town.days[:6]:
        town.loyalty.overnight(day)
    assert town.loyalty.satisfaction == pytest.approx([0.0, -0.2 * exp(-5 / 10), 0.0])


@settings(max_examples=60, deadline=None)
@given(
    felt=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(Feeling)), max_size=12),
    better=st.lists(st.sampled_from(Feeling), min_size=12, max_size=12),
    extra=st.integers(0, 5),
)
def test_better_service_never_lowers_satisfaction(
    felt: list[tuple[int, Feeling]], better: list[Feeling], extra: int
) -> None:
    """Each experience is replaced by one that is no worse, and one good one is added."""
    plain, improved = nights(), nights()
    weight = plain.loyalty.weights
    for day in plain.days[:8]:
        for (when, feeling), other in zip(felt, better, strict=False):
            if when == day.index:
                plain.loyalty.feel(0, int(feeling))
                improved.loyalty.feel(0, int(max(feeling, other, key=lambda one: weight[one])))
        if day.index == extra:
            improved.loyalty.feel(0, int(Feeling.SERVED))
        plain.loyalty.overnight(day)
        improved.loyalty.overnight(day)
        assert improved.loyalty.satisfaction[0] >= plain.loyalty.satisfaction[0]
        assert -1 <= plain.loyalty.satisfaction[0] <= 1


def test_without_weight_feelings_change_nothing_but_themselves() -> None:
    calm = lived(small(sets=OFF))
    upset = lived(small(sets=[*OFF, "loyalty.feelings.stock_out=-1", "loyalty.feelings.served=0.5"]))
    for table in TABLES:
        if table == "shoppers":
            assert not calm.table(table).equals(upset.table(table))
        else:
            assert calm.table(table).equals(upset.table(table)), table


def test_without_any_weight_every_shopper_stands_at_the_zero_of_the_scale() -> None:
    town = nights(*OFF, shoppers=50)
    town.loyalty.feel(3, int(Feeling.QUEUE_LEFT))
    town.loyalty.overnight(town.days[0])
    assert town.loyalty.utility().tolist() == [0.0] * 50


def test_being_told_one_thing_here_and_another_there_costs_purchases() -> None:
    """A retailer that is open in two channels and inconsistent loses against the same retailer that nobody minds."""
    town = ["horizon.days=42", "considering.price_differs=0.5", "loyalty.satisfaction=3"]
    minded = lived(small("ward-siloed", [*town, "loyalty.feelings.inconsistent=-0.8"]))
    not_minded = lived(small("ward-siloed", [*town, "loyalty.feelings.inconsistent=0"]))
    ours = [
        world.table("needs").to_pandas().outcome.isin(["store", "app_carry", "app_ship", "ec_ship", "collect"]).sum()
        for world in (minded, not_minded)
    ]
    assert ours[0] < ours[1]


def test_a_purchase_loses_the_mean_of_the_beta() -> None:
    """One repeat purchase each: a share a / (a + b) is lost, the more attached the fewer."""
    lost = {}
    for fit in ("0", "1"):
        town = nights(
            "loyalty.drop_out_a=0.793", "loyalty.drop_out_b=2.426", f"loyalty.fit_spread={fit}", shoppers=20_000
        )
        for shopper in range(20_000):
            town.loyalty.bought(shopper, shopper)
        town.loyalty.overnight(town.days[0])
        lost[fit] = np.isneginf(town.loyalty.utility())
        attached = town.loyalty.fit > 0
    assert lost["0"].mean() == pytest.approx(0.793 / 3.219, abs=3 * (0.246 * 0.754 / 20_000) ** 0.5)
    assert lost["1"][attached].mean() < 0.5 * lost["1"][~attached].mean()


def test_the_first_purchase_of_somebody_new_loses_nobody() -> None:
    town = nights("loyalty.drop_out_a=1000", "loyalty.drop_out_b=0.001", "word_of_mouth.aware_share=0", shoppers=40)
    for day in town.days[:2]:
        assert not town.loyalty.dropping_out.gone.any()
        for shopper in range(40):
            town.loyalty.bought(shopper, day.index * 40 + shopper)
        town.loyalty.overnight(day)
    assert town.loyalty.dropping_out.gone.mean() > 0.5


def test_whoever_has_dropped_out_does_not_come_back() -> None:
    world = lived(small(sets=["loyalty.drop_out_a=1", "loyalty.drop_out_b=3", "horizon.days=21"]))
    shoppers = world.table("shoppers").to_pandas().set_index("shopper")
    needs = world.table("needs").to_pandas()
    gone_s = needs.shopper.map(shoppers.dropped_out_s)
    after = needs[needs.time_s >= gone_s]
    assert 0 < np.isfinite(shoppers.dropped_out_s).sum() < len(shoppers)
    assert len(after) > 50
    assert set(after.journey.astype(str)) <= {"rival", "none"}
