"""Closed forms: what queueing theory and probability say must come out, against the engine, the tills and the needs.

A row holds when the 99 % interval over seeds covers the closed form and is narrow enough to say something, or when the
mean is off by a negligible share. Counts are compared by chi-square tests at 1 %.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import cache, partial
from math import inf
from typing import Any, Final

import numpy as np
import simpy
from scipy.special import gammaincinv, ndtri

from scenarios.loader import Loaded
from sim.engine import Engine, Pool
from sim.evaluation.statistics import t_interval
from sim.streams import Floats, Streams, choose, exponential
from sim.theory import erlang_a, mg1, mmc, mmck
from sim.verify.counts_of_needs import COUNTS_OF_NEEDS
from sim.verify.till_hall import Shoppers, hall, waits_s
from sim.verify.trials import Answer, Question, Sample, Trial
from sim.verify.worlds import SEED

CONFIDENCE: Final = 0.99
WIDEST: Final = 0.05
"""Half-width of an interval against the closed form, above which covering it says nothing."""
NEGLIGIBLE: Final = 0.005
"""Relative error that counts as none, whatever the interval."""
SEEDS: Final = 30

_WARM_UP: Final = 0.1
SERVICE_S: Final = 60.0
_RATE: Final = 1 / SERVICE_S


def agrees(name: str, exact: Callable[[], float], unit: str) -> Callable[[Sequence[Sample]], Answer]:
    """The mean of `name` over seeds against its closed form; `unit` is `s` or `share`."""

    def answer(samples: Sequence[Sample]) -> Answer:
        theory = exact()
        values = [sample[name] for sample in samples]
        interval = t_interval(values, CONFIDENCE)
        error = interval.mean / theory - 1
        covers = abs(interval.mean - theory) <= interval.half_width <= WIDEST * theory
        holds = covers or abs(error) <= NEGLIGIBLE
        found = f"{_shown(interval.mean, unit)} ± {_shown(interval.half_width, unit)} ({error:+.2%})"
        reason = f"the {CONFIDENCE:.0%} interval misses the closed form, or is wider than ± {WIDEST:.0%} of it"
        return Answer(_shown(theory, unit), found, holds, None, values, reason)

    return answer


def _shown(value: float, unit: str) -> str:
    return f"{value * 100:.2f} %" if unit == "share" else f"{value:.2f} s"


# Queues in front of the engine's pools.


def _queue(
    streams: Streams, customers: int, load: float, servers: int, patience_s: float = inf, places: int = 10**9
) -> tuple[Floats, Floats, Floats]:
    """Poisson arrivals at a pool with exponential services; patience too is exponential where it is finite.

    Returns, for all arrivals after the warm-up, time in the queue, and flags: found no place, lost patience.
    """
    engine = Engine(simpy.Environment())
    pool = Pool(engine, servers)
    draws = exponential(streams.uniforms("closed form", np.arange(customers), 3))
    at_s = np.cumsum(draws[:, 0] / (load * _RATE)).tolist()
    service_s = (draws[:, 1] * SERVICE_S).tolist()
    patient_s = (draws[:, 2] * patience_s).tolist() if patience_s < inf else [inf] * customers
    wait, full, left = np.zeros(customers), np.zeros(customers), np.zeros(customers)

    def visit(number: int) -> Generator[Any, Any, None]:
        if pool.in_use + pool.queue_length >= places:
            full[number] = 1
            return
        served = yield (pool, patient_s[number])
        wait[number] = engine.now - at_s[number]
        if not served:
            left[number] = 1
            return
        yield service_s[number]
        pool.release()

    engine.pump((when, partial(visit, number)) for number, when in enumerate(at_s))
    engine.env.run()
    after = int(_WARM_UP * customers)
    return wait[after:], full[after:], left[after:]


def _mmc(seed: int) -> Sample:
    wait, _, _ = _queue(Streams(SEED, seed), 60_000, _MMC[0], _MMC[1])
    return {"wait_s": float(wait.mean()), "waits": float((wait > 0).mean())}


def _mmck(seed: int) -> Sample:
    wait, full, _ = _queue(Streams(SEED, seed), 20_000, _MMCK[0], _MMCK[1], places=_PLACES)
    return {"wait_s": float(wait[full == 0].mean()), "full": float(full.mean())}


def _erlang_a(seed: int) -> Sample:
    wait, _, left = _queue(Streams(SEED, seed), 20_000, _MMCM[0], _MMCM[1], _PATIENCE_S)
    return {"wait_s": float(wait.mean()), "left": float(left.mean())}


_MMC: Final = (3.2, 4)
_MMCK: Final = (3.6, 3)
_PLACES: Final = 8
_MMCM: Final = (3.3, 3)
_PATIENCE_S: Final = 240.0
"""(load in erlangs, servers) of each queue; mean patience of the third: four services."""


# The store's own tills.


@cache
def _one_till() -> Loaded:
    return hall(1, ["tills.lines=pooled"])


@cache
def exponential_hall(tills: int, *sets: str) -> Loaded:
    """Tills with services from `exponential_tills`: the regression passes on its z as the logarithm of the seconds."""
    return hall(tills, [*sets, *_OWN_SERVICE])


_OWN_SERVICE: Final = ("tills.staffed_log_mean=0", "tills.staffed_log_per_log_item=0", "tills.staffed_log_sigma=1")
_TILL_LOAD: Final = 0.7
_LINE_LOAD: Final = 0.6


def _moments(loaded: Loaded) -> tuple[float, float]:
    """Mean and squared coefficient of variation of the time a shopper keeps a till: scanning and the break after.

    Scanning is log-normal given the items, the break is Gamma; both as published (Antczak and Weron, see [tills]).
    """
    rules = loaded.scenario.tills
    shares = np.array(loaded.scenario.baskets.item_shares)
    shares /= shares.sum()
    mu = rules.staffed_log_mean + rules.staffed_log_per_log_item * np.log(np.arange(1, len(shares) + 1))
    first = float(shares @ np.exp(mu + rules.staffed_log_sigma**2 / 2))
    second = float(shares @ np.exp(2 * mu + 2 * rules.staffed_log_sigma**2))
    break_s = rules.staffed_break_shape * rules.staffed_break_scale_s
    variance = second - first**2 + break_s * rules.staffed_break_scale_s
    return first + break_s, variance / (first + break_s) ** 2


def _pollaczek_khinchine() -> float:
    mean_s, scv = _moments(_one_till())
    return mg1.mean_wait_s(_TILL_LOAD / mean_s, mean_s, scv)


def _regression(seed: int) -> Sample:
    """One till, Poisson arrivals, baskets as in the till data, services by the published regression."""
    loaded, streams, n = _one_till(), Streams(SEED, seed), 20_000
    draws = streams.uniforms("closed form", np.arange(n), 4)
    rules = loaded.scenario.tills
    shoppers = Shoppers(
        at_s=np.cumsum(exponential(draws[:, 0])) * _moments(loaded)[0] / _TILL_LOAD,
        items=1 + choose(draws[:, 1], loaded.scenario.baskets.item_shares),
        scanning_z=ndtri(draws[:, 2]),
        ready_s=np.asarray(rules.staffed_break_scale_s * gammaincinv(rules.staffed_break_shape, draws[:, 3]), float),
    )
    return {"wait_s": _mean_after_warm_up(waits_s(loaded, streams, shoppers))}


def _random_lines(seed: int) -> Sample:
    """Five tills with a line each, joined at random: each is an M/M/1 of a fifth of the arrivals."""
    lines = exponential_hall(5, "tills.lines=separate", "tills.line_choice=random")
    return {"wait_s": exponential_tills(lines, seed, 5 * _LINE_LOAD)}


def exponential_tills(loaded: Loaded, seed: int, load: float) -> float:
    """Mean wait at the tills of `exponential_hall`: Poisson arrivals, exponential services, `load` erlangs."""
    streams, n = Streams(SEED, seed), 20_000
    draws = exponential(streams.uniforms("closed form", np.arange(n), 2))
    shoppers = Shoppers(
        at_s=np.cumsum(draws[:, 0]) * SERVICE_S / load,
        items=np.ones(n, dtype=np.int64),
        scanning_z=np.log(draws[:, 1] * SERVICE_S),
        ready_s=np.zeros(n),
    )
    return _mean_after_warm_up(waits_s(loaded, streams, shoppers))


def _mean_after_warm_up(wait_s: Floats) -> float:
    return float(np.nanmean(wait_s[int(_WARM_UP * len(wait_s)) :]))


def _rates(queue: tuple[float, int]) -> tuple[float, float, int]:
    return queue[0] * _RATE, _RATE, queue[1]


CLOSED_FORMS: Final[tuple[Trial, ...]] = (
    Trial(
        "closed form",
        _mmc,
        (
            Question(
                "CF-01a",
                "Mean wait at 4 servers, 3.2 erlangs (M/M/c)",
                "Erlang C",
                agrees("wait_s", lambda: mmc.mean_wait_s(*_rates(_MMC)), "s"),
            ),
            Question(
                "CF-01b",
                "... share of those who wait at all",
                "Erlang C",
                agrees("waits", lambda: mmc.erlang_c(_MMC[1], _MMC[0]), "share"),
            ),
        ),
        SEEDS,
    ),
    Trial(
        "closed form",
        _mmck,
        (
            Question(
                "CF-02a",
                "Share who find no place, 3 servers, 8 places, 3.6 erlangs (M/M/c/K)",
                "Gross et al. 2008",
                agrees("full", lambda: mmck.balk_probability(*_rates(_MMCK), _PLACES), "share"),
            ),
            Question(
                "CF-02b",
                "... mean wait of the others",
                "Gross et al. 2008",
                agrees("wait_s", lambda: mmck.mean_wait_s(*_rates(_MMCK), _PLACES), "s"),
            ),
        ),
        SEEDS,
    ),
    Trial(
        "closed form",
        _regression,
        (
            Question(
                "CF-03",
                "Mean wait at one till of a store, services by the published regression, load 0.7 (M/G/1)",
                "Pollaczek-Khinchine; POS",
                agrees("wait_s", _pollaczek_khinchine, "s"),
            ),
        ),
        SEEDS,
    ),
    Trial(
        "closed form",
        _erlang_a,
        (
            Question(
                "CF-04a",
                "Share who lose patience, 3 servers, 3.3 erlangs, mean patience 4 services (M/M/c+M)",
                "Erlang A",
                agrees(
                    "left",
                    lambda: erlang_a.abandon_probability(_MMCM[0] * _RATE, _RATE, 1 / _PATIENCE_S, _MMCM[1]),
                    "share",
                ),
            ),
            Question(
                "CF-04b",
                "... mean time in the queue of all",
                "Erlang A",
                agrees(
                    "wait_s",
                    lambda: erlang_a.mean_wait_s(_MMCM[0] * _RATE, _RATE, 1 / _PATIENCE_S, _MMCM[1]),
                    "s",
                ),
            ),
        ),
        SEEDS,
    ),
    Trial(
        "closed form",
        _random_lines,
        (
            Question(
                "CF-05",
                "Mean wait in a store with 5 lines joined at random, load 0.6 (5 times M/M/1)",
                "Erlang C, one server",
                agrees("wait_s", lambda: mmc.mean_wait_s(_LINE_LOAD * _RATE, _RATE, 1), "s"),
            ),
        ),
        SEEDS,
    ),
    *COUNTS_OF_NEEDS,
)
