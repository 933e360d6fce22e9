"""Being served at a till: joining a line, waiting with patience, scanning and paying.

Service times are the published regressions of Antczak and Weron for scanning; the time to pay comes on top. Which line
is joined, who is put off, who changes lines and who is called to help has a file each beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from math import exp, log
from typing import Any

from scenarios.schema import Scenario
from sim.errand import Errand
from sim.log.rows import EVENT
from sim.log.schema import Channel, Kind, Place
from sim.loyalty.paying import pay_with_points
from sim.payments.tenders import Settlement
from sim.store.balking_and_reneging import balks, reneges_after_s
from sim.store.choosing_a_line import choose_line, expected_service_s
from sim.store.jockeying import PlaceInLine
from sim.store.lines import Line
from sim.store.recall import call_help_if_long, send_back_if_gone
from sim.store.store import INFINITE_PATIENCE, Store
from sim.town import Town

_JOIN, _JOCKEYED, _BALK, _RENEGE, _START = (
    int(kind) for kind in (Kind.QUEUE_JOIN, Kind.JOCKEYED, Kind.BALK, Kind.RENEGE, Kind.TILL_START)
)
_STORE = int(Channel.STORE)


def mean_service_s(scenario: Scenario, mean_items: float) -> dict[Place, float]:
    """Expected seconds per shopper at each kind of till."""
    tills = (Place.STAFFED_TILL, Place.SELF_CHECKOUT)
    return {place: expected_service_s(scenario.tills, place, mean_items) for place in tills}


def queue_and_pay(
    town: Town, store: Store, errand: Errand, order: int, items: int, amount_yen: int, extra_s: float = 0.0
) -> Generator[Any, Any, Settlement | None]:
    """Queue, be served and pay; `extra_s` comes on top of scanning (a member barcode, a shopper who is lost).

    None when the shopper balked or reneged, else how paying ended.
    """
    line = _line_to_join(town, store, order, self_service=_may_scan_alone(town, errand, items))
    place, pool = line.place, line.pool
    record = town.log.events
    engine = town.engine
    joined_s = engine.env._now
    who = (errand.shopper, errand.need, errand.journey, errand.store)
    what = (place, -1, items, amount_yen, order, -1, -1)
    if balks(town.stay_probability, errand, pool.queue_length):
        store.queue_hour(place, joined_s).balked += 1
        record.extend(EVENT(joined_s, *who, _BALK, *what))
        return None
    record.extend(EVENT(joined_s, *who, _JOIN, *what))
    if store.plain:
        served = yield (pool, reneges_after_s(errand))
    else:
        note_move = partial(town.note, errand, _JOCKEYED, place, items, amount_yen, order)
        line, served = yield from _wait_in(town, store, line, items, reneges_after_s(errand), note_move)
    now_s = engine.env._now
    hour = store.queue_hour(place, joined_s)  # looked up when the wait is over: midnight may lie in between
    hour.joined += 1
    if not served:
        hour.reneged += 1
        record.extend(EVENT(now_s, *who, _RENEGE, *what))
        return None
    record.extend(EVENT(now_s, *who, _START, *what))
    scanning_s, break_s = _service(town.scenario, errand, place, items)
    scanning_s += extra_s
    settlement = pay_with_points(town, errand, order, _STORE, place, amount_yen, now_s + scanning_s, in_store=True)
    service_s = scanning_s + settlement.seconds
    hour.serve(now_s - joined_s, service_s)
    yield service_s
    if store.plain:
        pool.release_after(break_s)
    else:
        _leave(town, store, line, items, break_s)
    return settlement


def fetch_at_till(town: Town, store: Store, errand: Errand, order: int, service_s: float) -> Generator[Any, Any, None]:
    """Have something handed out at a staffed till that is paid already: one more person in the line, of no items.

    Nobody balks or reneges who has paid.
    """
    line = _line_to_join(town, store, order, self_service=False)
    record, engine = town.log.events, town.engine
    joined_s = engine.now
    who = (errand.shopper, errand.need, errand.journey, errand.store)
    what = (line.place, -1, 0, 0, order, -1, -1)
    record.extend(EVENT(joined_s, *who, _JOIN, *what))
    note_move = partial(town.note, errand, _JOCKEYED, line.place, order=order)
    line, _ = yield from _wait_in(town, store, line, 0, INFINITE_PATIENCE, note_move)
    record.extend(EVENT(engine.now, *who, _START, *what))
    hour = store.queue_hour(line.place, joined_s)
    hour.joined += 1
    hour.serve(engine.now - joined_s, service_s)
    yield service_s
    _leave(town, store, line, 0, errand.staffed_break_s)


def _may_scan_alone(town: Town, errand: Errand, items: int) -> bool:
    """Self-checkouts take small baskets and no cash."""
    return items <= town.scenario.tills.self_checkout_items_max and errand.store_tender != town.tenders.cash


def _line_to_join(town: Town, store: Store, order: int, *, self_service: bool) -> Line:
    """The line that the shopper chooses; `order` keys the draw of those who choose at random."""
    own = store.own_line if self_service and store.own_line.pool.capacity > 0 else None
    return choose_line(store.open_staffed_lines(), own, store.score, partial(town.draw, "line", order))


def _wait_in(
    town: Town, store: Store, line: Line, items: int, patience_s: float, note_move: Callable[[], None]
) -> Generator[Any, Any, tuple[Line, bool]]:
    """Wait in `line`; returns the line where the wait ended, and whether it ended in being served."""
    weight = line.weight(items)
    line.load += weight
    staffed = line.place is Place.STAFFED_TILL
    if staffed:
        call_help_if_long(town, store)
    if not (staffed and store.jockeys):
        served = yield (line.pool, patience_s)
    else:
        place = PlaceInLine(line, weight, note_move)
        if line.pool.in_use:
            town.engine.call_after(0.0, store.look_around)
        served = yield (place, patience_s)
        line = place.line
        if not served:
            store.look_around()
    if not served:
        line.load -= weight
    return line, served


def _leave(town: Town, store: Store, line: Line, items: int, break_s: float) -> None:
    """The shopper goes; the till is ready for the next one after a break."""
    line.load -= line.weight(items)
    if line.place is not Place.STAFFED_TILL:
        line.pool.release_after(break_s)
        return
    if store.jockeys:
        town.engine.call_after(break_s, partial(_till_ready, store, line))
    else:
        line.pool.release_after(break_s)
    send_back_if_gone(store)


def _till_ready(store: Store, line: Line) -> None:
    line.pool.release()
    store.look_around()


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
