"""Every rule on the same paths, and the document of a user's own file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sim.evaluation.attribution.markov import Removal, chain_of, markov_credit, removal_effects, shares
from sim.evaluation.attribution.paths_file import PathsFile, TouchPath
from sim.evaluation.attribution.rate_game import EXACT_CHANNELS, shapley_rate_credit
from sim.evaluation.attribution.rules import (
    Credit,
    Weigh,
    channels_of,
    credited,
    first,
    last,
    last_but,
    linear,
    position,
    time_decay,
    unique_linear,
)

LABELS: Final = {
    "last": "last touch",
    "last_but_visit": "last but the visit",
    "first": "first touch",
    "linear": "linear",
    "position": "position 40/20/40",
    "time_decay": "time decay",
    "markov": "Markov",
    "shapley_count": "Shapley, counts",
    "shapley_rate": "Shapley, rates",
}
"""Rules in the order in which they are shown."""

HALF_LIFE_HOURS: Final = 168.0
"""Half-life of time decay, a week: the usual default of web analytics."""
_BY_PATH: Final[dict[str, Weigh]] = {
    "last": last,
    "first": first,
    "linear": linear,
    "position": position,
    "shapley_count": unique_linear,
}


@dataclass(frozen=True)
class Attribution:
    """What each rule gives to each channel, the Markov chain's removal effects, and why a rule is missing."""

    credits: dict[str, dict[str, Credit]]
    removal: Removal
    states: int
    notes: list[str]


def attribute(
    paths: Sequence[TouchPath],
    order: int = 1,
    half_life_hours: float = HALF_LIFE_HOURS,
    visits: frozenset[str] = frozenset(),
) -> Attribution:
    """Every rule that the paths allow: time decay needs times, the rate game paths that did not convert.

    `visits` are the touches in which sales are made, where that is known: last touch is also computed without them.
    """
    found = {name: credited(paths, weigh) for name, weigh in _BY_PATH.items()}
    if visits:
        found["last_but_visit"] = credited(paths, last_but(visits))
    notes = []
    if all(path.hours_before is not None for path in paths if path.conversions):
        found["time_decay"] = credited(paths, time_decay(half_life_hours))
    else:
        notes.append("time decay: left out, the paths have no times (column times)")
    chain = chain_of(paths, order)
    removal = removal_effects(chain)
    found["markov"] = markov_credit(paths, removal)
    if any(path.nulls for path in paths):
        found["shapley_rate"] = shapley_rate_credit(paths)
        if len(channels_of(paths)) > EXACT_CHANNELS:
            notes.append(f"Shapley, rates: more than {EXACT_CHANNELS} channels, estimated over 1,000 random orders")
    else:
        notes.append("Shapley, rates: left out, every path converts (column total_null), so all rates are 1")
        notes.append("Markov: every path converts, so only the order of touches can tell channels apart")
    return Attribution({name: found[name] for name in LABELS if name in found}, removal, len(chain.states), notes)


def file_document(path: Path, file: PathsFile, order: int, half_life_hours: float) -> dict[str, Any]:
    """`omo.attribution/1`: every rule on a user's own file."""
    result = attribute(file.paths, order, half_life_hours)
    conversions = sum(row.conversions for row in file.paths)
    nulls = sum(row.nulls for row in file.paths)
    return {
        "schema": "omo.attribution/1",
        "file": path.name,
        "rows": len(file.paths),
        "conversions": conversions,
        "value": sum(row.value for row in file.paths) if file.has_value else None,
        "nulls": nulls if file.has_nulls else None,
        "conversion_rate": conversions / (conversions + nulls) if file.has_nulls else None,
        "channels": channels_of(file.paths),
        "half_life_hours": half_life_hours if "time_decay" in result.credits else None,
        "rules": {name: _credit_document(credits, file.has_value) for name, credits in result.credits.items()},
        "markov": {
            "order": order,
            "states": result.states,
            "conversion_probability": result.removal.conversion_probability,
            "removal_effects": result.removal.conversions,
            "global_shares": shares(result.removal.conversions),
        },
        "notes": result.notes,
    }


def _credit_document(credits: dict[str, Credit], has_value: bool) -> dict[str, Any]:
    total = sum(credit.conversions for credit in credits.values())
    return {
        channel: {
            "conversions": credit.conversions,
            "share": credit.conversions / total if total else 0.0,
            "value": credit.value if has_value else None,
        }
        for channel, credit in credits.items()
    }
