"""What must hold between keys of a scenario, checked on plain tables.

It works on tables that may be wrong in other respects, so that these problems are reported in one go with those of
single keys. Whatever has not the expected type is passed over here: the schema reports it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scenarios.capabilities import Capabilities
from scenarios.errors import hint
from scenarios.instructions import instruction_problems
from scenarios.payment_checks import payment_problems
from scenarios.touchpoints import touchpoint_problems

Problem = tuple[str, str]
"""A dotted key and what is wrong with it."""

HOUR_PROFILES = ("store_weekday_hours", "store_holiday_hours", "ec_hours")


def cross_problems(values: Mapping[str, Any]) -> list[Problem]:
    """Problems between the keys of a scenario given as nested tables, defaults filled in."""
    return [
        *_missions(values),
        *_profiles(values),
        *_stores(values),
        *payment_problems(values),
        *_rollout(values),
        *touchpoint_problems(values),
        *instruction_problems(values),
    ]


def _missions(values: Mapping[str, Any]) -> Iterator[Problem]:
    missions, categories = _tables(values, "missions"), _table(values, "categories")
    if missions and not any(_numbers([mission.get("share")]) for mission in missions.values()):
        yield f"missions.{next(iter(missions))}.share", "the shares of all missions are zero"
    for name, mission in missions.items():
        if _all_zero(mission.get("items")):
            yield f"missions.{name}.items", "all shares are zero"
        for category in _table(mission, "categories"):
            if category not in categories:
                yield (
                    f"missions.{name}.categories",
                    f"no category {category} in [categories]{hint(category, categories)}",
                )
    tagged = _table(values, "rfid").get("categories")
    for category in tagged if isinstance(tagged, list) else []:
        if isinstance(category, str) and category not in categories:
            yield "rfid.categories", f"no category {category}{hint(category, list(categories))}"
    if _all_zero(_table(values, "baskets").get("item_shares")):
        yield "baskets.item_shares", "all shares are zero"
    bands = _tables(_table(values, "population"), "age_bands")
    if bands and not any(_numbers([band.get("share")]) for band in bands.values()):
        yield f"population.age_bands.{next(iter(bands))}.share", "the shares of all age bands are zero"


def _profiles(values: Mapping[str, Any]) -> Iterator[Problem]:
    traffic = _table(values, "traffic")
    for key in HOUR_PROFILES:
        if _all_zero(traffic.get(key)):
            yield f"traffic.{key}", "all hours are zero"


def _stores(values: Mapping[str, Any]) -> Iterator[Problem]:
    traffic = _table(values, "traffic")
    busy = {
        hour
        for key in ("store_weekday_hours", "store_holiday_hours")
        for hour, visits in enumerate(_numbers(traffic.get(key), keep_zeros=True))
        if visits > 0
    }
    for name, store in _tables(values, "stores").items():
        tills = _numbers(store.get("staffed_tills"), keep_zeros=True)
        if len(tills) != 24:
            continue
        staffed = [hour for hour, count in enumerate(tills) if count > 0]
        if not staffed:
            yield f"stores.{name}.staffed_tills", "no hour has an open till, so the store never opens"
            continue
        unstaffed = [hour for hour in range(staffed[0], staffed[-1]) if tills[hour] == 0 and hour in busy]
        if unstaffed:
            hours = ", ".join(f"{hour}:00" for hour in unstaffed)
            yield (
                f"stores.{name}.staffed_tills",
                f"no open till at {hours}, when [traffic] brings shoppers and the store is open "
                f"({staffed[0]}:00-{staffed[-1] + 1}:00)",
            )


def _rollout(values: Mapping[str, Any]) -> Iterator[Problem]:
    stores = _table(values, "stores")
    known = [name for name in Capabilities.model_fields if name != "mode"]
    for name, wave in _tables(values, "rollout").items():
        for store in wave.get("stores", []):
            if isinstance(store, str) and store not in {*stores, "ec"}:
                yield f"rollout.{name}.stores", f"no store {store}{hint(store, [*stores, 'ec'])}"
        for capability in _table(wave, "set"):
            if capability not in known:
                yield f"rollout.{name}.set.{capability}", f"no such capability{hint(capability, known)}"
    for capability in _table(values, "capability_costs"):
        if capability not in known:
            yield f"capability_costs.{capability}", f"no such capability{hint(capability, known)}"


def _table(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = values.get(key)
    return found if isinstance(found, Mapping) else {}


def _tables(values: Mapping[str, Any], key: str) -> dict[str, Mapping[str, Any]]:
    return {name: table for name, table in _table(values, key).items() if isinstance(table, Mapping)}


def _numbers(values: Any, keep_zeros: bool = False) -> list[float]:
    if not isinstance(values, list):
        return []
    return [value for value in values if isinstance(value, (int, float)) and (keep_zeros or value)]


def _all_zero(values: Any) -> bool:
    return isinstance(values, list) and bool(values) and not any(values)
