"""The world: one town, one retailer, one replication, put together and run day by day."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import simpy

from scenarios.schema import Scenario
from sim.calendar import DAY_S, HOUR_S, Day, days
from sim.catalogue import Catalogue, catalogue
from sim.choice import Shown, Today, choose_journeys, distances_km, expected_shares
from sim.engine import Engine, Pool
from sim.errand import Errand
from sim.inventory.replenishment import Replenishment, display_units, order_up_to_levels, record_opening
from sim.inventory.shown_online import nightly_batch, synchronisation
from sim.inventory.stock import Stock
from sim.journeys.click_and_collect import click_and_collect
from sim.journeys.ec_order import ec_order
from sim.journeys.research_then_store import research_then_store
from sim.journeys.returns_and_exchanges import start_returns
from sim.journeys.walk_in import walk_in
from sim.log.recorder import Recorder, Sink
from sim.log.schema import Journey
from sim.loyalty.programme import Programme
from sim.loyalty.recommender import Recommender
from sim.loyalty.satisfaction import Loyalty
from sim.needs import mean_items, needs_of_day
from sim.payments.tenders import Tenders
from sim.population import Population, population
from sim.reputation import Reputation
from sim.rollout import book_opex, open_today
from sim.setting_out import errands_of_day
from sim.staff.crew import Crew
from sim.staff.managers import ec_effort, held_back
from sim.staff.selling_effort import selling_effort
from sim.steering.instructions import follow_instructions
from sim.store.balking_and_reneging import stay_probability
from sim.store.door_counter import count_entries
from sim.store.floor_tasks import count_stock
from sim.store.store import Store
from sim.store.tills import mean_service_s
from sim.streams import Streams
from sim.town import Town
from sim.whole_tables import write_catalogue, write_closing, write_needs_lost_beforehand, write_queues

_JOURNEYS: dict[int, Callable[[Town, Errand], Generator[Any, Any, None]]]
_RUN_OUT_DAYS_MAX = 366


class World:
    """One replication: the town, what happens in it each day, and the night after."""

    def __init__(self, scenario: Scenario, streams: Streams, sink: Sink, people: Population | None = None) -> None:
        self.scenario = scenario
        self.streams = streams
        self.goods: Catalogue = catalogue(scenario, streams.seed)
        ids = (list(scenario.stores), list(scenario.missions), list(scenario.population.age_bands))
        self.log = Recorder(*ids, sink, list(scenario.touchpoints))
        self.people = people if people is not None else population(scenario, streams)
        self.km = distances_km(scenario, self.people)
        levels = order_up_to_levels(scenario, self.goods, expected_shares(scenario, self.km, self.people))
        display = display_units(scenario, self.goods)
        self.replenishment = Replenishment(scenario, self.goods, levels, display)
        opening = self.replenishment.opening()
        record_opening(self.log, opening, display)
        self.engine = Engine(simpy.Environment())
        self.loyalty = Loyalty(scenario, streams, self.people, self.km)
        self.programme = Programme(scenario, streams, self.people, self.log)
        self.town = Town(
            scenario=scenario,
            streams=streams,
            open=open_today(scenario, 0),
            engine=self.engine,
            log=self.log,
            people=self.people,
            stock=Stock(opening.tolist(), self.log, display.tolist(), scenario.stock.online_buffer),
            stores=_stores(scenario, self.engine),
            tenders=Tenders(scenario, streams),
            price_yen=self.goods.price_yen.tolist(),
            cost_yen=self.goods.cost_yen.tolist(),
            category=self.goods.category.tolist(),
            weight_kg=self.goods.weight_kg.tolist(),
            loyalty=self.loyalty,
            programme=self.programme,
            recommender=Recommender(scenario, self.goods, self.people),
            agents=Pool(self.engine, scenario.contact_centre.agents),
            km=self.km,
            crew=Crew(scenario, streams, self.km),
            stay_probability=stay_probability(scenario),
        )
        self.town.stock.online.hold_back = held_back(scenario, streams, self.goods.size)
        n_stores = len(self.town.stores)
        self.reputation = Reputation(np.zeros(n_stores), np.zeros(n_stores))
        write_catalogue(self.log, self.goods)

    def run(self) -> Generator[Day, None, None]:
        """Simulate day by day; yields each day when it is over. Whoever stops asking gets the rows of whole days.

        After the last day nobody new sets out, but orders under way are shipped, collected and closed.
        """
        gc.disable()  # the world makes no reference cycles: collecting finds nothing and costs a twentieth
        try:
            for day in days(self.scenario):
                self._run_day(day)
                self.log.flush()
                yield day
            self._run_out()
            write_closing(self.town)
        finally:
            self.log.flush(everything=True)
            gc.enable()

    def live_until(self, at_s: float) -> None:
        """Live up to second `at_s` within the horizon and stop there, to be looked at; it cannot be gone on with.

        Rows written until then are what a whole run has written until then.
        """
        for day in days(self.scenario):
            if day.start_s + DAY_S > at_s:
                self._begin_day(day)
                self.engine.env.run(until=at_s)
                return
            self._run_day(day)
        raise ValueError(f"second {at_s} lies beyond the horizon")

    def _run_day(self, day: Day) -> None:
        self._begin_day(day)
        self.engine.env.run(until=day.start_s + DAY_S)
        self._night(day)

    def _begin_day(self, day: Day) -> None:
        """Midnight: what shoppers and systems know, who will set out and when, who works."""
        scenario = self.scenario
        self.town.start_day(open_today(scenario, day.index))
        self._synchronise()
        self.programme.morning(day, self.town.open, self.loyalty)
        needs = needs_of_day(scenario, self.goods, self.people, self.streams, day)
        journey, store = choose_journeys(scenario, self.streams, needs, self.people, self.km, self._today(day))
        write_needs_lost_beforehand(self.log, day, needs, journey)
        traffic = scenario.traffic
        profile = traffic.store_holiday_hours if day.holiday else traffic.store_weekday_hours
        store_hours = np.array([place.visit_hours(profile) for place in self.town.stores])
        errands = errands_of_day(
            scenario, self.goods, self.streams, day, needs, journey, store, self.people, self.town.tenders, store_hours
        )
        self.engine.start(self._rosters())
        if scenario.instructions:
            self.engine.start(follow_instructions(self.town, day.index))
        if scenario.stock.cycle_count_skus_per_day:
            for place in self.town.stores:
                self.engine.start(count_stock(self.town, place))
        self.engine.pump(self._set_out(errands))

    def _night(self, day: Day) -> None:
        """After the day: what it has left in people's minds and in the books."""
        scenario = self.scenario
        self.reputation.overnight(self.town)
        start_returns(self.town)
        self.loyalty.overnight(day)
        self.programme.night(day, self.loyalty)
        self.town.crew.overnight(day.index, self.log)
        book_opex(self.log, scenario, self.town.open, day.start_s + DAY_S)
        write_queues(self.town, day.index)
        count_entries(self.town, day.index)
        self.replenishment.overnight(
            day.index, day.start_s + DAY_S, self.town.stock, self.log, self.streams, self.town.open.rfid
        )

    def _set_out(self, errands: Iterable[Errand]) -> Iterator[tuple[float, Callable[[], Generator[Any, Any, None]]]]:
        """When each errand starts, and its journey."""
        town = self.town
        for errand in errands:
            town.open_needs += 1
            yield errand.start_s, partial(_JOURNEYS[errand.journey], town, errand)

    def _run_out(self) -> None:
        """Days after the horizon: stores are staffed, nobody sets out, until every need has ended."""
        day = self.scenario.horizon.days
        while self.town.open_needs and day < self.scenario.horizon.days + _RUN_OUT_DAYS_MAX:
            self._synchronise()
            self.engine.start(self._rosters())
            self.engine.env.run(until=(day + 1) * DAY_S)
            start_returns(self.town)
            self.town.crew.overnight(day, self.log)
            write_queues(self.town, day)
            self.log.flush()
            day += 1
        self.town.crew.settle(day - 1, self.log)

    def _rosters(self) -> Generator[Any, Any, None]:
        for hour in range(24):
            for store in self.town.stores:
                store.follow_roster(hour)
            if hour < 23:
                yield HOUR_S

    def _today(self, day: Day) -> Today:
        opened = self.town.open
        return Today(
            day=day,
            open=opened,
            shown=self._shown(),
            ours=self.loyalty.utility(),
            to_stores=self.programme.touchpoints.utility("store"),
            to_ec=self.programme.touchpoints.utility("ec"),
            coupon=self.programme.coupons.value(day),
            coupons_taken=np.array(opened.store_coupons) > 0,
            stores_open=np.array([store.is_open_on(day.index) for store in self.town.stores]),
            stock_out_memory=self.reputation.missing,
            ec_effort=self.scenario.choice.ec_effort * ec_effort(self.scenario.evaluation),
            selling_effort=self.scenario.choice.selling_effort * selling_effort(self.scenario),
        )

    def _shown(self) -> Shown:
        return Shown(*self.town.stock.online.tables(), self.reputation.wait_min)

    def _synchronise(self) -> None:
        """The stores' records reach the online systems at midnight, and during the day as often as they do."""
        online, minutes = self.town.stock.online, self.town.open.stock_sync_minutes
        nightly_batch(online, minutes)
        self.engine.start(synchronisation(online, minutes))


def _stores(scenario: Scenario, engine: Engine) -> list[Store]:
    service_s = mean_service_s(scenario, _mean_items(scenario))
    stores: list[Store] = []
    first_staff = 0
    for index, (name, table) in enumerate(scenario.stores.items()):
        stores.append(Store(index, name, table, engine, first_staff, service_s, scenario.tills))
        first_staff += max(table.floor_staff)
    return stores


def _mean_items(scenario: Scenario) -> float:
    missions = scenario.missions.values()
    return sum(m.share * mean_items(scenario, m) for m in missions) / sum(m.share for m in missions)


_JOURNEYS = {
    int(Journey.WALK_IN): walk_in,
    int(Journey.RESEARCH_THEN_STORE): research_then_store,
    int(Journey.COUPON_VISIT): walk_in,
    int(Journey.EC_ORDER): ec_order,
    int(Journey.CLICK_AND_COLLECT): click_and_collect,
}
