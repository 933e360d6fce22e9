"""Receipts and what the fitted models say of them: by hand, against drawn customers, and on the CDNOW data."""

from __future__ import annotations

import importlib.util
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import omo
from scenarios.errors import DataInvalid, UsageError
from sim.evaluation.lifetime_value.document import Question, analysed
from sim.evaluation.lifetime_value.estimates import fit_purchases, fit_spend
from sim.evaluation.lifetime_value.forecast import discounted_purchases, frequencies, total_future
from sim.evaluation.lifetime_value.receipts import Histories, Receipts, histories, read_receipts, receipts_of
from sim.evaluation.lifetime_value.still_there import alive, cohorts
from sim.theory.bg_nbd import BgNbd, expected_future

START = date(2026, 4, 6)
TRUTH = BgNbd(r=0.8, alpha=6.0, a=0.9, b=2.5)


def drawn(customers: int, days: int, seed: int = 1, model: BgNbd = TRUTH) -> Receipts:
    """Receipts of customers who live as the model says; the first purchase of each is in the first four weeks."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(model.r, 1 / model.alpha, customers) / 7
    lost = rng.beta(model.a, model.b, customers)
    nu = rng.gamma(5.0, 1 / 1000.0, customers)
    now = rng.uniform(0, 28, customers)
    rows = [(np.arange(customers), now.astype(np.int64))]
    there = np.ones(customers, dtype=np.bool_)
    while there.any():
        now = now + rng.exponential(1 / np.maximum(rate, 1e-12))
        there &= now < days
        rows.append((np.flatnonzero(there), now[there].astype(np.int64)))
        there &= rng.random(customers) >= lost
    who, day = (np.concatenate(column) for column in zip(*rows, strict=True))
    return receipts_of(who, day, rng.gamma(4.0, 1 / nu[who]), START, days - 1)


@pytest.fixture(scope="module")
def shop() -> Receipts:
    return drawn(4000, 364)


@pytest.fixture(scope="module")
def known(shop: Receipts) -> Histories:
    return histories(shop, shop.last_day)


def test_receipts_of_a_day_are_one_purchase_and_clocks_start_with_the_first(tmp_path: Path) -> None:
    path = tmp_path / "receipts.csv"
    path.write_text(
        "date,customer,amount\n2026-04-20,ann,300\n2026-04-06,ann,100\n2026-04-20T18:30:00,ann,200\n"
        "2026-04-08,bob,50\n2026-05-04,ann,700\n2026-05-11,cat,1\n"
    )
    receipts = read_receipts(path)
    assert (receipts.first_day, receipts.last_day, len(receipts.day)) == (START, 35, 5)
    found = histories(receipts, 28)
    rows = list(zip(found.x, found.t_x, found.observed, found.spend, strict=True))
    assert rows == [(2, 4.0, 4.0, 600.0), (0, 0.0, 26 / 7, 0.0)]
    early = histories(receipts, 20)
    assert (early.x[0], early.t_x[0], early.observed[0], early.spend[0]) == (1, 2.0, 20 / 7, 500.0)


def test_each_bad_row_is_told_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "receipts.csv"
    path.write_text("customer,date,amount\nann,2026-04-06,100\n,2026-04-07,5\nbob,06/04/2026,5\nbob,2026-04-06,-5\n")
    with pytest.raises(DataInvalid) as caught:
        read_receipts(path)
    lines = [problem.removeprefix(f"{path}:") for problem in caught.value.problems]
    assert [line.split(" ")[0] + line.split(" ")[1] for line in lines] == ["3:customer:", "4:date:", "5:amount:"]
    path.write_text("customer,day,amount\nann,2026-04-06,100\n")
    with pytest.raises(DataInvalid, match="header lacks date"):
        read_receipts(path)
    with pytest.raises(UsageError, match="no such file"):
        read_receipts(tmp_path / "nowhere.csv")


def test_receipts_in_which_nobody_comes_back_are_too_few() -> None:
    with pytest.raises(UsageError, match="no customer has bought on two days"):
        histories(receipts_of([0, 0, 1], [3, 3, 5], [1, 1, 1], START, 20), 20)


def test_intervals_are_as_wide_as_estimates_scatter() -> None:
    fits = [fit_purchases(histories(drawn(800, 200, seed), 199)) for seed in range(60)]
    for number in range(4):
        logs = [np.log(fit.values[number]) for fit in fits]
        claimed = np.mean([np.sqrt(fit.covariance[number, number]) for fit in fits])
        assert claimed == pytest.approx(np.std(logs, ddof=1), rel=0.3)


def test_what_receipts_say_nothing_of_has_no_interval() -> None:
    loyal = drawn(500, 100, model=BgNbd(r=0.8, alpha=6.0, a=1e-6, b=500.0))
    found = fit_purchases(histories(loyal, 99)).described()
    assert found["a"]["low"] is None
    assert found["b"]["high"] is None
    assert found["alpha"]["low"] < found["alpha"]["value"] < found["alpha"]["high"]


def test_forecast_of_drawn_customers_is_near_what_they_do(shop: Receipts) -> None:
    document = analysed(shop, "drawn", Question()).document["holdout"]
    came = int(np.count_nonzero(shop.day > int(0.5 * shop.last_day)))
    assert document["actual"] == came == document["actual_cumulative"][-1]
    assert document["expected"]["value"] == pytest.approx(came, rel=0.08)
    assert sum(row["customers"] for row in document["by_frequency"]) == document["fit"]["customers"] == 4000
    expected = sum(row["customers"] * row["expected"] for row in document["by_frequency"])
    assert expected == pytest.approx(document["expected"]["value"])
    tracking = document["tracking"]
    assert tracking["actual_cumulative"][-1] == len(shop.day) - 4000
    assert tracking["expected_cumulative"][-1] == pytest.approx(len(shop.day) - 4000, rel=0.08)


def test_nobody_is_lost_between_the_rows_of_a_chart(known: Histories) -> None:
    rows = frequencies(TRUTH, known)
    assert sum(row["customers"] for row in rows) == len(known.x)
    assert sum(row["expected_customers"] for row in rows) == pytest.approx(len(known.x))
    there = alive(TRUTH, known)
    assert sum(there["histogram"]["customers"]) == len(known.x)
    grid = there["grid"]
    assert np.sum(grid["customers"]) == len(known.x)
    assert np.shape(grid["probability"]) == (len(grid["recency_weeks"]), len(grid["repeat_purchases"]))
    # Of two who bought equally often, the one who was there last is likelier to be there still.
    assert np.all(np.diff(np.array(grid["probability"])[:, 1:], axis=0) > 0)


def test_value_without_discount_is_the_forecast_and_with_it_less(known: Histories) -> None:
    plain = discounted_purchases(TRUTH, known, 2.0, 0.0)
    weeks = 2 * 365.25 / 7
    assert plain == pytest.approx(expected_future(TRUTH, weeks, known.x, known.t_x, known.observed))
    assert plain.sum() == pytest.approx(total_future(TRUTH, np.array([weeks]), known)[0])
    discounted = discounted_purchases(TRUTH, known, 2.0, 0.1)
    assert np.all(discounted < plain)
    assert np.all(discounted > plain / 1.1**2)


def test_spend_of_drawn_customers_is_found(known: Histories) -> None:
    p, q, gamma = fit_spend(known).values
    # Drawn with p = 4, q = 5 and gamma = 1,000; two purchases on one day have become a bigger one.
    assert p * gamma / (q - 1) == pytest.approx(4 * 1000 / (5 - 1), rel=0.06)


def test_cohorts_are_counted_from_their_own_first_day() -> None:
    receipts = receipts_of([0, 0, 0, 1, 2, 2], [0, 27, 28, 5, 30, 60], [1, 2, 4, 8, 16, 32], START, 69)
    found = cohorts(receipts)
    assert found["days_in_last_period"] == 14
    first, second = found["cohorts"]
    assert (first["first_day"], first["customers"], second["first_day"]) == ("2026-04-06", 2, "2026-05-04")
    assert (first["active_share"], first["amount"]) == ([1.0, 0.5, 0.0], [11.0, 4.0, 0.0])
    assert (second["active_share"], second["amount"]) == ([1.0, 1.0], [16.0, 32.0])


def test_the_command_prints_a_document_or_tables(tmp_path: Path, shop: Receipts) -> None:
    path = tmp_path / "receipts.csv"
    rows = zip(shop.customer, shop.day, shop.amount, strict=True)
    lines = [f"{who},{shop.date_of(int(day))},{amount:.2f}" for who, day, amount in rows if who < 400]
    path.write_text("\n".join(["customer,date,amount", *lines]))
    document = _ltv(str(path), "--calibration", "0.4", "--years", "1")
    assert (document["schema"], document["holdout"]["fit"]["customers"]) == ("omo.ltv/1", 400)
    assert document["residual"]["years"] == 1
    whole = _ltv(str(path), "--calibration", "1")
    assert (whole["holdout"], whole["fit"]) == (None, document["fit"])
    told = CliRunner().invoke(omo.app, ["ltv", str(path)])
    assert "Hold-out" in told.stdout
    bad = CliRunner().invoke(omo.app, ["ltv", str(path), "--calibration", "1.2"])
    assert isinstance(bad.exception, UsageError)


def test_cdnow_is_forecast_as_published(tmp_path: Path) -> None:
    """Parameters of the paper (its table 2) from the raw receipts: 2,357 customers, half of 78 weeks to learn from."""
    found = importlib.util.find_spec("lifetimes")
    if found is None or not found.submodule_search_locations:
        pytest.skip("lifetimes is not installed")
    source = Path(found.submodule_search_locations[0]) / "datasets" / "CDNOW_sample.txt"
    receipts = tmp_path / "cdnow.csv"
    fields = [line.split() for line in source.read_text().splitlines()]
    rows = [f"{who},{day[:4]}-{day[4:6]}-{day[6:]},{amount}" for _, who, day, _, amount in fields]
    receipts.write_text("\n".join(["customer,date,amount", *rows]))
    document = _ltv(str(receipts))["holdout"]
    assert (document["calibration_until"], document["fit"]["customers"]) == ("1997-09-30", 2357)
    purchases, spend = document["fit"]["bg_nbd"], document["fit"]["gamma_gamma"]
    found_parameters = [purchases[name]["value"] for name in ("r", "alpha", "a", "b")]
    assert found_parameters == pytest.approx([0.243, 4.414, 0.793, 2.426], rel=0.002)
    assert purchases["log_likelihood"] == pytest.approx(-9582.4, abs=0.05)
    assert [spend[name]["value"] for name in ("p", "q", "gamma")] == pytest.approx([6.25, 3.74, 15.44], rel=0.003)
    assert document["fit"]["customers_who_came_back"] == 946
    tracking = document["tracking"]
    assert tracking["expected_cumulative"][-1] == pytest.approx(tracking["actual_cumulative"][-1], rel=0.05)


def _ltv(*arguments: str) -> dict[str, Any]:
    outcome = CliRunner().invoke(omo.app, ["ltv", *arguments, "--json"])
    assert outcome.exception is None, outcome.output
    document: dict[str, Any] = json.loads(outcome.stdout)
    return document
