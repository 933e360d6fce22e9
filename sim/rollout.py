"""Which capability is open where and when, and how familiar staff and shoppers are with it by then.

A level is 0 where a capability is closed. Where it is open it is the familiarity in (0, 1]: 1 for what was there from
the start, and 1 - exp(-days / learning) for what a wave of the rollout has opened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp
from typing import Final

from scenarios.capabilities import Capabilities
from scenarios.schema import Scenario
from sim.log.recorder import Recorder
from sim.log.rows import LEDGER
from sim.log.schema import Account

_DAYS_A_MONTH: Final = 365 / 12
NUMBERS: Final = ("match_rate", "stock_sync_minutes")
"""Capabilities that are values, not yes or no."""
_NOTHING_TO_LEARN: Final = (*NUMBERS, "door_counter", "rfid")
"""Values and sensors: nobody has to get used to them."""

CLOSED: Final[dict[str, float]] = {name: Capabilities.model_fields[name].default for name in NUMBERS}

Levels = list[float]
"""By place: the stores in order, then EC."""


@dataclass(slots=True)
class Open:
    """The level of every capability at each place today."""

    unified_id: Levels
    match_rate: Levels
    points_shared: Levels
    store_stock_online: Levels
    ship_from_store: Levels
    click_and_collect: Levels
    return_in_store: Levels
    endless_aisle: Levels
    scan_look_up: Levels
    scan_and_pay: Levels
    pickup_counter: Levels
    store_coupons: Levels
    reminder: Levels
    shared_basket: Levels
    member_barcode: Levels
    shared_history: Levels
    same_prices: Levels
    one_psp: Levels
    one_settlement_view: Levels
    stock_sync_minutes: Levels
    contact_centre_view: Levels
    showroom: Levels
    staff_code: Levels
    visit_booking: Levels
    door_counter: Levels
    rfid: Levels
    unfamiliar: Levels = field(default_factory=list)
    """By place: how unfamiliar the least familiar open capability is, 0 (all known) to 1."""


def open_today(scenario: Scenario, day: int) -> Open:
    """The levels on `day`; after the horizon they stay as on its last day."""
    places = [*scenario.stores, "ec"]
    base = scenario.capabilities.model_dump(exclude={"mode"})
    levels = {name: [float(value)] * len(places) for name, value in base.items()}
    for wave in sorted(scenario.rollout.values(), key=lambda wave: wave.day):
        if wave.day > day:
            break
        familiarity = 1 - exp(-(day - wave.day + 1) / scenario.learning.days)
        affected = [at for at, place in enumerate(places) if not wave.stores or place in wave.stores]
        for name, value in wave.values().items():
            for at in affected:
                levels[name][at] = _level(name, float(value), levels[name][at], familiarity)
    switches = [row for name, row in levels.items() if name not in _NOTHING_TO_LEARN]
    unfamiliar = [1 - min((row[at] for row in switches if row[at]), default=1.0) for at in range(len(places))]
    return Open(**levels, unfamiliar=unfamiliar)


def _level(name: str, value: float, before: float, familiarity: float) -> float:
    if name in _NOTHING_TO_LEARN or not value:
        return value
    return max(before, familiarity)


def monthly_opex_yen(scenario: Scenario, opened: Open) -> dict[str, int]:
    """What each open capability costs a month, by capability."""
    costs = {}
    for name, cost in scenario.capability_costs.items():
        levels = getattr(opened, name)
        stores = sum(_is_open(name, level) for level in levels[:-1])
        if stores or _is_open(name, levels[-1]):
            costs[name] = cost.opex_yen_per_month + cost.opex_yen_per_store_month * stores
    return costs


def book_opex(log: Recorder, scenario: Scenario, opened: Open, at_s: float) -> None:
    """A day's share of what the open capabilities cost a month: one row each, owned by nobody's need."""
    for yen in monthly_opex_yen(scenario, opened).values():
        if yen:
            row = (int(Account.CAPABILITY_OPEX), -round(yen / _DAYS_A_MONTH), -1, -1, -1, -1, -1, -1, -1)
            log.ledger.extend(LEDGER(at_s, *row))


def first_openings(scenario: Scenario) -> dict[str, int]:
    """The day on which each capability with a cost is first open anywhere; without those that never are."""
    waves = {wave.day for wave in scenario.rollout.values() if wave.day < scenario.horizon.days}
    found: dict[str, int] = {}
    for day in sorted({0} | waves):
        opened = open_today(scenario, day)
        for name in scenario.capability_costs:
            if any(_is_open(name, level) for level in getattr(opened, name)):
                found.setdefault(name, day)
    return found


def capex_yen(scenario: Scenario) -> int:
    """What opening everything that is ever open cost: once each, also where a later wave closes it again."""
    return sum(scenario.capability_costs[name].capex_yen for name in first_openings(scenario))


def _is_open(name: str, level: float) -> bool:
    """A value is open where it is not what it is without any system: the siloed one."""
    return level != CLOSED[name] if name in NUMBERS else level > 0


assert set(Open.__slots__) == {*Capabilities.model_fields, "unfamiliar"} - {"mode"}
