"""The random function itself: known answers, independence of calls, and the quality of what it gives."""

from __future__ import annotations

import hashlib
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, chisquare, kstest, norm

from sim.streams import Streams, choose, exponential, gumbel, philox4x32

# Known answers of the Random123 distribution (file kat_vectors): counter, key, output.
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text: str) -> list[int]:
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_philox_gives_the_published_answers_for_ints_arrays_and_a_mixture(counter: str, key: str, answer: str) -> None:
    c, (k0, k1), expected = words(counter), words(key), words(answer)
    assert list(philox4x32((c[0], c[1], c[2], c[3]), (k0, k1))) == expected
    arrays = [np.full(5, word, dtype=np.uint64) for word in c]
    for position, word in enumerate(philox4x32((arrays[0], arrays[1], arrays[2], arrays[3]), (k0, k1))):
        assert word.tolist() == [expected[position]] * 5
    for position, word in enumerate(philox4x32((arrays[0], c[1], c[2], c[3]), (k0, k1))):
        assert word.tolist() == [expected[position]] * 5


def reference(seed: int, replication: int, purpose: str, entity: int, column: int) -> float:
    """One uniform, from the definition in the module's docstring, with Python's integers only."""
    digest = hashlib.blake2b(f"{seed}/{replication}/{purpose}".encode(), digest_size=12).digest()
    k0, k1, tag = (int.from_bytes(digest[i : i + 4], "little") for i in (0, 4, 8))
    c = [entity % 2**32, entity // 2**32, column // 4, tag]
    for _ in range(10):
        high0, low0 = divmod(c[0] * 0xD2511F53, 2**32)
        high1, low1 = divmod(c[2] * 0xCD9E8D57, 2**32)
        c = [high1 ^ c[1] ^ k0, low1, high0 ^ c[3] ^ k1, low0]
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return (c[column % 4] + 0.5) / 2**32


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**64),
    replication=st.integers(0, 10**6),
    purpose=st.text(max_size=20),
    entities=st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=6),
    columns=st.integers(1, 11),
    blocks_before=st.integers(0, 2**20),
)
def test_every_uniform_is_the_defined_function_of_its_key(
    seed: int, replication: int, purpose: str, entities: list[int], columns: int, blocks_before: int
) -> None:
    first = 4 * blocks_before
    drawn = Streams(seed, replication).uniforms(purpose, entities, columns, first)
    assert drawn.shape == (len(entities), columns)
    for i, entity in enumerate(entities):
        for j in range(columns):
            assert drawn[i, j] == reference(seed, replication, purpose, entity, first + j)


def test_a_draw_does_not_depend_on_the_order_the_size_or_the_other_entities_of_a_call() -> None:
    streams = Streams(7, 3)
    entities = np.arange(70_000) * 12_345_678_901 % 2**40  # more than one chunk, some above 32 bits
    together = streams.uniforms("choice", entities, 6)
    backwards = streams.uniforms("choice", entities[::-1], 6)[::-1]
    assert np.array_equal(together, backwards)
    some = np.array([0, 1, 16_383, 16_384, 16_385, 69_999])
    streams.uniforms("something else", entities[:100], 3)
    assert np.array_equal(streams.uniforms("choice", entities[some], 6), together[some])
    assert np.array_equal(Streams(7, 3).uniforms("choice", entities[some], 2), together[some, :2])
    assert np.array_equal(streams.uniforms("choice", entities[some], 2, first=4), together[some, 4:])
    assert np.array_equal(streams.uniform("choice", entities), together[:, 0])


def test_a_sequence_is_the_row_of_its_entity() -> None:
    for entity in (0, 5, 2**40 + 3):
        row = Streams(1, 2).uniforms("retries", [entity], 50)[0].tolist()
        assert list(islice(Streams(1, 2).sequence("retries", entity), 50)) == row
    assert list(islice(Streams(1, 2).sequence("retries", np.int64(2**40 + 3)), 3)) == row[:3]  # type: ignore[arg-type]


def test_no_entities_give_no_rows_and_an_odd_first_column_is_an_error() -> None:
    assert Streams(1, 0).uniforms("x", np.empty(0, np.int64), 3).shape == (0, 3)
    with pytest.raises(ValueError, match="multiple of 4"):
        Streams(1, 0).uniforms("x", [1], 2, first=2)


