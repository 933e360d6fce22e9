"""What every command that runs worlds shares: the request that its options stand for, and the progress bar."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sim.log.run_directory import Request


def request_of(scenario: str, seed: int | None, reps: int, sets: list[str] | None) -> Request:
    """The request that a command line's arguments stand for."""
    from scenarios.loader import load
    from sim.log.run_directory import Request

    loaded = load(scenario, sets or ())
    return Request(loaded, loaded.scenario.seed if seed is None else seed, reps)


def runs_of(
    named: Sequence[str],
    seed: int | None,
    reps: int,
    sets: list[str] | None,
    out: Path,
    jobs: int | None = None,
    dask: str | None = None,
    force: bool = False,
) -> list[Path]:
    """The runs of these paths, names or scenarios: finished ones as they are, scenarios simulated, all together."""
    from sim.log.run_directory import named_run

    found = {at: run for at, name in enumerate(named) if (run := named_run(name, out)) is not None}
    todo = [at for at in range(len(named)) if at not in found]
    if todo:
        requests = [request_of(named[at], seed, reps, sets) for at in todo]
        found |= dict(zip(todo, simulate(requests, out, jobs, force, dask), strict=True))
    return [found[at] for at in range(len(named))]


def with_profile(sets: list[str] | None, profile: Path | None, copies: float) -> list[str] | None:
    """`sets`, and the measured latency in `profile` as one more."""
    if profile is None:
        return sets
    from scenarios.measured_latency import assignment, core_under_load, read_profile

    return [*(sets or ()), assignment(core_under_load(read_profile(profile), copies))]


def simulate(requests: list[Request], out: Path, jobs: int | None, force: bool, dask: str | None = None) -> list[Path]:
    """Run `requests` with a progress bar on stderr; Ctrl-C says what was kept and exits with 130."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from sim.experiment import Interrupted, run

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("days", total=None)

        def watch(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        try:
            return run(requests, out, jobs, force, watch, dask)
        except Interrupted as interrupted:
            for path in interrupted.paths:
                console.print(f"interrupted; what was finished is in {path}", highlight=False)
            raise typer.Exit(130) from None
