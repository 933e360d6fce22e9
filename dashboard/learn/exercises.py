"""The guided exercises: what can be decided, what is to be predicted, and the worlds that know what comes of it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final, Literal

from scenarios.loader import load
from sim.log.run_directory import Request

PredictedUnit = Literal["thousand_yen", "percent", "count"]
SEED: Final = 1
_HERE: Final = Path(__file__).parent
_BETWEEN: Final = "+"


@dataclass(frozen=True)
class Prediction:
    """A number that the trainee says beforehand: `measure` in the world `of`, less what it is in `against`.

    `against` is empty where the level itself is asked for. `low`, `high`, `step` and `no_points_at` are in `unit`.
    """

    measure: str
    of: str
    against: str
    unit: PredictedUnit
    low: int
    high: int
    step: int
    no_points_at: float


@dataclass(frozen=True)
class Exercise:
    """One exercise. `decisions` holds, by decision and option, the keys of the scenario that the option sets."""

    id: str
    world: str
    replications: int
    minutes: int
    measures: tuple[str, ...]
    decisions: Mapping[str, Mapping[str, tuple[str, ...]]]
    prediction: Prediction

    @property
    def worlds(self) -> list[str]:
        """Every combination of options as `option+option`; the first is how things stand."""
        return [_BETWEEN.join(options) for options in product(*self.decisions.values())]

    def options_of(self, world: str) -> dict[str, str]:
        """The option of each decision in a world."""
        return dict(zip(self.decisions, world.split(_BETWEEN), strict=True))

    def scenario(self, world: str) -> str:
        """What `omo run` is given for a world."""
        chosen = self.options_of(world).items()
        sets = [part for decision, option in chosen for part in self.decisions[decision][option]]
        return _BETWEEN.join([str(world_file(self.world)), *sets])

    def run_name(self, world: str) -> str:
        """The run directory of a world."""
        return Request(load(self.scenario(world)), SEED, self.replications).name


def world_file(name: str) -> Path:
    """The scenario of an exercise before anything has been decided."""
    return _HERE / "worlds" / f"{name}.toml"


def command(exercise: Exercise, root: Path) -> tuple[str, ...]:
    """What makes all worlds of an exercise, behind `omo`; those that are there already are not run again."""
    scenarios = [exercise.scenario(world) for world in exercise.worlds]
    return ("compare", *scenarios, "--seed", str(SEED), "--reps", str(exercise.replications), "--out", str(root))


@cache
def exercises() -> dict[str, Exercise]:
    """All exercises, in the order in which they are offered."""
    tables = tomllib.loads((_HERE / "exercises.toml").read_text(encoding="utf-8"))
    return {name: _exercise(name, table) for name, table in tables.items()}


def _exercise(name: str, table: dict[str, Any]) -> Exercise:
    decisions = {
        decision: {option: tuple(sets) for option, sets in options.items()}
        for decision, options in table.pop("decisions").items()
    }
    as_things_stand = _BETWEEN.join(next(iter(options)) for options in decisions.values())
    prediction = Prediction(**{"against": as_things_stand, **table.pop("prediction")})
    return Exercise(name, **{**table, "measures": tuple(table["measures"])}, decisions=decisions, prediction=prediction)
