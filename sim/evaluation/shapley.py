"""What each player of a coalition game adds: alone, left out, by the Shapley value, and in pairs.

The Shapley value is the mean of a player's marginal value v(S + i) - v(S) over all orders in which the players may
join (Shapley 1953, A value for n-person games), here as the weighted sum over the coalitions S without i with weight
|S|! (n - |S| - 1)! / n!. Its shares add up to v(everybody) - v(nobody); those of `alone` and `leave_one_out` do not.
A value function is asked once per coalition. Exact work asks 2^n times; beyond eight players sample orders instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import factorial, floor
from typing import Any, Final, TypeVar

import numpy as np

Coalition = frozenset[str]
Value = Callable[[Coalition], float] | Callable[[Coalition], Fraction]
Number = TypeVar("Number", float, Fraction)
MOST_PLAYERS: Final = 20
"""2^20 coalitions take a second of numpy when the value is cheap; a world each is another matter."""


def coalitions(players: Sequence[str]) -> list[Coalition]:
    """All 2^n subsets; the subset at index m holds player k where bit k of m is set.

    Raises ValueError for a name given twice or more than 20 players.
    """
    if len(set(players)) < len(players):
        raise ValueError(f"a player is named twice: {', '.join(players)}")
    if len(players) > MOST_PLAYERS:
        raise ValueError(f"{len(players)} players have {2 ** len(players)} coalitions: use sampled_shapley")
    subsets: list[Coalition] = [frozenset()]
    for player in players:
        subsets += [subset | {player} for subset in subsets]
    return subsets


def shapley(value: Value, players: Sequence[str]) -> dict[str, float]:
    """Each player's Shapley value, over all coalitions.

    In floating point: the shares add up to v(everybody) - v(nobody) within 1e-12 times the largest |v| times n.
    Yen that must add up to the yen go through `exact_shapley`.
    """
    return {player: float(share) for player, share in _shares(_table(value, players, float), players).items()}


def exact_shapley(value: Callable[[Coalition], int | Fraction], players: Sequence[str]) -> dict[str, Fraction]:
    """Each player's Shapley value in exact arithmetic: the shares add up to v(everybody) - v(nobody)."""
    return {player: Fraction(share) for player, share in _shares(_table(value, players, Fraction), players).items()}


def alone(value: Callable[[Coalition], Number], players: Sequence[str]) -> dict[str, Number]:
    """What a player adds to nobody: v({i}) - v(nobody). Sums to the total only where nothing interacts."""
    nobody = value(frozenset())
    return {player: value(frozenset({player})) - nobody for player in players}


def leave_one_out(value: Callable[[Coalition], Number], players: Sequence[str]) -> dict[str, Number]:
    """What is lost without a player: v(everybody) - v(everybody - i). Sums to the total only without interaction."""
    everybody = frozenset(players)
    together = value(everybody)
    return {player: together - value(everybody - {player}) for player in players}


def interactions(value: Value, players: Sequence[str]) -> dict[tuple[str, str], float]:
    """The Shapley interaction index of each pair: > 0 where two add more together than apart.

    The mean over coalitions S without i and j of v(S+i+j) - v(S+i) - v(S+j) + v(S), with weight
    |S|! (n - |S| - 2)! / (n - 1)! (Grabisch & Roubens 1999, An axiomatic approach to the concept of interaction).
    """
    table = _table(value, players, float)
    n, sizes = len(players), _sizes(len(players))
    weights = np.array([factorial(s) * factorial(n - s - 2) / factorial(n - 1) for s in range(n - 1)])
    indices: dict[tuple[str, str], float] = {}
    for (a, first), (b, second) in combinations(enumerate(players), 2):
        with_a, with_b = 1 << a, 1 << b
        without = np.flatnonzero((np.arange(1 << n) & (with_a | with_b)) == 0)
        joint = table[without | with_a | with_b] - table[without | with_a] - table[without | with_b] + table[without]
        indices[first, second] = float(weights[sizes[without]] @ joint)
    return indices


@dataclass(frozen=True)
class SampledShares:
    """Shapley values estimated over sampled orders; the standard errors are those of the choice of orders."""

    shares: dict[str, float]
    standard_errors: dict[str, float]
    orders: int


