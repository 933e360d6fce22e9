"""What each exercise teaches holds in the worlds that it is played on (`make learn`; two minutes on two cores)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dashboard.learn.exercises import SEED, exercises
from dashboard.learn.outcomes import CONTRIBUTION, Outcome, outcome
from scenarios.loader import load
from sim.experiment import run
from sim.log.run_directory import Request

pytestmark = pytest.mark.skipif("LEARN_RUNS" not in os.environ, reason="runs every world of every exercise: make learn")


def played(name: str) -> Outcome:
    exercise, root = exercises()[name], Path(os.environ["LEARN_RUNS"])
    run([Request(load(exercise.scenario(world)), SEED, exercise.replications) for world in exercise.worlds], root)
    return outcome(exercise, root)


def gain(found: Outcome, world: str, measure: str = CONTRIBUTION) -> float:
    return found.differences[world][measure].mean


def settled(found: Outcome, world: str, measure: str = CONTRIBUTION) -> bool:
    difference = found.differences[world][measure]
    return abs(difference.mean) > difference.half_width


def test_each_division_gains_by_keeping_to_itself_and_both_lose_when_both_do() -> None:
    found = played("two_ledgers")
    assert gain(found, "silent+share", "store_pl_yen") > 0
    assert gain(found, "silent+keep", "store_pl_yen") > gain(found, "speak+keep", "store_pl_yen")
    assert gain(found, "speak+keep", "ec_pl_yen") > 0
    assert gain(found, "silent+keep", "ec_pl_yen") > gain(found, "silent+share", "ec_pl_yen")
    for measure in ("store_pl_yen", "ec_pl_yen", CONTRIBUTION):
        assert gain(found, "silent+keep", measure) < 0
    assert settled(found, "silent+keep")
    assert found.best == "speak+share"


def test_a_commission_moves_the_figure_that_it_pays_for_much_more_than_the_company() -> None:
    found = played("pay_switch")
    assert settled(found, "commission", "staff_sales_yen")
    assert gain(found, "commission", "staff_sales_yen") > 5 * gain(found, "commission")
    assert gain(found, "commission") < gain(found, "company") / 2
    assert settled(found, "company")


def test_the_second_till_takes_away_from_what_the_first_has_brought() -> None:
    found = played("till_or_app")
    assert settled(found, "till")
    assert found.best == "till"
    assert gain(found, "two_tills") < gain(found, "till")
    assert settled(found, "recommend", "bonus_yen")
    assert gain(found, "recommend") < 0 < gain(found, "recommend", "bonus_yen")


def test_customers_of_both_channels_are_the_best_ones_and_were_it_before() -> None:
    found = played("best_customers")
    assert found.naive_ratio is not None
    assert found.naive_ratio > 1.5
    assert 0 < found.truth < 100 * (found.naive_ratio - 1) / 5
    assert gain(found, "recruit") < gain(found, "link")


def test_refusing_what_does_not_answer_is_better_than_going_on_and_than_refusing_more() -> None:
    found = played("lunch_outage")
    assert found.truth > 20
    assert gain(found, "no_qr") > max(0.0, gain(found, "cash_only"))
    assert gain(found, "till", "double_captures") >= 0 > gain(found, "no_qr", "double_captures")
    assert gain(found, "till_no_qr", "till_wait_s") < 0


def test_each_conversion_moves_much_more_between_the_divisions_than_it_changes_for_the_company() -> None:
    found = played("not_converted")
    for world in ("both", "young", "old"):
        assert settled(found, world, "ec_pl_yen")
        assert gain(found, world, "store_pl_yen") < 0 < gain(found, world, "ec_pl_yen")
        assert abs(gain(found, world)) < gain(found, world, "ec_pl_yen") / 5
    assert gain(found, "old", "ec_pl_yen") < gain(found, "young", "ec_pl_yen") / 2
