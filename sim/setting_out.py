"""Setting out: from the needs of a day and the journeys chosen for them to errands with all their draws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from scipy.special import gammaincinv, ndtri

from scenarios.schema import Scenario
from sim.calendar import Day, time_of_day
from sim.catalogue import Catalogue
from sim.errand import Errand, merge_lines
from sim.log.schema import Journey
from sim.needs import DayNeeds, Ints, item_shares
from sim.payments.tenders import Tenders
from sim.population import Population
from sim.streams import Floats, Streams, choose

STORE_VISITS: Final = (Journey.WALK_IN, Journey.RESEARCH_THEN_STORE, Journey.COUPON_VISIT)
"""Journeys that begin with going to a store."""


def errands_of_day(
    scenario: Scenario,
    goods: Catalogue,
    streams: Streams,
    day: Day,
    needs: DayNeeds,
    journey: Ints,
    store: Ints,
    people: Population,
    tenders: Tenders,
    store_hours: Floats,
) -> Iterator[Errand]:
    """The errands of those needs that chose one of the retailer's journeys, in order of their start.

    `store_hours` has shape (n_stores, 24): each store's profile of visits, zero where it is closed.
    """
    ours = np.flatnonzero((journey != Journey.RIVAL) & (journey != Journey.NONE))
    start = _start_times(scenario, day, needs.time_draw[ours], journey[ours], store[ours], store_hours)
    order = np.argsort(start, kind="stable")
    rows, start = ours[order], start[order]
    need, who, mission = needs.need[rows], needs.shopper[rows], needs.mission[rows]
    missions = list(scenario.missions.values())
    browse_median = np.array([m.browse_median_s for m in missions])[mission]
    contact_share = np.array([m.staff_contact for m in missions])[mission]
    visit = streams.uniforms("visit", need, 8)
    till = streams.uniforms("till", need, 4)
    pay = streams.uniforms("pay", need, 12)
    late = streams.uniforms("aftermath", need, 8)
    mind = streams.uniforms("mind", need, 5)
    inspected = np.array([m.inspected for m in missions])[mission]
    phone = streams.uniform("phone", need)
    offline = (phone < _trouble(scenario)) & (journey[rows] != Journey.EC_ORDER)
    member = people.card[who] | (~offline & (people.app_from_s[who] <= day.start_s))
    store_tender = tenders.first_choice("store", pay[:, 0])
    store_tender[offline] = tenders.without_phone(store_tender[offline], phone[offline] / _trouble(scenario))
    patience, tills, fulfilment = scenario.patience, scenario.tills, scenario.fulfilment
    leaving_median_s = patience.irritation_median_min * 60 * patience.leaving_factor
    attempts = np.ascontiguousarray(pay[:, 4:10])
    attempts[:, 1::2] = ndtri(attempts[:, 1::2])
    columns = [
        start.tolist(),
        need.tolist(),
        who.tolist(),
        mission.tolist(),
        needs.items[rows].tolist(),
        needs.weight_kg[rows].tolist(),
        journey[rows].tolist(),
        store[rows].tolist(),
        _lines(needs.sku[rows], needs.quantity[rows]),
        people.digital_affinity[who].tolist(),
        people.smartphone[who].tolist(),
        (browse_median * np.exp(0.5 * ndtri(visit[:, 0]))).tolist(),
        (leaving_median_s * np.exp(patience.irritation_sigma * ndtri(visit[:, 1]))).tolist(),
        (visit[:, 2] < contact_share).tolist(),
        *(visit[:, column].tolist() for column in range(3, 8)),
        ndtri(till[:, 0]).tolist(),
        (tills.staffed_break_scale_s * gammaincinv(tills.staffed_break_shape, till[:, 1])).tolist(),
        ndtri(till[:, 2]).tolist(),
        ndtri(till[:, 3]).tolist(),
        store_tender.tolist(),
        tenders.first_choice("online", pay[:, 0]).tolist(),
        (pay[:, 1] < scenario.payments.has_cash).tolist(),
        pay[:, 2].tolist(),
        attempts.tolist(),
        late[:, 0].tolist(),
        late[:, 1].tolist(),
        ndtri(late[:, 2]).tolist(),
        late[:, 3].tolist(),
        (fulfilment.collect_spread * ndtri(late[:, 4])).tolist(),
        late[:, 5].tolist(),
        (fulfilment.hand_over_sigma * ndtri(late[:, 6])).tolist(),
        late[:, 7].tolist(),
        _add_ons(scenario, goods, streams, need, journey[rows]),
        needs.touch[rows].tolist(),
        needs.reviews[rows].tolist(),
        inspected.tolist(),
        *(mind[:, column].tolist() for column in range(5)),
        member.tolist(),
        offline.tolist(),
    ]
    return map(Errand, *columns)


def _trouble(scenario: Scenario) -> float:
    """Share of visits in which the phone is of no use, for either cause."""
    phones = scenario.phones
    return 1 - (1 - phones.no_coverage) * (1 - phones.empty_battery)


def _start_times(scenario: Scenario, day: Day, draw: Floats, journey: Ints, store: Ints, store_hours: Floats) -> Floats:
    """When each errand starts: in the store's hours for a visit, in the EC's for an order, by the same draw."""
    start = day.start_s + time_of_day(draw, np.asarray(scenario.traffic.ec_hours))
    for index, hours in enumerate(store_hours):
        rows = np.isin(journey, STORE_VISITS) & (store == index)
        start[rows] = day.start_s + time_of_day(draw[rows], hours)
    return start


def _add_ons(
    scenario: Scenario, goods: Catalogue, streams: Streams, need: Ints, journey: Ints
) -> list[tuple[tuple[int, int], ...]]:
    """What collectors buy besides: one line of a random mission, a fraction of a store basket in size."""
    rules = scenario.fulfilment
    found: list[tuple[tuple[int, int], ...]] = [()] * len(need)
    collectors = np.flatnonzero(journey == Journey.CLICK_AND_COLLECT)
    draws = streams.uniforms("add-on", need[collectors], 4)
    missions = list(scenario.missions.values())
    mission = choose(draws[:, 1], [m.share for m in missions])
    tempted = draws[:, 0] < rules.add_on
    for code, table in enumerate(missions):
        rows = np.flatnonzero(tempted & (mission == code))
        items = 1 + choose(draws[rows, 2], item_shares(scenario, table))
        quantity = np.maximum(1, np.rint(rules.add_on_basket * items)).astype(np.int64)
        sku = choose(draws[rows, 3], goods.demand_shares(table))
        for row, *line in zip(collectors[rows].tolist(), sku.tolist(), quantity.tolist(), strict=True):
            found[row] = ((line[0], line[1]),)
    return found


def _lines(sku: Ints, quantity: Ints) -> list[tuple[tuple[int, int], ...]]:
    """Lines of each need, one per SKU."""
    used = (sku >= 0).sum(axis=1).tolist()
    by_column = [zip(s.tolist(), q.tolist(), strict=True) for s, q in zip(sku.T, quantity.T, strict=True)]
    lines = [row[:n] for row, n in zip(zip(*by_column, strict=True), used, strict=True)]
    in_order = np.sort(sku, axis=1)
    repeats = ((in_order[:, 1:] == in_order[:, :-1]) & (in_order[:, 1:] >= 0)).any(axis=1)
    for row in np.flatnonzero(repeats).tolist():
        lines[row] = tuple(merge_lines(list(lines[row])))
    return lines
