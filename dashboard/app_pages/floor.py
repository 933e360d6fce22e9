"""Store floor: queues by store and hour, waits and shoppers lost, what staff's time goes into, pickup, the player."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from dashboard import document_figures, one_run, page
from dashboard.amounts import NOTHING, figure, seconds
from dashboard.charts.dots import Dots, Series, Value, value_of
from dashboard.charts.grids import Grid
from dashboard.floor_queries import TASKS, floor_queries
from dashboard.player.embed import show_player
from dashboard.run_list import RunEntry
from dashboard.run_tables import Answers, Row
from dashboard.words import Words
from scenarios.errors import OmoError
from sim.log.run_directory import read_manifest

_KINDS: Final = ("wait", "came", "lost")
_UNITS: Final = {"wait": "s", "came": "count", "lost": "share"}
_MOST_STORES: Final = 20
"""In a picture; all of them are in its CSV when there are more."""
_EVERY_DAY: Final = "all"


def draw() -> None:
    """The page."""
    say = page.say()
    page.heading(say("page.floor"), say("floor.lead"))
    run = one_run.chosen(say)
    if run is None:
        return
    day = _day(run, say)
    try:
        queries = floor_queries(run.path, run.days, day)
    except (OmoError, OSError) as error:
        page.notice("failed", say("ledgers.failed_read"), str(error), say, commands=[run.reproduce])
        return
    found = one_run.read(run, queries, say)
    if found is None:
        return
    if not found["tills_by_hour"]:
        page.notice("empty", say("floor.nobody"), say("floor.nobody_what"), say)
        return
    basis = one_run.basis(run, say) + (say("finding.join") + say("floor.one_day") if day is not None else "")
    _cards(found, say)
    _heat(found, basis, say)
    _waits(found, basis, say)
    _staff(found, basis, say)
    _pickup(found, basis, say)
    _player(run, day, say)


def _day(run: RunEntry, say: Words) -> int | None:
    """A day of the run, or None for all."""
    first = dt.date.fromisoformat(read_manifest(run.path)["first_day"])
    options = [_EVERY_DAY, *(str(number) for number in range(run.days))]

    def name(option: str) -> str:
        if option == _EVERY_DAY:
            return say("floor.all_days", n=run.days)
        date = first + dt.timedelta(days=int(option))
        return f"{date.isoformat()} ({say(f'floor.weekday_{date.weekday()}')})"

    chosen = page.pick("day", say("floor.day"), options, name)
    return None if chosen == _EVERY_DAY else int(chosen)


def _cards(found: Answers, say: Words) -> None:
    hours = found["tills_by_hour"]
    came, lost, wait, served = (sum(row.means[at] for row in hours) for at in range(4))
    longest = max((row.means[2] for row in found["tills"]), default=0.0)
    counter = sum(row.means[0] for row in found["counter_by_hour"])
    page.cards([
        (say("floor.card_came"), figure(came, "count", say.language), say("floor.a_day")),
        (say("floor.card_wait"), seconds(wait / served, say.language) if served else NOTHING,
         say("floor.card_longest", wait=seconds(longest, say.language))),
        (say("floor.card_lost"), figure(lost / came, "share", say.language) if came else NOTHING,
         say("floor.card_lost_detail", n=figure(lost, "count", say.language))),
        (say("floor.card_counter"), figure(counter, "count", say.language), say("floor.a_day")),
    ])  # fmt: skip


def _heat(found: Answers, basis: str, say: Words) -> None:
    page.section(say("floor.queues"))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        place = page.choose("place", say("floor.place"), ("tills", "counter"), lambda one: say(f"floor.place_{one}"))
        kind = page.choose("show", say("floor.show"), _KINDS, lambda one: say(f"floor.kind_{one}"))
    rows = found[f"{place}_by_hour"]
    if not rows:
        page.notice("empty", say("floor.no_counter"), say("floor.no_counter_what"), say)
        return
    grid, largest = _by_hour(rows, kind, say)
    value = figure(largest.values[0][0], _UNITS[kind], say.language)
    document_figures.show_grid(
        f"heat-{place}-{kind}", grid, say, corner=say("floor.store"),
        finding=say(f"floor.heat_{kind}", store=largest.rows[0], hour=largest.columns[0], value=value,
                    place=say(f"floor.place_{place}")),
        definition=say(f"floor.heat_{kind}_what"), basis=basis,
    )  # fmt: skip


def _by_hour(rows: Sequence[Row], kind: str, say: Words) -> tuple[Grid, Grid]:
    """The heat map, and its largest cell as a table of its own."""
    cells = {row.key: _cell(row, kind) for row in rows}
    hours = range(min(hour for _, hour in cells), max(hour for _, hour in cells) + 1)
    stores = sorted({store for store, _ in cells})
    if len(stores) > _MOST_STORES:
        stores.sort(key=lambda store: -sum(cells.get((store, hour)) or 0.0 for hour in hours))
        stores = stores[:_MOST_STORES]
    names = {hour: say("floor.hour", hour=hour) for hour in hours}
    values = [[cells.get((store, hour)) for hour in hours] for store in stores]
    grid = Grid([say.store(store) for store in stores], [str(hour) for hour in hours], values, _UNITS[kind])
    store, hour = max(cells, key=lambda key: cells[key] or 0.0)
    return grid, Grid([say.store(store)], [names[hour]], [[cells[store, hour]]], _UNITS[kind])


def _cell(row: Row, kind: str) -> float | None:
    came, lost, wait, served = row.means
    if kind == "came":
        return came
    if kind == "lost":
        return lost / came if came else None
    return wait / served if served else None


def _waits(found: Answers, basis: str, say: Words) -> None:
    rows = found["tills"]
    stores = [say.store(row.key[0]) for row in rows]
    for at, (name, unit) in enumerate((("wait", "s"), ("lost", "share"))):
        values = [value_of(row.values[at]) for row in rows]
        worst, best = _ends(values, stores)
        told = {"worst": worst[0], "best": best[0]}
        told |= {"most": figure(worst[1], unit, say.language), "least": figure(best[1], unit, say.language)}
        finding = (
            say(f"floor.{name}_nobody") if name == "lost" and not worst[1] else say(f"floor.{name}_finding", **told)
        )
        document_figures.show_dots(
            f"tills-{name}", Dots(stores, [Series("", values)], unit, axis=None), say,
            finding=finding, definition=say(f"floor.{name}_what"), basis=basis,
        )  # fmt: skip


def _ends(values: Sequence[Value], stores: Sequence[str]) -> tuple[tuple[str, float], tuple[str, float]]:
    """The stores with the largest and the smallest mean."""
    known = [(store, value.mean) for store, value in zip(stores, values, strict=True) if value.mean is not None]
    by_size: Callable[[tuple[str, float]], float] = lambda one: one[1]  # noqa: E731
    return (max(known, key=by_size), min(known, key=by_size)) if known else (("–", 0.0), ("–", 0.0))


def _staff(found: Answers, basis: str, say: Words) -> None:
    page.section(say("floor.staff"), say("floor.staff_what"))
    hours = {row.key: row.means[0] for row in found["times"]}
    stores = sorted({store for store, _ in hours})[:_MOST_STORES]
    tasks = [task for task in TASKS if any(hours.get((store, task)) for store in stores)]
    if not tasks:
        return
    total = {task: sum(hours.get((store, task), 0.0) for store in stores) for task in tasks}
    most = max(tasks, key=lambda task: total[task])
    share = figure(total[most] / sum(total.values()), "share", say.language)
    values: list[list[float | None]] = [[hours.get((store, task), 0.0) for task in tasks] for store in stores]
    document_figures.show_grid(
        "staff-time", Grid([say.store(store) for store in stores], [say(f"floor.task_{task}") for task in tasks],
                           values, "hours"), say,
        corner=say("floor.store"), finding=say("floor.staff_finding", task=say(f"floor.task_{most}"), share=share),
        definition=say("floor.staff_definition"), basis=basis,
    )  # fmt: skip


def _pickup(found: Answers, basis: str, say: Words) -> None:
    page.section(say("floor.pickup"))
    if not found["orders"]:
        page.notice("empty", say("floor.no_pickup"), say("floor.no_pickup_what"), say)
        return
    counter = {row.key[0]: value_of(row.values[0]) for row in found["counter"]}
    rows = {row.key[0]: row for row in found["orders"]}
    stores = sorted(rows)
    plots = {
        "ready": ([value_of(rows[store].values[0]) for store in stores], "s"),
        "missed": ([value_of(rows[store].values[1]) for store in stores], "share"),
    }
    if counter:
        plots["counter"] = ([counter.get(store, Value(None)) for store in stores], "s")
    names = [say.store(store) for store in stores]
    for name, (values, unit) in plots.items():
        worst, best = _ends(values, names)
        told = {"worst": worst[0], "best": best[0]}
        told |= {"most": figure(worst[1], unit, say.language), "least": figure(best[1], unit, say.language)}
        finding = say(f"floor.{name}_finding", **told) if worst[1] else say(f"floor.{name}_none")
        document_figures.show_dots(
            f"pickup-{name}", Dots(names, [Series("", values)], unit), say,
            finding=finding, definition=say(f"floor.{name}_what"), basis=basis,
        )  # fmt: skip


def _player(run: RunEntry, day: int | None, say: Words) -> None:
    page.section(say("floor.player"), say("floor.player_what"))
    views = ("off", "on")
    if page.choose("player", say("floor.player"), views, lambda view: say(f"floor.player_{view}")) == "off":
        return
    try:
        with st.spinner(say("floor.player_loading")):
            show_player(run.path, say.language, day)
    except (OmoError, OSError, KeyError, ValueError) as error:
        page.notice("failed", say("floor.player_failed"), str(error), say)


draw()
