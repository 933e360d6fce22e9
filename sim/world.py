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
from sim.log.schema import Journey, Outcome, Place
from sim.loyalty.programme import Programme
from sim.loyalty.satisfaction import Loyalty
from sim.needs import DayNeeds, Ints, mean_items, needs_of_day
from sim.payments.tenders import Tenders
from sim.population import Population, population
from sim.rollout import book_opex, open_today
from sim.setting_out import errands_of_day
from sim.staff.crew import Crew
from sim.staff.managers import ec_effort, hold_back_units
from sim.store.balking_and_reneging import stay_probability
from sim.store.floor_tasks import count_stock
from sim.store.store import Store
from sim.store.tills import mean_service_s
from sim.streams import Streams
from sim.town import Town

_JOURNEYS: dict[int, Callable[[Town, Errand], Generator[Any, Any, None]]]
_RUN_OUT_DAYS_MAX = 366
_MEMORY = 0.7
"""Weight of the past in the wait that shoppers remember (assumption): a week of waits fades in days."""


class World:
    """One replication: the town, what happens in it each day, and the night after."""

    def __init__(self, scenario: Scenario, streams: Streams, sink: Sink, people: Population | None = None) -> None:
        self.scenario = scenario
        self.streams = streams
        self.goods: Catalogue = catalogue(scenario, streams.seed)
        self.log = Recorder(list(scenario.stores), list(scenario.missions), list(scenario.population.age_bands), sink)
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
            agents=Pool(self.engine, scenario.contact_centre.agents),
            km=self.km,
            crew=Crew(scenario, streams, self.km),
            stay_probability=stay_probability(scenario),
        )
        self.town.stock.online.hold_back = [hold_back_units(scenario)] * len(self.town.stores)
        self.wait_memory_min = np.zeros(len(self.town.stores))
        self.stock_out_memory = np.zeros(len(self.town.stores))
        self._write_catalogue()

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
            self._write_closing()
        finally:
            self.log.flush(everything=True)
            gc.enable()

    def _run_day(self, day: Day) -> None:
        scenario = self.scenario
        self.town.start_day(open_today(scenario, day.index))
        self._synchronise()
        self.programme.morning(day, self.town.open, self.loyalty)
        needs = needs_of_day(scenario, self.goods, self.people, self.streams, day)
        journey, store = choose_journeys(scenario, self.streams, needs, self.people, self.km, self._today(day))
        self._close_needs_lost_beforehand(day, needs, journey)
        traffic = scenario.traffic
        profile = traffic.store_holiday_hours if day.holiday else traffic.store_weekday_hours
        store_hours = np.array([place.visit_hours(profile) for place in self.town.stores])
        errands = errands_of_day(
            scenario, self.goods, self.streams, day, needs, journey, store, self.people, self.town.tenders, store_hours
        )
        self.engine.start(self._rosters())
        if scenario.stock.cycle_count_skus_per_day:
            for place in self.town.stores:
                self.engine.start(count_stock(self.town, place))
        self.engine.pump(self._set_out(errands))
        self.engine.run(day.start_s + DAY_S)
        self._remember_waits()
        self._remember_stock_outs()
        start_returns(self.town)
        self.loyalty.overnight(day)
        self.programme.night(day, self.loyalty)
        self.town.crew.overnight(day.index, self.log)
        book_opex(self.log, scenario, self.town.open, day.start_s + DAY_S)
        self._write_queues(day.index)
        self.replenishment.overnight(day.index, day.start_s + DAY_S, self.town.stock, self.log, self.streams)

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
            self.engine.run((day + 1) * DAY_S)
            start_returns(self.town)
            self.town.crew.overnight(day, self.log)
            self._write_queues(day)
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
            coupon=self.programme.coupons.value(day),
            coupons_taken=np.array(opened.store_coupons) > 0,
            stores_open=np.array([store.is_open_on(day.index) for store in self.town.stores]),
            stock_out_memory=self.stock_out_memory,
            ec_effort=self.scenario.choice.ec_effort * ec_effort(self.scenario.evaluation),
        )

    def _shown(self) -> Shown:
        return Shown(*self.town.stock.online.tables(), self.wait_memory_min)

    def _synchronise(self) -> None:
        """The stores' records reach the online systems at midnight, and during the day as often as they do."""
        online, minutes = self.town.stock.online, self.town.open.stock_sync_minutes
        nightly_batch(online, minutes)
        self.engine.start(synchronisation(online, minutes))

    def _close_needs_lost_beforehand(self, day: Day, needs: DayNeeds, journey: Ints) -> None:
        """Needs that went to the rival or nowhere end where they began."""
        rows = np.flatnonzero((journey == Journey.RIVAL) | (journey == Journey.NONE))
        zero = np.zeros(len(rows), dtype=np.int64)
        rival = journey[rows] == Journey.RIVAL
        self.log.extend(
            "needs",
            {
                "need": needs.need[rows],
                "shopper": needs.shopper[rows],
                "time_s": np.full(len(rows), day.start_s),
                "mission": needs.mission[rows],
                "items": needs.items[rows],
                "journey": journey[rows],
                "store": zero - 1,
                "outcome": np.where(rival, int(Outcome.RIVAL), int(Outcome.NOTHING)),
                "net_yen": zero,
                "contribution_yen": zero,
            },
        )

    def _remember_waits(self) -> None:
        for store in self.town.stores:
            hours = [*store.queues[Place.STAFFED_TILL], *store.queues[Place.SELF_CHECKOUT]]
            served = sum(hour.served for hour in hours)
            today_min = sum(hour.wait_s for hour in hours) / 60 / served if served else 0.0
            memory = self.wait_memory_min
            memory[store.index] = _MEMORY * memory[store.index] + (1 - _MEMORY) * today_min

    def _remember_stock_outs(self) -> None:
        wanted, missing = np.array(self.town.lines_wanted), np.array(self.town.lines_missing)
        self.stock_out_memory = _MEMORY * self.stock_out_memory + (1 - _MEMORY) * missing / np.maximum(1, wanted)

    def _write_queues(self, day: int) -> None:
        rows: list[tuple[Any, ...]] = []
        for store in self.town.stores:
            for place, hours in store.queues.items():
                for number, hour in enumerate(hours):
                    if hour.joined or hour.balked:
                        units = store.open_units(place, number)
                        counts = (hour.joined, hour.served, hour.balked, hour.reneged)
                        times = (hour.wait_s, hour.longest_wait_s, hour.service_s)
                        rows.append((day, number, store.index, int(place), *counts, *times, units))
            store.start_day()
        names = ["day", "hour", "store", "place", "joined", "served", "balked", "reneged", "wait_s"]
        names += ["longest_wait_s", "service_s", "open_units"]
        if rows:
            self.log.extend("queues", dict(zip(names, zip(*rows, strict=True), strict=True)))

    def _write_catalogue(self) -> None:
        goods = self.goods
        self.log.write(
            "catalogue",
            {
                "sku": np.arange(goods.size),
                "category": [goods.category_names[code] for code in goods.category],
                "price_yen": goods.price_yen,
                "cost_yen": goods.cost_yen,
                "weight_kg": goods.weight_kg,
            },
        )

    def _write_closing(self) -> None:
        people, locations, skus = self.people, self.town.warehouse + 1, self.goods.size
        self.log.write(
            "shoppers",
            {
                "shopper": np.arange(people.size),
                "age_band": people.age_band,
                "home_x_km": people.home_x_km,
                "home_y_km": people.home_y_km,
                "needs_per_day": people.needs_per_day,
                "digital_affinity": people.digital_affinity,
                "app_from_s": people.app_from_s,
                **self.loyalty.closing(),
                **self.programme.closing(),
            },
        )
        self.log.write(
            "stock_closing",
            {
                "location": np.repeat(np.arange(locations), skus),
                "sku": np.tile(np.arange(skus), locations),
                "on_hand": np.array(self.town.stock.on_hand).ravel(),
                "held": np.array(self.town.stock.held).ravel(),
                "recorded": np.array(self.town.stock.recorded).ravel(),
                "in_transit": np.array(self.town.stock.in_transit).ravel(),
            },
        )


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
