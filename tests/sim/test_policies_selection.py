"""KN selects the best as often as it promises, and replays the published procedure step by step."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.evaluation.policies.selection import eta, kim_nelson


def transcribed(data: np.ndarray, delta: float, n0: int, alpha: float) -> tuple[set[int], dict[int, int], int]:
    """Section 3 of Kim and Nelson (2001) with c = 1, sentence by sentence: survivors, who went when, where it ended."""
    k = len(data)
    h2 = 2 * (0.5 * ((2 * alpha / (k - 1)) ** (-2 / (n0 - 1)) - 1)) * (n0 - 1)
    s2 = {(i, j): np.var(data[i][:n0] - data[j][:n0], ddof=1) for i, j in permutations(range(k), 2)}
    n = {pair: math.floor(h2 * s2[pair] / delta**2) for pair in s2}
    limit = max(n.values())
    if n0 > limit:
        best = max(range(k), key=lambda i: data[i][:n0].mean())
        return {best}, {i: n0 for i in range(k) if i != best}, n0
    inside, gone, r = set(range(k)), {}, n0
    while True:
        before = set(inside)
        for i in before:
            for j in before - {i}:
                w = max(0.0, delta / (2 * r) * (h2 * s2[i, j] / delta**2 - r))
                if data[i][:r].mean() < data[j][:r].mean() - w:
                    inside.discard(i)
        gone |= dict.fromkeys(before - inside, r)
        if len(inside) == 1:
            return inside, gone, r
        r += 1
        if r == limit + 1:
            best = max(inside, key=lambda i: data[i][:r].mean())
            return {best}, gone | dict.fromkeys(inside - {best}, r), r


def correlated(rng: np.random.Generator, means: np.ndarray, n: int) -> np.ndarray:
    """Normal outcomes with as much in common as of their own: shape (systems, n)."""
    return means[:, None] + rng.standard_normal(n) + rng.standard_normal((len(means), n))


def test_eta_solves_its_equation() -> None:
    for systems, first_stage, alpha in ((2, 10, 0.05), (16, 10, 0.05), (5, 20, 0.1)):
        e = eta(systems, first_stage, alpha)
        assert 0.5 * (1 + 2 * e) ** (-(first_stage - 1) / 2) == pytest.approx(alpha / (systems - 1))


def test_two_systems_by_hand() -> None:
    """k = 2, n0 = 3, alpha = 5 %: eta = (1 / .1 - 1) / 2 = 4.5, h^2 = 2 * 4.5 * 2 = 18; leads 1, 2, 3: S^2 = 1.

    With a zone of 1: N = 18, W(3) = (18 - 3) / 6 = 2.5 > 2, W(4) = 14 / 8 = 1.75 < (6 + 6) / 4 = 3: gone at 4.
    With a zone of 3: N = 18 / 9 = 2 < n0: the larger mean wins at once.
    """
    ahead, behind = [1.0, 2.0, 3.0, 6.0, 2.0], [0.0] * 5
    early = kim_nelson([ahead[:3], behind[:3]], 1.0, 3)
    assert (early.survivors, early.decided, early.most_needed) == ([0, 1], False, 19)
    late = kim_nelson([ahead, behind], 1.0, 3)
    assert (late.survivors, late.eliminated_at, late.decided, late.looked_at) == ([0], {1: 4}, True, 4)
    wide = kim_nelson([behind, ahead], 3.0, 3)
    assert (wide.survivors, wide.eliminated_at, wide.looked_at) == ([1], {0: 3}, 3)


@given(st.integers(0, 10_000), st.integers(2, 7), st.floats(0.3, 3.0))
def test_it_agrees_with_the_literal_transcription(seed: int, systems: int, zone: float) -> None:
    rng = np.random.default_rng(seed)
    means = rng.normal(0, 1, systems)
    data = correlated(rng, means, 3000)
    survivors, gone, ended = transcribed(data, zone, 10, 0.05)
    found = kim_nelson(data.tolist(), zone, 10)
    assert (set(found.survivors), found.eliminated_at, found.looked_at) == (survivors, gone, ended)
    assert found.decided


def test_stopping_whoever_is_out_changes_nothing() -> None:
    data = correlated(np.random.default_rng(5), np.array([0.0, 0.5, 1.0, 1.1]), 2000)
    whole = kim_nelson(data.tolist(), 0.3, 10)
    cut = [row[: whole.eliminated_at.get(i, len(row))] for i, row in enumerate(data.tolist())]
    assert kim_nelson(cut, 0.3, 10) == whole


def test_the_best_is_selected_as_often_as_promised() -> None:
    """The least favourable means: one leads by exactly the zone, the rest are equal."""
    rng = np.random.default_rng(2001)
    means, zone, trials = np.array([0.0, 0.0, 0.0, 0.0, 0.5]), 0.5, 800
    right = sum(kim_nelson(correlated(rng, means, 600).tolist(), zone, 10).survivors == [4] for _ in range(trials))
    assert right / trials >= 0.95
    assert right < trials  # the promise is not kept by never deciding wrongly on what is no problem at all


def test_the_best_is_among_the_survivors_when_it_is_cut_short() -> None:
    rng = np.random.default_rng(7)
    means, trials = np.array([0.0, 0.3, 0.6, 0.8, 1.0]), 400
    looked = [kim_nelson(correlated(rng, means, 20).tolist(), 0.2, 10) for _ in range(trials)]
    assert sum(4 in found.survivors for found in looked) / trials >= 0.95
    assert not all(found.decided for found in looked)
    assert any(found.eliminated_at for found in looked)


def test_identical_systems_both_survive_until_one_is_needed() -> None:
    rows = correlated(np.random.default_rng(1), np.array([1.0, 0.0]), 40).tolist()
    found = kim_nelson([rows[0], rows[0], rows[1]], 0.01, 10)
    assert {0, 1} <= set(found.survivors)


@pytest.mark.parametrize(("zone", "n"), [(0.0, 10), (1.0, 9)])
def test_what_cannot_be_screened_is_refused(zone: float, n: int) -> None:
    with pytest.raises(ValueError, match="KN needs"):
        kim_nelson([[1.0] * n, [2.0] * n], zone, 10)
