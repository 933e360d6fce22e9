"""Simulations started from a page: they run our own command line, outlive the page, and can be stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from dashboard import jobs
from scenarios.loader import load
from sim.log.run_directory import Request

PATIENCE_S = 120.0


def started(root: Path, *sets: str) -> tuple[jobs.Job, str]:
    name = Request(load("ward-omo", sets), 1, 1).name
    arguments = ["run", "ward-omo", "--seed", "1", "--reps", "1", *(part for s in sets for part in ("--set", s))]
    return jobs.start(root, [*arguments, "--out", str(root)], "a job", [name]), name


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "gave up waiting"
        time.sleep(0.1)


def test_a_job_runs_to_its_end_and_is_known_from_its_file(tmp_path: Path) -> None:
    job, name = started(tmp_path, "population.shoppers=200", "horizon.days=2")
    assert jobs.jobs(tmp_path) == [job]
    until(lambda: jobs.state(tmp_path, job) not in ("running", "cancelling"))
    assert jobs.state(tmp_path, job) == "done", jobs.output(tmp_path, job)
    assert (tmp_path / name / "manifest.json").is_file()
    assert jobs.progress(tmp_path, job) == (2, 2)
    (tmp_path / ".jobs" / f"{job.id}.exit").unlink()
    assert jobs.state(tmp_path, job) == "done", "a restarted server sees that the run is there"
    jobs.dismiss(tmp_path, job)
    assert jobs.jobs(tmp_path) == []
    assert (tmp_path / name).is_dir()


def test_a_cancelled_job_keeps_what_was_finished(tmp_path: Path) -> None:
    job, name = started(tmp_path, "population.shoppers=3000", "horizon.days=400")
    until(lambda: (jobs.progress(tmp_path, job) or (0, 0))[0] > 0)
    jobs.cancel(tmp_path, job)
    until(lambda: jobs.state(tmp_path, job) not in ("running", "cancelling"))
    assert jobs.state(tmp_path, job) == "cancelled"
    assert json.loads((tmp_path / f"{name}.interrupted" / "manifest.json").read_text())["state"] == "interrupted"
    jobs.cancel(tmp_path, job)


def test_a_job_that_fails_says_why(tmp_path: Path) -> None:
    job = jobs.start(tmp_path, ["run", "no-such-scenario", "--out", str(tmp_path)], "wrong", ["x-1"])
    until(lambda: jobs.state(tmp_path, job) not in ("running", "cancelling"))
    assert jobs.state(tmp_path, job) == "failed"
    assert "no-such-scenario" in jobs.output(tmp_path, job)


def test_a_process_number_that_went_to_somebody_else_is_no_running_job(tmp_path: Path) -> None:
    folder = tmp_path / ".jobs"
    folder.mkdir()
    entry = {"id": "1-a", "title": "old", "command": ["omo"], "runs": ["x-1"], "pid": 1, "started": 0.0}
    (folder / "1-a.json").write_text(json.dumps(entry))
    (folder / "2-b.json").write_text("{broken")
    (job,) = jobs.jobs(tmp_path)
    assert jobs.state(tmp_path, job) == "lost"
