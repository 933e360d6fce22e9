"""A visit that is booked: from the advertisement or the chat message to a slot, and to somebody who has kept free.

Whoever is about to go and look at goods may book instead of just going, on the phone, and comes on another day or at
another hour. The store gives so many slots an hour. Before a slot a member of the floor staff gets ready and is on the
floor for nobody else. Then either the shopper comes and is received at once: the goods are laid out, a contact is
certain, the advice is prepared. Or nobody comes, and the staff member has waited for nothing. Some cancel in time, and
the slot can be given again.

Each booking ends once and has a row in `visit_bookings`: kept, missed or cancelled.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import IntEnum
from math import inf
from typing import Any

from scipy.special import ndtri

from sim.calendar import DAY_S, HOUR_S
from sim.errand import Errand
from sim.log.rows import VISIT_BOOKING
from sim.log.schema import BookingState, Journey, Kind, Outcome, Place
from sim.store.floor_tasks import FloorTask
from sim.store.store import Store
from sim.town import Town

_ENDED = {
    BookingState.KEPT: int(Kind.BOOKED_VISIT),
    BookingState.MISSED: int(Kind.BOOKING_MISSED),
    BookingState.CANCELLED: int(Kind.BOOKING_CANCELLED),
}
_RECEIVE = int(FloorTask.RECEIVE_VISITOR)


class Came(IntEnum):
    """How somebody who might have booked comes to the store."""

    NOT_AT_ALL = 0
    BY_CHANCE = 1
    RECEIVED = 2


class _Draw(IntEnum):
    """What each of the need's own numbers decides."""

    BOOKS = 0
    DAY = 1
    CANCELS = 2
    CANCELLED_AT = 3
    SHOWS = 4
    LATENESS = 5


@dataclass(slots=True)
class Booking:
    """A slot in a store that is kept for a shopper and a need."""

    errand: Errand
    store: Store
    booked_s: float
    slot_s: float
    staff: int = -1
    """Who is kept free for it; -1 for nobody yet."""
    kept_since_s: float = inf


def come_by_booking(town: Town, errand: Errand) -> Generator[Any, Any, Came]:
    """Book or not, wait for the slot, come or not; at the end a shopper who was received has looked around."""
    booking = _book(town, errand) if _wants_to_book(town, errand) else None
    if booking is None:
        return Came.BY_CHANCE
    rules, engine = town.scenario.visit_booking, town.engine
    if _draw(town, errand, _Draw.CANCELS) < rules.cancels:
        yield (booking.slot_s - booking.booked_s) * _draw(town, errand, _Draw.CANCELLED_AT)
        booking.store.booked_slots.remove(booking.slot_s)
        _end(town, booking, BookingState.CANCELLED)
        return _stay_away(town, errand)
    yield max(0.0, booking.slot_s - rules.prepare_minutes * 60 - engine.now)
    waits_until_s = booking.slot_s + rules.wait_minutes * 60
    comes_s, given_up_s = _comes_s(town, booking), min(waits_until_s, booking.store.closes_s(booking.slot_s))
    yield from _keep_staff_free(town, booking, min(comes_s, given_up_s))
    if comes_s <= given_up_s:
        yield from _receive(town, booking)
        return Came.RECEIVED
    _send_staff_back(town, booking)
    _end(town, booking, BookingState.MISSED)
    if comes_s == inf:
        return _stay_away(town, errand)
    yield booking.store.next_open_s(comes_s) - engine.now
    return Came.BY_CHANCE


def _wants_to_book(town: Town, errand: Errand) -> bool:
    """Those with a phone and an eye for such things; more of them after having looked the goods up."""
    rules, level = town.scenario.visit_booking, town.open.visit_booking[errand.store]
    share = rules.books_after_research if errand.journey == Journey.RESEARCH_THEN_STORE else rules.books
    return errand.smartphone and _draw(town, errand, _Draw.BOOKS) < share * errand.affinity * level


