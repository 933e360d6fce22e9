"""Worlds that one question needs, run together: how they are launched, and what was finished of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from sim.evaluation.comparison import summaries
from sim.launching import simulate
from sim.log.run_directory import Request, read_manifest

Summary = dict[str, float]
Found = dict[str, list[Summary]]
"""Measures of each world by its name, replication by replication from 0."""

OUTCOME: Final = "contribution_yen"
"""What worlds are judged by, where nothing else is asked for."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Launch:
    """How worlds are run: what the options --out, --jobs, --force and --dask say."""

    out: Path
    jobs: int | None = None
    force: bool = False
    dask: str | None = None


class Stopped(KeyboardInterrupt):
    """Ctrl-C between or during worlds; `found` is what had been finished of those asked for."""

    def __init__(self, found: Found) -> None:
        super().__init__("interrupted")
        self.found = found


def values(found: Sequence[Summary], measure: str) -> list[float]:
    """One measure, replication by replication."""
    return [summary[measure] for summary in found]


def measured(requests: Mapping[str, Request], launch: Launch, force: bool) -> Found:
    """Run worlds and give the measures of each by its name; raises `Stopped` on Ctrl-C."""
    try:
        paths = simulate(list(requests.values()), launch.out, launch.jobs, force, launch.dask)
    except typer.Exit:
        raise Stopped(_finished(requests, launch.out)) from None
    return {name: summaries(path) for name, path in zip(requests, paths, strict=True)}


def teller() -> Tell:
    """Says what is being run, on a terminal only."""
    console = Console(stderr=True)

    def tell(text: str) -> None:
        if console.is_terminal:
            console.print(text, highlight=False)

    return tell


def _finished(requests: Mapping[str, Request], out: Path) -> Found:
    """What an interrupted batch has left: the replications of each world up to the first that is missing."""
    found: Found = {}
    for name, request in requests.items():
        for path in (out / request.name, out / f"{request.name}.interrupted"):
            if (path / "manifest.json").is_file():
                found[name] = _unbroken(path)
                break
    return found


def _unbroken(run: Path) -> list[Summary]:
    finished = read_manifest(run)["replications_finished"]
    whole = [number for at, number in enumerate(finished) if number == at]
    return summaries(run)[: len(whole)] if whole else []
