"""BG/NBD: the closed forms against published numbers and against the story told by integration; the twin's receipts."""

from __future__ import annotations

from math import exp, gamma

import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.special import beta
from towns import lived

from scenarios.loader import load
from sim.needs import Ints
from sim.streams import Floats
from sim.theory.bg_nbd import BgNbd, expected_future, expected_purchases, fit, log_likelihood, probability_alive

CDNOW = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
"""As published by Fader, Hardie and Lee for 2,357 customers of CDNOW; weeks."""


@pytest.mark.parametrize(("weeks", "published"), [(1, 0.0532), (3, 0.1506), (32, 1.0437), (78, 1.8576)])
def test_expected_purchases_are_those_published_for_cdnow(weeks: float, published: float) -> None:
    # The published figures come from parameters with more digits than are printed.
    assert expected_purchases(CDNOW, weeks) == pytest.approx(published, rel=0.002)


def test_customer_1_of_cdnow_is_expected_to_buy_as_published() -> None:
    assert expected_future(CDNOW, 39, x=2, t_x=30.43, observed=38.86) == pytest.approx(1.226, abs=5e-4)
    assert probability_alive(CDNOW, x=2, t_x=30.43, observed=38.86) == pytest.approx(0.7266, abs=5e-5)


@pytest.mark.parametrize(("x", "t_x", "observed"), [(0, 0.0, 5.0), (1, 2.0, 6.0), (3, 4.0, 4.5)])
def test_likelihood_is_the_story_integrated_over_rates_and_probabilities(x: int, t_x: float, observed: float) -> None:
    model = BgNbd(r=1.3, alpha=2.0, a=1.4, b=2.2)

    def story(p: float, rate: float) -> float:
        kept = (1 - p) ** x * rate**x * exp(-rate * observed)
        lost = p * (1 - p) ** (x - 1) * rate**x * exp(-rate * t_x) if x else 0.0
        weight = model.alpha**model.r * rate ** (model.r - 1) * exp(-model.alpha * rate) / gamma(model.r)
        density: float = (kept + lost) * weight * p ** (model.a - 1) * (1 - p) ** (model.b - 1) / beta(model.a, model.b)
        return density

    integral, _ = dblquad(story, 0, 30, 0, 1)
    assert log_likelihood(model, [x], [t_x], [observed]) == pytest.approx(np.log(integral), rel=1e-6)


def test_fit_finds_what_histories_were_drawn_from() -> None:
    x, t_x = _histories(BgNbd(r=0.8, alpha=3.0, a=0.9, b=2.5), n=20_000, observed=40.0)
    found = fit(x, t_x, np.full(len(x), 40.0))
    assert found.mean_rate == pytest.approx(0.8 / 3.0, rel=0.05)
    assert found.mean_drop_out == pytest.approx(0.9 / 3.4, rel=0.05)


def test_the_twins_receipts_give_back_the_rates_they_were_made_from() -> None:
    """50,000 customers of an EC shop without rivals, 27 weeks, CDNOW's parameters."""
    shoppers, weeks = 50_000, 27
    bands = ("20s_30s", "40s_50s", "60s", "70s_up")
    sets = [
        f"population.shoppers={shoppers}",
        f"horizon.days={7 * weeks}",
        f"population.needs_per_week={CDNOW.mean_rate}",
        f"population.needs_shape={CDNOW.r}",
        *(f"population.age_bands.{band}.smartphone=1" for band in bands),
        "traffic.weekday_index=[1,1,1,1,1,1,1]",
        *(f"choice.{name}=-50" for name in ("store", "collect", "rival", "nothing")),
        f"loyalty.drop_out_a={CDNOW.a}",
        f"loyalty.drop_out_b={CDNOW.b}",
        "loyalty.drop_out_attachment=0",
        "loyalty.satisfaction=0",
        "stock.safety_factor=30",
        "stock.shelf_minimum=100",
    ]
    needs = lived(load("ward-siloed", sets)).table("needs").to_pandas()
    bought = needs[(needs.outcome == "ec_ship") & (needs.time_s < weeks * 7 * 86_400)]
    receipts = bought.groupby("shopper").time_s.agg(["count", "max"])
    x, t_x = np.zeros(shoppers), np.zeros(shoppers)
    x[receipts.index], t_x[receipts.index] = receipts["count"], receipts["max"] / (7 * 86_400)
    found = fit(x, t_x, np.full(shoppers, float(weeks)))
    assert found.mean_rate == pytest.approx(CDNOW.mean_rate, rel=0.10)
    assert found.mean_drop_out == pytest.approx(CDNOW.mean_drop_out, rel=0.10)
    never = (CDNOW.alpha / (CDNOW.alpha + weeks)) ** CDNOW.r
    assert np.mean(x == 0) == pytest.approx(never, abs=0.01)


def _histories(model: BgNbd, n: int, observed: float) -> tuple[Ints, Floats]:
    """Draw (x, t_x) by living each customer's purchases one after the other."""
    rng = np.random.default_rng(7)
    rate = rng.gamma(model.r, 1 / model.alpha, n)
    lost = rng.beta(model.a, model.b, n)
    x, t_x, now = np.zeros(n, dtype=np.int64), np.zeros(n), np.zeros(n)
    there = np.ones(n, dtype=np.bool_)
    while there.any():
        now[there] += rng.exponential(1 / np.maximum(rate[there], 1e-12))
        there &= now <= observed
        x[there] += 1
        t_x[there] = now[there]
        there[there] = rng.random(np.count_nonzero(there)) >= lost[there]
    return x, t_x