def _book(town: Town, errand: Errand) -> Booking | None:
    """The first free slot from the wished day on, at the hour of the planned visit; None where none is left."""
    rules, now_s, store = town.scenario.visit_booking, town.engine.now, town.stores[errand.store]
    wished_day = int((rules.days_ahead + 1) * _draw(town, errand, _Draw.DAY))
    wished_s = max(now_s + wished_day * DAY_S, now_s + rules.lead_hours * HOUR_S)
    last_s = now_s - now_s % DAY_S + (rules.days_ahead + 1) * DAY_S
    slot_s = free_slot_s(store, wished_s, last_s)
    if slot_s is None:
        return None
    store.booked_slots.add(slot_s)
    town.note(errand, int(Kind.VISIT_BOOKED), Place.HOME)
    return Booking(errand, store, now_s, slot_s)


def free_slot_s(store: Store, from_s: float, until_s: float) -> float | None:
    """When the first slot begins that nobody has, from `from_s` on and before `until_s`."""
    hour = int(from_s / HOUR_S)
    while hour * HOUR_S < until_s:
        given = slots_given(store, hour % 24)
        for number in range(given):
            slot_s = (hour + number / given) * HOUR_S
            if from_s <= slot_s < until_s and slot_s not in store.booked_slots:
                return slot_s
        hour += 1
    return None


def slots_given(store: Store, hour: int) -> int:
    """Bookings that the store takes for an hour of the day: what it gives, never more than the staff it has then."""
    if not store.opening_hour <= hour < store.closing_hour:
        return 0
    return min(store.table.visit_slots_per_hour, store.table.floor_staff[hour])


def _comes_s(town: Town, booking: Booking) -> float:
    """When the shopper comes: on time, late, or never (infinity)."""
    rules, errand = town.scenario.visit_booking, booking.errand
    if _draw(town, errand, _Draw.SHOWS) >= rules.shows:
        return inf
    late = max(0.0, float(ndtri(_draw(town, errand, _Draw.LATENESS))))
    return booking.slot_s + late * rules.lateness_minutes * 60


def _keep_staff_free(town: Town, booking: Booking, until_s: float) -> Generator[Any, Any, None]:
    """The next of the floor staff to be free does nothing else until `until_s`."""
    engine, store = town.engine, booking.store
    if (yield (store.floor, max(0.0, until_s - engine.now), _RECEIVE)):
        _assign(town, booking)
    yield max(0.0, until_s - engine.now)


def _receive(town: Town, booking: Booking) -> Generator[Any, Any, None]:
    """The shopper is there: whoever was kept free shows the goods; where nobody was, the first who can."""
    errand, store, now_s = booking.errand, booking.store, town.engine.now
    town.note(errand, int(Kind.ARRIVE), Place.FLOOR)
    if booking.staff < 0 and (yield (store.floor, max(0.0, store.closes_s(now_s) - now_s), _RECEIVE)):
        _assign(town, booking)
    _end(town, booking, BookingState.KEPT)
    errand.host = booking.staff
    yield errand.browse_s * town.scenario.visit_booking.browse


def _assign(town: Town, booking: Booking) -> None:
    """A unit of the floor is held; whose time it is."""
    booking.staff = town.crew.somebody_free(booking.store.index, booking.errand.need)
    booking.kept_since_s = town.engine.now
    town.crew.busy[booking.staff] = True


def _send_staff_back(town: Town, booking: Booking) -> None:
    """Nobody has come."""
    if booking.staff >= 0:
        town.crew.busy[booking.staff] = False
        booking.store.floor.release()


def _stay_away(town: Town, errand: Errand) -> Came:
    """The wish has gone: nothing is bought, here or elsewhere."""
    town.close(errand, Outcome.NOTHING)
    return Came.NOT_AT_ALL


def _end(town: Town, booking: Booking, state: BookingState) -> None:
    """Write down how it ended, and for how long somebody was kept free for it."""
    errand, now_s = booking.errand, town.engine.now
    place = Place.HOME if state is BookingState.CANCELLED else Place.FLOOR
    town.note(errand, _ENDED[state], place)
    kept_s = max(0.0, now_s - booking.kept_since_s)
    row = (booking.staff, booking.booked_s, booking.slot_s, now_s, kept_s, int(state))
    town.log.visit_bookings.extend(VISIT_BOOKING(errand.need, errand.shopper, booking.store.index, *row))


def _draw(town: Town, errand: Errand, which: _Draw) -> float:
    return town.draw("visit booking", errand.need, which)
