"""Poisson points in the intensity dimension: the right counts, and coupled over rates."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chisquare, poisson

from sim.streams import Streams, poisson_levels

Points = set[tuple[int, int]]


def points(streams: Streams, entity: NDArray[np.int64], rate: NDArray[np.float64]) -> Points:
    """Points by their lasting identity: entity and rank."""
    rows, ranks = poisson_levels(streams, "needs", entity, rate)
    return set(zip(entity[rows].tolist(), ranks.tolist(), strict=True))


@pytest.mark.parametrize("rate", [0.3, 2.0, 9.5])
def test_counts_are_poisson(rate: float) -> None:
    size = 20_000
    rows, _ = poisson_levels(Streams(1, 0), "needs", np.arange(size), np.full(size, rate))
    counts = np.bincount(rows, minlength=size)
    low, high = (int(q) for q in poisson.ppf([0.001, 0.999], rate))
    observed = np.bincount(np.clip(counts, low, high) - low, minlength=high - low + 1)
    shares = poisson.pmf(np.arange(low, high + 1), rate)
    shares[0], shares[-1] = poisson.cdf(low, rate), poisson.sf(high - 1, rate)
    assert chisquare(observed, shares * size).pvalue > 1e-3
    assert counts.mean() == pytest.approx(rate, abs=4 * np.sqrt(rate / size))


def test_counts_of_different_entities_and_replications_are_independent() -> None:
    size = 20_000
    entity, rate = np.arange(size), np.full(size, 3.0)
    first, second = (
        np.bincount(poisson_levels(Streams(1, replication), "needs", entity, rate)[0], minlength=size)
        for replication in (0, 1)
    )
    limit = 4 / np.sqrt(size)
    assert abs(np.corrcoef(first, second)[0, 1]) < limit
    assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < limit


def test_raising_a_rate_keeps_every_earlier_point_and_only_adds() -> None:
    streams = Streams(5, 2)
    entity = np.arange(2_000) * 7 + 2**33
    rate = np.linspace(0, 12, 2_000)
    before = points(streams, entity, rate)
    raised = rate.copy()
    raised[::3] *= 1.5
    after = points(streams, entity, raised)
    assert before < after
    changed = set(entity[::3].tolist())
    assert {who for who, _ in after - before} <= changed
    extra = len(after - before)
    expected = (raised - rate).sum()
    assert extra == pytest.approx(expected, abs=4 * np.sqrt(expected))
    assert points(streams, entity, rate) == before, "and lowering it again takes just those away"


def test_ranks_of_an_entity_count_up_from_zero() -> None:
    entity = np.arange(500)
    found = points(Streams(1, 0), entity, np.full(500, 6.0))
    for who in range(500):
        ranks = sorted(rank for owner, rank in found if owner == who)
        assert ranks == list(range(len(ranks)))


def test_a_point_does_not_depend_on_who_else_is_asked() -> None:
    entity = np.arange(1_000)
    rate = np.full(1_000, 4.0)
    everybody = points(Streams(1, 0), entity, rate)
    some = entity[::-7]
    assert points(Streams(1, 0), some, rate[: len(some)]) == {p for p in everybody if p[0] in set(some.tolist())}


def test_a_rate_of_zero_has_no_points() -> None:
    rows, ranks = poisson_levels(Streams(1, 0), "needs", np.arange(3), np.zeros(3))
    assert rows.dtype == ranks.dtype == np.int64
    assert len(rows) == len(ranks) == 0
    rows, _ = poisson_levels(Streams(1, 0), "needs", np.arange(3), np.array([0.0, 50.0, 0.0]))
    assert set(rows.tolist()) == {1}
