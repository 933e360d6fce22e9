"""`omo best` from the request to the document that is kept: search, confirmation, states of nature."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import typer
from rich.console import Console

from scenarios.errors import UsageError
from scenarios.loader import Loaded, load
from sim.evaluation.confirmation import fresh_seed
from sim.evaluation.kept import kept, path_of
from sim.evaluation.policies.best import Plan, Standing, search, standing
from sim.evaluation.policies.document import Evidence, document, runner_up
from sim.evaluation.policies.worlds import measuring, set_aside
from sim.evaluation.worlds import Found, Launch, Stopped, Tell, teller
from sim.log.run_directory import Request, write_json
from sim.output import kept_in


@dataclass(frozen=True)
class Asked:
    """The scenario and what is to be done beside the search; `under` are other states of nature."""

    scenario: str
    seed: int | None
    sets: list[str]
    under: list[str]
    confirm: int


@dataclass(frozen=True)
class _Case:
    """What was asked, with its scenarios loaded."""

    plan: Plan
    asked: Asked
    loaded: Loaded
    states: dict[str, Loaded]
    seed: int

    @property
    def told(self) -> dict[str, Any]:
        """Everything that can change the document."""
        worlds = [
            Request(world, self.seed, self.plan.replications).hash for world in (self.loaded, *self.states.values())
        ]
        return {"plan": asdict(self.plan), "worlds": worlds, "states": list(self.states), "confirm": self.asked.confirm}


def find_best(plan: Plan, asked: Asked, launch: Launch) -> dict[str, Any]:
    """The document, from <out>/best-<hash12>.json when all of this has been found before.

    After Ctrl-C it holds what was finished and says so in `state`; exits with 130 where that is not enough for one.
    """
    case = _case(plan, asked)
    path = path_of("best", case.told, launch.out)
    if (earlier := kept(path, launch.force)) is not None:
        return earlier
    evidence, tell = Evidence({}, {}, fresh_seed(case.seed), {}), teller()
    try:
        now = _gather(case, launch, evidence, tell)
        complete = True
    except Stopped:
        plan, now = _salvaged(plan, evidence.found)
        complete = False
    result = document(plan, now, evidence, _about(case), complete)
    write_json(path, result)
    tell(kept_in(path))
    return result


def _case(plan: Plan, asked: Asked) -> _Case:
    loaded = load(asked.scenario, asked.sets)
    states = {name: load(name, asked.sets) for name in asked.under}
    if loaded.name in states:
        raise UsageError(f"--under {loaded.name}: that is the scenario itself; name another state of nature")
    return _Case(plan, asked, loaded, states, loaded.scenario.seed if asked.seed is None else asked.seed)


def _gather(case: _Case, launch: Launch, evidence: Evidence, tell: Tell) -> Standing:
    """Run everything, filling `evidence` as it comes."""
    plan, confirm = case.plan, case.asked.confirm
    now = search(plan, measuring(case.loaded, case.seed, launch), evidence.found, tell)
    if confirm:
        wanted = list(dict.fromkeys([now.best, runner_up(plan, now, evidence.found), plan.baseline]))
        tell(f"confirming {', '.join(wanted)} on {confirm} fresh replications")
        evidence.fresh.update(measuring(case.loaded, evidence.fresh_seed, launch)(wanted, confirm))
    for name, state in case.states.items():
        tell(f"the same policies under {name}")
        evidence.states[name] = measuring(state, case.seed, launch)(plan.policies, plan.first_stage)
    return now


def _salvaged(plan: Plan, found: Found) -> tuple[Plan, Standing]:
    """What an interrupted search can say: on the replications that all policies have, two at least."""
    common = min(len(found.get(policy, [])) for policy in plan.policies)
    if common < 2:
        message = "interrupted before every policy had two replications; what was finished is kept: "
        Console(stderr=True).print(f"{message}the same command goes on from there", highlight=False)
        raise typer.Exit(130)
    plan = replace(plan, replications=common) if common < plan.first_stage else plan
    return plan, standing(plan, found)


def _about(case: _Case) -> dict[str, Any]:
    return {
        "scenario": case.loaded.name,
        "title": case.loaded.scenario.title,
        "seed": case.seed,
        "days": case.loaded.scenario.horizon.days,
        "set_aside": set_aside(case.loaded),
    }
