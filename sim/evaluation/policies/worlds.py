"""The worlds that policies are judged in: one scenario, each time with another way of paying staff."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from scenarios.errors import UsageError, hint
from scenarios.evaluation import POLICIES
from scenarios.loader import Loaded
from scenarios.schema import Scenario
from sim.evaluation.worlds import Found, Launch, measured
from sim.log.run_directory import Request

OWN: Final = "own"
"""The candidate that keeps the scenario's own [evaluation]."""

Measure = Callable[[Sequence[str], int], Found]
"""Runs policies up to a number of replications and gives the measures of all of these."""


def candidates(text: str, baseline: str) -> list[str]:
    """The policies that a comma-separated list names, in its order, with the baseline among them.

    `all` stands for every preset, `own` for the scenario's own table. Raises `UsageError` for what is none of these.
    """
    named = [name.strip() for name in text.split(",") if name.strip()]
    listed = [policy for name in [*named, baseline] for policy in (POLICIES if name == "all" else [name])]
    for name in listed:
        if name not in POLICIES and name != OWN:
            raise UsageError(f"{name}: no such policy{hint(name, [*POLICIES, OWN, 'all'])}")
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


def _titled(scenario: Scenario, policy: str) -> Scenario:
    return scenario.model_copy(update={"title": f"{scenario.title}: {policy}"})
