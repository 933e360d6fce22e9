"""`omo.rollout/1`: the analyst's estimates of a staged rollout beside the truth, by store and by catchment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from scenarios.errors import UsageError
from scenarios.schema import Scenario
from sim.evaluation.kept import path_of
from sim.evaluation.ledgers.document import common_replications, scenario_of
from sim.evaluation.rollout.judged import Design, case_of, design, figure, judge, multiplied_out, untreated_weeks
from sim.evaluation.rollout.panels import LEVELS, OUTCOMES, Panels, panels
from sim.evaluation.rollout.schedule import calendar, start_weeks, weeks_of
from sim.log.run_directory import read_manifest, replication_path

_FEW_STORES: Final = 30
"""Below about this many clusters such errors are known to mislead (Cameron, Gelbach, Miller 2008)."""


def rollout_document(run: Path, without: Path) -> dict[str, Any]:
    """`omo.rollout/1` from a run with the rollout and one without it on the same shoppers."""
    finished = common_replications(run, without)
    scenario, other, manifest = scenario_of(run), scenario_of(without), read_manifest(run)
    if list(scenario.stores) != list(other.stores):
        raise UsageError(f"{without.name} has other stores than {run.name}: only worlds with the same stores compare")
    start = start_weeks(scenario)
    made = design(start, weeks_of(scenario), manifest["seed"])
    pairs = [
        (panels(replication_path(run, r), scenario), panels(replication_path(without, r), scenario)) for r in finished
    ]
    found = {level: {outcome: _judged(made, pairs, level, outcome) for outcome in OUTCOMES} for level in LEVELS}
    return {
        "schema": "omo.rollout/1",
        "run": run.name,
        "without": without.name,
        "title": manifest["title"],
        "state": manifest["state"],
        "seed": manifest["seed"],
        "days": manifest["days"],
        "weeks": made.weeks,
        "weeks_with_untreated": untreated_weeks(made),
        "replications": len(finished),
        "confidence": 0.95,
        "calendar": calendar(scenario),
        "levels": found,
        "company": {outcome: _company(made, pairs, found, outcome) for outcome in OUTCOMES},
        "notes": _notes(scenario, made, len(finished)),
    }


def kept_path(run: Path, without: Path, out: Path) -> Path:
    """Where the document of these runs is kept in `out`."""
    return path_of("rollout", [read_manifest(path)["inputs_hash"] for path in (run, without)], out)


def _judged(made: Design, pairs: Sequence[tuple[Panels, Panels]], level: str, outcome: str) -> dict[str, Any]:
    return judge(made, [case_of(rollout, without, level, outcome) for rollout, without in pairs])


def _company(
    made: Design, pairs: Sequence[tuple[Panels, Panels]], found: dict[str, Any], outcome: str
) -> dict[str, Any]:
    """What the whole company gained in these weeks, and what each estimate comes to for all treated store-weeks."""
    gains = [float(rollout.company[outcome] - without.company[outcome]) for rollout, without in pairs]
    claims = {level: multiplied_out(made, found[level][outcome]) for level in LEVELS}
    return {"gain_yen": figure(gains), "treated_store_weeks": int(made.on.sum()), "multiplied_out_yen": claims}


def _notes(scenario: Scenario, made: Design, replications: int) -> list[str]:
    notes = []
    if len(scenario.stores) < _FEW_STORES:
        notes.append(
            f"standard errors come from resampling {len(scenario.stores)} stores, which are too few for it: the "
            "spread over replications is what they should be"
        )
    if untreated_weeks(made) < made.weeks:
        notes.append(
            f"all stores are converted in the end: from week {untreated_weeks(made)} on nobody is left to compare "
            "with, and the last stores serve as controls until then"
        )
    if replications < 10:
        notes.append(f"coverage and sign errors over {replications} replications are coarse; use --reps 20 or more")
    return notes
