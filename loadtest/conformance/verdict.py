"""Compares the core's books with the expected ones and with the world's, item by item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from loadtest.conformance.expected import MONEY, Expected, expect
from loadtest.conformance.replay import Core, replay
from loadtest.conformance.world import STOCK, Place, World, read_world
from loadtest.core.messages import Tender
from loadtest.tenders import default_tenders
from loadtest.trace import DAY_S, Window, cut_trace, opened

SCHEMA: Final = "omo.conformance/1"
SHOWN: Final = 100


class Difference(NamedTuple):
    """A figure that is not what it must be. `where`: location and SKU, or account and tender."""

    book: str
    where: str
    what: str
    expected: int
    found: int


@dataclass(frozen=True)
class Conformance:
    """The outcome of one day: how much was compared, what differs, and the statements from the core to the world."""

    run: str
    day: int
    replication: int
    journeys: int
    orders: int
    requests: int
    answers: Mapping[str, int]
    compared: Mapping[str, int]
    differences: list[Difference]
    stock: Mapping[str, Any]
    money: Mapping[str, Any]


def conform(run: Path, day: int, replication: int, tell: Callable[[int, int], None]) -> Conformance:
    """Replay `day` of a run at the core and compare the books. UsageError and TargetUnreachable as those who do it."""
    window = Window(day, 0.0, float(DAY_S))
    trace = cut_trace(run, window, replication)
    with opened(run, window, replication) as db:
        world = read_world(db, trace)
    given = trace.header.get("tenders")
    expected = expect(world, default_tenders() if given is None else msgspec.convert(given, list[Tender]))
    seeded = {(row["location"], row["sku"]): row["on_hand"] for row in trace.stock.to_pylist()}
    core = replay(trace, world, tell)
    compared: Counter[str] = Counter()
    differences = [
        *_compared(compared, "opening", expected.opening, seeded, lambda at: (_at(at), "on_hand")),
        *_compared(compared, "stock", expected.stock, core.stock, lambda at: (_at(at[0]), at[1])),
        *_compared(compared, "ledger", expected.ledger, core.ledger, lambda at: (f"{at[0]} {at[1]}", "yen")),
        *_compared(
            compared, "world's stock", world.closing, _in_the_world(core, expected), lambda at: (_at(at), "on_hand")
        ),
        *_compared(compared, "world's money", expected.world_money, _worlds_money(core, expected), lambda at: at),
    ]
    return Conformance(
        run=run.name,
        day=day,
        replication=replication,
        journeys=trace.header["journeys"],
        orders=len(world.orders),
        requests=core.requests,
        answers=dict(sorted(core.answers.items())),
        compared=dict(compared),
        differences=differences,
        stock=_stock_statement(core, expected, world),
        money=_money_statement(core, expected),
    )


def _at(place: Place) -> str:
    return f"{place[0]} {place[1]}"


def _compared(
    compared: Counter[str],
    book: str,
    expected: Mapping[Any, int],
    found: Mapping[Any, int],
    name: Callable[[Any], tuple[str, str]],
) -> list[Difference]:
    """Figures that are nowhere are zero."""
    keys = expected.keys() | found.keys()
    compared[book] += len(keys)
    wrong = [key for key in keys if expected.get(key, 0) != found.get(key, 0)]
    return sorted(Difference(book, *name(key), int(expected.get(key, 0)), int(found.get(key, 0))) for key in wrong)


def _in_the_world(core: Core, expected: Expected) -> dict[Place, int]:
    """On hand at the core and all adjusting movements: what the world must have."""
    total: Counter[Place] = Counter()
    for (place, counter), units in core.stock.items():
        if counter == "on_hand":
            total[place] += units
    for (_, place), units in expected.stock_adjustments.items():
        total[place] += units
    return total


def _worlds_money(core: Core, expected: Expected) -> dict[tuple[str, str], int]:
    total = Counter(core.money)
    for (_, key), yen in expected.money_adjustments.items():
        total[key] += yen
    return total


def _stock_statement(core: Core, expected: Expected, world: World) -> dict[str, Any]:
    """Units in all, from the core's closing stock to the world's; places counts the adjusted ones."""
    units: Counter[str] = Counter()
    places: Counter[str] = Counter()
    moved: Counter[str] = Counter()
    for (reason, _), change in expected.stock_adjustments.items():
        if change:
            units[reason] += change
            moved[reason] += abs(change)
            places[reason] += 1
    return {
        "core": {counter: sum(n for (_, c), n in core.stock.items() if c == counter) for counter in STOCK},
        "adjustments": {
            reason: {"units": units[reason], "moved": moved[reason], "places": places[reason]}
            for reason in sorted(places)
        },
        "world": {"on_hand": int(sum(world.closing.values()))},
    }


def _money_statement(core: Core, expected: Expected) -> dict[str, Any]:
    """Yen by tender, from the core's books to the world's."""
    brands = sorted({brand for brand, _ in expected.money | expected.world_money})
    statement: dict[str, Any] = {}
    for brand in brands:
        adjustments: dict[str, dict[str, int]] = {}
        for (reason, (of, kind)), yen in sorted(expected.money_adjustments.items()):
            if of == brand and yen:
                adjustments.setdefault(reason, {})[kind] = yen
        statement[brand] = {
            "core": {kind: core.money.get((brand, kind), 0) for kind in MONEY},
            "adjustments": adjustments,
            "world": {kind: int(expected.world_money.get((brand, kind), 0)) for kind in MONEY},
        }
    return statement


def as_document(result: Conformance) -> dict[str, Any]:
    """The outcome as one JSON document."""
    return {
        "schema": SCHEMA,
        "run": result.run,
        "day": result.day,
        "replication": result.replication,
        "conforms": not result.differences,
        "journeys": result.journeys,
        "orders": result.orders,
        "requests": result.requests,
        "answers": dict(result.answers),
        "compared": dict(result.compared),
        "differences_in_all": len(result.differences),
        "differences": [difference._asdict() for difference in result.differences[:SHOWN]],
        "stock": dict(result.stock),
        "money": dict(result.money),
    }
