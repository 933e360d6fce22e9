"""Arguments and options that several commands share, so that they read and mean the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

RUNS: Final = Path("runs")
"""Default of `Out` and `Runs`."""

Scenario = Annotated[str, typer.Argument(help="A preset (ward-omo) or a TOML file.")]
Run = Annotated[str, typer.Argument(metavar="RUN", help="A run: its path, its name, or its scenario.")]
RunOrScenario = Annotated[
    str, typer.Argument(metavar="RUN|SCENARIO", help="A finished run by path or name, or a scenario to simulate.")
]

Sets = Annotated[
    list[str] | None, typer.Option("--set", help="Override a key: --set staff.intercept=-1.5; repeatable.")
]
Seed = Annotated[int | None, typer.Option("--seed", help="Random numbers; the scenario's own when left out.")]
Reps = Annotated[int, typer.Option("--reps", min=1, help="Replications.")]
Out = Annotated[Path, typer.Option("--out", file_okay=False, help="Folder that holds the runs.")]
Runs = Annotated[Path, typer.Option("--runs", file_okay=False, help="Folder that holds the runs.")]
"""Where `--out` is something else."""
Jobs = Annotated[int | None, typer.Option("--jobs", min=1, help="Processes; all cores when left out.")]
Dask = Annotated[
    str | None,
    typer.Option(
        "--dask",
        metavar="ADDRESS",
        help="Run on the workers of this Dask scheduler (tcp://host:8786) instead of --jobs processes here. Each needs "
        "the same omotwin installed, and no shared disk: they send the files, this machine writes them.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Run again although equal inputs have been run.")]
LatencyProfile = Annotated[
    Path | None,
    typer.Option(
        "--latency-profile",
        dir_okay=False,
        help="Measured latency of the payment core, from `omo capacity`: payments take as long as they did there.",
    ),
]
LatencyCopies = Annotated[
    float, typer.Option("--latency-copies", help="Towns like this one that share that core, this one included.")
]
Day = Annotated[int, typer.Option("--day", min=0, help="Day of the run, 0 is the first.")]
BusiestDay = Annotated[int | None, typer.Option("--day", min=0, help="Day of the run; the one with most payments.")]
Rep = Annotated[int, typer.Option("--rep", min=0, help="Replication of the run.")]

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
