"""True lifetime values against the formula worked out by hand, and their signs, on hand-written tables."""

from __future__ import annotations

from math import exp, inf, log
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scenarios.loader import load
from scenarios.schema import Scenario
from sim.evaluation.lifetime_value.truth import Lifetimes, lifetimes
from sim.evaluation.tables import opened
from sim.log.schema import TABLES

Row = dict[str, Any]

EVERYDAY = load("ward-omo", ["horizon.days=60", "loyalty.memory_days=60", "loyalty.satisfaction=0.6"]).scenario


def shopper(number: int, **changes: Any) -> Row:
    known: Row = {"age_band": "60s", "needs_per_day": 0.5, "satisfaction": 0.0, "dropped_out_s": inf}
    return known | {"shopper": number, "acquired_by": "initial", "aware_from_s": 0.0} | changes


def need(number: int, of: int, outcome: str = "store", yen: int = 300, time_s: float = 10.0) -> Row:
    return {"need": number, "shopper": of, "time_s": time_s, "outcome": outcome, "contribution_yen": yen}


def valued(
    folder: Path, shoppers: list[Row], needs: list[Row], scenario: Scenario = EVERYDAY, **ahead: float
) -> Lifetimes:
    for name, rows in (("shoppers", shoppers), ("needs", needs)):
        pq.write_table(pa.Table.from_pylist(rows, schema=TABLES[name]), folder / f"{name}.parquet")
    with opened(folder) as db:
        return lifetimes(db, scenario, **ahead)


def town(**changes_of_the_first: Any) -> list[Row]:
    return [shopper(0, **changes_of_the_first), shopper(1), shopper(2, dropped_out_s=86_400.0)]


BOUGHT = [need(0, 0), need(1, 0), need(2, 1), need(3, 1, "rival", 0), need(4, 2, "ec_ship", 500)]


def test_value_is_what_the_formula_gives_by_hand(tmp_path: Path) -> None:
    found = valued(tmp_path, town(), BOUGHT, years=2, discount=0.05)
    # Four of five needs bought, 1,400 yen; one drop-out in four purchases; half a need a day.
    rate, yen, loss = 0.5 * 4 / 5, 1400 / 4, 1 / 4
    ending = log(1.05) / 365.25 + loss * rate
    one = rate * yen * (1 - exp(-ending * 2 * 365.25)) / ending
    assert found.residual_yen == pytest.approx([one, one, 0.0])
    assert found.equity_yen == pytest.approx(2 * one)
    assert found.mean_yen == pytest.approx((1400 + 2 * one) / 3)


def test_value_is_the_mean_of_lives_lived_purchase_by_purchase(tmp_path: Path) -> None:
    found = valued(tmp_path, town(), BOUGHT)
    rng, lives, days = np.random.default_rng(1), 20_000, 3 * 365.25
    now, there, worth = np.zeros(lives), np.ones(lives, dtype=np.bool_), np.zeros(lives)
    while there.any():
        now += rng.exponential(1 / found.purchases_per_day[0], lives)
        there &= now < days
        worth += np.where(there, 350 * 1.1 ** (-now / 365.25), 0.0)
        there &= rng.random(lives) >= found.loss[0]
    assert found.residual_yen[0] == pytest.approx(worth.mean(), rel=0.03)


def test_nobody_drops_out_and_nothing_is_discounted(tmp_path: Path) -> None:
    found = valued(tmp_path, town()[:2], BOUGHT[:4], years=1, discount=0.0)
    assert found.residual_yen == pytest.approx([0.5 * 3 / 4 * 300 * 365.25] * 2)


def test_the_satisfied_buy_more_and_stay_longer(tmp_path: Path) -> None:
    neutral, happy = valued(tmp_path, town(), BOUGHT), valued(tmp_path, town(satisfaction=0.5), BOUGHT)
    assert happy.purchases_per_day[0] > neutral.purchases_per_day[0]
    assert happy.loss[0] < neutral.loss[0]
    assert happy.equity_yen > neutral.equity_yen


def test_satisfaction_that_everybody_has_gained_counts_as_far_as_it_is_not_yet_in_the_purchases(tmp_path: Path) -> None:
    everybody = [row | {"satisfaction": 0.5} for row in town()]
    found = valued(tmp_path, everybody, BOUGHT)
    # Over one memory of steady inflow the mean of 1 - exp(-t) is exp(-1), against 1 - exp(-1) at the end.
    felt = 0.5 * (1 - exp(-1) / (1 - exp(-1)))
    odds = 4 * exp(0.6 * felt)
    assert found.purchases_per_day[0] == pytest.approx(0.5 * odds / (1 + odds))
    assert found.loss[0] == pytest.approx(exp(-felt) / 4)


def test_drop_outs_cost_equity_and_new_customers_add_it(tmp_path: Path) -> None:
    before = valued(tmp_path, town(), BOUGHT)
    assert valued(tmp_path, town(dropped_out_s=86_400.0), BOUGHT).equity_yen < before.equity_yen
    won = shopper(3, acquired_by="word_of_mouth", aware_from_s=86_400.0)
    assert valued(tmp_path, [*town(), won], BOUGHT).equity_yen > before.equity_yen


def test_who_does_not_know_the_company_is_worth_nothing_and_counts_for_nobody(tmp_path: Path) -> None:
    stranger = shopper(3, acquired_by=None, aware_from_s=inf)
    alone, beside = valued(tmp_path, town(), BOUGHT), valued(tmp_path, [*town(), stranger], [*BOUGHT, need(5, 3)])
    assert beside.residual_yen[3] == 0.0
    assert (beside.mean_yen, beside.equity_yen) == pytest.approx((alone.mean_yen, alone.equity_yen))


def test_needs_before_one_knew_the_company_say_nothing_about_it(tmp_path: Path) -> None:
    late = [shopper(0), shopper(1, aware_from_s=1000.0)]
    needs = [need(0, 0), need(1, 1, "rival", 0, time_s=10.0), need(2, 1, time_s=2000.0)]
    assert valued(tmp_path, late, needs).purchases_per_day == pytest.approx([0.5, 0.5])
