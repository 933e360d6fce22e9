"""Several worlds side by side, each against the first on the same needs: the four modes, or any other set of runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from scenarios.errors import UsageError
from sim.evaluation.comparison import common_replications, compare_measures
from sim.evaluation.measures import BY_NAME, MODE_OUTCOMES
from sim.evaluation.tables_text import interval, number
from sim.log.run_directory import read_manifest


def compare_many(runs: Sequence[Path]) -> dict[str, Any]:
    """`omo.comparison-of-many/1`: every measure of each run, and its paired difference from the first run.

    All runs must share seed and horizon; replications that not all of them have are left out.
    """
    manifests = [read_manifest(run) for run in runs]
    for key in ("seed", "days"):
        values = {manifest[key] for manifest in manifests}
        if len(values) > 1:
            raise UsageError(f"the runs have different {key} ({values}): only equal ones give the same shoppers")
    common = common_replications(runs)
    return {
        "schema": "omo.comparison-of-many/1",
        "seed": manifests[0]["seed"],
        "days": manifests[0]["days"],
        "replications": len(common),
        "confidence": 0.95,
        "runs": [{"run": run.name, "title": manifest["title"]} for run, manifest in zip(runs, manifests, strict=True)],
        "against_first": [compare_measures(runs[0], run, common) for run in runs],
    }


def print_many(document: dict[str, Any], names: Sequence[str] = MODE_OUTCOMES) -> None:
    """The measures called `names`, one column a run, each with its difference from the first."""
    titles = [run["title"] for run in document["runs"]]
    table = Table("measure", *titles, title=f"{document['replications']} replications, {document['days']} days")
    for name in (name for name in names if all(name in measures for measures in document["against_first"])):
        cells = []
        for at, measures in enumerate(document["against_first"]):
            found = measures[name]
            value = number(found["b"]["mean"], found["unit"])
            cells.append(
                value if at == 0 else f"{value}  ({interval(found['difference'], found['unit'], signed=True)})"
            )
        table.add_row(BY_NAME[name].label, *cells)
    Console().print(table)
