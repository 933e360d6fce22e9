"""All checks that are not published findings, in the order of the table."""

from __future__ import annotations

from typing import Final

from sim.verify.closed_forms import CLOSED_FORMS
from sim.verify.laws_of_runs import LAWS_OF_RUNS
from sim.verify.reason import REASON
from sim.verify.trials import Trial

CHECKS: Final[tuple[Trial, ...]] = (*CLOSED_FORMS, *LAWS_OF_RUNS, *REASON)
