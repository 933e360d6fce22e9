"""Touches that a company can do without, and the same scenario with some of them switched off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from scenarios.errors import UsageError
from scenarios.loader import Loaded
from scenarios.schema import Scenario
from sim.evaluation.shapley import Coalition
from sim.rollout import open_today

NEVER: Final = -50.0
"""A utility at which nobody does it: odds of exp(-50)."""
MOST: Final = 5
"""Touches that are judged at once: their 32 worlds are many enough."""


@dataclass(frozen=True)
class Switch:
    """How a touch is taken out of the world: a key, and the value at which there is none of it.

    The key of a capability is `capabilities.NAME`; it is closed in all waves of the rollout too.
    """

    label: str
    key: str
    off: float | bool

    @property
    def capability(self) -> str:
        """The capability that it closes, if it is one."""
        table, _, name = self.key.partition(".")
        return name if table == "capabilities" else ""


_OF_EVERY_TOWN: Final = {
    "staff_advice": Switch("staff advice", "staff.intercept", NEVER),
    "reminder": Switch("reminder", "capabilities.reminder", False),
    "push_coupon": Switch("push coupon", "capabilities.store_coupons", False),
    "scan_look_up": Switch("scan look-up", "capabilities.scan_look_up", False),
    "research_online": Switch("research at home", "choice.research_then_store", NEVER),
}


def switches(scenario: Scenario) -> dict[str, Switch]:
    """The touches that the scenario has and could do without, by their names in the company's view."""
    days = {0, *(wave.day for wave in scenario.rollout.values() if wave.day < scenario.horizon.days)}
    opened = [open_today(scenario, day) for day in sorted(days)]
    values = scenario.model_dump()
    contacts = {name: Switch(name, f"touchpoints.{name}.used", False) for name in scenario.touchpoints}
    return {
        touch: switch
        for touch, switch in {**contacts, **_OF_EVERY_TOWN}.items()
        if (
            any(any(getattr(day, switch.capability)) for day in opened)
            if switch.capability
            else _table(values, switch)[_last(switch)] != switch.off
        )
    }


def chosen(scenario: Scenario, wanted: Sequence[str]) -> list[str]:
    """The touches in `wanted`, else the first that can be switched off, messages before everything else; at most five.

    Raises `UsageError` for a touch that cannot be switched off, and for too many.
    """
    there = list(switches(scenario))
    for touch in wanted:
        if touch not in there:
            raise UsageError(
                f"--touch {touch}: the scenario has no such touch to switch off; it has {', '.join(there)}"
            )
    if len(set(wanted)) > MOST:
        raise UsageError(
            f"--touch: {len(set(wanted))} touches need {2 ** len(set(wanted))} worlds; name {MOST} at most"
        )
    return [touch for touch in there if not wanted or touch in wanted][:MOST]


def world_with(loaded: Loaded, touches: Sequence[str], kept: Coalition) -> Loaded:
    """The scenario without those of `touches` that are not in `kept`; the scenario itself where all are kept."""
    off = [touch for touch in touches if touch not in kept]
    if not off:
        return loaded
    there, values = switches(loaded.scenario), loaded.scenario.model_dump(exclude_none=True)
    for touch in off:
        _table(values, there[touch])[_last(there[touch])] = there[touch].off
        for wave in values["rollout"].values() if there[touch].capability else ():
            wave["set"][there[touch].capability] = False
    values["title"] = f"{loaded.scenario.title}, without {', '.join(off)}"
    return replace(loaded, name=f"{loaded.name}-attribution", scenario=Scenario.model_validate(values))


def _table(values: dict[str, Any], switch: Switch) -> dict[str, Any]:
    """The table of the scenario that holds the switch's key."""
    for part in switch.key.split(".")[:-1]:
        values = values[part]
    return values


def _last(switch: Switch) -> str:
    return switch.key.rpartition(".")[2]
