"""The worlds that policies are judged in: one scenario, each time with another way of paying staff."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import typer

from scenarios.errors import UsageError
from scenarios.evaluation import POLICIES
from scenarios.loader import Loaded
from scenarios.schema import Scenario
from sim.evaluation.comparison import summaries
from sim.launching import simulate
from sim.log.run_directory import Request

OWN: Final = "own"
"""The candidate that keeps the scenario's own [evaluation]."""

Summary = dict[str, float]
Found = dict[str, list[Summary]]
"""Measures of each policy, replication by replication from 0."""

Measure = Callable[[Sequence[str], int], Found]
"""Runs policies up to a number of replications and gives the measures of all of these."""


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


def candidates(text: str, baseline: str) -> list[str]:
    """The policies that a comma-separated list names, in its order, with the baseline among them.

    `all` stands for every preset, `own` for the scenario's own table. Raises `UsageError` for what is none of these.
    """
    named = [name.strip() for name in text.split(",") if name.strip()]
    listed = [policy for name in [*named, baseline] for policy in (POLICIES if name == "all" else [name])]
    for name in listed:
        if name not in POLICIES and name != OWN:
            guess = get_close_matches(name, [*POLICIES, OWN, "all"], n=1)
            hint = f"; did you mean {guess[0]}?" if guess else ""
            raise UsageError(f"{name}: no such policy{hint} (policies: {', '.join(POLICIES)}, {OWN}, all)")
    found = list(dict.fromkeys(listed))
    if len(found) < 2:
        raise UsageError(f"--policies {text}: nothing to choose from; name at least one policy beside {baseline}")
    return found


def pure(loaded: Loaded, policy: str) -> Loaded:
    """The scenario with nothing in [evaluation] but `policy` and its own booking switches.

    Keys beside a policy override what the policy sets, and whoever wrote them had one policy in mind: left in place
    they would turn every candidate into a mixture. `own` keeps the whole table.
    """
    name = f"{loaded.name}-{policy}"
    if policy == OWN:
        return Loaded(name, _titled(loaded.scenario, OWN), loaded.origins)
    values = loaded.scenario.model_dump(exclude_none=True)
    values["evaluation"] = {"policy": policy, "booking": values["evaluation"]["booking"]}
    return Loaded(name, _titled(Scenario.model_validate(values), policy), loaded.origins)


def set_aside(loaded: Loaded) -> dict[str, Any]:
    """The keys of [evaluation] that files and --set give and that `pure` leaves out."""
    table = loaded.scenario.evaluation
    given = [key.removeprefix("evaluation.") for key, origin in loaded.origins.items() if not origin.header]
    return {key: getattr(table, key) for key in given if key in type(table).model_fields and key != "booking"}


def refuse_sets(sets: Sequence[str], policies: Sequence[str]) -> None:
    """`UsageError` for a --set that would be set aside by every candidate."""
    for assignment in sets:
        key = assignment.partition("=")[0].strip()
        if key.startswith("evaluation.") and not key.startswith("evaluation.booking") and OWN not in policies:
            raise UsageError(
                f"--set {assignment}: each policy is run as it is, without other keys of [evaluation]; add {OWN} to"
                " --policies to have your own table compete with it"
            )


def measuring(loaded: Loaded, seed: int, launch: Launch) -> Measure:
    """Run policies in the world of `loaded` under `seed`. What has been run before is not run again.

    Raises `Stopped` on Ctrl-C. --force holds for the first replications asked for: later calls add to these.
    """
    forced: set[str] = set()

    def measure(policies: Sequence[str], replications: int) -> Found:
        requests = {policy: Request(pure(loaded, policy), seed, replications) for policy in policies}
        force = launch.force and not forced.issuperset(policies)
        forced.update(policies)
        return measured(requests, launch, force)

    return measure


def measured(requests: Mapping[str, Request], launch: Launch, force: bool) -> Found:
    """Run worlds and give the measures of each by its name; raises `Stopped` on Ctrl-C."""
    try:
        paths = simulate(list(requests.values()), launch.out, launch.jobs, force, launch.dask)
    except typer.Exit:
        raise Stopped(_finished(requests, launch.out)) from None
    return {name: summaries(path) for name, path in zip(requests, paths, strict=True)}


def _titled(scenario: Scenario, policy: str) -> Scenario:
    return scenario.model_copy(update={"title": f"{scenario.title}: {policy}"})


def _finished(requests: Mapping[str, Request], out: Path) -> Found:
    """What an interrupted batch has left: the replications of each policy up to the first that is missing."""
    found: Found = {}
    for policy, request in requests.items():
        for path in (out / request.name, out / f"{request.name}.interrupted"):
            if (path / "manifest.json").is_file():
                found[policy] = _unbroken(path)
                break
    return found


def _unbroken(run: Path) -> list[Summary]:
    from sim.log.run_directory import read_manifest

    finished = read_manifest(run)["replications_finished"]
    whole = [number for at, number in enumerate(finished) if number == at]
    return summaries(run)[: len(whole)] if whole else []
