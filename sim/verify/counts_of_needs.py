"""Closed forms of counting: needs are Poisson at rates that change with the day, and Gamma over shoppers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from scipy.stats import chi2, nbinom

from scenarios.loader import Loaded, load
from sim.calendar import Day, days, time_of_day
from sim.catalogue import catalogue
from sim.needs import needs_of_day
from sim.population import population
from sim.streams import Floats, Streams
from sim.verify.trials import Answer, Question, Sample, Trial
from sim.verify.worlds import SEED

LEAST_P: Final = 0.01
"""Counts less likely than that, if the closed form is right, are a miss."""

_SEEDS: Final = 30


_NEEDS: Final = (
    "population.shoppers=2000",
    "horizon.days=28",
    "events.sale={kind='campaign',day=9,days=2,demand_factor=3.0}",
)
_MOST: Final = 60


@cache
def _town() -> Loaded:
    return load("ward-siloed", _NEEDS)


def _factor(day: Day, pension: bool) -> float:
    return day.needs_factor * (_town().scenario.traffic.pension_factor if pension else 1.0)


def _needs(seed: int) -> Sample:
    """Counts of needs by day, by hour and by shopper, next to what the rates say."""
    scenario = _town().scenario
    streams = Streams(SEED, seed)
    goods, people = catalogue(scenario, SEED), population(scenario, streams)
    pensioner = np.isin(np.array(list(scenario.population.age_bands))[people.age_band], scenario.traffic.pension_bands)
    per_shopper = np.zeros(people.size, dtype=np.int64)
    hours, dispersion = np.zeros(24), 0.0
    sample: dict[str, float] = {}
    for day in days(scenario):
        needs = needs_of_day(scenario, goods, people, streams, day)
        rate = float(people.needs_per_day[pensioner].sum()) * _factor(day, day.pension)
        rate += float(people.needs_per_day[~pensioner].sum()) * _factor(day, False)
        dispersion += (needs.size - rate) ** 2 / rate
        sample |= {f"day {day.index}": needs.size, f"rate {day.index}": rate}
        hours += np.histogram(time_of_day(needs.time_draw, np.array(scenario.traffic.ec_hours)) / 3600, 24, (0, 24))[0]
        per_shopper += np.bincount(needs.shopper, minlength=people.size)
    counts = np.bincount(np.minimum(per_shopper[~pensioner], _MOST), minlength=_MOST + 1)
    sample |= {f"count {number}": float(found) for number, found in enumerate(counts)}
    sample |= {f"hour {hour}": float(found) for hour, found in enumerate(hours)}
    return sample | {"dispersion": dispersion}


def _poisson(samples: Sequence[Sample]) -> Answer:
    freedom = len(samples) * _town().scenario.horizon.days
    statistic = sum(sample["dispersion"] for sample in samples)
    answer = _chi_square(statistic, freedom, "variance / mean = 1", both_sides=True)
    return Answer(
        answer.target,
        f"variance / mean {statistic / freedom:.3f}; {answer.found}",
        answer.holds,
        answer.share_of_seeds,
        answer.values,
        answer.reason,
    )


def _thinned(samples: Sequence[Sample]) -> Answer:
    """Needs by day against rates that change with weekday, payday, pension day and a campaign."""
    numbers = range(_town().scenario.horizon.days)
    seen = np.array([sum(sample[f"day {number}"] for sample in samples) for number in numbers])
    rate = np.array([sum(sample[f"rate {number}"] for sample in samples) for number in numbers])
    return _chi_square(float(((seen - rate) ** 2 / rate).sum()), len(rate), f"rates by day, {_spread(rate)}")


def _by_hour(samples: Sequence[Sample]) -> Answer:
    profile = np.array(_town().scenario.traffic.ec_hours)
    seen = np.array([sum(sample[f"hour {hour}"] for sample in samples) for hour in range(24)])
    expected = profile / profile.sum() * seen.sum()
    return _chi_square(float(((seen - expected) ** 2 / expected).sum()), 23, f"EC hours, {_spread(profile)}")


def _spread(rates: Floats) -> str:
    return f"the highest {rates.max() / rates.min():.1f} times the lowest"


def _negative_binomial(samples: Sequence[Sample]) -> Answer:
    """Needs per shopper: Poisson at a Gamma rate is negative binomial; bins below five expected are joined."""
    scenario = _town().scenario
    shape = scenario.population.needs_shape
    mean = scenario.population.needs_per_week / 7 * sum(day.needs_factor for day in days(scenario))
    seen = np.array([sum(sample[f"count {number}"] for sample in samples) for number in range(_MOST + 1)])
    expected = nbinom.pmf(np.arange(_MOST + 1), shape, shape / (shape + mean)) * seen.sum()
    expected[-1] += seen.sum() - expected.sum()
    last = int(np.flatnonzero(np.cumsum(expected[::-1])[::-1] >= 5)[-1])
    seen, expected = (np.append(column[:last], column[last:].sum()) for column in (seen, expected))
    return _chi_square(float(((seen - expected) ** 2 / expected).sum()), last, f"NBD, shape {shape:g}, mean {mean:.2f}")


def _chi_square(statistic: float, freedom: int, target: str, both_sides: bool = False) -> Answer:
    """Whether counts are as expected; `both_sides` when too little variance is as wrong as too much."""
    above = float(chi2.sf(statistic, freedom))
    p = min(1.0, 2 * min(above, 1 - above)) if both_sides else above
    holds = p > LEAST_P
    found = f"chi-square {statistic:.1f} on {freedom} degrees of freedom, p = {p:.2f}"
    return Answer(target, found, holds, None, (statistic, p), f"p below {LEAST_P:.0%}")


COUNTS_OF_NEEDS: Final[tuple[Trial, ...]] = (
    Trial(
        "closed form",
        _needs,
        (
            Question("CF-06", "Needs per day given the shoppers' rates are Poisson", "Poisson", _poisson),
            Question("CF-07a", "Needs follow rates that change from day to day (thinning)", "chi-square", _thinned),
            Question("CF-07b", "... and the profile of the hours", "chi-square", _by_hour),
            Question(
                "CF-08",
                "Needs per shopper in four weeks (Gamma-Poisson)",
                "negative binomial",
                _negative_binomial,
            ),
        ),
        _SEEDS,
    ),
)
