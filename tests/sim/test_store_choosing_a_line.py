"""Rules for choosing a line, against closed forms and against each other on common numbers."""

from __future__ import annotations

import pytest
from till_hall import Hall, Shopper, crowd, mean_wait_s

from scenarios.errors import ScenarioInvalid
from scenarios.loader import load
from sim.log.schema import Place
from sim.theory import mmc

RULES = ("random", "fewest_people", "fewest_items", "least_expected_wait", "least_expected_wait_by_items")


def _mean_wait_s(lines: str, rule: str, tills: int, shoppers: list[Shopper]) -> float:
    waits = Hall([f'tills.lines="{lines}"', f'tills.line_choice="{rule}"'], tills).run(shoppers)
    assert len(waits) == len(shoppers)
    return mean_wait_s(waits)


def test_separate_lines_joined_at_random_are_independent_single_servers() -> None:
    """Each of five lines is an M/M/1 at half load; one pooled line at that load would wait a twentieth."""
    shoppers = crowd(60_000, arrivals_per_s=2.5 / 60, mean_service_s=60.0)
    expected_s = mmc.mean_wait_s(0.5 / 60, 1 / 60, servers=1)
    assert expected_s == pytest.approx(60.0)
    assert _mean_wait_s("separate", "random", 5, shoppers) == pytest.approx(expected_s, rel=0.07)


def test_a_pooled_line_is_erlangs_queue() -> None:
    shoppers = crowd(40_000, arrivals_per_s=2.4 / 60, mean_service_s=60.0)
    expected_s = mmc.mean_wait_s(2.4 / 60, 1 / 60, servers=3)
    assert _mean_wait_s("pooled", "least_expected_wait", 3, shoppers) == pytest.approx(expected_s, rel=0.07)


def test_a_pooled_line_waits_as_kiefer_and_wolfowitz_compute() -> None:
    """Each shopper takes the till that is free first: the recursion of 1955, without any events."""
    shoppers = crowd(3_000, arrivals_per_s=2.7 / 60, mean_service_s=60.0)
    free_s = [0.0] * 3
    for shopper, wait in zip(shoppers, Hall().run(shoppers), strict=True):
        first_s = max(min(free_s), shopper.at_s)
        free_s[free_s.index(min(free_s))] = first_s + shopper.service_s
        assert wait.wait_s == pytest.approx(first_s - shopper.at_s, abs=1e-6)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("lines", ["pooled", "separate"])
def test_more_tills_never_make_a_longer_mean_wait(lines: str, rule: str) -> None:
    for seed in (1, 2, 3):
        shoppers = crowd(2_000, arrivals_per_s=2.7 / 60, mean_service_s=60.0, seed=seed, most_items=20)
        waits = [_mean_wait_s(lines, rule, tills, shoppers) for tills in (3, 4, 5)]
        assert waits == sorted(waits, reverse=True)


@pytest.mark.parametrize("rule", RULES)
def test_a_pooled_line_never_waits_longer_than_separate_ones(rule: str) -> None:
    for seed in range(5):
        shoppers = crowd(2_000, arrivals_per_s=2.7 / 60, mean_service_s=60.0, seed=seed, most_items=20)
        pooled = _mean_wait_s("pooled", rule, 3, shoppers)
        assert pooled <= _mean_wait_s("separate", rule, 3, shoppers)


@pytest.mark.parametrize("rule", RULES[1:])
def test_whoever_looks_waits_less_than_whoever_does_not(rule: str) -> None:
    shoppers = crowd(5_000, arrivals_per_s=2.4 / 60, mean_service_s=60.0, most_items=20)
    assert _mean_wait_s("separate", rule, 3, shoppers) < 0.7 * _mean_wait_s("separate", "random", 3, shoppers)


def _two_lines(rule: str) -> Hall:
    """One shopper with a full trolley at the first till; two with a single item each at the second."""
    hall = Hall(['tills.lines="separate"', f'tills.line_choice="{rule}"'], tills=2)
    trolley = Shopper(10.0, 600.0, items=60)
    small = [Shopper(at_s, 500.0) for at_s in (20.0, 30.0, 40.0)]
    hall.run([trolley, *small])
    return hall


def test_baskets_count_only_for_rules_that_look_into_them() -> None:
    """The third single-item shopper: one person is at the first till, two are at the second."""
    by_people, by_items = (_two_lines(rule) for rule in ("fewest_people", "fewest_items"))
    by_wait = _two_lines("least_expected_wait_by_items")
    assert [round(wait.wait_s or 0) for wait in by_people.waits if wait.shopper == 2] == [580]
    assert [round(wait.wait_s or 0) for wait in by_items.waits if wait.shopper == 2] == [490]
    assert [round(wait.wait_s or 0) for wait in by_wait.waits if wait.shopper == 2] == [490]


@pytest.mark.parametrize("rule", RULES)
def test_cash_and_big_baskets_do_not_go_to_the_self_checkout(rule: str) -> None:
    sets = ["stores.station.self_checkouts=4", f'tills.line_choice="{rule}"', 'tills.lines="separate"']
    hall = Hall(sets)
    cash = [Shopper(30.0 * k, 60.0) for k in range(200)]
    big = [Shopper(6_000 + 30.0 * k, 60.0, items=16, cash=False) for k in range(200)]
    card = [Shopper(12_000 + 30.0 * k, 60.0, items=15, cash=False) for k in range(200)]
    hall.run([*cash, *big, *card])
    own = {row["order"] for row in hall.events("till_start") if row["place"] == "self_checkout"}
    assert own
    assert min(own) >= 400
    assert hall.counted("served", Place.SELF_CHECKOUT) == len(own)


def test_an_unknown_rule_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ScenarioInvalid) as caught:
        load("ward-omo", ['tills.line_choice="shortest"'])
    assert "fewest_people" in str(caught.value.problems)
