"""The search for the edge: up by a factor until a step fails, then bisection, then repeats at the edge.

What to try next follows from all that has been tried: a step that failed or passed by chance is outvoted by its
repeats, and the search goes on from there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from loadtest.capacity.point import Limits, Point, Verdict, verdict_of


@dataclass(frozen=True)
class Rules:
    """How to search. `growth` and `precision` are ratios; `repeats` is how often the edge is run, the load above it
    twice; `start` is in steps per second, `least` where a target that fails is given up."""

    start: float
    growth: float = 1.5
    precision: float = 0.05
    repeats: int = 3
    most_steps: int = 30
    least: float = 0.1


@dataclass(frozen=True)
class Edge:
    """The highest load that passed, and the lowest above it that did not, in asked steps per second; null where the
    search ended before. `limited_by` says who could not follow there."""

    carried_per_s: float | None
    refused_per_s: float | None
    limited_by: Literal["target", "generator"] | None


Attempt = tuple[float, Verdict]
Tell = Callable[[Point, Verdict], None]


def search(run_step: Callable[[float], Point], rules: Rules, limits: Limits, tell: Tell) -> list[Point]:
    """Run steps until the edge is known, `most_steps` have been run, or one was interrupted."""
    points: list[Point] = []
    attempts: list[Attempt] = []
    while len(points) < rules.most_steps and (rate := next_rate(attempts, rules)) is not None:
        point = run_step(rate)
        if point.interrupted:
            break
        points.append(point)
        attempts.append((rate, verdict_of(point, limits)))
        tell(point, attempts[-1][1])
    return points


def next_rate(attempts: Sequence[Attempt], rules: Rules) -> float | None:
    """What to run next; None when the edge is known to the precision and repeated, or the target carries nothing."""
    if not attempts:
        return rules.start
    balance, tried = _balance(attempts), Counter(rate for rate, _ in attempts)
    if undecided := [rate for rate, votes in balance.items() if votes == 0]:
        return undecided[0]
    low, high = _bracket(balance)
    if high is None:
        assert low is not None
        return low * rules.growth
    first = sum(votes < 0 for votes in balance.values()) == 1
    if first and tried[high] < min(2, rules.repeats):
        return high  # the bisection of a failure that was chance would take longer than seeing it again
    if low is None:
        return high / rules.growth if high / rules.growth >= rules.least else None
    if high / low > 1 + rules.precision:
        return float((low * high) ** 0.5)
    for rate, wanted in ((low, rules.repeats), (high, min(2, rules.repeats))):
        if tried[rate] < wanted:
            return rate
    return None


def edge_of(attempts: Sequence[Attempt]) -> Edge:
    """Where the edge is by the attempts so far."""
    low, high = _bracket(_balance(attempts))
    if high is None:
        return Edge(low, None, None)
    at = [verdict for rate, verdict in attempts if rate == high]
    return Edge(low, high, "generator" if at.count("invalid") > at.count("failed") else "target")


def _balance(attempts: Sequence[Attempt]) -> dict[float, int]:
    """Passes less the rest of each load."""
    votes: dict[float, int] = {}
    for rate, verdict in attempts:
        votes[rate] = votes.get(rate, 0) + (1 if verdict == "passed" else -1)
    return votes


def _bracket(balance: dict[float, int]) -> tuple[float | None, float | None]:
    refused = [rate for rate, votes in balance.items() if votes <= 0]
    high = min(refused, default=None)
    carried = [rate for rate, votes in balance.items() if votes > 0 and (high is None or rate < high)]
    return max(carried, default=None), high
