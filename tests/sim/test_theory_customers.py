"""BG/NBD and Gamma-Gamma against published figures, closed forms and the CDNOW data where they are at hand."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import hyp2f1
from scipy.stats import beta

from sim.theory import bg_nbd, gamma_gamma
from sim.theory.bg_nbd import BgNbd
from sim.theory.gamma_gamma import GammaGamma

CDNOW = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
SPEND = GammaGamma(p=6.25, q=3.74, gamma=15.44)


def cdnow(name: str) -> Path:
    """A data file of the package lifetimes, which need not be importable."""
    found = importlib.util.find_spec("lifetimes")
    if found is None or not found.submodule_search_locations:
        pytest.skip("lifetimes is not installed")
    return Path(found.submodule_search_locations[0]) / "datasets" / name


@pytest.mark.parametrize("time", [0.5, 39.0, 300.0])
@pytest.mark.parametrize(("x", "observed"), [(0, 0.0), (2, 38.86), (7, 20.0)])
def test_purchases_while_there_are_the_hypergeometric_form_of_the_paper(time: float, x: int, observed: float) -> None:
    r, alpha, a, b = CDNOW.r, CDNOW.alpha, CDNOW.a, CDNOW.b
    end = alpha + observed + time
    series = hyp2f1(r + x, b + x, a + b + x - 1, time / end)
    closed = (a + b + x - 1) / (a - 1) * (1 - ((alpha + observed) / end) ** (r + x) * series)
    assert bg_nbd.purchases_while_there(CDNOW, time, x, observed) == pytest.approx(closed, rel=2e-5)


def test_purchases_while_there_hold_for_frequent_customers_who_are_hardly_ever_lost() -> None:
    model, x, observed, time = BgNbd(r=1.5, alpha=2.0, a=0.5, b=400.0), 30, 13.0, 156.0
    shape, scale = model.r + x, model.alpha + observed

    def by_loss(p: float) -> float:
        mean: float = -np.expm1(shape * np.log(scale / (scale + p * time))) / p * beta.pdf(p, model.a, model.b + x)
        return mean

    integral = quad(by_loss, 0, 1e-3, limit=200)[0] + quad(by_loss, 1e-3, 1, limit=200)[0]
    assert bg_nbd.purchases_while_there(model, time, x, observed) == pytest.approx(integral, rel=1e-4)
    never = BgNbd(r=1.5, alpha=2.0, a=1e-5, b=400.0)
    assert bg_nbd.purchases_while_there(never, time, x, observed) == pytest.approx(shape / scale * time, rel=1e-4)


def test_probabilities_of_counts_sum_to_one_and_have_the_mean_of_equation_9() -> None:
    model = BgNbd(r=0.8, alpha=6.0, a=1.4, b=2.2)
    chances = bg_nbd.count_probabilities(model, [3.0, 30.0], most=400)
    assert chances.sum(axis=1) == pytest.approx([1.0, 1.0])
    assert chances @ np.arange(401) == pytest.approx(bg_nbd.expected_purchases(model, [3.0, 30.0]), rel=1e-5)


def test_spend_is_a_weighted_mean_of_the_customers_own_and_that_of_all() -> None:
    many = gamma_gamma.expected_spend(SPEND, [0, 1, 1_000_000], [0.0, 100.0, 100.0])
    assert many[0] == pytest.approx(SPEND.mean_spend) == pytest.approx(6.25 * 15.44 / 2.74)
    assert SPEND.mean_spend < many[1] < 100.0
    assert many[2] == pytest.approx(100.0, rel=1e-5)


def test_spend_is_found_again_in_what_it_has_drawn() -> None:
    rng = np.random.default_rng(5)
    customers, truth = 20_000, GammaGamma(p=4.0, q=5.0, gamma=3_000.0)
    nu = rng.gamma(truth.q, 1 / truth.gamma, customers)
    x = rng.integers(1, 9, customers)
    mean = rng.gamma(truth.p * x, 1 / nu) / x
    found = gamma_gamma.fit(x, mean)
    assert (found.p, found.q) == pytest.approx((truth.p, truth.q), rel=0.05)
    assert found.mean_spend == pytest.approx(truth.mean_spend, rel=0.02)


def test_density_of_the_mean_spend_integrates_to_one() -> None:
    def density(z: float) -> float:
        return float(np.exp(gamma_gamma.log_likelihood(SPEND, [3], [z])))

    assert quad(density, 0, 2_000, limit=300, points=[35.0])[0] == pytest.approx(1.0, rel=1e-5)


def test_cdnow_gives_the_published_parameters() -> None:
    table = np.genfromtxt(cdnow("cdnow_customers_summary_with_transactions.csv"), delimiter=",", skip_header=1)
    _, x, t_x, observed, spend = table.T
    assert len(x) == 2357
    found = bg_nbd.fit(x, t_x, observed)
    assert (found.r, found.alpha, found.a, found.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), rel=0.002)
    assert bg_nbd.log_likelihood(found, x, t_x, observed) == pytest.approx(-9582.4, abs=0.05)
    bought = x > 0
    money = gamma_gamma.fit(x[bought], spend[bought])
    assert (money.p, money.q, money.gamma) == pytest.approx((6.25, 3.74, 15.44), rel=0.003)
