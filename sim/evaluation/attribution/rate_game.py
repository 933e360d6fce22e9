"""Shapley attribution on conversion rates: a coalition of channels is worth the rate of the paths that need no other.

The usual count game (a coalition is worth the conversions of such paths) says nothing new: its Shapley value is linear
attribution over unique channels. Rates look at the paths that did not convert too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.evaluation.attribution.paths_file import TouchPath
from sim.evaluation.attribution.rules import Credit, channels_of
from sim.evaluation.shapley import Coalition, Value, sampled_shapley, shapley

EXACT_CHANNELS: Final = 14
"""Up to so many channels every coalition is looked at, beyond that random orders of joining."""
PAIRS_OF_ORDERS: Final = 500
_SEED: Final = (1953, 0)


def count_game(paths: Sequence[TouchPath]) -> Value:
    """v(S): conversions of the paths all of whose touches are in S."""
    return _game(paths, numerator=0, per_path=False)


def rate_game(paths: Sequence[TouchPath], of_value: bool = False) -> Value:
    """v(S): conversions, or their value, per path among those all of whose touches are in S; 0 where there is none."""
    return _game(paths, numerator=1 if of_value else 0, per_path=True)


def shapley_rate_credit(paths: Sequence[TouchPath]) -> dict[str, Credit]:
    """All conversions, and all value, in proportion to the Shapley values of the rate game.

    A channel whose company lowers the rate has a negative value, and so has its credit.
    """
    conversions, value = sum(path.conversions for path in paths), sum(path.value for path in paths)
    of_conversions, of_value = (_shares(paths, rate_game(paths, of)) for of in (False, True))
    return {c: Credit(conversions * of_conversions[c], value * of_value[c]) for c in of_conversions}


def _shares(paths: Sequence[TouchPath], game: Value) -> dict[str, float]:
    """Shapley values over the worth of all channels together, to which they sum."""
    channels = channels_of(paths)
    if len(channels) <= EXACT_CHANNELS:
        values = shapley(game, channels)
    else:
        values = sampled_shapley(game, channels, PAIRS_OF_ORDERS, np.random.default_rng(_SEED)).shares
    total = game(frozenset(channels))
    return {channel: value / total if total else 0.0 for channel, value in values.items()}


def _game(paths: Sequence[TouchPath], numerator: int, per_path: bool) -> Value:
    sums: dict[Coalition, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for path in paths:
        found = sums[frozenset(path.touches)]
        for at, amount in enumerate((path.conversions, path.value, path.conversions + path.nulls)):
            found[at] += amount
    channels = {channel: at for at, channel in enumerate(channels_of(paths))}
    member = np.zeros((len(sums), len(channels)), dtype=bool)
    for row, needed in enumerate(sums):
        member[row, [channels[channel] for channel in needed]] = True
    amounts = np.array(list(sums.values()))

    def worth(coalition: Coalition) -> float:
        outside = [at for channel, at in channels.items() if channel not in coalition]
        covered = amounts[~member[:, outside].any(axis=1)].sum(axis=0)
        if not per_path:
            return float(covered[numerator])
        return float(covered[numerator] / covered[2]) if covered[2] else 0.0

    return worth
