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
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

_ROUNDS: Final = 10
_MULTIPLIERS: Final = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL: Final = (0x9E3779B9, 0xBB67AE85)
_LOW: Final = np.uint64(0xFFFFFFFF)
_HALF: Final = np.uint64(32)


def philox4x32(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> tuple[Words, ...]:
    """Philox4x32-10 of four counter words and two key words, all 32 bits held in uint64 arrays of one shape."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        product0 = c0 * _MULTIPLIERS[0]
        product1 = c2 * _MULTIPLIERS[1]
        c0, c1, c2, c3 = (
            (product1 >> _HALF) ^ c1 ^ np.uint64(k0),
            product1 & _LOW,
            (product0 >> _HALF) ^ c3 ^ np.uint64(k1),
            product0 & _LOW,
        )
        k0 = (k0 + _WEYL[0]) & 0xFFFFFFFF
        k1 = (k1 + _WEYL[1]) & 0xFFFFFFFF
    return c0, c1, c2, c3


class Streams:
    """All random numbers of one replication."""

    def __init__(self, seed: int, replication: int) -> None:
        self.seed = seed
        self.replication = replication

    def uniforms(self, purpose: str, entity: ArrayLike, columns: int = 1, first: int = 0) -> Floats:
        """Uniforms in (0, 1), shape (n, columns): row i belongs to `entity[i]`, column j to decision `first + j`.

        `entity` holds non-negative integers below 2**63. `first` must be a multiple of 4.
        """
        ids = np.asarray(entity, dtype=np.uint64).reshape(-1)
        blocks = -(-columns // 4)
        digest = hashlib.blake2b(f"{self.seed}/{self.replication}/{purpose}".encode(), digest_size=12).digest()
        key = (int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little"))
        tag = np.uint64(int.from_bytes(digest[8:12], "little"))
        out = np.empty((len(ids), blocks * 4))
        low, high = ids & _LOW, ids >> _HALF
        for block in range(blocks):
            column = np.full_like(ids, first // 4 + block)
            words = philox4x32((low, high, column, np.full_like(ids, tag)), key)
            for j, word in enumerate(words):
                out[:, block * 4 + j] = (word + 0.5) * 2.0**-32
        return out[:, :columns]

    def uniform(self, purpose: str, entity: ArrayLike) -> Floats:
        """One uniform in (0, 1) for each entity, shape (n,)."""
        return self.uniforms(purpose, entity, 1)[:, 0]

    def sequence(self, purpose: str, entity: int) -> Iterable[float]:
        """An endless stream of uniforms for one entity, for decisions whose number is not known beforehand."""
        block = 0
        while True:
            yield from self.uniforms(purpose, [entity], 16, first=block * 16)[0].tolist()
            block += 1


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
