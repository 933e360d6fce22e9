"""Which line a shopper joins: the rules of Antczak, Weron and Zabawa (IEEE Access 2020).

- `random`: any open line;
- `fewest_people`: the line with the fewest people before one's turn;
- `fewest_items`: the line with the fewest items in baskets;
- `least_expected_wait`: people before one's turn times the mean service;
- `least_expected_wait_by_items`: the service of each basket in the line by its items, from the published regression.

The self-checkouts are one more line, for small baskets and no cash. Where lines are equal, the self-checkouts come
first, then the till with the smaller number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, log
from typing import Final

from scenarios.places import LineChoice, Tills
from sim.log.schema import Place
from sim.store.lines import Line

_MOST_ITEMS = 500


def expected_service_s(tills: Tills, place: Place, items: float) -> float:
    """Seconds for a basket of `items` at this kind of till, break included: what an experienced shopper reckons with.

    Antczak and Weron's regression of the scanning time, its mean by the log-normal; paying is left out.
    """
    if place is Place.STAFFED_TILL:
        staffed = exp(
            tills.staffed_log_mean + tills.staffed_log_per_log_item * log(items) + tills.staffed_log_sigma**2 / 2
        )
        return staffed + tills.staffed_break_shape * tills.staffed_break_scale_s
    own = exp(tills.self_log_mean + tills.self_log_per_log_item * log(items) + tills.self_log_sigma**2 / 2)
    return own + exp(tills.self_break_log_mean + tills.self_break_log_per_log_item * log(items))


def basket_weights(tills: Tills, place: Place) -> list[float]:
    """What a basket of 0, 1, 2, ... items weighs in a shopper's eyes: items, seconds, or nothing at all."""
    if tills.line_choice == "fewest_items":
        return [float(items) for items in range(_MOST_ITEMS)]
    if tills.line_choice == "least_expected_wait_by_items":
        return [expected_service_s(tills, place, max(1, items)) for items in range(_MOST_ITEMS)]
    return []


def people_before(line: Line) -> int:
    """How many must be done before it is one's turn."""
    pool = line.pool
    return max(0, pool.in_use + pool.queue_length - pool.capacity + 1)


def expected_wait_s(line: Line) -> float:
    """People before one's turn, shared among the tills of the line, at the mean service."""
    return people_before(line) * line.mean_service_s / max(1, line.pool.capacity)


def load_before(line: Line) -> float:
    """Items, or seconds of service, in the line for each of its tills; none where a till is free."""
    return line.load / max(1, line.pool.capacity) if people_before(line) else 0.0


RULES: Final[dict[LineChoice, Callable[[Line], float]]] = {
    "fewest_people": people_before,
    "fewest_items": load_before,
    "least_expected_wait": expected_wait_s,
    "least_expected_wait_by_items": load_before,
}
"""What a shopper compares; the smallest wins. `random` compares nothing."""


def choose_line(
    staffed: Sequence[Line], own: Line | None, score: Callable[[Line], float] | None, draw: Callable[[], float]
) -> Line:
    """The best of the open staffed lines and, where it may be used, the self-checkouts' line.

    `score` is one of `RULES`; without one the shopper joins any line, by `draw`.
    """
    if own is None and len(staffed) == 1:
        return staffed[0]
    if score is None:
        drawn = int(draw() * (len(staffed) + (own is not None)))
        return own if own is not None and drawn == len(staffed) else staffed[drawn]
    best = min(staffed, key=score)
    return own if own is not None and score(own) <= score(best) else best
