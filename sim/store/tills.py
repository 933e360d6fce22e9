"""The till queue: choosing a line, balking, waiting with patience, being served and paying.

Service times are the published regressions of Antczak and Weron for scanning; the time to pay comes on top. A person
is put off by the length of the line (Lu, Musalem, Olivares and Schilkrut 2013) and leaves it when patience runs out.
"""

from __future__ import annotations

from collections.abc import Generator
from math import exp, log
from typing import Any

from scenarios.schema import Scenario
from sim.calendar import HOUR_S
from sim.engine import Pool
from sim.errand import Errand
from sim.log.rows import EVENT
from sim.log.schema import Channel, Kind, Place
from sim.payments.tenders import Settlement, pay
from sim.store.store import QueueHour, Store
from sim.town import Town

_JOIN, _BALK, _RENEGE, _START = (int(kind) for kind in (Kind.QUEUE_JOIN, Kind.BALK, Kind.RENEGE, Kind.TILL_START))
_STORE = int(Channel.STORE)
_LONGEST_TABULATED = 500


def stay_probability(scenario: Scenario) -> list[float]:
    """Probability of joining a line of 0, 1, 2, ... people.

    Purchase incidence falls from its reference by a logit slope per person beyond the first few; the ratio to the
    reference is the share that is not put off.
    """
    rules = scenario.patience
    reference = log(rules.balk_reference / (1 - rules.balk_reference))
    beyond = (max(0, people - rules.balk_from_people) for people in range(_LONGEST_TABULATED))
    return [1 / (1 + exp(rules.balk_logit_per_person * n - reference)) / rules.balk_reference for n in beyond]


def mean_service_s(scenario: Scenario, mean_items: float) -> dict[Place, float]:
    """Expected seconds per shopper at each kind of till, break included: what an experienced shopper reckons with."""
    t = scenario.tills
    staffed = exp(t.staffed_log_mean + t.staffed_log_per_log_item * log(mean_items) + t.staffed_log_sigma**2 / 2)
    own = exp(t.self_log_mean + t.self_log_per_log_item * log(mean_items) + t.self_log_sigma**2 / 2)
    own_break = exp(t.self_break_log_mean + t.self_break_log_per_log_item * log(mean_items))
    return {
        Place.STAFFED_TILL: staffed + t.staffed_break_shape * t.staffed_break_scale_s,
        Place.SELF_CHECKOUT: own + own_break,
    }


def choose_line(town: Town, store: Store, errand: Errand, items: int) -> tuple[Place, Pool]:
    """The line with the smaller expected wait; self-checkouts take small baskets and no cash."""
    tills, own = store.tills, store.self_checkouts
    if own.capacity and items <= town.scenario.tills.self_checkout_items_max:
        cash = errand.store_tender == town.tenders.cash
        if not cash and _reckoned_wait(store, Place.SELF_CHECKOUT, own) <= _reckoned_wait(
            store, Place.STAFFED_TILL, tills
        ):
            return Place.SELF_CHECKOUT, own
    return Place.STAFFED_TILL, tills


def _reckoned_wait(store: Store, place: Place, pool: Pool) -> float:
    busy = pool.in_use + pool.queue_length - pool.capacity + 1
    return max(0, busy) * store.mean_service_s[place] / max(1, pool.capacity)


def queue_and_pay(
    town: Town, store: Store, errand: Errand, order: int, items: int, amount_yen: int
) -> Generator[Any, Any, Settlement | None]:
    """Queue, be served and pay. None when the shopper balked or reneged, else how paying ended."""
    place, pool = choose_line(town, store, errand, items)
    record = town.log.events
    engine = town.engine
    hours = store.queues[place]
    joined_s = engine.env._now
    hour = hours[int(joined_s / HOUR_S) % 24]
    who = (errand.shopper, errand.need, errand.journey, errand.store)
    what = (place, -1, items, amount_yen, order, -1, -1)
    line = pool.queue_length
    if line and errand.balk_draw > town.stay_probability[min(line, _LONGEST_TABULATED - 1)]:
        hour.balked += 1
        record.extend(EVENT(joined_s, *who, _BALK, *what))
        return None
    hour.joined += 1
    record.extend(EVENT(joined_s, *who, _JOIN, *what))
    served = yield (pool, errand.patience_s)
    now_s = engine.env._now
    if not served:
        hour.reneged += 1
        record.extend(EVENT(now_s, *who, _RENEGE, *what))
        return None
    record.extend(EVENT(now_s, *who, _START, *what))
    scanning_s, break_s = _service(town.scenario, errand, place, items)
    settlement = pay(town.tenders, town.log, errand, order, _STORE, place, amount_yen, now_s + scanning_s)
    service_s = scanning_s + settlement.seconds
    _count(hour, now_s - joined_s, service_s)
    yield service_s
    pool.release_after(break_s)
    return settlement


def _service(scenario: Scenario, errand: Errand, place: Place, items: int) -> tuple[float, float]:
    """Seconds of scanning and of the break after the shopper."""
    t = scenario.tills
    size = log(items)
    if place is Place.STAFFED_TILL:
        mean = t.staffed_log_mean + t.staffed_log_per_log_item * size
        return exp(mean + t.staffed_log_sigma * errand.staffed_z), errand.staffed_break_s
    mean = t.self_log_mean + t.self_log_per_log_item * size
    own_break = t.self_break_log_mean + t.self_break_log_per_log_item * size
    return exp(mean + t.self_log_sigma * errand.self_z), exp(own_break + t.self_break_log_sigma * errand.self_break_z)


def _count(hour: QueueHour, wait_s: float, service_s: float) -> None:
    hour.served += 1
    hour.wait_s += wait_s
    hour.longest_wait_s = max(hour.longest_wait_s, wait_s)
    hour.service_s += service_s
