"""Attribution by an absorbing Markov chain: what is lost when a channel leads nowhere (Anderl et al. 2016).

A state is the last `order` touches. Every path walks from the start through its states to `conversion` or `null`; the
chain's probabilities are the shares of all walks. A channel's removal effect is the share of conversions that the
chain loses when every walk that touches the channel ends in `null`. All of it is solved exactly:
x = (I - P)^-1 r, where P holds the transitions among states and r what each state hands to conversion.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, eye_array
from scipy.sparse.linalg import spsolve

from sim.evaluation.attribution.paths_file import TouchPath
from sim.evaluation.attribution.rules import Credit, channels_of

Floats = NDArray[np.float64]
History = tuple[str, ...]


@dataclass(frozen=True)
class Chain:
    """States (index 0 is the start), transition probabilities among them, and what each state hands to conversion."""

    states: list[History]
    transitions: csc_array
    conversion: Floats
    """Probability of converting from each state at the next step."""
    value: Floats
    """Expected value of that step."""


@dataclass(frozen=True)
class Removal:
    """Share of conversions, and of their value, that is lost without each channel."""

    conversion_probability: float
    conversions: dict[str, float]
    value: dict[str, float]


def chain_of(paths: Sequence[TouchPath], order: int = 1) -> Chain:
    """The chain of the given order; at its beginning a path has fewer touches behind it, and a state is shorter."""
    index: dict[History, int] = {(): 0}
    moves: dict[tuple[int, int], float] = defaultdict(float)
    leaving: dict[int, float] = defaultdict(float)
    ends: dict[int, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for path in paths:
        walks, at = path.conversions + path.nulls, 0
        history: History = ()
        for touch in path.touches:
            history = (*history, touch)[-order:]
            to = index.setdefault(history, len(index))
            moves[at, to] += walks
            leaving[at] += walks
            at = to
        leaving[at] += walks
        ends[at] = (ends[at][0] + path.conversions, ends[at][1] + path.value)
    n = len(index)
    total = np.array([leaving[at] for at in range(n)])
    rows, columns = np.array(list(moves)).T
    probabilities = np.array(list(moves.values())) / total[rows]
    handed = np.array([ends[at] for at in range(n)]) / total[:, None]
    return Chain(list(index), csc_array((probabilities, (rows, columns)), shape=(n, n)), handed[:, 0], handed[:, 1])


def removal_effects(chain: Chain) -> Removal:
    """What is lost without each channel; 0 to 1."""
    channels = sorted({touch for state in chain.states for touch in state})
    everything = _from_start(chain, np.ones(len(chain.states), dtype=bool))
    lost: dict[str, Floats] = {}
    for channel in channels:
        kept = np.array([channel not in state for state in chain.states])
        share = np.divide(_from_start(chain, kept), everything, out=np.ones(2), where=everything > 0)
        lost[channel] = np.clip(1 - share, 0.0, 1.0)
    conversions, value = ({channel: float(lost[channel][k]) for channel in channels} for k in (0, 1))
    return Removal(float(everything[0]), conversions, value)


def markov_credit(paths: Sequence[TouchPath], removal: Removal) -> dict[str, Credit]:
    """All conversions, and all value, in proportion to the removal effects: the global share of each channel."""
    conversions, value = sum(path.conversions for path in paths), sum(path.value for path in paths)
    by_conversions, by_value = shares(removal.conversions), shares(removal.value)
    return {c: Credit(conversions * by_conversions[c], value * by_value[c]) for c in channels_of(paths)}


def shares(effects: dict[str, float]) -> dict[str, float]:
    """Effects over their sum; 0 where nothing has an effect."""
    total = sum(effects.values())
    return {channel: effect / total if total else 0.0 for channel, effect in effects.items()}


def _from_start(chain: Chain, kept: NDArray[np.bool_]) -> Floats:
    """Probability and expected value of converting when only the states in `kept` lead on, shape (2,)."""
    among = chain.transitions[kept][:, kept]
    handed = np.column_stack([chain.conversion[kept], chain.value[kept]])
    system = csc_array(eye_array(among.shape[0]) - among)
    solved: Floats = np.array([spsolve(system, handed[:, k])[0] for k in (0, 1)])
    return solved
