"""Latency under load: the more payments of a brand start in a minute, the longer each of them takes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from scenarios.payments import LatencyProfile

_MINUTE_S = 60.0


@dataclass
class _Minute:
    number: int = -1
    started: int = 0
    before: int = 0
    """Payments started in the minute before."""


@dataclass
class BrandLoad:
    """Payments per minute of the brands that have a profile, and what that does to their latency."""

    profiles: dict[str, LatencyProfile]
    minutes: dict[str, _Minute] = field(default_factory=dict)

    def factor(self, brand: str, at_s: float) -> float:
        """Count a payment that starts at `at_s`; its latency against that of an idle provider.

        The load is that of this minute so far, or of the minute before where that had more.
        """
        profile = self.profiles.get(brand)
        if profile is None:
            return 1.0
        minute = self.minutes.setdefault(brand, _Minute())
        number = int(at_s / _MINUTE_S)
        if number > minute.number:
            minute.before = minute.started if number == minute.number + 1 else 0
            minute.number, minute.started = number, 0
        minute.started += 1
        per_s = max(minute.started, minute.before) / _MINUTE_S
        return float(np.interp(per_s, profile.per_s, profile.factor))
