"""Questions that cost worlds, as jobs: which command answers them, and how much it simulates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from dashboard.launch import Plan, visits_of
from dashboard.words import Words
from scenarios.loader import Loaded, load
from sim.evaluation.congruence.congruence import silent
from sim.evaluation.exploring.parameters import numbers_of, varied
from sim.evaluation.exploring.sweep import axis
from sim.evaluation.policies.best import FIRST_STAGE
from sim.evaluation.policies.worlds import pure
from sim.log.run_directory import Request

BASELINE: Final = "siloed_pl"
CREDIT: Final = ("--set", "evaluation.policy=siloed_pl", "--set", "evaluation.commission_percent=0")
"""What makes the stores' credit matter: a bonus on their own P/L and nothing beside it."""
NEWEST: Final = "newest"
"""In a URL instead of a document's name: the one that was written last."""


def best_policy(root: Path, scenario: str, policies: Sequence[str], days: int, replications: int, say: Words) -> Plan:
    """`omo best`, without the confirmation on fresh seeds where there are few replications."""
    loaded, length = _loaded(scenario, days)
    confirm = replications // 2 if replications >= FIRST_STAGE else 0
    names = list(dict.fromkeys([*policies, BASELINE]))
    seed = loaded.scenario.seed
    runs = [Request(pure(loaded, name), seed, min(FIRST_STAGE, replications)).name for name in names]
    command = ("best", scenario, "--policies", ",".join(names), "--reps", str(replications), "--confirm", str(confirm))
    worlds = len(names) * replications + min(3, len(names)) * confirm
    return _plan(root, "best", (*command, *length), runs, loaded, worlds, say)


def credit_curve(root: Path, scenario: str, steps: int, days: int, replications: int, say: Words) -> Plan:
    """`omo sweep credit=0:1`: the stores' share in sales that the app and EC make with them."""
    loaded, length = _loaded(scenario, days)
    command = ("sweep", scenario, f"credit=0:1:{steps}", "--reps", str(replications), *CREDIT)
    credit = axis(f"credit=0:1:{steps}", loaded)
    sets = [*CREDIT[1::2], length[1]]
    worlds = [
        varied(scenario, sets, credit.parameter.assignments(value, numbers_of(loaded))) for value in credit.values
    ]
    runs = [Request(world, loaded.scenario.seed, replications).name for world in worlds]
    return _plan(root, "sweep", (*command, *length), runs, loaded, steps * replications, say)


def stakes(root: Path, scenario: str, policies: Sequence[str], days: int, replications: int, say: Words) -> Plan:
    """`omo congruence`: each policy as it is, and with silent staff."""
    loaded, length = _loaded(scenario, days)
    command = ("congruence", scenario, "--policies", ",".join(policies), "--reps", str(replications))
    pairs = [(world, silent(world)) for world in (pure(loaded, name) for name in policies)]
    runs = [Request(world, loaded.scenario.seed, replications).name for pair in pairs for world in pair]
    return _plan(root, "congruence", (*command, *length), runs, loaded, 2 * len(policies) * replications, say)


def _loaded(scenario: str, days: int) -> tuple[Loaded, tuple[str, str]]:
    change = f"horizon.days={days}"
    return load(scenario, [change]), ("--set", change)


def _plan(
    root: Path, kind: str, command: tuple[str, ...], runs: Sequence[str], loaded: Loaded, worlds: int, say: Words
) -> Plan:
    title = f"{say(f'policies.job_{kind}')}: {say.title(loaded.scenario.title)}"
    shows = {"page": "policies", kind: NEWEST}
    return Plan(title, ((*command, "--out", str(root)),), tuple(runs), shows, visits_of(loaded.scenario) * worlds)
