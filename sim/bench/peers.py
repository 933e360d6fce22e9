"""The engine against its peers: the same journey and the same M/M/c queue in each tool, in turns, in one process."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any, Final

from scenarios.errors import UsageError
from sim.bench import mmc
from sim.bench.journeys import draw_visits, run_lean, run_salabim, run_textbook

_PEERS: Final = ("ciw", "salabim")


def measure_peers(rounds: int = 5, journeys: int = 3_000, customers: int = 10_000) -> dict[str, Any]:
    """Visits and customers per CPU-second of each tool, and by how much the lean actors are faster.

    Every round runs each tool once on the same numbers; a rate is the median over rounds, a ratio the median of the
    ratios inside a round. `..._identical` says whether all tools gave the same records (journey) or, to a microsecond,
    the same waits (M/M/c). Raises `UsageError` where a peer is not installed.
    """
    need_peers()
    visits = draw_visits(journeys)
    gaps_s, services_s = mmc.draw_mmc(customers)
    return {
        "rounds": rounds,
        **_contest(
            "journey",
            {"lean": run_lean, "textbook": run_textbook, "salabim": run_salabim},
            (visits,),
            rounds,
            journeys,
        ),
        **_contest(
            "mmc",
            {"lean": mmc.lean, "textbook": mmc.textbook, "salabim": mmc.in_salabim, "ciw": mmc.in_ciw},
            (gaps_s, services_s),
            rounds,
            customers,
        ),
    }


def need_peers() -> None:
    """Import the peers once, outside of what is timed; `UsageError` names the mend where one is missing."""
    for name in _PEERS:
        try:
            importlib.import_module(name)
        except ImportError:
            raise UsageError(f"{name} is not installed: pip install 'omotwin[oracle]'") from None


def _contest(
    what: str, tools: dict[str, Callable[..., list[Any]]], numbers: tuple[Any, ...], rounds: int, count: int
) -> dict[str, Any]:
    seconds: dict[str, list[float]] = {name: [] for name in tools}
    results: dict[str, list[Any]] = {}
    for turn in range(rounds):
        names = list(tools)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            gc.collect()
            started_s = process_time()
            results[name] = tools[name](*numbers)
            seconds[name].append(process_time() - started_s)
    rates = {f"{what}_{name}_per_cpu_s": count / median(spent) for name, spent in seconds.items()}
    ratios = {
        f"{what}_lean_over_{name}": median(a / b for a, b in zip(spent, seconds["lean"], strict=True))
        for name, spent in seconds.items()
        if name != "lean"
    }
    same = all(_agree(results["lean"], result) for result in results.values())
    return {**rates, **ratios, f"{what}_identical": same}


def _agree(a: list[Any], b: list[Any]) -> bool:
    if a == b:
        return True
    numbers = bool(a) and isinstance(a[0], float)
    return numbers and len(a) == len(b) and all(abs(x - y) < 1e-6 for x, y in zip(a, b, strict=True))
