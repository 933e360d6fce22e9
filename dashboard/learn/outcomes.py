"""What the worlds of an exercise say: their measures on the same shoppers, and the truth of the prediction."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dashboard.learn.exercises import Exercise
from scenarios.errors import OmoError
from sim.evaluation.comparison import summaries
from sim.evaluation.lifetime_value.cross_channel import cross_channel_document
from sim.evaluation.statistics import Interval, paired, t_interval
from sim.log.run_directory import read_manifest

CONTRIBUTION: Final = "contribution_yen"
CAUSED: Final = "caused_spend"
"""By what share all shoppers spend more, from the same shoppers with and without the links."""

_SCALE: Final = {"thousand_yen": 1e-3, "percent": 100.0, "count": 1.0}


@dataclass(frozen=True)
class Outcome:
    """What came out: by world and measure the mean level, and the difference from how things stand."""

    levels: dict[str, dict[str, float]]
    differences: dict[str, dict[str, Interval]]
    truth: float
    """Of the prediction, in its unit."""
    naive_ratio: float | None
    """What customers of both channels spend over what store-only customers spend, where that is the question."""
    replications: int
    days: int

    @property
    def best(self) -> str:
        """The world that brings the company most."""
        return max(self.levels, key=lambda world: self.levels[world][CONTRIBUTION])

    @property
    def worst(self) -> str:
        """The world that brings the company least."""
        return min(self.levels, key=lambda world: self.levels[world][CONTRIBUTION])


def missing(exercise: Exercise, root: Path) -> list[str]:
    """Worlds that have not been run to the end yet."""
    return [world for world in exercise.worlds if not _complete(root / exercise.run_name(world))]


def outcome(exercise: Exercise, root: Path) -> Outcome:
    """Read an exercise's worlds; all of them must have been run."""
    runs = {world: root / exercise.run_name(world) for world in exercise.worlds}
    found = {world: summaries(run) for world, run in runs.items()}
    base = exercise.worlds[0]
    levels, differences = {}, {}
    for world, replications in found.items():
        values = {name: [row[name] for row in replications] for name in exercise.measures}
        levels[world] = {name: t_interval(value).mean for name, value in values.items()}
        differences[world] = {
            name: paired([row[name] for row in found[base]], value).difference for name, value in values.items()
        }
    asked = exercise.prediction
    naive = None
    if asked.measure == CAUSED:
        document = cross_channel_document(runs[asked.against], runs[asked.of])
        naive = float(document["naive"]["spend_ratio"]["mean"])
        truth = float(document["causal"]["intention_to_treat"]["spend_uplift"]["mean"])
    else:
        means = {world: t_interval([row[asked.measure] for row in rows]).mean for world, rows in found.items()}
        truth = means[asked.of] - (means[asked.against] if asked.against else 0.0)
    manifest = read_manifest(runs[base])
    return Outcome(
        levels, differences, truth * _SCALE[asked.unit], naive, int(manifest["replications"]), int(manifest["days"])
    )


def _complete(run: Path) -> bool:
    try:
        return str(read_manifest(run)["state"]) == "complete"
    except OmoError:
        return False
