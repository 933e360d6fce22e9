"""Outages by timetable: payments without an answer, and hours in which the EC shop takes no orders."""

from __future__ import annotations

from dataclasses import dataclass

from scenarios.events import EcOutage, PspOutage
from scenarios.payments import Tender
from scenarios.schema import Scenario
from sim.calendar import DAY_S, HOUR_S
from sim.payments.routes import one_psp_on, provider_of


@dataclass(frozen=True, slots=True)
class PspWindow:
    """One outage of payments. `hits` holds, by place (the stores in order, then EC), the tenders without answers."""

    from_s: float
    to_s: float
    time_out: float
    late_capture: float
    switch: float
    hits: tuple[frozenset[int], ...]


@dataclass(frozen=True, slots=True)
class EcWindow:
    """One outage of the EC shop and the app."""

    from_s: float
    to_s: float
    come_back: float
    back_within_s: float


@dataclass(frozen=True, slots=True)
class Outages:
    """All outages of a scenario."""

    psp: tuple[PspWindow, ...]
    ec: tuple[EcWindow, ...]

    def psp_at(self, tender: int, place: int, at_s: float) -> PspWindow | None:
        """The outage that a payment by `tender` at `place` (-1 for EC) runs into at `at_s`."""
        for window in self.psp:
            if window.from_s <= at_s < window.to_s and tender in window.hits[place]:
                return window
        return None

    def ec_is_down(self, at_s: float) -> bool:
        """Whether the EC shop and the app take no orders at `at_s`."""
        return bool(self.ec) and any(window.from_s <= at_s < window.to_s for window in self.ec)

    def ec_back_s(self, at_s: float, come_back_draw: float, when_draw: float) -> float | None:
        """When somebody who was turned away at `at_s` tries again; None who does not."""
        for window in self.ec:
            if window.from_s <= at_s < window.to_s:
                again_s = window.to_s + when_draw * window.back_within_s
                return again_s if come_back_draw < window.come_back else None
        return at_s


def outages_of(scenario: Scenario, tenders: list[Tender]) -> Outages:
    """The timetable of `scenario`; tenders are numbered as in `tenders`."""
    events = scenario.events.values()
    return Outages(
        psp=tuple(_psp_window(scenario, tenders, event) for event in events if isinstance(event, PspOutage)),
        ec=tuple(
            EcWindow(*_span(event), event.come_back, event.back_within_hours * HOUR_S)
            for event in events
            if isinstance(event, EcOutage)
        ),
    )


def _psp_window(scenario: Scenario, tenders: list[Tender], event: PspOutage) -> PspWindow:
    hits = []
    one_psp = one_psp_on(scenario, event.day)
    for place, one in enumerate(one_psp):
        side = "online" if place == len(one_psp) - 1 else "store"
        hits.append(
            frozenset(
                index
                for index, tender in enumerate(tenders)
                if tender.channel == side
                and (tender.brand in event.brands or event.provider == (provider_of(scenario, tender, one) or None))
            )
        )
    return PspWindow(*_span(event), event.time_out, event.late_capture, event.switch, tuple(hits))


def _span(event: PspOutage | EcOutage) -> tuple[float, float]:
    from_s = event.day * DAY_S + event.from_hour * HOUR_S
    return from_s, from_s + event.hours * HOUR_S
