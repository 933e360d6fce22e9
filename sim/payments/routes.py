"""Which provider carries a payment: split contracts for stores and online, or one for both.

Where the capability `one_psp` is open a payment goes to the provider that carries most channels, else to the one that
carries fewest; among equals the first in the scenario. Cash goes to nobody.
"""

from __future__ import annotations

from typing import Literal

from scenarios.payments import Tender
from scenarios.schema import Scenario
from sim.rollout import open_today

Side = Literal["store", "online"]


def provider_of(scenario: Scenario, tender: Tender, one_psp: bool) -> str:
    """The provider that carries `tender`; empty for cash, and where no contract covers it."""
    if tender.brand == "cash":
        return ""
    fitting = [
        name
        for name, provider in scenario.payments.providers.items()
        if tender.channel in provider.channels and tender.brand in (provider.brands or [tender.brand])
    ]
    breadth = {name: len(set(scenario.payments.providers[name].channels)) for name in fitting}
    wanted = (max if one_psp else min)(breadth.values(), default=0)
    return next((name for name in fitting if breadth[name] == wanted), "")


def eras(scenario: Scenario) -> list[tuple[int, list[bool]]]:
    """(first day, whether `one_psp` is open at each place: the stores in order, then EC), in order of day."""
    days = sorted({0, *(wave.day for wave in scenario.rollout.values())})
    found: list[tuple[int, list[bool]]] = []
    for day in days:
        at = [level > 0 for level in open_today(scenario, day).one_psp]
        if not found or found[-1][1] != at:
            found.append((day, at))
    return found


def one_psp_on(scenario: Scenario, day: int) -> list[bool]:
    """Whether `one_psp` is open at each place on `day`."""
    return [at for first, at in eras(scenario) if first <= day][-1]


def carries_stores(scenario: Scenario, provider: str) -> bool:
    """Whether a store's till can refund through `provider`."""
    return "store" in scenario.payments.providers[provider].channels
