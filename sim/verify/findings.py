"""What a check is and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import numpy as np

from sim.evaluation.statistics import t_interval

Group = Literal["closed form", "law", "reason", "published"]
Verdict = Literal["holds", "misses"]

SHARE_OF_SEEDS: Final = 0.95
"""A sign holds when it does in this share of seeds."""

SMALL: Final = ("population.shoppers=3000", "horizon.days=28")
"""The town in which published findings are looked for: a third of the ward's people, four weeks."""


@dataclass(frozen=True)
class Variant:
    """A scenario with some of its keys set: one world of a check."""

    preset: str
    sets: tuple[str, ...] = ()
    small: bool = True

    @property
    def overrides(self) -> list[str]:
        """What is set, as `--set` takes it."""
        return [*(SMALL if self.small else ()), *self.sets]


@dataclass(frozen=True)
class Effect:
    """A published finding and how the twin is asked for it.

    `statistic` gets, for one seed, the replication folder of each world by its name, and returns one number;
    `holds` says whether the number shows the finding, `band` (if a size was published) where its mean should lie.
    """

    id: str
    finding: str
    source: str
    target: str
    worlds: Mapping[str, Variant]
    statistic: Callable[[Mapping[str, Path]], float]
    holds: Callable[[float], bool]
    unit: Literal["share", "yen", "ratio", "count", "s"] = "share"
    band: tuple[float, float] | None = None
    miss: str = ""
    """Why it misses, where it is known to."""


@dataclass(frozen=True)
class Finding:
    """One row of the table."""

    id: str
    group: Group
    what: str
    source: str
    target: str
    found: str
    seeds: int
    share_of_seeds: float | None
    """In which it holds by itself; None where only all seeds together can say."""
    verdict: Verdict
    reason: str = ""
    values: Sequence[float] = field(default_factory=tuple)


def judge(effect: Effect, values: Sequence[float]) -> Finding:
    """The row of an effect from its value in each seed: a sign in 95 % of seeds, and the mean in the band if any."""
    known = [value for value in values if value == value]
    share = float(np.mean([effect.holds(value) for value in known])) if known else 0.0
    interval = t_interval(known)
    inside = effect.band is None or effect.band[0] <= interval.mean <= effect.band[1]
    holds = bool(known) and share >= SHARE_OF_SEEDS and inside
    found = f"{_shown(interval.mean, effect.unit)} ± {_shown(interval.half_width, effect.unit)}" if known else "nothing"
    return Finding(
        effect.id,
        "published",
        effect.finding,
        effect.source,
        effect.target,
        found,
        len(known),
        share,
        "holds" if holds else "misses",
        "" if holds else effect.miss or _why(share, inside, effect),
        tuple(known),
    )


def _why(share: float, inside: bool, effect: Effect) -> str:
    if share < SHARE_OF_SEEDS:
        return f"the sign holds in {share:.0%} of seeds only"
    low, high = effect.band or (0.0, 0.0)
    return "" if inside else f"outside {_shown(low, effect.unit)} to {_shown(high, effect.unit)}"


def _shown(value: float, unit: str) -> str:
    if unit == "share":
        return f"{value * 100:.2f} %"
    if unit == "yen":
        return f"{value:,.0f} yen"
    return f"{value:.1f} s" if unit == "s" else f"{value:.3g}"
