"""Who works on the floor: mixed like the survey, learning, leaving, trained at a price."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import binom
from towns import lived, rows, small

from scenarios.staff import Staff
from sim.staff.beliefs import first_beliefs, learn
from sim.staff.crew import Crew
from sim.staff.pay import COMPONENTS, Component
from sim.staff.people import gain_experience, hire, turn_over
from sim.streams import Streams

TOWN = ("population.shoppers=3000", "horizon.days=42")


def test_a_small_town_is_as_mixed_as_the_survey_whatever_the_seed() -> None:
    """53.5 % see EC as a threat [S118]; each trait is spread evenly, so sixteen people have the mean of all."""
    for seed in range(20):
        people = hire(Staff(), Streams(seed, 0), 16)
        assert np.mean(people.threat > 0.5) == pytest.approx(0.535, abs=1 / 16)
        assert np.mean(people.taste) == pytest.approx(0, abs=0.02)
        assert np.mean(people.identification) == pytest.approx(0.5, abs=0.001)
        assert np.median(people.money) == pytest.approx(1, rel=0.1)


def test_who_they_are_depends_on_the_seed_and_not_on_the_policy() -> None:
    one, again, other = (hire(Staff(), Streams(seed, 0), 16).taste for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()


def test_as_many_leave_as_the_rate_says_and_novices_take_their_place() -> None:
    rules, streams = Staff(turnover_per_month=0.1), Streams(3, 0)
    people = hire(rules, streams, 400)
    left = sum(len(turn_over(people, rules, streams, day)) for day in range(30))
    expected = 400 * (1 - 0.9 ** (1 / 30)) * 30
    assert binom.cdf(left, 12000, expected / 12000) == pytest.approx(0.5, abs=0.499)
    assert people.generation.sum() == left
    novices = people.generation > 0
    assert people.skill[novices].mean() < 0.7 * people.skill[~novices].mean()
    for _ in range(300):
        gain_experience(people, rules)
    assert people.skill[novices].mean() == pytest.approx(people.talent[novices].mean(), abs=0.01)


def test_nobody_leaves_without_turnover() -> None:
    rules, streams = Staff(turnover_per_month=0.0), Streams(3, 0)
    people = hire(rules, streams, 400)
    assert not sum(len(turn_over(people, rules, streams, day)) for day in range(60))


def test_training_costs_its_hours_and_makes_contacts_shorter_and_advice_commoner() -> None:
    still = "staff.turnover_per_month=0"
    plain, trained = (lived(small("ward-siloed", [*TOWN, still, f"staff.training_hours={h}"])) for h in (0, 16))
    scenario = small("ward-siloed", list(TOWN)).scenario
    staff = sum(max(store.floor_staff) for store in scenario.stores.values())
    booked = [row["amount_yen"] for row in rows(trained, "ledger") if row["account"] == "training"]
    assert booked == [-round(16 * scenario.fulfilment.wage_yen_per_hour)] * staff
    assert not [row for row in rows(plain, "ledger") if row["account"] == "training"]
    rate, contacts = [], []
    for memory in (plain, trained):
        found = rows(memory, "staff_contacts")
        rate.append(np.mean([str(row["action"]).startswith("recommend") for row in found]))
        contacts.append(len(found))
    assert rate[1] > 1.1 * rate[0]
    assert contacts[1] >= contacts[0]


def test_somebody_free_is_met_and_who_it_is_depends_on_the_need_alone() -> None:
    scenario = small("ward-siloed").scenario
    crew = Crew(scenario, Streams(1, 0), np.ones((10, len(scenario.stores))))
    size = max(next(iter(scenario.stores.values())).floor_staff)
    met = Counter(crew.somebody_free(0, need) for need in range(5000))
    assert set(met) == set(range(size))
    assert max(met.values()) < 1.2 * min(met.values())
    crew.busy[crew.somebody_free(0, 7)] = True
    assert not crew.busy[crew.somebody_free(0, 7)]


def test_pay_that_was_never_seen_is_believed_in_part_and_slips_move_belief_to_what_came() -> None:
    rules = Staff()
    beliefs = first_beliefs(rules, small("ward-omo", ["evaluation.commission_percent=3"]).scenario.evaluation, 3)
    assert beliefs[:, Component.COMMISSION] == pytest.approx(rules.new_policy_trust)
    promised, slips = np.zeros((3, COMPONENTS)), np.zeros((COMPONENTS, 3))
    promised[:2, Component.COMMISSION] = 1000.0
    slips[Component.COMMISSION] = [1500.0, 500.0, 0.0]
    for _ in range(12):
        learn(rules, beliefs, slips, promised)
    assert beliefs[:, Component.COMMISSION] == pytest.approx([1.5, 0.5, 1.0], abs=0.001)


def test_commission_that_never_comes_is_no_longer_believed() -> None:
    """Without codes on orders the slips stay empty: staff recommend more at first, and as before in the end."""
    paid = ["evaluation.commission_percent=3", "staff.pay_delay_days=0", "horizon.days=85", "population.shoppers=4000"]
    early, late = [], []
    for sets in ([], paid):
        memory = lived(small("ward-siloed", ["horizon.days=85", "population.shoppers=4000", *sets]))
        found = [row for row in rows(memory, "staff_contacts") if not row["stocked_out"]]
        for group, chosen in (
            (early, [row for row in found if row["time_s"] < 24 * 86400]),  # type: ignore[operator]
            (late, [row for row in found if row["time_s"] > 56 * 86400]),  # type: ignore[operator]
        ):
            group.append(np.mean([str(row["action"]).startswith("recommend") for row in chosen]))
    assert early[1] > 1.3 * early[0]
    assert late[1] < 1.2 * late[0]


def test_stores_without_floor_staff_are_stores_without_contacts() -> None:
    nobody = [f"stores.{store}.floor_staff={[0] * 24}" for store in ("station", "mall", "riverside", "temple")]
    alone = lived(small("ward-siloed", nobody))
    assert not rows(alone, "staff_contacts")
    assert rows(alone, "orders")
    assert {row["store"] for row in rows(lived(small("ward-siloed", nobody[:3])), "staff_contacts")} == {"temple"}
