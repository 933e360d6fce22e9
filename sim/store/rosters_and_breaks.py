"""Who is on duty: the roster by hour, and breaks during which a till or a member of the floor staff is missing.

Everybody's break is `break_minutes` long, one for each six hours of duty. (Japan's Labour Standards Act, article 34,
asks for a break in any shift longer than that.) Breaks are staggered over the hours with more than one person on duty,
more of them where there are more people, and the last till or the last person never goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sim.calendar import HOUR_S

_DUTY_HOURS_PER_BREAK = 6


def breaks_of_day(roster: Sequence[int], break_minutes: float) -> list[tuple[float, float]]:
    """Breaks of a day as (start_s, end_s) from midnight, sorted, for a roster of 24 hours.

    Break i of n stands at the share (i + 1/2) / n of the day's spare hours of duty (people on duty less one), moved
    into the stretch of hours with at least two people where it would begin or end outside.
    """
    spare = [max(0, people - 1) for people in roster]
    count = sum(roster) // _DUTY_HOURS_PER_BREAK
    if break_minutes <= 0 or not any(spare):
        return []
    length_s = break_minutes * 60
    breaks = []
    for number in range(count):
        middle_s = _time_at((number + 0.5) / count * sum(spare), spare)
        first, last = _stretch_around(int(middle_s / HOUR_S), spare)
        start_s = min(max(middle_s - length_s / 2, first * HOUR_S), last * HOUR_S - length_s)
        breaks.append((start_s, start_s + length_s))
    return sorted(breaks)


def _time_at(hours_of_duty: float, spare: Sequence[int]) -> float:
    """The second of the day by which so many spare hours of duty have been worked."""
    for hour, people in enumerate(spare):
        if hours_of_duty < people:
            return (hour + hours_of_duty / people) * HOUR_S
        hours_of_duty -= people
    raise ValueError("more hours than are worked in the day")


def _stretch_around(hour: int, spare: Sequence[int]) -> tuple[int, int]:
    """First hour and end of the stretch of hours around `hour` in which somebody can be spared."""
    edges = [-1, *(h for h, people in enumerate(spare) if not people), len(spare)]
    return next((before + 1, after) for before, after in pairwise(edges) if before < hour < after)
