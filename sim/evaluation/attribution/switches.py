"""Touches that a company can do without, and the same scenario with some of them switched off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from scenarios.errors import UsageError
from scenarios.loader import Loaded
from scenarios.schema import Scenario
from sim.evaluation.shapley import Coalition
from sim.rollout import open_today

NEVER: Final = -50.0
"""A utility at which nobody does it: odds of exp(-50)."""


@dataclass(frozen=True)
class Switch:
    """How a touch is taken out of the world: a capability that is closed for good, or a key set to `NEVER`."""

    label: str
    capability: str = ""
    key: str = ""

    @property
    def how(self) -> str:
        """The setting, as it would be written in a scenario."""
        return f"capabilities.{self.capability} = false" if self.capability else f"{self.key} = {NEVER:g}"


SWITCHES: Final = {
    "staff_advice": Switch("staff advice", key="staff.intercept"),
    "reminder": Switch("reminder", capability="reminder"),
    "push_coupon": Switch("push coupon", capability="store_coupons"),
    "scan_look_up": Switch("scan look-up", capability="scan_look_up"),
    "research_online": Switch("research at home", key="choice.research_then_store"),
}
"""The touches of the company's view that can be switched off."""


def switchable(scenario: Scenario) -> list[str]:
    """The touches that the scenario has and could do without."""
    days = {0, *(wave.day for wave in scenario.rollout.values() if wave.day < scenario.horizon.days)}
    opened = [open_today(scenario, day) for day in sorted(days)]
    return [
        touch
        for touch, switch in SWITCHES.items()
        if (any(any(getattr(day, switch.capability)) for day in opened) if switch.capability else _on(scenario, switch))
    ]


def chosen(scenario: Scenario, wanted: Sequence[str]) -> list[str]:
    """The touches in `wanted`, or all that can be switched off; raises `UsageError` for one that cannot."""
    there = switchable(scenario)
    for touch in wanted:
        if touch not in there:
            raise UsageError(
                f"--touch {touch}: the scenario has no such touch to switch off; it has {', '.join(there)}"
            )
    return [touch for touch in there if not wanted or touch in wanted]


def world_with(loaded: Loaded, touches: Sequence[str], kept: Coalition) -> Loaded:
    """The scenario without those of `touches` that are not in `kept`; the scenario itself where all are kept."""
    off = [touch for touch in touches if touch not in kept]
    if not off:
        return loaded
    values = loaded.scenario.model_dump(exclude_none=True)
    for touch in off:
        _switch_off(values, SWITCHES[touch])
    values["title"] = f"{loaded.scenario.title}, without {', '.join(off)}"
    return replace(loaded, name=f"{loaded.name}-attribution", scenario=Scenario.model_validate(values))


def _switch_off(values: dict[str, Any], switch: Switch) -> None:
    if switch.capability:
        values["capabilities"][switch.capability] = False
        for wave in values["rollout"].values():
            wave["set"][switch.capability] = False
        return
    table, key = switch.key.split(".")
    values[table][key] = NEVER


def _on(scenario: Scenario, switch: Switch) -> bool:
    table, key = switch.key.split(".")
    return float(getattr(getattr(scenario, table), key)) > NEVER


def labels(touches: Iterable[str]) -> dict[str, str]:
    """What each touch is called; those that no switch takes away by their names."""
    return {touch: SWITCHES[touch].label if touch in SWITCHES else touch.replace("_", " ") for touch in touches}
