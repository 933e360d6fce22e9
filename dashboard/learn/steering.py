"""The steered day: what has been ordered hour by hour as a scenario, how it stands, and what came of it in the end."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dashboard.learn.exercises import SEED, world_file
from dashboard.learn.sessions import Steered
from scenarios.loader import load
from sim.calendar import HOUR_S
from sim.evaluation.tables import opened, single
from sim.log.run_directory import Request, replication_path
from sim.steering.pause import Standing, pause

STORE: Final = "mall"
OPENS: Final = 9
FIRST_PAUSE: Final = 10
CLOSES: Final = 22
POLICIES: Final = ("siloed_pl", "company_ltv")

Hour = tuple[int, int, str]
"""(to_tills, to_orders, advising)."""

AS_IT_IS: Final[Hour] = (0, 0, "own_judgement")


def scenario(policy: str, hours: tuple[Hour, ...]) -> str:
    """What `omo run` is given: the day, how staff are paid, and the orders from the first pause on.

    Hours with the same orders are one instruction; hours without any are none.
    """
    parts = [str(world_file("steering")), f"evaluation.policy={policy}"]
    start = 0
    for end in range(1, len(hours) + 1):
        if end < len(hours) and hours[end] == hours[start]:
            continue
        if hours[start] != AS_IT_IS:
            parts += _instruction(FIRST_PAUSE + start, end - start, hours[start])
        start = end
    return "+".join(parts)


def _instruction(from_hour: int, hours: int, orders: Hour) -> list[str]:
    name = f"instructions.from_{from_hour}"
    keys = {"store": STORE, "day": 0, "from_hour": from_hour, "hours": hours}
    keys |= dict(zip(("to_tills", "to_orders", "advising"), orders, strict=True))
    return [f"{name}.{key}={value}" for key, value in keys.items()]


def now(steered: Steered) -> int:
    """The hour of the pause; `CLOSES` when the day is over."""
    return FIRST_PAUSE + len(steered.hours)


def standing(policy: str, hours: tuple[Hour, ...]) -> Standing:
    """How the store stands at the pause after these hours."""
    at_s = (FIRST_PAUSE + len(hours)) * HOUR_S
    return pause(load(scenario(policy, hours)).scenario, STORE, at_s, SEED)


def run_name(policy: str, hours: tuple[Hour, ...]) -> str:
    """The run directory of a whole day."""
    return Request(load(scenario(policy, hours)), SEED, 1).name


def command(policy: str, hours: tuple[Hour, ...], root: Path) -> tuple[str, ...]:
    """What runs the undisturbed day and the steered one to the end, behind `omo`."""
    days = dict.fromkeys([scenario(policy, ()), scenario(policy, hours)])
    verb = "compare" if len(days) > 1 else "run"
    return (verb, *days, "--seed", str(SEED), "--reps", "1", "--out", str(root))


def result(run: Path) -> tuple[float, float]:
    """The company's contribution, and what the store's staff were paid beyond the wage, in yen."""
    with opened(replication_path(run, 0)) as tables:
        bonus = f"select -sum(amount_yen) from ledger where account = 'bonus' and store = '{STORE}'"
        return single(tables, "select sum(amount_yen) from ledger"), single(tables, bonus)
