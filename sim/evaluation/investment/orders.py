"""In which order capabilities are opened: what an order means, and the world in which it happens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from scenarios.capabilities import MODES, Capabilities, Wave
from scenarios.errors import UsageError, hint
from scenarios.loader import Loaded, load
from scenarios.schema import Scenario
from sim.evaluation.capabilities.players import NEEDS
from sim.rollout import first_openings

REST: Final = "rest"
OWN: Final = "own"
DEFAULT: Final = {
    "everything at once": REST,
    "one customer first": "unified_id+match_rate+points_shared+member_barcode+shared_history,"
    "store_stock_online+stock_sync_minutes+click_and_collect+pickup_counter,"
    "scan_look_up+scan_and_pay+reminder+shared_basket,rest",
    "quick wins first": "store_coupons+store_stock_online+click_and_collect+pickup_counter,"
    "endless_aisle+ship_from_store+return_in_store,scan_look_up+scan_and_pay+reminder+shared_basket,rest",
    "mode by mode": "o2o,omnichannel,rest",
}
"""Orders to compare where the user names none; all end with the same capabilities."""
_KEYS: Final = tuple(name for name in Capabilities.model_fields if name != "mode")
Values = dict[str, Any]


@dataclass(frozen=True)
class Order:
    """Waves of capabilities, one after the other. `text` is what the user wrote; `name` says it in words."""

    name: str
    text: str
    waves: dict[str, Wave]
    notes: tuple[str, ...] = ()

    @property
    def last_day(self) -> int:
        """Day of the last opening."""
        return max(wave.day for wave in self.waves.values())


@dataclass(frozen=True)
class Opened:
    """An order, how its staff were prepared (`as_given`, `trained`, `untrained`), and its world."""

    order: Order
    training: str
    world: Loaded


@dataclass(frozen=True)
class Plan:
    """What all worlds of one question share: the town, what is open before, and what is to be open in the end."""

    loaded: Loaded
    base: Values
    goal: Values
    """Capabilities that are better than in the base, with the value they shall have."""


def capabilities_of(reference: str) -> Capabilities:
    """What a mode, or a scenario on its first day, can do."""
    if reference in MODES:
        return Capabilities.model_validate({"mode": reference})
    return load(reference).scenario.capabilities


def values_of(capabilities: Capabilities) -> Values:
    """Each capability with its value."""
    return capabilities.model_dump(exclude={"mode"})


def plan(loaded: Loaded, base: str) -> Plan:
    """The goal is what the scenario opens, at once or in waves; where that is nothing new, the OMO mode."""
    before, scenario = values_of(capabilities_of(base)), loaded.scenario
    wanted = values_of(scenario.capabilities)
    for wave in sorted(scenario.rollout.values(), key=lambda wave: wave.day):
        wanted |= wave.values()
    goal = _improvements(wanted, before) or _improvements(MODES["omo"], before)
    if not goal:
        raise UsageError(f"--base {base}: everything is open there; there is nothing left to open")
    return Plan(loaded, before, goal)


def orders(asked: Iterable[str], planned: Plan, every_days: int) -> list[Order]:
    """The orders that were asked for; without any, the default ones as far as they differ in this scenario."""
    texts = list(asked)
    if texts:
        return [_order(text, text, planned, every_days) for text in texts]
    found: list[Order] = []
    for name in DEFAULT:
        order = _default(name, planned, every_days)
        if all(list(order.waves.values()) != list(other.waves.values()) for other in found):
            found.append(order)
    own = [_order("the scenario's own waves", OWN, planned, every_days)] if planned.loaded.scenario.rollout else []
    return found + own


def base_world(planned: Plan, days: int) -> Loaded:
    """The scenario with nothing opened beyond the base; nobody is trained for it."""
    return _world(planned, "base", "nothing opened", days, Capabilities.model_validate(planned.base), {}, 0.0, 1.0)


def prepared(
    planned: Plan, found: Iterable[Order], days: int, training_hours: float | None, untrained_learning: float
) -> list[Opened]:
    """The world of each order; where `training_hours` are given, one with them and one without any.

    What [learning] says is taken to be about people who were trained; others take `untrained_learning` times as long.
    """
    own = planned.loaded.scenario.staff.training_hours
    ways = [("as_given", own, 1.0)]
    if training_hours is not None:
        ways = [("trained", training_hours, 1.0), ("untrained", 0.0, untrained_learning)]
    before = Capabilities.model_validate(planned.base)
    return [
        Opened(order, way, _world(planned, "opened", order.name, days, before, order.waves, hours, longer))
        for order in found
        for way, hours, longer in ways
    ]


def _world(
    planned: Plan,
    suffix: str,
    title: str,
    days: int,
    before: Capabilities,
    waves: dict[str, Wave],
    training_hours: float,
    longer: float,
) -> Loaded:
    scenario = planned.loaded.scenario
    update = {
        "capabilities": before,
        "rollout": waves,
        "horizon": scenario.horizon.model_copy(update={"days": days}),
        "staff": scenario.staff.model_copy(update={"training_hours": training_hours}),
        "learning": scenario.learning.model_copy(update={"days": scenario.learning.days * longer}),
        "title": f"{scenario.title}: {title}",
    }
    return Loaded(f"{planned.loaded.name}_{suffix}", scenario.model_copy(update=update), planned.loaded.origins)


def spending(opened: Scenario, base: Scenario, total_yen: int | None) -> dict[int, float]:
    """What is invested by day: each capability at its first opening; what the base has is paid for already.

    `total_yen` replaces the sum and keeps the shares of the days; it is spent on the first opening where no capability
    has a price.
    """
    before = first_openings(base)
    by_day: dict[int, float] = {}
    for name, day in first_openings(opened).items():
        if name not in before:
            by_day[day] = by_day.get(day, 0.0) + opened.capability_costs[name].capex_yen
    if total_yen is None:
        return by_day
    known = sum(by_day.values())
    if not known:
        return {min(wave.day for wave in opened.rollout.values()): float(total_yen)}
    return {day: total_yen * yen / known for day, yen in by_day.items()}


def _default(name: str, planned: Plan, every_days: int) -> Order:
    """A default order without what the goal does not have."""
    steps = []
    for step in DEFAULT[name].split(","):
        kept = [part for part in step.split("+") if part in planned.goal or part in MODES or part == REST]
        steps += ["+".join(kept)] if kept else []
    return _order(name, ",".join(steps), planned, every_days, within_goal=True)


def _order(name: str, text: str, planned: Plan, every_days: int, within_goal: bool = False) -> Order:
    if text.strip() == OWN:
        waves = planned.loaded.scenario.rollout
        if not waves:
            raise UsageError(f"--orders {OWN}: {planned.loaded.name} has no [rollout] of its own")
        return Order(name, OWN, dict(waves))
    now, steps, notes = dict(planned.base), [], []
    for step in (step.strip() for step in text.split(",")):
        wanted = _values(step, text, planned, now)
        opens = {key: value for key, value in wanted.items() if value != now[key]}
        if within_goal:
            opens = {key: value for key, value in opens.items() if key in planned.goal}
        elif not opens:
            raise UsageError(f"--orders {text}: {step} opens nothing that is not open by then")
        now |= opens
        steps += [(step, opens)] if opens else []
        notes += [f"{name}: {key} does nothing until {NEEDS[key]} is open" for key in opens if _waits(key, now)]
    waves = {_wave_name(at, step): Wave(day=at * every_days, set=opens) for at, (step, opens) in enumerate(steps)}
    return Order(name, text, waves, tuple(notes))


def _values(step: str, text: str, planned: Plan, now: Values) -> Values:
    """What a step sets: a mode only opens what is closed by then, nothing is taken back."""
    if not step:
        raise UsageError(f"--orders {text}: a step is empty; write capabilities with one comma between steps")
    found: Values = {}
    for part in (part.strip() for part in step.split("+")):
        if part == REST:
            found |= planned.goal
        elif part in MODES:
            found |= _improvements(MODES[part], now)
        elif part in _KEYS:
            found[part] = planned.goal.get(part, MODES["omo"].get(part, True))
        else:
            known = [*_KEYS, *MODES, REST, OWN]
            raise UsageError(f"--orders {text}: no capability, mode or {REST!r}: {part!r}{hint(part, known)}")
    return found


def _improvements(values: Values, before: Values) -> Values:
    """Those of `values` that are better than before; less is better of the age of stock alone."""
    return {
        name: value
        for name, value in values.items()
        if (value < before[name] if name == "stock_sync_minutes" else value > before[name])
    }


def _waits(name: str, now: Values) -> bool:
    return name in NEEDS and not now[NEEDS[name]]


def _wave_name(at: int, step: str) -> str:
    return f"{at + 1}_{step.replace('+', '_and_')}"
