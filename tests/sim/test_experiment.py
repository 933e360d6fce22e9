"""Runs: kept, not repeated, reproducible, and readable when interrupted."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest
from towns import small

from scenarios.errors import UsageError
from scenarios.loader import load
from sim.evaluation.comparison import compare_runs, comparison
from sim.evaluation.measures import MEASURES
from sim.experiment import run
from sim.log.run_directory import (
    Request,
    begin,
    code_of_replications,
    find_run,
    list_runs,
    read_manifest,
    replication_path,
    write_progress,
)
from sim.log.schema import TABLES


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    """Two small runs on the same shoppers."""
    root = tmp_path_factory.mktemp("runs")
    return root, run([Request(small(name), 1, 3) for name in ("ward-siloed", "ward-omo")], root)


def test_a_run_has_every_table_with_the_documented_columns(pair: tuple[Path, list[Path]]) -> None:
    for table, schema in TABLES.items():
        for replication in range(3):
            path = replication_path(pair[1][1], replication) / f"{table}.parquet"
            assert pq.read_schema(path).equals(schema), table


def test_equal_inputs_are_not_run_twice_and_force_gives_the_same_bytes(pair: tuple[Path, list[Path]]) -> None:
    root, (_, omo) = pair
    request = Request(small("ward-omo"), 1, 3)
    before = read_manifest(omo)
    run([request], root)
    assert read_manifest(omo)["created"] == before["created"]
    inode = (omo / "manifest.json").stat().st_ino
    run([request], root, jobs=1, force=True)
    assert (omo / "manifest.json").stat().st_ino != inode
    assert read_manifest(omo)["files"] == before["files"]


def test_more_replications_of_a_run_only_cost_those_that_are_missing(
    pair: tuple[Path, list[Path]], tmp_path: Path
) -> None:
    root = tmp_path
    omo = root / pair[1][1].name
    shutil.copytree(pair[1][1], omo)
    (five,) = run([Request(small("ward-omo"), 1, 5)], root)
    assert read_manifest(five)["replications_finished"] == [0, 1, 2, 3, 4]
    for replication in range(3):
        old, new = (replication_path(path, replication) / "ledger.parquet" for path in (omo, five))
        assert old.stat().st_ino == new.stat().st_ino
    (anew,) = run([Request(small("ward-omo"), 1, 5)], root, force=True)
    assert read_manifest(anew)["files"] == read_manifest(five)["files"]
    (two,) = run([Request(small("ward-omo"), 1, 2)], root)
    assert read_manifest(two)["files"].items() <= read_manifest(omo)["files"].items()


def test_the_shift_matrix_sums_to_the_company_difference(pair: tuple[Path, list[Path]]) -> None:
    _, (siloed, omo) = pair
    shift = compare_runs(siloed, omo)["shift"]
    cells = sum(cell["contribution_difference_yen"] for cell in shift["cells"])
    assert cells + shift["unallocated_yen"] == shift["total_yen"]
    measured = [
        json.loads((replication_path(side, r) / "summary.json").read_text())["contribution_yen"]
        for side in (omo, siloed)
        for r in range(3)
    ]
    assert shift["total_yen"] == sum(measured[:3]) - sum(measured[3:])


def test_the_two_divisions_sum_to_the_company(pair: tuple[Path, list[Path]]) -> None:
    for side in pair[1]:
        for replication in range(3):
            found = json.loads((replication_path(side, replication) / "summary.json").read_text())
            assert found["store_pl_yen"] + found["ec_pl_yen"] == found["contribution_yen"]


def test_a_scenario_against_itself_differs_by_exactly_nothing(pair: tuple[Path, list[Path]]) -> None:
    omo = pair[1][1]
    document = compare_runs(omo, omo)
    for name, measure in document["measures"].items():
        assert measure["difference"] == {"mean": 0.0, "half_width": 0.0}, name
    assert document["shift"]["total_yen"] == 0
    assert set(document["measures"]) == {measure.name for measure in MEASURES}


def test_a_comparison_is_kept_beside_the_runs(pair: tuple[Path, list[Path]]) -> None:
    root, (siloed, omo) = pair
    assert comparison(siloed, omo, root) == comparison(siloed, omo, root)
    assert len(list(root.glob("compare-*.json"))) == 1


def test_the_code_that_a_run_is_known_by_is_all_that_makes_it() -> None:
    """A replication's files must not come from the cache when code that made them has changed."""
    loaded = """
import sys, sim.experiment
print(*(m.__file__ for name, m in sys.modules.items() if name.startswith("sim.") and m.__file__), sep="\\n")"""
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    counted = {str(path) for path in code_of_replications()}
    assert {path for path in done.stdout.split() if Path(path).name != "__init__.py"} <= counted


def test_runs_are_found_by_scenario_name(pair: tuple[Path, list[Path]]) -> None:
    root, (siloed, _) = pair
    assert find_run("ward-siloed", root) == siloed
    assert len(list_runs(root)) == 2


def test_two_processes_do_not_write_the_same_run(tmp_path: Path) -> None:
    request = Request(small(), 1, 1)
    write_progress(begin(tmp_path, request), 3, 7, "running")
    with pytest.raises(UsageError, match="another process"):
        run([request], tmp_path)


def test_ctrl_c_keeps_whole_days_and_leaves_no_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "omo", "run", "ward-omo", "--reps", "2", "--out", str(tmp_path), "--jobs", "2"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        _wait_for_days(tmp_path, 6)
        family = [psutil.Process(running.pid), *psutil.Process(running.pid).children(recursive=True)]
        os.kill(running.pid, signal.SIGINT)
        _, said = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 130
    assert "interrupted" in said
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
    (kept,) = list_runs(tmp_path)
    assert read_manifest(kept)["state"] == "interrupted"
    events = pq.read_table(replication_path(kept, 0) / "events.parquet")
    assert events.num_rows > 0
    days = load("ward-omo").scenario.horizon.days
    assert events["time_s"].to_numpy().max() < days * 86_400


def _wait_for_days(root: Path, days: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for path in root.glob(".*.partial/progress.json"):
            if json.loads(path.read_text())["done"] >= days:
                return
        time.sleep(0.1)
    pytest.fail("the run did not get going within a minute")
