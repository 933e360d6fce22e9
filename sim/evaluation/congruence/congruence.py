"""Goal congruence: on which share of the value that staff's acts made or lost did their own pay point the same way?

Every need at which staff advised or deflected is replayed with silent staff. The difference in the company's
contribution is the value of the act; the difference in the person's own pay is compared with it by sign, weighted by
the yen of the value. What pay does not move at all is a share of its own, so that the three shares sum to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
from rich.console import Console
from rich.table import Table

from scenarios.errors import UsageError
from scenarios.loader import Loaded
from scenarios.schema import Scenario
from sim.evaluation.congruence.own_bonus import Acts, Floats, acts
from sim.evaluation.ratios import share_of_means
from sim.evaluation.statistics import t_interval
from sim.evaluation.tables import opened
from sim.evaluation.tables_text import number, ratio
from sim.log.run_directory import read_manifest, replication_path

_NEVER: Final = -60.0
"""A utility at which a logit has a probability below 1e-20."""
_NOTHING_YEN: Final = 1e-6
ALIGNMENTS: Final = ("agree", "against", "no_stake")


def silent(loaded: Loaded) -> Loaded:
    """The same scenario with staff who neither advise nor deflect, and put no code on what they did not advise."""
    quiet = {"intercept": _NEVER, "deflect": _NEVER, "code_gaming": 0.0, "join_gaming": 0.0}
    staff = loaded.scenario.staff.model_copy(update=quiet)
    title = f"{loaded.scenario.title}, silent staff"
    scenario = loaded.scenario.model_copy(update={"staff": staff, "title": title})
    return Loaded(f"{loaded.name}_silent", scenario, loaded.origins)


def aligned(company_yen: Floats, own_yen: Floats) -> dict[str, float]:
    """Yen of value (absolute) on which own pay and company agree in sign, disagree, and on which pay is not moved."""
    value, sign = np.abs(company_yen), np.sign(company_yen) * np.where(np.abs(own_yen) < _NOTHING_YEN, 0.0, own_yen)
    return {
        "agree": float(value[sign > 0].sum()),
        "against": float(value[sign < 0].sum()),
        "no_stake": float(value[sign == 0].sum()),
    }


def policy_row(name: str, scenario: Scenario, run: Path, silent_run: Path) -> dict[str, Any]:
    """One policy of `omo.congruence/1`, from its run and its silent twin."""
    finished = [read_manifest(path)["replications_finished"] for path in (run, silent_run)]
    if finished[0] != finished[1] or not finished[0]:
        raise UsageError(f"{run.name} and {silent_run.name} do not have the same replications; run both again")
    found = []
    with duckdb.connect() as db:
        for replication in finished[0]:
            folders = [replication_path(path, replication) for path in (run, silent_run)]
            with opened(folders[0], "p_", db), opened(folders[1], "q_", db):
                found.append(acts(db, scenario))
    actions = sorted({action for replication in found for action in replication.action.tolist()})
    by_action = {action: [_only(replication, action) for replication in found] for action in actions}
    return {
        "policy": name,
        "run": run.name,
        "silent_run": silent_run.name,
        **described(found),
        "actions": {action: described(some) for action, some in by_action.items()},
    }


def described(found: Sequence[Acts]) -> dict[str, Any]:
    """Sums of each replication, and the shares as ratios of means with Fieller's interval."""
    sums = {"acts": [float(len(replication.action)) for replication in found]}
    for name in ("company_yen", "paid_yen", "promised_yen"):
        sums[name] = [float(getattr(replication, name).sum()) for replication in found]
    value = [float(np.abs(replication.company_yen).sum()) for replication in found]
    document: dict[str, Any] = {name: _mean(numbers) for name, numbers in sums.items()} | {"value_yen": _mean(value)}
    for basis in ("paid", "promised"):
        parts = [aligned(replication.company_yen, getattr(replication, f"{basis}_yen")) for replication in found]
        document[basis] = {name: asdict(share_of_means([p[name] for p in parts], value)) for name in ALIGNMENTS}
    return document


def document(rows: Sequence[Mapping[str, Any]], scenario: str, runs: Sequence[Path]) -> dict[str, Any]:
    """`omo.congruence/1`: one row per policy."""
    manifest = read_manifest(runs[0])
    return {
        "schema": "omo.congruence/1",
        "scenario": scenario,
        "seed": manifest["seed"],
        "days": manifest["days"],
        "replications": len(manifest["replications_finished"]),
        "confidence": 0.95,
        "interval": "Fieller",
        "policies": list(rows),
    }


def print_document(found: dict[str, Any]) -> None:
    """Policies by congruence, the best first; then each policy's acts."""
    console = Console()
    title = f"Goal congruence on {found['scenario']}: {found['replications']} replications, {found['days']} days"
    columns = ("acts", "worth to the company", "own pay", "agree, as paid", "against", "no stake", "agree, as promised")
    table = Table("policy", *columns, title=title)
    rows = sorted(found["policies"], key=lambda row: -(row["paid"]["agree"]["value"] or 0.0))
    for row in rows:
        table.add_row(row["policy"], *_cells(row))
    console.print(table)
    detail = Table("policy", "act", *columns, title="By act")
    for row in rows:
        for action, of_action in row["actions"].items():
            detail.add_row(row["policy"], action, *_cells(of_action))
    console.print(detail)


def _cells(row: Mapping[str, Any]) -> list[str]:
    shares = [number(row["paid"][name]["value"], "share") for name in ("against", "no_stake")]
    pay = f"{row['paid_yen']['mean']:+,.0f}"
    worth = number(row["company_yen"]["mean"], "yen", signed=True)
    agree = [ratio(row[basis]["agree"]) for basis in ("paid", "promised")]
    return [f"{row['acts']['mean']:,.0f}", worth, pay, agree[0], *shares, agree[1]]


def _only(found: Acts, action: str) -> Acts:
    rows = found.action == action
    return Acts(found.action[rows], found.company_yen[rows], found.paid_yen[rows], found.promised_yen[rows])


def _mean(numbers: Sequence[float]) -> dict[str, Any]:
    interval = t_interval(numbers)
    half_width = interval.half_width if interval.half_width == interval.half_width else None
    return {"mean": interval.mean, "half_width": half_width, "per_replication": list(numbers)}
