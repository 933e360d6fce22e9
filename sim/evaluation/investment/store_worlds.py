"""The worlds that tell what converting one store brings: all but this one, this one alone, a lighter set here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scenarios.capabilities import MODES, Capabilities, Wave
from scenarios.errors import UsageError, hint
from scenarios.loader import Loaded
from scenarios.schema import Scenario
from sim.evaluation.investment.orders import Values, capabilities_of, values_of

EC = "ec"
World = tuple[str, str]
"""What a world is for (`all`, `none`, `ec_alone`, `all_but`, `alone`, or a lighter set), and its store or nothing."""


@dataclass(frozen=True)
class Conversions:
    """The converted scenario and what a place has that is left out. `newly`: converted on day 0, with learning."""

    loaded: Loaded
    base: Capabilities
    newly: bool


def conversions(loaded: Loaded, base: str, newly: bool) -> Conversions:
    """What `omo stores SCENARIO --base BASE` is about; UsageError where the scenario opens nothing beyond the base."""
    found = Conversions(loaded, capabilities_of(base), newly)
    before = values_of(found.base)
    opened = [_target(loaded.scenario), *(wave.values() for wave in loaded.scenario.rollout.values())]
    if all(before[name] == value for values in opened for name, value in values.items()):
        raise UsageError(f"{loaded.name}: its stores can do what those of --base {base} can; try ward-omo")
    if newly and loaded.scenario.rollout:
        raise UsageError(f"--newly-opened: {loaded.name} has a [rollout] of its own, in which people learn anyway")
    return found


def light_set(name: str, converted: Conversions) -> Values:
    """What a store has that is given the set `name`: a mode, or the base and the named capabilities."""
    if name in MODES:
        return values_of(Capabilities.model_validate({"mode": name}))
    before, full = values_of(converted.base), _target(converted.loaded.scenario)
    for part in (part.strip() for part in name.split("+")):
        if part not in before:
            raise UsageError(f"--light {name}: no mode or capability {part!r}{hint(part, [*MODES, *before])}")
        before[part] = full[part] if full[part] != before[part] else MODES["omo"].get(part, True)
    return before


def worlds(converted: Conversions, lights: Mapping[str, Values]) -> dict[World, Loaded]:
    """All worlds that have to be run: 3 and for each store 2 and one per lighter set."""
    stores = list(converted.loaded.scenario.stores)
    everywhere = {*stores, EC}
    found: dict[World, Loaded] = {
        ("none", ""): _world(converted, set(), "nothing converted"),
        ("ec_alone", ""): _world(converted, {EC}, "EC alone"),
        ("all", ""): _world(converted, everywhere, "all converted"),
    }
    for store in stores:
        found["all_but", store] = _world(converted, everywhere - {store}, f"all but {store}")
        found["alone", store] = _world(converted, {EC, store}, f"{store} and EC alone")
        for name, values in lights.items():
            found[name, store] = _world(converted, everywhere - {store}, f"{store} with {name}", {store: values})
    return found


def _world(converted: Conversions, places: set[str], title: str, instead: Mapping[str, Values] | None = None) -> Loaded:
    """The scenario with `places` converted, others as in the base but for what they are given `instead`."""
    scenario = converted.loaded.scenario
    rest = [place for place in (*scenario.stores, EC) if place not in places]
    if not rest and not converted.newly:
        return converted.loaded
    given = {place: (instead or {}).get(place, values_of(converted.base)) for place in rest}
    kept = {f"left_{place}": Wave(day=0, stores=[place], set=values) for place, values in given.items()}
    update: dict[str, Any] = {"rollout": kept | _own_waves(scenario, places), "title": f"{scenario.title}: {title}"}
    if converted.newly:
        full = Wave(day=0, stores=sorted(places), set=_target(scenario))
        update |= {"capabilities": converted.base, "rollout": kept | ({"converted": full} if places else {})}
    return Loaded(f"{converted.loaded.name}_stores", scenario.model_copy(update=update), converted.loaded.origins)


def _own_waves(scenario: Scenario, places: set[str]) -> dict[str, Wave]:
    """The scenario's waves, where they reach any of `places` and there only."""
    everywhere = [*scenario.stores, EC]
    reached = {
        key: [place for place in wave.stores or everywhere if place in places] for key, wave in scenario.rollout.items()
    }
    return {
        key: wave.model_copy(update={"stores": reached[key]}) for key, wave in scenario.rollout.items() if reached[key]
    }


def _target(scenario: Scenario) -> Values:
    return values_of(scenario.capabilities)
