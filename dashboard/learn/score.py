"""Points for an exercise: half for the prediction, half for the decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dashboard.learn.exercises import Exercise
from dashboard.learn.outcomes import CONTRIBUTION, Outcome

HALF: Final = 50


@dataclass(frozen=True)
class Score:
    """Points out of 50 each."""

    prediction: int
    decision: int

    @property
    def total(self) -> int:
        """Out of 100."""
        return self.prediction + self.decision


def score(exercise: Exercise, outcome: Outcome, world: str, predicted: float) -> Score:
    """Closeness of what was `predicted`, and how much of what could be gained the decision gained.

    Prediction: 50 less in proportion to the error, nothing from `no_points_at` on. Decision: 50 for the world with the
    highest contribution of the company, nothing for the one with the lowest, in proportion between them.
    """
    off = abs(predicted - outcome.truth) / exercise.prediction.no_points_at
    level = {name: values[CONTRIBUTION] for name, values in outcome.levels.items()}
    low, high = level[outcome.worst], level[outcome.best]
    gained = (level[world] - low) / (high - low) if high > low else 1.0
    return Score(round(HALF * max(0.0, 1 - off)), round(HALF * gained))
