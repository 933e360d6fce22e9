"""One shard of the provider's day: some of its merchants, from the first arrival to the rows of the log.

A shard is a pure function of (seed, number). What contends, the tills, is a queue (`sim.bench.psp.tills`); payers of
different stores and EC shops share nothing, so everything else is arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import Any, Final

import numpy as np
from scipy.special import ndtri
from scipy.stats import poisson

from scenarios.payments import Payments
from scenarios.people import Patience
from scenarios.places import Tills, Traffic
from sim.bench.psp.merchants import (
    MERCHANTS,
    YEN_PER_ITEM,
    YEN_PER_PAYMENT,
    YEN_SIGMA,
    Ints,
    PayPoints,
    mean_scanning_s,
    pay_points,
    payers_a_day,
)
from sim.bench.psp.paying import Attempt, Bools, Tenders, tenders_of, try_to_pay
from sim.bench.psp.tills import LEFT, Serve, serve
from sim.streams import Floats, Streams

MERCHANTS_PER_SHARD: Final = 1_281
"""The whole day is 128 shards of some 155,000 payments: small enough to hold, big enough for arrays to pay."""
_MERCHANT_BITS: Final = 25
"""Payment ids are (merchant, running number): room for 33 million payments of a merchant."""
_POINT_BITS: Final = 16


@dataclass(frozen=True)
class Payers:
    """Who pays at these merchants today, in order of pay point and arrival; `start_s` is when paying or scanning
    begins, `LEFT` for those who left the queue, whose last second there is `patient_until_s`."""

    point: Ints
    payment: Ints
    arrive_s: Floats
    start_s: Floats
    patient_until_s: Floats
    scanning_s: Floats
    amount_yen: Ints


@dataclass(frozen=True)
class Shard:
    """A simulated shard; `attempts` count rows of those payers who came to pay (`paying`, rows of `payers`)."""

    points: PayPoints
    payers: Payers
    paying: Ints
    attempts: list[Attempt]
    tenders: Tenders


def shards(merchants: int) -> int:
    """Number of shards that `merchants` make."""
    return -(-merchants // MERCHANTS_PER_SHARD)


def simulate(seed: int, number: int, merchants: int = MERCHANTS, queue: Serve = serve) -> Shard:
    """Shard `number` of a provider of whose merchants only the first `merchants` are wanted; `queue` runs the tills."""
    streams, rules, tills = Streams(seed, 0), Payments(), Tills()
    tenders = tenders_of(rules)
    first = number * MERCHANTS_PER_SHARD
    ids = np.arange(first, min(first + MERCHANTS_PER_SHARD, merchants))
    break_s = tills.staffed_break_shape * tills.staffed_break_scale_s
    load_s = mean_scanning_s(tills) + tenders.mean_at_till_s() + break_s
    points = pay_points(streams, ids, payers_a_day(streams)[ids], load_s)
    point, payment, arrive_s = _arrivals(streams, points)
    draws = streams.uniforms("payer", payment, 6)
    amount_yen = _amounts_yen(draws[:, 0])
    in_store = points.store[point] >= 0
    attempts, paying_s = try_to_pay(
        rules,
        tenders,
        streams,
        payment,
        in_store,
        {"tender": draws[:, 1], "fate": draws[:, 4], "latency": draws[:, 5]},
    )
    scanning_s = np.where(in_store, _scanning_s(tills, amount_yen, draws[:, 2]), 0.0)
    patience_s = _patience_s(Patience(), draws[:, 3])
    start_s = _starts(queue, points, point, arrive_s, patience_s, scanning_s + paying_s, break_s)
    payers = Payers(point, payment, arrive_s, start_s, arrive_s + patience_s, scanning_s, amount_yen)
    served = start_s != LEFT
    return Shard(points, payers, np.flatnonzero(served), [_of(attempt, served) for attempt in attempts], tenders)


def _arrivals(streams: Streams, points: PayPoints) -> tuple[Ints, Ints, Floats]:
    """Pay point, payment id and second of every arrival: Poisson with the hourly profile of stores or of EC."""
    key = (points.merchant << _POINT_BITS) + points.store + 1
    count = np.asarray(poisson.ppf(streams.uniform("payers", key), points.payers)).astype(np.int64)
    point = np.repeat(np.arange(len(count)), count)
    before = np.cumsum(count) - count
    first_of_merchant = np.searchsorted(points.merchant, points.merchant, side="left")
    running = np.arange(len(point)) - before[first_of_merchant[point]]
    payment = (points.merchant[point] << _MERCHANT_BITS) + running
    u = streams.uniform("arrival", payment)
    traffic = Traffic()
    arrive_s = np.where(points.store[point] >= 0, _second(u, traffic.store_weekday_hours), _second(u, traffic.ec_hours))
    order = np.lexsort((arrive_s, point))
    return point[order], payment[order], arrive_s[order]


def _second(uniform: Floats, hours: Any) -> Floats:
    """Second of the day with a density that is constant inside each hour."""
    share = np.cumsum([0.0, *hours]) / sum(hours)
    busy = np.concatenate([[True], np.diff(share) > 0])  # a plateau would make the inverse ambiguous
    busy[:-1] |= busy[1:]
    return np.asarray(np.interp(uniform, share[busy], 3600.0 * np.flatnonzero(busy)))


def _amounts_yen(uniform: Floats) -> Ints:
    mean = np.log(YEN_PER_PAYMENT) - YEN_SIGMA**2 / 2
    yen: Floats = np.exp(mean + YEN_SIGMA * ndtri(uniform))
    return np.maximum(1, np.rint(yen)).astype(np.int64)


def _scanning_s(tills: Tills, amount_yen: Ints, uniform: Floats) -> Floats:
    items = amount_yen / YEN_PER_ITEM
    spread = np.exp(tills.staffed_log_sigma * ndtri(uniform))
    return np.asarray(exp(tills.staffed_log_mean) * items**tills.staffed_log_per_log_item * spread)


def _patience_s(rules: Patience, uniform: Floats) -> Floats:
    median_s = 60 * rules.irritation_median_min * rules.leaving_factor
    return np.asarray(median_s * np.exp(rules.irritation_sigma * ndtri(uniform)))


def _starts(
    queue: Serve,
    points: PayPoints,
    point: Ints,
    arrive_s: Floats,
    patience_s: Floats,
    service_s: Floats,
    break_s: float,
) -> Floats:
    """When each payer's service starts; in EC at once."""
    start_s = arrive_s.copy()
    ends = np.searchsorted(point, np.arange(len(points.tills)), side="right")
    begin = 0
    arrive, patience, service = arrive_s.tolist(), patience_s.tolist(), service_s.tolist()
    for end, tills in zip(ends.tolist(), points.tills.tolist(), strict=True):
        if tills and end > begin:
            here = slice(begin, end)
            start_s[here] = queue(tills, arrive[here], patience[here], service[here], break_s)
        begin = end
    return start_s


def _of(attempt: Attempt, served: Bools) -> Attempt:
    """The tries of those only who came to pay, with rows of `payers`."""
    keep = served[attempt.row]
    names = ("row", "tender", "sent_s", "answered_s", "outcome")
    return Attempt(**{name: getattr(attempt, name)[keep] for name in names})
