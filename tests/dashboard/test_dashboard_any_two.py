"""Two runs that cannot be paired: Welch's interval from its formula, sums per day, and the keys that differ."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean, variance

import pytest
from scipy.stats import t as student

from dashboard.any_two import SUMS, changes, compared, unpaired
from dashboard.run_list import RunEntry, entries, entry, newest_pair
from sim.evaluation.comparison import compare_runs
from sim.evaluation.measures import BY_NAME


def made(root: Path, name: str, seed: int, days: int, contribution: list[float], wait_s: float = 30.0) -> RunEntry:
    folder = root / name
    for number, value in enumerate(contribution):
        (folder / f"rep-{number:03d}").mkdir(parents=True)
        found = {"contribution_yen": value, "till_wait_s": wait_s}
        (folder / f"rep-{number:03d}" / "summary.json").write_text(json.dumps(found))
    manifest = {"state": "complete", "title": name, "days": days, "seed": seed, "replications": len(contribution)}
    manifest |= {"replications_finished": list(range(len(contribution))), "created": "", "note": "", "inputs_hash": ""}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return entry(folder)


def test_a_run_is_first_compared_with_one_of_another_scenario(tmp_path: Path) -> None:
    worlds = {
        "launch-2": ("launch", "12"),
        "launch-1": ("launch", "11"),
        "omo": ("omo", "10"),
        "siloed": ("siloed", "09"),
    }
    for name, (scenario, hour) in worlds.items():
        made(tmp_path, name, 1, 7, [1.0])
        (tmp_path / name / "scenario.toml").write_text(f'title = "{scenario}"')
        path = tmp_path / name / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"created": f"2026-11-22T{hour}:00:00Z"}))
    runs = entries(tmp_path)
    assert [run.name for run in runs] == list(worlds)
    assert newest_pair(runs) == (2, 0)
    assert newest_pair(runs[:2]) == (1, 0)
    assert newest_pair(runs[:1]) is None


def test_other_seeds_give_welch_s_interval(tmp_path: Path) -> None:
    one, other = [10.0, 14.0, 12.0], [30.0, 22.0, 25.0, 31.0]
    a, b = made(tmp_path, "a", 1, 7, one), made(tmp_path, "b", 2, 7, other)
    document = compared(a, b)
    parts = variance(one) / 3, variance(other) / 4
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / 2 + parts[1] ** 2 / 3)
    difference = document["measures"]["contribution_yen"]["difference"]
    assert document["reasons"] == ["seeds"]
    assert difference["mean"] == pytest.approx(mean(other) - mean(one))
    assert difference["half_width"] == pytest.approx(student.ppf(0.975, freedom) * sum(parts) ** 0.5)
    assert document["measures"]["till_wait_s"]["difference"] == {"mean": 0.0, "half_width": 0.0}


def test_other_lengths_are_compared_per_day_where_a_measure_is_a_sum(tmp_path: Path) -> None:
    a, b = made(tmp_path, "a", 1, 7, [70.0, 84.0]), made(tmp_path, "b", 1, 14, [140.0, 168.0], wait_s=40.0)
    document = compared(a, b)
    assert document["reasons"] == ["days"]
    assert document["per_day"]
    assert document["measures"]["contribution_yen"]["difference"]["mean"] == pytest.approx(0.0)
    assert document["measures"]["till_wait_s"]["difference"]["mean"] == pytest.approx(10.0)


def test_one_replication_gives_no_interval(tmp_path: Path) -> None:
    document = compared(made(tmp_path, "a", 1, 7, [1.0]), made(tmp_path, "b", 2, 7, [3.0, 5.0]))
    assert document["measures"]["contribution_yen"]["difference"] == {"mean": 3.0, "half_width": None}


def test_the_same_shoppers_are_paired_as_on_the_command_line(pair: tuple[Path, Path]) -> None:
    a, b = (entry(run) for run in pair)
    assert unpaired(a, b) == []
    assert compared(a, b)["measures"] == compare_runs(*pair)["measures"]


def test_the_keys_that_differ_are_those_of_the_scenarios(pair: tuple[Path, Path]) -> None:
    found = {change.key: (change.a, change.b) for change in changes(*pair)}
    assert found["capabilities.mode"] == ("siloed", "omo")
    assert not found.keys() & {"title", "description", "population.shoppers"}
    assert changes(pair[0], pair[0]) == []


def test_sums_are_measures() -> None:
    assert BY_NAME.keys() >= SUMS
