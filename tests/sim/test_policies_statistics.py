"""Small statistics of the search for the best policy, against worked examples and simulated truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t as student
from scipy.stats import ttest_rel

from sim.evaluation.confirmation import fresh_seed, gap
from sim.evaluation.holm import holm, paired_p_value
from sim.evaluation.policies.board import sentence
from sim.evaluation.policies.regret import minimax, regrets
from sim.evaluation.policies.stopping import half_width_after, replications_needed
from sim.evaluation.statistics import t_interval


def test_holm_by_hand() -> None:
    """.005 * 4, .01 * 3, .03 * 2, and .04 * 1 raised to the one before it (as R's p.adjust gives)."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]


def test_holm_keeps_the_family_wise_error_and_finds_more_than_bonferroni() -> None:
    rng = np.random.default_rng(3)
    nulls, wrong, holms, bonferronis = 6, 0, 0, 0
    for _ in range(1500):
        p = np.concatenate([rng.uniform(size=nulls), rng.uniform(size=6) ** 5])
        adjusted = np.array(holm(p.tolist()))
        wrong += bool((adjusted[:nulls] < 0.05).any())
        holms += int((adjusted[nulls:] < 0.05).sum())
        bonferronis += int((p[nulls:] * len(p) < 0.05).sum())
    assert wrong / 1500 < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1500)
    assert holms > bonferronis


def test_paired_p_values_are_students_and_survive_differences_without_spread() -> None:
    a, b = [5.0, 7.0, 4.0, 9.0], [4.0, 6.5, 4.5, 7.0]
    expected = ttest_rel(a, b).pvalue
    assert paired_p_value([x - y for x, y in zip(a, b, strict=True)]) == pytest.approx(expected)
    assert paired_p_value([0.0, 0.0, 0.0]) == 1.0
    assert paired_p_value([2.0, 2.0, 2.0]) == 0.0
    assert math.isnan(paired_p_value([1.0]))


def test_steins_rule_by_hand() -> None:
    """Ten values with variance 1: t(.975, 9) = 2.262; +- 0.5 takes (2.262 / .5)^2 = 20.47, that is 21."""
    first = (np.array([-3, -2, -2, -1, 0, 0, 1, 2, 2, 3]) / 2).tolist()
    assert np.var(first, ddof=1) == pytest.approx(1.0)
    assert replications_needed(first, 0.5) == 21
    assert half_width_after(first, 21) == pytest.approx(2.2622 / math.sqrt(21), abs=1e-4)
    assert replications_needed(first, 100.0) == 10


def test_steins_interval_covers_and_stopping_at_a_lucky_t_interval_does_not() -> None:
    rng = np.random.default_rng(1945)
    trials, wanted, n0 = 1500, 0.45, 10
    stein = naive = 0
    quantiles = {n: student.ppf(0.975, n - 1) for n in range(n0, 400)}
    for _ in range(trials):
        x = rng.standard_normal(400)
        n = replications_needed(x[:n0].tolist(), wanted)
        stein += abs(x[:n].mean()) <= half_width_after(x[:n0].tolist(), n) <= wanted + 1e-12
        n = next(n for n in range(n0, 400) if quantiles[n] * x[:n].std(ddof=1) / math.sqrt(n) <= wanted)
        naive += abs(x[:n].mean()) <= wanted
    noise = 3 * math.sqrt(0.05 * 0.95 / trials)
    assert stein / trials >= 0.95 - noise
    assert naive / trials < stein / trials


def test_the_winners_curse_is_found_where_there_is_nothing_to_find() -> None:
    """The best of ten equal systems, each known to 1 / sqrt(20): E[max of ten normals] = 1.5388 of these."""
    rng = np.random.default_rng(11)
    gaps, covered = [], 0
    for _ in range(800):
        systems = rng.standard_normal((10, 20))
        fresh = rng.standard_normal(10)
        found = gap(systems[systems.mean(axis=1).argmax()].tolist(), fresh.tolist())
        gaps.append(found.mean)
        unselected = gap(systems[0].tolist(), fresh.tolist())
        covered += unselected.low <= 0 <= unselected.high
    assert np.mean(gaps) == pytest.approx(1.5388 / math.sqrt(20), abs=0.04)
    assert covered / 800 == pytest.approx(0.95, abs=0.025)


def test_gaps_without_spread_or_with_one_replication_are_said_as_such() -> None:
    assert gap([3.0, 3.0], [1.0, 1.0]).half_width == 0.0
    assert math.isnan(gap([3.0, 4.0], [1.0]).half_width)
    assert fresh_seed(1) not in range(1000)


def test_regret_by_hand() -> None:
    """Best outcomes 5, 6: the first choice misses 0 and 2, the second 4 and 0."""
    first, second = regrets(np.array([[5.0, 4.0], [1.0, 6.0]]))
    assert (first.mean.mean, first.worst) == (1.0, 2.0)
    assert (second.mean.mean, second.worst) == (2.0, 4.0)
    assert first.mean.half_width == pytest.approx(t_interval([0.0, 2.0]).half_width)


def test_minimax_regret_by_hand() -> None:
    """Savage's table: outcomes (10, 0), (6, 5), (4, 8) have regrets (0, 8), (4, 3), (6, 0): the second has least 4."""
    outcomes = [np.array([[10.0] * 3, [6.0] * 3, [4.0] * 3]), np.array([[0.0] * 3, [5.0] * 3, [8.0] * 3])]
    result = minimax(outcomes, seed=1)
    assert result.regrets.tolist() == [[0.0, 8.0], [4.0, 3.0], [6.0, 0.0]]
    assert result.largest.tolist() == [8.0, 4.0, 6.0]
    assert result.chosen == 1
    assert result.confidence.tolist() == [0.0, 1.0, 0.0]


def test_minimax_says_how_sure_it_is() -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 1, (2, 10))
    tied = minimax([noise - noise.mean(axis=1, keepdims=True)], seed=1)
    assert tied.confidence.sum() == pytest.approx(1.0)
    assert tied.confidence.min() > 0.2


def told(mean: float, half_width: float | None = 400_000.0, days: int = 56, policy: str = "split") -> str:
    """The board's sentence about a gain."""
    company = {"mean": mean, "half_width": half_width, "n": 10}
    differences = {
        "store_pl_yen": {"mean": -2_500_000.0},
        "ec_pl_yen": {"mean": 4_000_000.0},
        "ltv_yen": {"mean": 812.4},
        "contribution_yen": company,
    }
    numbers = {"policy": policy, "baseline": "siloed_pl", "days": days, "basis": "fresh seeds"}
    return sentence(numbers | {"differences": differences})


def test_the_boards_sentence_has_its_figures_and_its_caveat() -> None:
    assert told(1_500_000.0) == (
        "split instead of siloed_pl: the stores' P/L down by 2.50 million yen, EC's up by 4.00 million yen, lifetime "
        "value per customer +812 yen, the company +1.50 million yen after bonus (95 % interval +1.10 million to "
        "+1.90 million) in 8 weeks (10 replications, fresh seeds)."
    )
    assert "The interval contains 0" in told(300_000.0)
    assert "The company loses by it" in told(-900_000.0)
    assert "may be chance" in told(300_000.0, None)
    assert "in 10 days" in told(300_000.0, days=10)
    assert "leave it as it is" in told(0.0, policy="siloed_pl")