def test_uniforms_lie_strictly_inside_the_unit_interval() -> None:
    """The smallest and the largest word, as the published formula maps them."""
    low, high = (0 + 0.5) * 2.0**-32, (2**32 - 1 + 0.5) * 2.0**-32
    assert 0 < low < high < 1
    extremes = np.array([low, high])
    assert np.isfinite(exponential(extremes)).all()
    assert np.isfinite(gumbel(extremes)).all()
    drawn = Streams(1, 0).uniforms("x", np.arange(200_000), 4)
    assert 0 < drawn.min() < 1e-4
    assert 1 - 1e-4 < drawn.max() < 1


@pytest.mark.parametrize("key", [(1, 0, "arrivals"), (1, 1, "arrivals"), (2, 0, "arrivals"), (1, 0, "patience")])
def test_uniforms_are_uniform_in_every_column(key: tuple[int, int, str]) -> None:
    seed, replication, purpose = key
    drawn = Streams(seed, replication).uniforms(purpose, np.arange(50_000), 8)
    for column in drawn.T:
        assert kstest(column, "uniform").pvalue > 1e-4
        assert chisquare(np.bincount((column * 256).astype(int), minlength=256)).pvalue > 1e-4


def test_pairs_of_neighbours_fill_the_square_evenly() -> None:
    """Serial test along entities, along columns, and for the low bits of the words."""
    drawn = Streams(3, 0).uniforms("x", np.arange(100_000), 4)
    pairs = {
        "entities": (drawn[:-1, 0], drawn[1:, 0]),
        "columns": (drawn[:, 0], drawn[:, 1]),
        "low bits": ((drawn[:, 2] * 2**20) % 1, (drawn[:, 3] * 2**20) % 1),
    }
    for name, (x, y) in pairs.items():
        cells = (x * 32).astype(int) * 32 + (y * 32).astype(int)
        assert chisquare(np.bincount(cells, minlength=1024)).pvalue > 1e-4, name


def test_streams_are_uncorrelated_across_entity_column_purpose_replication_and_seed() -> None:
    size = 40_000
    ids = np.arange(size)
    base = Streams(1, 0).uniforms("a", ids, 8)
    others = [
        *base.T[1:],
        Streams(1, 0).uniform("b", ids),
        Streams(1, 0).uniform("a ", ids),
        Streams(1, 1).uniform("a", ids),
        Streams(2, 0).uniform("a", ids),
        Streams(1, 0).uniform("a", ids + size),
        Streams(1, 0).uniform("a", ids + 2**32),
        np.roll(base[:, 0], 1),
    ]
    limit = norm.ppf(1 - 1e-4 / len(others) / 2) / np.sqrt(size)
    for other in others:
        assert abs(np.corrcoef(base[:, 0], other)[0, 1]) < limit


def test_seeds_and_replications_are_not_mixed_up() -> None:
    values = {
        Streams(seed, replication).uniform(purpose, [5])[0]
        for seed, replication, purpose in [(1, 11, "x"), (11, 1, "x"), (1, 1, "1/x"), (1, 1, "x"), (111, 0, "x")]
    }
    assert len(values) == 5


def test_inversions_have_their_distributions() -> None:
    uniform = Streams(1, 0).uniforms("inversions", np.arange(50_000), 3)
    assert kstest(exponential(uniform[:, 0]), "expon").pvalue > 1e-3
    assert kstest(gumbel(uniform[:, 1]), "gumbel_r").pvalue > 1e-3
    weights = np.array([1.0, 0.0, 5.0, 2.0])
    counts = np.bincount(choose(uniform[:, 2], weights), minlength=4)
    assert counts[1] == 0
    expected = weights[weights > 0] / weights.sum() * len(uniform)
    statistic = ((counts[weights > 0] - expected) ** 2 / expected).sum()
    assert chi2.sf(statistic, 2) > 1e-3


def test_choose_maps_the_ends_of_the_unit_interval_to_the_first_and_the_last_category() -> None:
    assert choose(np.array([1e-12, 1 / 3 - 1e-9, 1 / 3 + 1e-9, 1 - 1e-12]), [1, 1, 1]).tolist() == [0, 0, 1, 2]
