"""Random numbers keyed by who draws and what for, never by the order of calls.

Every draw is a pure function of (seed, replication, purpose, entity, column): two worlds that ask the same question
about the same shopper get the same answer, whatever else happens in them. The function is Philox4x32-10 (Salmon et
al., "Parallel random numbers: as easy as 1, 2, 3", SC'11), a counter-based generator, evaluated on whole arrays:
the counter holds (entity low, entity high, column / 4, purpose tag), the key holds the hashed (seed, replication,
purpose). A uniform has 32 bits and lies strictly inside (0, 1), so that inversions never meet 0 or 1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import count
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Words = Any  # a Python int or an NDArray[np.uint64], each holding 32 bits

_ROUNDS: Final = 10
_MULTIPLIER_0: Final = 0xD2511F53
_MULTIPLIER_1: Final = 0xCD9E8D57
_WEYL_SUMS: Final = [(number * 0x9E3779B9, number * 0xBB67AE85) for number in range(_ROUNDS)]
"""What is added to the two key words in each round."""
_LOW: Final = 0xFFFFFFFF
_UNIT: Final = 2.0**-32
_CHUNK: Final = 16_384  # rows whose intermediate words stay in the processor's second-level cache


def philox4x32(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> tuple[Words, Words, Words, Words]:
    """Philox4x32-10 of four counter words and two key words.

    A counter word is a Python int or a uint64 array (32 bits in use); arrays have one shape and ints are broadcast,
    which makes the first rounds cheap where a word is the same for all rows. All ints give ints.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for weyl0, weyl1 in _WEYL_SUMS:
        product0 = c0 * _MULTIPLIER_0
        product1 = c2 * _MULTIPLIER_1
        c0 = (product1 >> 32) ^ (c1 ^ ((k0 + weyl0) & _LOW))
        c1 = product1 & _LOW
        c2 = (product0 >> 32) ^ (c3 ^ ((k1 + weyl1) & _LOW))
        c3 = product0 & _LOW
    return c0, c1, c2, c3


class Streams:
    """All random numbers of one replication."""

    def __init__(self, seed: int, replication: int) -> None:
        self.seed = seed
        self.replication = replication
        self._keys: dict[str, tuple[tuple[int, int], int]] = {}
        self._block: tuple[str, int, int] | None = None
        self._words: tuple[int, int, int, int] = (0, 0, 0, 0)
        """The block that `single` looked into last, and what is in it: the next column is often wanted next."""

    def _key(self, purpose: str) -> tuple[tuple[int, int], int]:
        """Two key words and the tag for the fourth counter word: 96 bits that tell purposes apart."""
        known = self._keys.get(purpose)
        if known is None:
            known = self._keys[purpose] = self._derive_key(purpose)
        return known

    def _derive_key(self, purpose: str) -> tuple[tuple[int, int], int]:
        digest = hashlib.blake2b(f"{self.seed}/{self.replication}/{purpose}".encode(), digest_size=12).digest()
        words = [int.from_bytes(digest[i : i + 4], "little") for i in (0, 4, 8)]
        return (words[0], words[1]), words[2]

    def uniforms(self, purpose: str, entity: ArrayLike, columns: int = 1, first: int = 0) -> Floats:
        """Uniforms in (0, 1), shape (n, columns): row i belongs to `entity[i]`, column j to decision `first + j`.

        `entity` holds non-negative integers below 2**63. Each column is contiguous in memory. Raises `ValueError`
        when `first` is not a multiple of 4.
        """
        if first % 4:
            raise ValueError(f"first must be a multiple of 4, not {first}")
        ids = np.asarray(entity, dtype=np.uint64).reshape(-1)
        key, tag = self._key(purpose)
        out = np.empty((columns, len(ids)))
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            low, high = chunk & np.uint64(_LOW), chunk >> np.uint64(32)
            for column in range(0, columns, 4):
                words = philox4x32((low, high if high.any() else 0, (first + column) // 4, tag), key)
                for target, word in zip(out[column : column + 4, start : start + _CHUNK], words, strict=False):
                    np.multiply(word, _UNIT, out=target)
        out += _UNIT / 2
        return out.T

    def uniform(self, purpose: str, entity: ArrayLike) -> Floats:
        """One uniform in (0, 1) for each entity, shape (n,)."""
        return self.uniforms(purpose, entity, 1)[:, 0]

    def single(self, purpose: str, entity: int, column: int = 0) -> float:
        """One uniform in (0, 1) of one entity, the same number as in `uniforms`: for what happens now and then."""
        block = (purpose, entity, column >> 2)
        if block != self._block:
            key, tag = self._key(purpose)
            self._block, self._words = block, philox4x32((entity & _LOW, entity >> 32, column >> 2, tag), key)
        return float((self._words[column & 3] + 0.5) * _UNIT)

    def sequence(self, purpose: str, entity: int) -> Iterable[float]:
        """The uniforms of one entity without end, for decisions whose number is not known beforehand.

        Number j is column j of `uniforms`.
        """
        key, tag = self._key(purpose)
        low, high = int(entity) & _LOW, int(entity) >> 32
        for block in count():
            words = philox4x32((low, high, block, tag), key)
            yield from ((word + 0.5) * _UNIT for word in words)


def exponential(uniform: Floats) -> Floats:
    """Unit exponentials by inversion."""
    return -np.log(uniform)


def gumbel(uniform: Floats) -> Floats:
    """Standard Gumbel taste shocks by inversion."""
    return -np.log(-np.log(uniform))


def choose(uniform: Floats, weights: ArrayLike) -> NDArray[np.int64]:
    """Index of a category for each uniform, with probabilities proportional to `weights` (shape (k,))."""
    cumulative = np.cumsum(np.asarray(weights, dtype=float))
    index = np.searchsorted(cumulative / cumulative[-1], uniform, side="right")
    return np.minimum(index, len(cumulative) - 1).astype(np.int64)


def poisson_levels(
    streams: Streams, purpose: str, entity: NDArray[np.int64], rate: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Points of a unit-rate Poisson process below each entity's `rate`: (entity row, rank of the point).

    Point k of an entity has the permanent level E_1 + ... + E_k of unit exponentials and is active when its level is
    below the rate: thinning in the intensity dimension. Raising a rate only adds points; every other point, and the
    identity (entity, k) of each, stays as it was.
    """
    rows: list[NDArray[np.int64]] = []
    ranks: list[NDArray[np.int64]] = []
    alive = np.flatnonzero(rate > 0)
    level = np.zeros(len(alive))
    rank = 0
    while len(alive):
        if rank % 4 == 0:
            block = exponential(streams.uniforms(purpose, entity[alive], 4, first=rank))
        level = level + block[:, rank % 4]
        keep = level < rate[alive]
        alive, level, block = alive[keep], level[keep], block[keep]
        rows.append(alive)
        ranks.append(np.full(len(alive), rank, dtype=np.int64))
        rank += 1
    return np.concatenate([np.empty(0, np.int64), *rows]), np.concatenate([np.empty(0, np.int64), *ranks])
