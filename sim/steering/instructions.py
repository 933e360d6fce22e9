"""Following the manager's instructions: they change what a store does while they hold, and nothing before or after.

An instruction is heard when its time has come: what has happened until then is the same whatever is ordered later.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any, Final

from scenarios.instructions import Instruction
from sim.calendar import DAY_S, HOUR_S
from sim.engine import At
from sim.store.store import Directions
from sim.town import Town

_ADVISES: Final = {"own_judgement": None, "always": True, "never": False}


def follow_instructions(town: Town, day: int) -> Generator[Any, Any, None]:
    """One day of all stores: at every moment at which an instruction begins or ends, tell its store what holds now."""
    today = [one for one in town.scenario.instructions.values() if one.day == day]
    for hour in sorted({hour for one in today for hour in _span(one)}):
        yield At(day * DAY_S + hour * HOUR_S)
        for store in town.stores:
            mine = [one for one in today if one.store == store.name]
            if any(hour in _span(one) for one in mine):
                in_force = [one for one in mine if _span(one)[0] <= hour < _span(one)[1]]
                store.obey(_directions(town, in_force))


def _directions(town: Town, in_force: Iterable[Instruction]) -> Directions:
    """Everything that holds in a store at once; of two opinions on advising the later entry counts."""
    to_tills = to_orders = 0
    advises: bool | None = None
    refused: set[int] = set()
    for one in in_force:
        to_tills += one.to_tills
        to_orders += one.to_orders
        advises = advises if one.advising == "own_judgement" else _ADVISES[one.advising]
        tenders = enumerate(town.tenders.all)
        refused |= {index for index, tender in tenders if tender.channel == "store" and tender.brand in one.refuse}
    return Directions(to_tills, to_orders, advises, frozenset(refused))


def _span(one: Instruction) -> tuple[float, float]:
    return one.from_hour, one.from_hour + one.hours
