"""`omo.points/1`: the points of a run, rolled forward, and what is owed for them; beside another world's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sim.evaluation.ledgers.document import common_replications, heading, scenario_of
from sim.evaluation.ledgers.points_liability import (
    PURSES,
    Liability,
    RollForward,
    liability,
    observed_breakage,
    roll_forward,
    together,
)
from sim.evaluation.ledgers.waterfall import differences, figure
from sim.evaluation.tables import opened
from sim.log.run_directory import read_manifest, replication_path

BOTH: Final = "both"


@dataclass(frozen=True)
class _Owed:
    purses: dict[str, RollForward]
    liability: Liability
    observed: float
    """Breakage."""


def points(run: Path, against: Path | None = None, breakage: float | None = None) -> dict[str, Any]:
    """`omo.points/1` of a run. `breakage` is the share of points that is now expected to expire."""
    finished = common_replications(run, against)
    owed = _read(run, finished, breakage)
    rules = scenario_of(run).points
    document = heading("omo.points/1", run, finished) | {
        "points_shared": _shared(run),
        "breakage": {"at_issue": rules.breakage, "now": rules.breakage if breakage is None else breakage}
        | {"observed": figure([one.observed for one in owed])},
        "roll_forward": _rolled(owed),
        "liability": {name: figure(_numbers(owed, name)) for name in Liability.__dataclass_fields__},
        "against": None,
    }
    if against is not None:
        other = _read(against, finished, breakage)
        document["against"] = {
            "run": against.name,
            "title": read_manifest(against)["title"],
            "points_shared": _shared(against),
            "roll_forward": _rolled(other),
            "liability": {name: figure(_numbers(other, name)) for name in Liability.__dataclass_fields__},
            "difference": {
                name: differences(_numbers(other, name), _numbers(owed, name))
                for name in Liability.__dataclass_fields__
            },
        }
    return document


def _read(run: Path, finished: Sequence[int], breakage: float | None) -> list[_Owed]:
    rules, found = scenario_of(run).points, []
    for replication in finished:
        with opened(replication_path(run, replication)) as db:
            purses = roll_forward(db)
            both = together(purses)
            found.append(_Owed(purses, liability(db, both, rules, breakage), observed_breakage(both)))
    return found


def _shared(run: Path) -> bool:
    """Whether points can be used everywhere on the first day; waves may open them later."""
    return scenario_of(run).capabilities.points_shared


def _rolled(owed: Sequence[_Owed]) -> dict[str, Any]:
    purses = {purse: [asdict(one.purses[purse]) for one in owed] for purse in PURSES}
    purses[BOTH] = [asdict(together(one.purses)) for one in owed]
    return {
        purse: {line: figure([one[line] for one in found]) for line in RollForward.__dataclass_fields__}
        for purse, found in purses.items()
    }


def _numbers(owed: Sequence[_Owed], name: str) -> list[int]:
    return [getattr(one.liability, name) for one in owed]
