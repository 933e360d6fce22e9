"""Rules that look at one path at a time: each touch of a path that converts gets a share of its conversions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from sim.evaluation.attribution.paths_file import TouchPath

Weigh = Callable[[TouchPath], Sequence[float]]
"""Shares of a path's touches, in their order; they sum to 1."""

ENDS: Final = 0.4
"""What the position rule gives to the first and to the last touch; the rest is shared by those between them."""


class Credit(NamedTuple):
    """Conversions, and their value, that a rule gives to a channel."""

    conversions: float
    value: float


Credits = Mapping[str, Credit]


def channels_of(paths: Iterable[TouchPath]) -> list[str]:
    """Every channel that is touched, in alphabetical order."""
    return sorted({touch for path in paths for touch in path.touches})


def credited(paths: Iterable[TouchPath], weigh: Weigh) -> dict[str, Credit]:
    """What each channel gets when `weigh` shares out every path; channels of paths that never convert get 0."""
    conversions: dict[str, float] = defaultdict(float)
    values: dict[str, float] = defaultdict(float)
    for path in paths:
        shares = weigh(path) if path.conversions else (0.0,) * len(path.touches)
        for touch, share in zip(path.touches, shares, strict=True):
            conversions[touch] += share * path.conversions
            values[touch] += share * path.value
    return {channel: Credit(conversions[channel], values[channel]) for channel in sorted(conversions)}


def last(path: TouchPath) -> Sequence[float]:
    """All to the last touch."""
    return (*(0.0,) * (len(path.touches) - 1), 1.0)


def last_but(visits: frozenset[str]) -> Weigh:
    """A rule that gives all to the last touch that is none of `visits`; to the last touch where there is no other.

    Web analytics calls it last non-direct: the visit in which a sale is made is no reason for it if another is known.
    """

    def weigh(path: TouchPath) -> Sequence[float]:
        others = [at for at, touch in enumerate(path.touches) if touch not in visits]
        chosen = others[-1] if others else len(path.touches) - 1
        return [float(at == chosen) for at in range(len(path.touches))]

    return weigh


def first(path: TouchPath) -> Sequence[float]:
    """All to the first touch."""
    return (1.0, *(0.0,) * (len(path.touches) - 1))


def linear(path: TouchPath) -> Sequence[float]:
    """The same to each touch; a channel that is touched twice gets it twice."""
    return (1 / len(path.touches),) * len(path.touches)


def position(path: TouchPath) -> Sequence[float]:
    """40 % to the first and to the last touch, 20 % to those between; halves where there are two."""
    between = len(path.touches) - 2
    if between <= 0:
        return linear(path)
    return (ENDS, *((1 - 2 * ENDS) / between,) * between, ENDS)


def time_decay(half_life_hours: float) -> Weigh:
    """A rule by which a touch counts half as much for every `half_life_hours` that it lies further back.

    It needs `hours_before` of every path that converts.
    """

    def weigh(path: TouchPath) -> Sequence[float]:
        hours = path.hours_before
        assert hours is not None
        # Relative to the last touch, so that a path that lies back for years does not underflow to nothing.
        weights = [2.0 ** ((hours[-1] - before) / half_life_hours) for before in hours]
        total = sum(weights)
        return [weight / total for weight in weights]

    return weigh


def unique_linear(path: TouchPath) -> Sequence[float]:
    """The same to each channel of the path, however often it was touched.

    This is the Shapley value of the game in which a coalition is worth the number of conversions whose paths it covers:
    each path is a unanimity game of its channels, whose Shapley value is one share each.
    """
    channels = len(set(path.touches))
    return [1 / channels / path.touches.count(touch) for touch in path.touches]
