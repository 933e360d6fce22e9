"""Numbers of a scenario that are varied: how they are written on a command line, and the worlds that they make."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from scenarios.errors import UsageError, hint
from scenarios.loader import Loaded, leaves, load

SHORTHANDS: Final[dict[str, tuple[str, ...]]] = {
    "credit": (
        "evaluation.app_sale_store_credit",
        "evaluation.code_store_credit",
        "evaluation.collect_store_credit",
    )
}
"""Names for keys that are varied together. `credit`: the stores' share in sales that the app and EC make with them."""

OPEX: Final = "opex"
"""Stands for the running costs of all capabilities that a scenario gives."""

STORE_BONUS: Final = "evaluation.store_bonus_percent"
_NOT_A_PARAMETER: Final = ("seed", "horizon.days")
"""Worlds that differ in these have no shoppers, or no days, in common."""


@dataclass(frozen=True)
class Parameter:
    """One number that stands for one or several keys, between two bounds.

    `whole`: only whole numbers make sense. `factor`: the number multiplies what each key has in the scenario.
    """

    name: str
    keys: tuple[str, ...]
    low: float
    high: float
    whole: bool = False
    factor: bool = False

    def rounded(self, value: float) -> float:
        """A value as it is written into a scenario: without the noise of binary fractions."""
        return float(round(value)) if self.whole else float(f"{value:.10g}")

    def assignments(self, value: float, base: Mapping[str, Any]) -> dict[str, float | int]:
        """Key -> number, for one value of the parameter; `base` has the scenario's own numbers."""
        found: dict[str, float | int] = {}
        for key in self.keys:
            number = float(f"{value * base[key]:.10g}") if self.factor else self.rounded(value)
            found[key] = round(number) if isinstance(base[key], int) else number
        return found


def numbers_of(loaded: Loaded) -> dict[str, Any]:
    """Every key of a scenario that is a number, or may be one, with its value."""
    found = leaves(loaded.scenario.model_dump(mode="json"))
    return {
        key: value
        for key, value in found.items()
        if key not in _NOT_A_PARAMETER and (value is None or type(value) in (int, float))
    }


def keys_of(name: str, loaded: Loaded) -> tuple[str, ...]:
    """The keys that a name stands for: `credit`, `opex`, or keys joined by `+`. `UsageError` for what is no number."""
    if name in SHORTHANDS:
        return SHORTHANDS[name]
    known = numbers_of(loaded)
    if name == OPEX:
        return running_costs(loaded)
    keys = tuple(key.strip() for key in name.split("+"))
    for key in keys:
        if key not in known:
            raise UsageError(f"{key}: {loaded.name} has no number of that name{_near(key, known)}")
    return keys


def running_costs(loaded: Loaded) -> tuple[str, ...]:
    """The keys of `opex`; `UsageError` where the scenario's capabilities cost nothing to run."""
    known = numbers_of(loaded)
    keys = tuple(k for k, yen in known.items() if k.startswith("capability_costs.") and ".opex_yen_" in k and yen)
    if not keys:
        raise UsageError(f"{OPEX}: {loaded.name} has no running costs in [capability_costs]")
    return keys


def parameter(name: str, bounds: str, loaded: Loaded) -> Parameter:
    """The parameter that `NAME=LOW:HIGH` asks for; `xLOW:xHIGH` multiplies what each key has in the scenario."""
    keys, base = keys_of(name, loaded), numbers_of(loaded)
    low, colon, high = bounds.partition(":")
    factor = low.startswith("x") and high.startswith("x")
    try:
        ends = [float(end[1:] if factor else end) for end in (low, high)]
    except ValueError:
        ends = []
    if not colon or len(ends) < 2 or not np.isfinite(ends).all() or ends[0] >= ends[1]:
        raise UsageError(f"{name}={bounds}: write two numbers, the lower first: {name}=0:1")
    if factor:
        for key in keys:
            if not base[key]:
                raise UsageError(f"{name}={bounds}: {key} is {base[key]}, and a factor of that changes nothing")
    whole = not factor and any(isinstance(base[key], int) for key in keys)
    return Parameter(name, keys, ends[0], ends[1], whole, factor)


def refuse_shared_keys(parameters: Sequence[Parameter]) -> None:
    """`UsageError` where two parameters would write the same key."""
    seen: dict[str, str] = {}
    for one in parameters:
        for key in one.keys:
            if key in seen:
                raise UsageError(f"{key} is in {seen[key]} and in {one.name}; it can follow only one of them")
            seen[key] = one.name


def refuse_idle_credit(parameters: Sequence[Parameter], loaded: Loaded) -> None:
    """`UsageError` where only store credit is varied and the stores have no bonus that it could count for."""
    keys = {key for one in parameters for key in one.keys}
    if keys <= set(SHORTHANDS["credit"]) and loaded.scenario.evaluation.store_bonus_percent == 0:
        raise UsageError(
            f"credit counts for nothing in {loaded.name}: its stores have no bonus on sales ({STORE_BONUS} = 0); add "
            "--set evaluation.policy=siloed_pl --set evaluation.commission_percent=0, or another policy with one"
        )


def varied(reference: str, sets: Sequence[str], assignments: Mapping[str, float | int]) -> Loaded:
    """A scenario with some of its numbers changed. Raises as `scenarios.loader.load` does, and `UsageError` where the
    reference itself fixes one of them."""
    loaded = load(reference, [*sets, *(f"{key}={number!r}" for key, number in assignments.items())])
    found = leaves(loaded.scenario.model_dump(mode="json"))
    for key, number in assignments.items():
        if found[key] != number:
            raise UsageError(f"{reference} fixes {key}, which is to be varied; leave it out there")
    told = ", ".join(f"{key}={number:g}" for key, number in assignments.items())
    title = f"{loaded.scenario.title} ({told})" if told else loaded.scenario.title
    return Loaded(loaded.name, loaded.scenario.model_copy(update={"title": title}), loaded.origins)


def _near(key: str, known: Mapping[str, Any]) -> str:
    """Keys with a similar name, or those of the same table, or the tables."""
    if difflib.get_close_matches(key, known, n=1):
        return hint(key, known)
    table = key.partition(".")[0] + "."
    same_table = [other for other in known if other.startswith(table)]
    return hint(key, same_table or [*SHORTHANDS, OPEX, *sorted({other.partition(".")[0] for other in known})])
