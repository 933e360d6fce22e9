"""One run, or two runs on the same needs, as a document that the command line, the page and the report all show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scenarios.errors import UsageError
from sim.evaluation.cannibalisation import cannibalisation
from sim.evaluation.measures import BY_NAME, MEASURES
from sim.evaluation.shift import channel_shift
from sim.evaluation.statistics import Interval, paired, t_interval
from sim.log.run_directory import read_manifest, replication_path, write_json


def summaries(run: Path) -> list[dict[str, float]]:
    """The measures of each finished replication of a run."""
    finished = read_manifest(run)["replications_finished"]
    if not finished:
        raise UsageError(f"{run}: no replication is finished; run it again")
    return _of(run, finished)


def describe_run(run: Path) -> dict[str, Any]:
    """`omo.run-summary/1`: each measure with its interval over replications."""
    manifest, found = read_manifest(run), summaries(run)
    return {
        "schema": "omo.run-summary/1",
        "run": run.name,
        "title": manifest["title"],
        "state": manifest["state"],
        "seed": manifest["seed"],
        "replications": len(found),
        "days": manifest["days"],
        "measures": {
            m.name: _interval(t_interval([s[m.name] for s in found])) | {"unit": m.unit}
            for m in MEASURES
            if all(m.name in s for s in found)
        },
    }


def compare_runs(a: Path, b: Path) -> dict[str, Any]:
    """`omo.comparison/1`: B against A, measure by measure, with the channel-shift matrix and the cannibalisation.

    Both must share a seed.
    """
    manifests = [read_manifest(run) for run in (a, b)]
    if manifests[0]["seed"] != manifests[1]["seed"]:
        raise UsageError(f"{a.name} and {b.name} have different seeds; only equal seeds give the same shoppers")
    if manifests[0]["days"] != manifests[1]["days"]:
        raise UsageError(
            f"{a.name} has {manifests[0]['days']} days and {b.name} {manifests[1]['days']}: only equal horizons compare"
        )
    common = common_replications((a, b))
    folders = [[replication_path(run, replication) for replication in common] for run in (a, b)]
    return {
        "schema": "omo.comparison/1",
        "a": {"run": a.name, "title": manifests[0]["title"]},
        "b": {"run": b.name, "title": manifests[1]["title"]},
        "seed": manifests[0]["seed"],
        "replications": len(common),
        "days": manifests[0]["days"],
        "confidence": 0.95,
        "measures": compare_measures(a, b, common),
        "shift": asdict(channel_shift(*folders)),
        "cannibalisation": cannibalisation(*folders),
    }


def common_replications(runs: Sequence[Path]) -> list[int]:
    """The replications that all runs have finished; `UsageError` where there is none."""
    common = sorted(set.intersection(*(set(read_manifest(run)["replications_finished"]) for run in runs)))
    if not common:
        names = " and ".join(run.name for run in runs)
        raise UsageError(f"{names} have no finished replication in common; run the command again")
    return common


def compare_measures(a: Path, b: Path, replications: Sequence[int]) -> dict[str, Any]:
    """Every measure of `b` against `a` over the same replications: both intervals and the paired difference."""
    found_a, found_b = (_of(run, replications) for run in (a, b))
    # A run of an earlier version may lack measures.
    return {name: _paired(name, found_a, found_b) for name in BY_NAME if all(name in s for s in (*found_a, *found_b))}


def comparison(a: Path, b: Path, root: Path, force: bool = False) -> dict[str, Any]:
    """`compare_runs`, kept beside the runs: the same two runs are compared once."""
    hashes = [read_manifest(run)["inputs_hash"][:12] for run in (a, b)]
    path = root / f"compare-{hashes[0]}-{hashes[1]}.json"
    states = {read_manifest(run)["state"] for run in (a, b)}
    if path.is_file() and not force and states == {"complete"}:
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return kept
    document = compare_runs(a, b)
    if states == {"complete"}:
        write_json(path, document)
    return document


def _of(run: Path, replications: Sequence[int]) -> list[dict[str, float]]:
    paths = [replication_path(run, replication) / "summary.json" for replication in replications]
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def _paired(name: str, a: Sequence[dict[str, float]], b: Sequence[dict[str, float]]) -> dict[str, Any]:
    result = paired([s[name] for s in a], [s[name] for s in b])
    return {
        "unit": BY_NAME[name].unit,
        "a": _interval(result.a),
        "b": _interval(result.b),
        "difference": _interval(result.difference),
        "variance_reduction": _finite(result.variance_reduction),
    }


def _interval(interval: Interval) -> dict[str, float | None]:
    return {"mean": _finite(interval.mean), "half_width": _finite(interval.half_width)}


def _finite(value: float) -> float | None:
    """JSON has neither nan nor infinity: null stands for 'cannot be said'."""
    return value if value == value and abs(value) != float("inf") else None
