"""True lifetime values against the formula worked out by hand, and their signs, on hand-written tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import exp, inf, log
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from towns import lived

from scenarios.loader import load
from scenarios.schema import Scenario
from sim.evaluation.lifetime_value.truth import Lifetimes, lifetimes
from sim.evaluation.tables import opened
from sim.log.recorder import Memory
from sim.log.schema import TABLES

Row = dict[str, Any]

_SETS = [
    "horizon.days=60",
    "loyalty.memory_days=60",
    "loyalty.satisfaction=0.6",
    "loyalty.fit_spread=0",
    "loyalty.drop_out_attachment=1",
    "loyalty.drop_out_a=1",
    "loyalty.drop_out_b=40",
]
EVERYDAY = load("ward-omo", _SETS).scenario


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
    found = valued(tmp_path, town(), BOUGHT, years=2, discount=0.0)
    # Four of five needs bought, 1,400 yen, half a need a day; two purchases and one without leaving; a = 1, b = 40.
    rate, yen, days = 0.5 * 4 / 5, 1400 / 4, 2 * 365.25
    lost_per_day = [rate / (41 + purchases) for purchases in (2, 1)]
    stays = [log(1 + each * days) / each for each in lost_per_day]
    assert found.purchases_to_come == pytest.approx([rate * stays[0], rate * stays[1], 0.0], rel=1e-4)
    assert found.residual_yen == pytest.approx(found.purchases_to_come * yen)
    assert found.equity_yen == pytest.approx(sum(found.residual_yen))
    assert found.mean_yen == pytest.approx((1400 + found.equity_yen) / 3)


def test_what_nobody_leaves_is_discounted_at_its_own_time(tmp_path: Path) -> None:
    forever = load("ward-omo", [*_SETS, "loyalty.drop_out_a=0"]).scenario
    found = valued(tmp_path, town()[:2], BOUGHT[:4], forever, years=2, discount=0.05)
    discounted_days = (1 - 1.05**-2) / (log(1.05) / 365.25)
    assert found.purchases_to_come == pytest.approx([0.5 * 3 / 4 * 2 * 365.25] * 2)
    assert found.residual_yen == pytest.approx([0.5 * 3 / 4 * 300 * discounted_days] * 2)


def test_value_is_the_mean_of_lives_lived_purchase_by_purchase(tmp_path: Path) -> None:
    found = valued(tmp_path, town(satisfaction=0.4), BOUGHT)
    rng, lives, days = np.random.default_rng(1), 20_000, 3 * 365.25
    factor = exp(-0.4)
    # What is bought a day follows from the test on satisfaction below; here it is taken from the result itself.
    rate = valued(tmp_path, town(satisfaction=0.4), BOUGHT, years=1e-6).purchases_to_come[0] / (1e-6 * 365.25)
    loss = factor * rng.beta(1.0, 40.0 + factor * 2, lives)
    now, there, worth = np.zeros(lives), np.ones(lives, dtype=np.bool_), np.zeros(lives)
    while there.any():
        now += rng.exponential(1 / rate, lives)
        there &= now < days
        worth += np.where(there, 350 * 1.1 ** (-now / 365.25), 0.0)
        there &= rng.random(lives) >= loss
    assert found.residual_yen[0] == pytest.approx(worth.mean(), rel=0.03)


def test_the_satisfied_buy_more_and_stay_longer(tmp_path: Path) -> None:
    neutral, happy = valued(tmp_path, town(), BOUGHT), valued(tmp_path, town(satisfaction=0.5), BOUGHT)
    soon = [valued(tmp_path, town(satisfaction=s), BOUGHT, years=0.01).purchases_to_come[0] for s in (0.0, 0.5)]
    assert soon[1] > soon[0]
    assert happy.purchases_to_come[0] / neutral.purchases_to_come[0] > soon[1] / soon[0]
    assert happy.equity_yen > neutral.equity_yen


def test_satisfaction_that_everybody_has_gained_counts_as_far_as_it_is_not_yet_in_the_purchases(tmp_path: Path) -> None:
    everybody = [row | {"satisfaction": 0.5} for row in town()]
    found = valued(tmp_path, everybody, BOUGHT, years=1e-6)
    # Over one memory of steady inflow the mean of 1 - exp(-t) is exp(-1), against 1 - exp(-1) at the end.
    felt = 0.5 * (1 - exp(-1) / (1 - exp(-1)))
    odds = 4 * exp(0.6 * felt)
    assert found.purchases_to_come[0] / (1e-6 * 365.25) == pytest.approx(0.5 * odds / (1 + odds), rel=1e-4)


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
    found = valued(tmp_path, late, needs, years=1e-6)
    assert found.purchases_to_come / (1e-6 * 365.25) == pytest.approx([0.5, 0.5], rel=1e-4)


@pytest.mark.parametrize("drop_out", [("1.0", "6.0"), ("0.5", "400.0")], ids=["fickle", "everyday"])
def test_what_is_expected_after_four_weeks_is_what_the_next_four_bring(drop_out: tuple[str, str]) -> None:
    """The world that ended after four weeks, against the same one that went on."""
    sets = [f"loyalty.drop_out_a={drop_out[0]}", f"loyalty.drop_out_b={drop_out[1]}"]
    sets += ["population.shoppers=1000", "population.needs_per_week=4.0"]
    short = load("ward-omo", [*sets, "horizon.days=28"])
    with books_of(lived(short)) as db:
        expected = lifetimes(db, short.scenario, years=28 / 365.25, discount=0.0)
    needs = lived(load("ward-omo", [*sets, "horizon.days=56"])).table("needs").to_pandas()
    later = needs[(needs.time_s >= 28 * 86_400) & (needs.time_s < 56 * 86_400)]
    came = later.outcome.isin(["store", "app_carry", "app_ship", "ec_ship", "collect"]).sum()
    assert expected.purchases_to_come.sum() == pytest.approx(came, rel=0.08)
    assert expected.residual_yen.sum() == pytest.approx(later.contribution_yen.sum(), rel=0.08)


@contextmanager
def books_of(memory: Memory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the tables of a world kept in memory."""
    with duckdb.connect() as db:
        for name in ("needs", "shoppers"):
            db.register(name, memory.table(name))
        yield db
