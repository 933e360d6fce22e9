"""All checks that are not published findings, in the order of the table."""

from __future__ import annotations

from typing import Final

from sim.verify.closed_forms import CLOSED_FORMS
from sim.verify.laws_of_runs import LAWS_OF_RUNS
from sim.verify.reason import REASON
from sim.verify.trials import Sample, Trial

CHECKS: Final[tuple[Trial, ...]] = (*CLOSED_FORMS, *LAWS_OF_RUNS, *REASON)


def sample_of(question_id: str, seed: int) -> Sample:
    """One seed of the trial whose first question is called so."""
    return next(trial for trial in CHECKS if trial.questions[0].id == question_id).sample(seed)
