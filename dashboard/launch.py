"""What a page can start: which commands, what they make, how long that takes, and where the result is shown."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from dashboard import jobs
from dashboard.jobs import Job, Shows
from dashboard.words import Words
from scenarios.errors import OmoError, UsageError
from scenarios.loader import find, load, preset_names
from scenarios.schema import Scenario
from sim.log.run_directory import Request

MODES: Final = ("ward-siloed", "ward-o2o", "ward-omnichannel", "ward-omo")
VISITS_PER_S: Final = 4000.0
"""Visits simulated per second until a job has shown what this machine does: 180,000 in 45 s on two busy cores."""
_START_S: Final = 4.0
"""Before the first day: imports, and the worlds' processes."""

_LUNCH: Final = ("--day", "1", "--from", "12:10", "--to", "12:10:45", "--copies", "200")


@dataclass(frozen=True)
class Plan:
    """A job before it is started."""

    title: str
    commands: tuple[tuple[str, ...], ...]
    runs: tuple[str, ...]
    shows: Shows
    visits: float


def begin(root: Path, plan: Plan) -> Job:
    """Start a plan."""
    return jobs.start(root, plan.commands, plan.title, plan.runs, plan.shows, plan.visits)


def simulation(
    root: Path, scenarios: Sequence[str], sets: Sequence[str], seed: int, replications: int, say: Words
) -> Plan:
    """One scenario run, or several compared on the same shoppers; `OmoError` when one of them cannot be."""
    if len(set(scenarios)) < len(scenarios):
        raise UsageError(say("launch.same"))
    loaded = [load(name, sets) for name in scenarios]
    runs = tuple(Request(one, seed, replications).name for one in loaded)
    title = " → ".join(say.title(one.scenario.title) for one in loaded)
    visits = sum(visits_of(one.scenario) for one in loaded) * replications
    arguments = arguments_of(scenarios, sets, seed, replications)
    return Plan(title, ((*arguments, "--out", str(root)),), runs, _shown(runs), visits)


def arguments_of(scenarios: Sequence[str], sets: Sequence[str], seed: int, replications: int) -> tuple[str, ...]:
    """The command behind `omo`, without the folder."""
    command = "run" if len(scenarios) == 1 else "compare"
    changes = [part for text in sets for part in ("--set", text)]
    return (command, *scenarios, "--seed", str(seed), "--reps", str(replications), *changes)


def replay(root: Path, say: Words) -> Plan:
    """Launch day's lunch, 200 towns at once, replayed at our core, and its books checked."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    trace, measured = root / f"lunch-{stamp}", root / f"load-{stamp}"
    loaded = load("launch-day")
    commands = (
        ("run", "launch-day", "--seed", "1", "--reps", "1", "--out", str(root)),
        ("trace", "launch-day", *_LUNCH, "--runs", str(root), "--out", str(trace)),
        ("load", str(trace), "--out", str(measured)),
        ("audit", str(measured)),
    )
    runs = (Request(loaded, 1, 1).name,)
    return Plan(
        say("launch.replay"), commands, runs, {"page": "load", "load": measured.name}, visits_of(loaded.scenario)
    )


def scenarios_in(root: Path) -> list[str]:
    """What can be run: the presets that are whole towns, then the files saved from the scenario page."""
    presets = [name for name in preset_names() if not name.startswith(("pos-", "ward-base"))]
    return [*presets, *(str(path) for path in sorted(folder_of_scenarios(root).glob("*.toml")))]


def folder_of_scenarios(root: Path) -> Path:
    """Where the scenario page saves."""
    return root / "scenarios"


def name_of(reference: str, say: Words) -> str:
    """A scenario in a list: its title where it can be read, and what it is called."""
    title = title_of(reference)
    shown = Path(reference).stem if reference.endswith(".toml") else reference
    return f"{say.title(title)} · {shown}" if title else shown


def title_of(reference: str) -> str:
    """A scenario's own title, or nothing where it has none that can be read."""
    try:
        return str(tomllib.loads(find(reference).read_text(encoding="utf-8")).get("title", ""))
    except (OmoError, OSError, ValueError):
        return ""


def visits_of(scenario: Scenario) -> float:
    """Shopping occasions in one replication, on average."""
    population = scenario.population
    return population.shoppers * population.needs_per_week / 7 * scenario.horizon.days


def seconds_for(root: Path, visits: float) -> float:
    """How long so many visits take on this machine, by the jobs that have ended here."""
    rates = [
        job.visits / spent
        for job in jobs.jobs(root)
        if job.visits and _made(root, job) and (spent := jobs.seconds(root, job)) and jobs.state(root, job) == "done"
    ]
    return _START_S + visits / (median(rates) if rates else VISITS_PER_S)


def _made(root: Path, job: Job) -> bool:
    """Whether a job has really simulated its runs: equal inputs are not run twice."""
    manifests = [root / name / "manifest.json" for name in job.runs]
    return all(path.is_file() and path.stat().st_mtime >= job.started for path in manifests)


def _shown(runs: Sequence[str]) -> Shows:
    if len(runs) == 1:
        return {"page": "runs", "run": runs[0]}
    if len(runs) == 2:
        return {"page": "ledgers", "view": "two", "a": runs[0], "b": runs[1]}
    return {"page": "ledgers", "view": "several", "base": runs[0]}
