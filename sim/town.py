"""What all journeys share: the town's people and goods, the stores, the stock, the tenders, and the record."""

from __future__ import annotations

from dataclasses import dataclass, field

from scenarios.schema import Scenario
from sim.calendar import DAY_S
from sim.engine import Engine, Pool
from sim.errand import Errand
from sim.inventory.stock import Stock
from sim.log.recorder import Recorder
from sim.log.rows import EVENT, NEED
from sim.log.schema import Outcome
from sim.loyalty.programme import Programme
from sim.loyalty.recommender import Recommender
from sim.loyalty.satisfaction import Loyalty
from sim.orders import Order
from sim.payments.tenders import Tenders
from sim.population import Population
from sim.rollout import Open
from sim.staff.crew import Crew
from sim.store.store import Store
from sim.streams import Floats, Streams


@dataclass
class Town:
    """Everything a journey can touch. Lists indexed by SKU are plain lists: single items are read in hot paths."""

    scenario: Scenario
    streams: Streams
    open: Open
    """Level of every capability at each place today."""
    engine: Engine
    log: Recorder
    people: Population
    stock: Stock
    stores: list[Store]
    tenders: Tenders
    price_yen: list[int]
    cost_yen: list[int]
    category: list[int]
    weight_kg: list[float]
    crew: Crew
    """The floor staff of all stores."""
    stay_probability: list[float]
    """Probability of joining a line of 0, 1, 2, ... people."""
    loyalty: Loyalty
    programme: Programme
    recommender: Recommender
    agents: Pool
    """The contact centre's."""
    km: Floats
    """From each home to each store, shape (n_shoppers, n_stores)."""
    coming_back: list[Order] = field(default_factory=list)
    """Orders whose goods will be given back, found since the last night."""
    lines_wanted: list[int] = field(default_factory=list)
    """Lines looked for on each store's shelves today."""
    lines_missing: list[int] = field(default_factory=list)
    open_needs: int = 0
    """Needs on their way."""

    def start_day(self, opened: Open) -> None:
        """A new day with these capabilities; yesterday's counts are forgotten."""
        self.open = opened
        self.lines_wanted = [0] * len(self.stores)
        self.lines_missing = [0] * len(self.stores)

    @property
    def warehouse(self) -> int:
        """The warehouse's location in `stock`, behind the stores'."""
        return len(self.stores)

    def note(
        self,
        errand: Errand,
        kind: int,
        place: int,
        quantity: int = 0,
        amount_yen: int = 0,
        order: int = -1,
        payment: int = -1,
        sku: int = -1,
        staff: int = -1,
    ) -> None:
        """Record an event of `errand` now."""
        self.log.events.extend(
            EVENT(
                self.engine.env._now,
                errand.shopper,
                errand.need,
                errand.journey,
                errand.store,
                kind,
                place,
                sku,
                quantity,
                amount_yen,
                order,
                payment,
                staff,
            )
        )

    def close(self, errand: Errand, outcome: Outcome) -> None:
        """The journey itself has come to its end, with this outcome."""
        errand.outcome = int(outcome)
        self.part_done(errand)

    def part_done(self, errand: Errand) -> None:
        """The journey or an order that outlived it is over; the last one ends the need."""
        errand.open_parts -= 1
        if errand.open_parts:
            return
        self.open_needs -= 1
        self.log.needs.extend(
            NEED(
                errand.need,
                errand.shopper,
                errand.start_s,
                errand.mission,
                errand.items,
                errand.journey,
                errand.store,
                errand.outcome,
                errand.net_yen,
                errand.contribution_yen,
            )
        )

    def draw(self, purpose: str, entity: int, column: int = 0) -> float:
        """A uniform of a need (or shopper) for something that happens now and then."""
        return self.streams.single(purpose, entity, column)

    def nearest_open_store(self, shopper: int, other_than: int = -1) -> int:
        """The store next to the shopper's home among those that exist by now; -1 where there is no other one."""
        today = int(self.engine.now / DAY_S)
        there = [s.index for s in self.stores if s.index != other_than and s.is_open_on(today)]
        return min(there, key=lambda at: float(self.km[shopper, at]), default=-1)

    def has_app(self, errand: Errand) -> bool:
        """Whether the shopper has the retailer's app by now."""
        return self.people.app_from_s.item(errand.shopper) <= self.engine.env._now

    def app_at_hand(self, errand: Errand) -> bool:
        """Whether somebody in a store has the app on a phone that works there."""
        return not errand.offline and self.has_app(errand)