def sampled_shapley(value: Value, players: Sequence[str], pairs: int, rng: np.random.Generator) -> SampledShares:
    """Shapley values over `pairs` random orders and their reverses (antithetic), unbiased.

    Every order's marginals add up to v(everybody) - v(nobody), so the shares do too (floating point). The standard
    error is over the pairs' means, nan for one pair. At most pairs * 2 * (n - 1) + 2 coalitions are asked for.
    """
    return shares_along(value, antithetic_orders(players, pairs, rng))


def antithetic_orders(players: Sequence[str], pairs: int, rng: np.random.Generator) -> list[tuple[str, ...]]:
    """Random orders of joining, each followed by its reverse: a player who came early comes late once."""
    if pairs < 1:
        raise ValueError("at least one pair of orders")
    orders: list[tuple[str, ...]] = []
    for _ in range(pairs):
        order = tuple(players[k] for k in rng.permutation(len(players)))
        orders += [order, order[::-1]]
    return orders


def prefixes(orders: Iterable[Sequence[str]]) -> set[Coalition]:
    """Every coalition met while the players join in these orders: what has to be valued to use them."""
    return {frozenset(order[:joined]) for order in orders for joined in range(len(order) + 1)}


def shares_along(value: Value, orders: Sequence[Sequence[str]]) -> SampledShares:
    """Mean marginal values along `orders`, taken as antithetic pairs in the order given (see `antithetic_orders`)."""
    players = sorted(orders[0])
    known = {coalition: float(value(coalition)) for coalition in prefixes(orders)}
    marginals = np.array([_marginals(known, order, players) for order in orders])
    pairs = marginals.reshape(-1, 2, len(players)).mean(axis=1)
    errors = pairs.std(axis=0, ddof=1) / len(pairs) ** 0.5 if len(pairs) > 1 else np.full(len(players), np.nan)
    means = pairs.mean(axis=0)
    return SampledShares(
        dict(zip(players, means.tolist(), strict=True)), dict(zip(players, errors.tolist(), strict=True)), len(orders)
    )


def whole_shares(shares: Mapping[str, float | Fraction], total: int) -> dict[str, int]:
    """Shares as whole yen that add up to `total`: rounded down, the missing yen to the largest remainders.

    Raises ValueError where the shares do not add up to `total` within half a yen.
    """
    exact = {player: Fraction(share) for player, share in shares.items()}
    found = sum(exact.values(), Fraction(0))
    if abs(found - total) > Fraction(1, 2):
        raise ValueError(f"shares of {float(found):.3f} do not add up to {total}")
    whole = {player: floor(share) for player, share in exact.items()}
    missing = total - sum(whole.values())
    by_remainder = sorted(exact, key=lambda player: exact[player] - whole[player], reverse=True)
    for k in range(abs(missing)):
        player = by_remainder[k] if missing > 0 else by_remainder[-1 - k]
        whole[player] += 1 if missing > 0 else -1
    return whole


def _table(value: Callable[[Coalition], Any], players: Sequence[str], number: type) -> np.ndarray[Any, Any]:
    """The value of every coalition by its bit mask, as floats or as exact rationals."""
    dtype = float if number is float else object
    return np.array([number(value(coalition)) for coalition in coalitions(players)], dtype=dtype)


def _sizes(n: int) -> np.ndarray[Any, Any]:
    """How many players each bit mask holds."""
    return np.array([mask.bit_count() for mask in range(1 << n)])


def _shares(table: np.ndarray[Any, Any], players: Sequence[str]) -> dict[str, Any]:
    n, sizes = len(players), _sizes(len(players))
    # Whole-number weights over n!, so that rationals stay exact; up to 20! they are exact enough as floats.
    weights = np.array([factorial(s) * factorial(n - s - 1) for s in range(n)], dtype=table.dtype)
    shares: dict[str, Any] = {}
    for k, player in enumerate(players):
        without = np.flatnonzero((np.arange(1 << n) & (1 << k)) == 0)
        marginal = table[without | (1 << k)] - table[without]
        shares[player] = (weights[sizes[without]] * marginal).sum() / factorial(n)
    return shares


def _marginals(known: Mapping[Coalition, float], order: Sequence[str], players: Sequence[str]) -> list[float]:
    """Each player's marginal value when they join in `order`, listed in the order of `players`."""
    added = {player: known[frozenset(order[: k + 1])] - known[frozenset(order[:k])] for k, player in enumerate(order)}
    return [added[player] for player in players]
