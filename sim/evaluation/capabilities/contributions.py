"""Alone, left out, Shapley and interactions of players, from the values of coalitions in each replication.

Everything is linear in the values, so that the mean over replications of a share is the share of the means. Values are
rationals: shares add up exactly, in each replication and in the mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any, Final

from sim.evaluation.shapley import (
    Coalition,
    alone,
    coalitions,
    exact_shapley,
    interactions,
    leave_one_out,
    prefixes,
    shares_along,
    whole_shares,
)
from sim.evaluation.statistics import t_interval

MOST_EXACT: Final = 8
"""Up to so many players all 2^n worlds are run; beyond, those that sampled orders meet."""

Values = Mapping[Coalition, Sequence[Fraction]]
"""By coalition, the measure in each replication."""
Order = tuple[str, ...]


@dataclass(frozen=True)
class Contributions:
    """By player (or pair, or nothing for the totals) one number per replication."""

    total: list[Fraction]
    alone: dict[str, list[Fraction]]
    leave_one_out: dict[str, list[Fraction]]
    shapley: dict[str, list[Fraction]]
    order_error: dict[str, float] | None
    """Standard error of the mean Shapley value that comes from having sampled orders; None where all are used."""
    interactions: dict[tuple[str, str], list[float]]


def wanted(players: Sequence[str], orders: Sequence[Order]) -> list[Coalition]:
    """The coalitions whose worlds have to be run, nobody first; `orders` is empty where all are used."""
    if not orders:
        return coalitions(players)
    everybody = frozenset(players)
    singles = {frozenset({player}) for player in players} | {everybody - {player} for player in players}
    return sorted(prefixes(orders) | singles, key=lambda coalition: (len(coalition), sorted(coalition)))


def contributions(values: Values, players: Sequence[str], orders: Sequence[Order]) -> Contributions:
    """What each player adds, replication by replication."""
    replications = range(len(values[frozenset()]))
    games = [{coalition: found[r] for coalition, found in values.items()}.__getitem__ for r in replications]
    everybody = frozenset(players)
    if orders:
        shares = [_along(game, orders) for game in games]
        means = {coalition: sum(found, Fraction(0)) / len(found) for coalition, found in values.items()}
        error = shares_along(lambda coalition: float(means[coalition]), orders).standard_errors
    else:
        shares, error = [exact_shapley(game, players) for game in games], None
    pairs = [] if orders else list(combinations(players, 2))
    joint = [interactions(game, players) for game in games] if pairs else []
    return Contributions(
        [game(everybody) - game(frozenset()) for game in games],
        _by_player([alone(game, players) for game in games], players),
        _by_player([leave_one_out(game, players) for game in games], players),
        _by_player(shares, players),
        error,
        {pair: [found[pair] for found in joint] for pair in pairs},
    )


def described(found: Contributions, whole: bool) -> dict[str, Any]:
    """The contributions as a document: means with t-intervals over replications, and the numbers they come from.

    Where the measure counts whole yen (`whole`), `shapley.whole` are the shares rounded by largest remainder so that
    they add up to the rounded total, of the mean and of each replication.
    """
    shares = {player: described_numbers(numbers) for player, numbers in found.shapley.items()}
    if whole:
        _add_whole(shares, found)
    errors = found.order_error or {}
    return {
        "total": described_numbers(found.total),
        "contributions": [
            {
                "player": player,
                "alone": described_numbers(found.alone[player]),
                "leave_one_out": described_numbers(found.leave_one_out[player]),
                "shapley": shares[player] | ({"order_standard_error": errors[player]} if errors else {}),
            }
            for player in found.alone
        ],
        "sums": {
            name: described_numbers(_summed(getattr(found, name))) for name in ("alone", "leave_one_out", "shapley")
        },
        "misses_total_by": {
            name: described_numbers([a - b for a, b in zip(_summed(getattr(found, name)), found.total, strict=True)])
            for name in ("alone", "leave_one_out", "shapley")
        },
        "interactions": [
            {"a": a, "b": b, **described_numbers(numbers)} for (a, b), numbers in found.interactions.items()
        ],
    }


def described_numbers(numbers: Sequence[float | Fraction]) -> dict[str, Any]:
    """Mean, half-width (None where there is none) and the number of each replication."""
    plain = [float(number) for number in numbers]
    interval = t_interval(plain)
    half_width = interval.half_width if interval.half_width == interval.half_width else None
    return {"mean": interval.mean, "half_width": half_width, "per_replication": plain}


def _along(game: Any, orders: Sequence[Order]) -> dict[str, Fraction]:
    """Mean marginal values along `orders`, exactly."""
    added: dict[str, Fraction] = dict.fromkeys(orders[0], Fraction(0))
    for order in orders:
        for at, player in enumerate(order):
            added[player] += game(frozenset(order[: at + 1])) - game(frozenset(order[:at]))
    return {player: total / len(orders) for player, total in added.items()}


def _by_player(found: Sequence[Mapping[str, Any]], players: Sequence[str]) -> dict[str, list[Fraction]]:
    return {player: [numbers[player] for numbers in found] for player in players}


def _summed(by_player: Mapping[str, Sequence[Fraction]]) -> list[Fraction]:
    return [sum(numbers, Fraction(0)) for numbers in zip(*by_player.values(), strict=True)]


def _add_whole(shares: dict[str, dict[str, Any]], found: Contributions) -> None:
    n = len(found.total)
    mean = whole_shares(
        {player: sum(numbers, Fraction(0)) / n for player, numbers in found.shapley.items()},
        round(sum(found.total, Fraction(0)) / n),
    )
    each = [
        whole_shares({player: numbers[r] for player, numbers in found.shapley.items()}, round(found.total[r]))
        for r in range(n)
    ]
    for player, share in shares.items():
        share["whole"] = mean[player]
        share["whole_per_replication"] = [replication[player] for replication in each]
