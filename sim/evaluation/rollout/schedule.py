"""Which store a scenario's rollout converts when, and the same scenario without it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import UsageError
from scenarios.loader import Loaded
from scenarios.schema import Scenario
from sim.log.schema import ONLINE

DAYS_A_WEEK: Final = 7
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Step:
    """One wave at one place: from `day` on, `changed` capabilities have another value than before."""

    store: str
    wave: str
    day: int
    changed: dict[str, float]


def steps(scenario: Scenario) -> list[Step]:
    """What each wave changes at each place, EC last, in order of day; waves that change nothing there are left out."""
    base = scenario.capabilities.model_dump(exclude={"mode"})
    found: list[Step] = []
    now = {place: {key: float(value) for key, value in base.items()} for place in (*scenario.stores, ONLINE)}
    for name, wave in sorted(scenario.rollout.items(), key=lambda item: item[1].day):
        values = {key: float(value) for key, value in wave.values().items()}
        for place, levels in now.items():
            if wave.stores and place not in wave.stores:
                continue
            changed = {key: value for key, value in values.items() if levels[key] != value}
            levels.update(changed)
            if changed and wave.day < scenario.horizon.days:
                found.append(Step(place, name, wave.day, changed))
    return found


def weeks_of(scenario: Scenario) -> int:
    """Whole weeks of the horizon, counted from its first day."""
    return scenario.horizon.days // DAYS_A_WEEK


def first_weeks(scenario: Scenario) -> Ints:
    """The week in which each store is first changed, in order of the stores; the number of weeks for never."""
    weeks = weeks_of(scenario)
    first: dict[str, int] = {}
    for step in steps(scenario):
        first.setdefault(step.store, step.day // DAYS_A_WEEK)
    return np.array([min(first.get(store, weeks), weeks) for store in scenario.stores])


def start_weeks(scenario: Scenario) -> Ints:
    """`first_weeks`; raises `UsageError` where the calendar leaves an analyst nothing to compare."""
    weeks, start = weeks_of(scenario), first_weeks(scenario)
    early = [store for store, week in zip(scenario.stores, start, strict=True) if week == 0]
    if early and weeks:
        raise UsageError(
            f"[rollout]: {', '.join(early)} changed in the first week, so nothing is known of before; let the waves "
            f"that open stores begin on day {DAYS_A_WEEK} or later"
        )
    if len(set(start.tolist())) < 2:
        when = "no store is ever changed" if start[0] == weeks else "all stores are changed in the same week"
        raise UsageError(
            f"[rollout]: {when} in {weeks} whole weeks, so there is nothing to compare; give waves different days and "
            "`stores`, as ward-rollout does"
        )
    return start


def without_waves(loaded: Loaded) -> Loaded:
    """The scenario without the waves that bear on stores; those of EC alone stay, as every store is sold to online."""
    kept = {name: wave for name, wave in loaded.scenario.rollout.items() if wave.stores == [ONLINE]}
    scenario = loaded.scenario.model_copy(
        update={"rollout": kept, "title": f"{loaded.scenario.title} (without the waves)"}
    )
    return replace(loaded, name=f"without-waves-{loaded.name}", scenario=scenario)


def calendar(scenario: Scenario) -> list[dict[str, Any]]:
    """Per store: its first week (null for never), and each wave with its day and how many capabilities it opens."""
    weeks, found = weeks_of(scenario), steps(scenario)
    return [
        {
            "store": store,
            "x_km": table.x_km,
            "y_km": table.y_km,
            "first_week": None if week >= weeks else int(week),
            "waves": [
                {"wave": step.wave, "day": step.day, "changes": sorted(step.changed)}
                for step in found
                if step.store == store
            ],
        }
        for (store, table), week in zip(scenario.stores.items(), start_weeks(scenario), strict=True)
    ]
