"""Where an online order comes from: the warehouse, or stores for what it lacks; and the next one when a pick fails."""

from __future__ import annotations

from collections.abc import Collection, Generator
from typing import Any

from sim.inventory.stock import Reserved
from sim.orders import Order, book_parcel, book_picking
from sim.store.floor_tasks import FloorTask
from sim.store.store import INFINITE_PATIENCE
from sim.town import Town

Lines = list[tuple[int, int]]
Steps = Generator[Any, Any, None]


def allocate(town: Town, lines: Lines) -> list[tuple[int, Lines]]:
    """Where to reserve the lines of an order to be shipped: (location, its lines), in order of first mention.

    A line comes whole from the warehouse where that can fill it, else from a store that ships: one that sends a line
    of this order anyway, else the one with most. What nobody can fill stays with the warehouse, which will refuse it.
    """
    parts: dict[int, Lines] = {}
    for sku, quantity in lines:
        place = town.warehouse
        if town.stock.online.units(place, sku) < quantity:
            found = _shipping_store(town, sku, quantity, parts)
            place = found if found >= 0 else place
        parts.setdefault(place, []).append((sku, quantity))
    return list(parts.items())


def allocate_for_pickup(town: Town, store: int, lines: Lines) -> list[tuple[int, Lines]]:
    """The same for an order to be collected in `store`: what it lacks is sent there, see [stock] ship_to_store."""
    parts: dict[int, Lines] = {}
    for sku, quantity in lines:
        place, online = store, town.stock.online
        if town.scenario.stock.ship_to_store and online.units(store, sku) < quantity:
            others = [at for at in range(town.warehouse + 1) if online.units(at, sku) >= quantity]
            place = max(others, key=lambda at: (at == town.warehouse, online.units(at, sku), -at), default=store)
        parts.setdefault(place, []).append((sku, quantity))
    return list(parts.items())


def stores_ship(town: Town) -> bool:
    """Whether any store ships online orders today."""
    return any(town.open.ship_from_store[:-1])


def pick_in_stores(town: Town, order: Order) -> Steps:
    """Stores pick their lines of an order to be shipped. What is not on a shelf is looked for in the next store."""
    todo = [line for line in order.lines if line in order.phantoms or order.place_of(line[0]) != town.warehouse]
    tried: dict[int, set[int]] = {sku: set() for sku, _ in todo}
    while todo:
        place = order.place_of(todo[0][0])
        here = [line for line in todo if order.place_of(line[0]) == place]
        todo = [line for line in todo if order.place_of(line[0]) != place]
        if place != town.warehouse:
            yield from _pick(town, order, place)
        for line in here:
            tried[line[0]].add(place)
            if line in order.phantoms and _fail_over(town, order, line, tried[line[0]]):
                todo.append(line)


def book_parcels(town: Town, order: Order) -> None:
    """Each location that sends part of the order sends a parcel; the warehouse's picking is booked with its own."""
    rules, now_s = town.scenario.fulfilment, town.engine.now
    for place in dict.fromkeys(order.place_of(sku) for sku, _ in order.held_lines()):
        if place == town.warehouse:
            book_picking(town.log, order, now_s, rules.warehouse_pick_minutes, rules.wage_yen_per_hour)
        book_parcel(town.log, order, now_s, rules.parcel_yen)


def _pick(town: Town, order: Order, place: int) -> Steps:
    rules, store, engine = town.scenario.fulfilment, town.stores[place], town.engine
    yield store.next_open_s(engine.now) - engine.now
    yield (store.pickers, INFINITE_PATIENCE, int(FloorTask.PICK_ORDER))
    yield rules.store_pick_minutes * 60
    store.pickers.release()
    book_picking(town.log, order, engine.now, rules.store_pick_minutes, rules.wage_yen_per_hour)


def _fail_over(town: Town, order: Order, line: tuple[int, int], tried: Collection[int]) -> bool:
    """The place of `line` does not have it: reserve it in another store. False when no other store promises it."""
    sku, quantity = line
    town.stock.correct_record(order.place_of(sku), sku)
    place = _shipping_store(town, sku, quantity, (), tried)
    if place < 0:
        return False
    reserved = town.stock.reserve(town.engine.now, place, sku, quantity, order.errand.need, order.id)
    order.elsewhere[sku] = place
    if reserved is Reserved.HELD:
        order.phantoms.remove(line)
    return True


def _shipping_store(town: Town, sku: int, quantity: int, in_use: Collection[int], tried: Collection[int] = ()) -> int:
    """The store that ships and promises `quantity`, one of `in_use` first, then the one with most; -1 for none."""
    ships, online = town.open.ship_from_store, town.stock.online
    stores = [at for at in range(town.warehouse) if ships[at] and at not in tried and online.units(at, sku) >= quantity]
    return max(stores, key=lambda at: (at in in_use, online.units(at, sku), -at), default=-1)
