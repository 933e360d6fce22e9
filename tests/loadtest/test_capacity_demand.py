"""Demand by minute: known rates are found again, more stores smooth chance away, and polls are counted one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loadtest.demand.busiest import busiest_minute, dispersion, minutes_without_oneself, peak
from loadtest.demand.count import BACK_OFFICE, ENDPOINTS, MINUTES, Day, Polling, polls
from scenarios.loader import load, to_toml
from sim.log.schema import TABLES

NOON = 12 * 60


def made_up(replications: int, per_minute: float, top: float, seed: int = 1) -> Day:
    """Poisson counts of `pay`, with a hump of an hour around noon, and 400 parcels at 17:00."""
    rng = np.random.default_rng(seed)
    rate = np.full(MINUTES, per_minute)
    rate[NOON - 30 : NOON + 30] = top
    names = (*ENDPOINTS, *BACK_OFFICE, "push")
    counts = np.zeros((replications, len(names), MINUTES))
    counts[:, names.index("pay")] = rng.poisson(rate, (replications, MINUTES))
    counts[:, names.index("ship"), 17 * 60] = 400
    return Day(names, counts)


def test_the_rate_of_the_busiest_minute_is_not_that_of_the_luckiest() -> None:
    """1,440 Poisson(3) minutes have a maximum near 10; what is to be expected at noon is 6."""
    found = []
    for seed in range(40):
        day = made_up(10, 3.0, 6.0, seed)
        at = peak(day, ["pay"], minutes_without_oneself(day.of(["pay"])), copies=60.0)
        assert at["half_width"] is not None
        found.append((at["per_s"], abs(at["per_s"] - 6.0) < at["half_width"]))
    assert np.mean([rate for rate, _ in found]) == pytest.approx(6.0, abs=0.15)
    assert np.mean([inside for _, inside in found]) > 0.7


def test_the_busiest_minute_is_at_noon_and_parcels_that_leave_at_once_do_not_move_it() -> None:
    day = made_up(3, 3.0, 9.0)
    assert abs(busiest_minute(day.of(ENDPOINTS)) - NOON) < 30
    assert busiest_minute(day.of(["ship"])) in range(17 * 60 - 8, 17 * 60 + 9)


def test_copies_add_their_rates_and_their_variances() -> None:
    """One minute in a hundred of k Poisson copies: k m + 2.33 sqrt(k m), the normal limit of the closed form."""
    day = made_up(20, 50.0, 100.0)
    minutes = [NOON] * 20
    for copies in (1.0, 25.0):
        found = peak(day, ["pay"], minutes, copies)
        expected = (100 * copies + 2.3263 * np.sqrt(100 * copies)) / 60
        assert found["one_minute_in_a_hundred"] == pytest.approx(expected, rel=0.03)
        assert found["per_s"] == pytest.approx(100 * copies / 60, rel=0.03)


def test_a_poisson_process_has_dispersion_one_and_pairs_have_two() -> None:
    counts = np.random.default_rng(1).poisson(40.0, (5, 4000)).astype(float)
    assert dispersion(counts) == pytest.approx(1.0, abs=0.05)
    assert dispersion(2 * counts) == pytest.approx(2.0, abs=0.1)


def test_one_replication_has_a_rate_and_no_interval() -> None:
    day = made_up(1, 3.0, 6.0)
    assert peak(day, ["pay"], minutes_without_oneself(day.of(["pay"])), 1.0)["half_width"] is None


@pytest.mark.parametrize(("every_s", "give_up_s", "asked"), [(5.0, 120.0, 4), (2.5, 120.0, 8), (2.5, 10.0, 4)])
def test_a_code_is_asked_about_until_it_is_paid_or_given_up(
    tmp_path: Path, every_s: float, give_up_s: float, asked: int
) -> None:
    """17 s at the till and 1.5 s of latency: 3 to 8 questions per dynamic code, as the guides of PayPay lead to."""
    (tmp_path / "scenario.toml").write_text(to_toml(load("ward-omo").scenario))
    schema = TABLES["payments"]
    row = {"brand": "qr", "channel": "store", "time_s": 86_400 + 100.0, "latency_s": 1.5, "amount_yen": 100}
    rows = [row, row | {"brand": "card"}, row | {"amount_yen": -100}, row | {"time_s": 50.0}]
    columns = {field.name: pa.array([each.get(field.name) for each in rows], field.type) for field in schema}
    pq.write_table(pa.table(columns, schema=schema), tmp_path / "payments.parquet")
    found = polls(tmp_path, tmp_path / "scenario.toml", 1, Polling(every_s, give_up_s))
    assert found.sum() == asked
    assert found[:2].sum() == asked
    half = polls(tmp_path, tmp_path / "scenario.toml", 1, Polling(every_s, give_up_s, dynamic_qr=0.5))
    assert half.sum() == asked / 2
