"""Work started from a page: it runs our own command line, outlives the page, waits for its turn, can be stopped."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dashboard import jobs, launch
from dashboard.words import words
from scenarios.errors import OmoError
from scenarios.loader import load
from sim.log.run_directory import Request

PATIENCE_S = 120.0
SHOWS = {"page": "runs"}


def started(root: Path, *sets: str) -> tuple[jobs.Job, str]:
    name = Request(load("ward-omo", sets), 1, 1).name
    arguments = ["run", "ward-omo", "--seed", "1", "--reps", "1", *(part for s in sets for part in ("--set", s))]
    return jobs.start(root, [[*arguments, "--out", str(root)]], "a job", [name], SHOWS), name


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "gave up waiting"
        time.sleep(0.05)


def ended(root: Path, job: jobs.Job) -> jobs.State:
    until(lambda: jobs.state(root, job) not in jobs.UNDER_WAY)
    return jobs.state(root, job)


def commands(root: Path, *lines: Sequence[str]) -> jobs.Job:
    return jobs.start(root, lines, "several", [], SHOWS)


def test_a_job_runs_to_its_end_and_is_known_from_its_file(tmp_path: Path) -> None:
    job, name = started(tmp_path, "population.shoppers=200", "horizon.days=2")
    assert jobs.jobs(tmp_path) == [job]
    assert ended(tmp_path, job) == "done", jobs.output(tmp_path, job)
    assert (tmp_path / name / "manifest.json").is_file()
    assert jobs.progress(tmp_path, job) == (2, 2)
    assert (jobs.seconds(tmp_path, job) or 0) > 0
    (tmp_path / ".jobs" / f"{job.id}.exit").unlink()
    assert ended(tmp_path, job) == "done", "the run is there, whatever became of the process"
    jobs.dismiss(tmp_path, job)
    assert jobs.jobs(tmp_path) == []
    assert (tmp_path / name).is_dir()


def test_a_cancelled_job_keeps_what_was_finished_and_lets_the_next_one_begin(tmp_path: Path) -> None:
    job, name = started(tmp_path, "population.shoppers=3000", "horizon.days=400")
    until(lambda: (jobs.progress(tmp_path, job) or (0, 0))[0] > 0)
    waiting = commands(tmp_path, ["validate", "ward-omo"])
    behind = commands(tmp_path, ["validate", "ward-omo"])
    assert jobs.state(tmp_path, waiting) == "queued"
    jobs.cancel(tmp_path, behind)
    assert ended(tmp_path, behind) == "cancelled"
    jobs.cancel(tmp_path, job)
    assert ended(tmp_path, job) == "cancelled"
    assert json.loads((tmp_path / f"{name}.interrupted" / "manifest.json").read_text())["state"] == "interrupted"
    jobs.cancel(tmp_path, job)
    assert ended(tmp_path, waiting) == "done", jobs.output(tmp_path, waiting)


def test_a_job_that_fails_says_why_and_does_not_go_on(tmp_path: Path) -> None:
    job = commands(tmp_path, ["validate", "no-such-scenario"], ["validate", "ward-omo"])
    assert ended(tmp_path, job) == "failed"
    assert "no-such-scenario" in jobs.output(tmp_path, job)
    assert "ok  ward-omo" not in jobs.output(tmp_path, job)


def test_commands_of_a_job_run_one_after_the_other(tmp_path: Path) -> None:
    job = commands(tmp_path, ["validate", "ward-omo"], ["validate", "ward-siloed"])
    assert ended(tmp_path, job) == "done"
    said = jobs.output(tmp_path, job)
    assert 0 <= said.index("ward-omo") < said.index("ward-siloed")
    assert jobs.step(tmp_path, job) == 1
    assert job.told == ("omo validate ward-omo", "omo validate ward-siloed")


def test_a_process_number_that_went_to_somebody_else_is_no_running_job(tmp_path: Path) -> None:
    folder = tmp_path / ".jobs"
    folder.mkdir()
    entry = {"id": "1-a", "title": "old", "commands": [["run"]], "runs": ["x-1"], "shows": SHOWS, "visits": 0}
    (folder / "1-a.json").write_text(json.dumps(entry | {"pid": 1, "started": 0.0}))
    (folder / "2-b.json").write_text("{broken")
    (job,) = jobs.jobs(tmp_path)
    assert jobs.state(tmp_path, job) == "lost"


def test_a_plan_makes_the_runs_that_its_command_makes(tmp_path: Path) -> None:
    sets = ["population.shoppers=700", "horizon.days=2"]
    plan = launch.simulation(tmp_path, ["ward-siloed", "ward-omo"], sets, 3, 2, words("en"))
    assert plan.runs == tuple(Request(load(name, sets), 3, 2).name for name in ("ward-siloed", "ward-omo"))
    assert plan.visits == pytest.approx(2 * 2 * 700 / 7 * 2)
    assert plan.commands[0][:3] == ("compare", "ward-siloed", "ward-omo")
    assert plan.shows == {"page": "ledgers", "view": "two", "a": plan.runs[0], "b": plan.runs[1]}
    with pytest.raises(OmoError, match="same scenario"):
        launch.simulation(tmp_path, ["ward-omo", "ward-omo"], sets, 1, 1, words("en"))


def test_the_time_a_run_takes_is_learnt_from_the_jobs_before_it(tmp_path: Path) -> None:
    before = launch.seconds_for(tmp_path, 8000)
    folder = tmp_path / ".jobs"
    folder.mkdir()
    entry = {"id": "1-a", "title": "", "commands": [["run"]], "runs": [], "shows": SHOWS, "visits": 100.0, "pid": 0}
    (folder / "1-a.json").write_text(json.dumps(entry | {"started": 0.0}))
    for kind, at in (("step", 1000.0), ("exit", 1010.0)):
        path = folder / f"1-a.{kind}"
        path.write_text("0")
        os.utime(path, (at, at))
    assert launch.seconds_for(tmp_path, 8000) - before == pytest.approx(8000 / 10 - 8000 / launch.VISITS_PER_S)
