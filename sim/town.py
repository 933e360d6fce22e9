"""What all journeys share: the town's people and goods, the stores, the stock, the tenders, and the record."""

from __future__ import annotations

from dataclasses import dataclass

from scenarios.schema import Scenario
from sim.engine import Engine
from sim.errand import Errand
from sim.inventory.stock import Stock
from sim.log.recorder import Recorder
from sim.log.rows import EVENT, NEED
from sim.log.schema import Outcome
from sim.payments.tenders import Tenders
from sim.population import Population
from sim.rollout import Open
from sim.store.store import Store
from sim.streams import Streams


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
    recommend_logit: float
    """Logit of staff recommending the app, item in stock and nobody queueing."""
    stay_probability: list[float]
    """Probability of joining a line of 0, 1, 2, ... people."""
    open_needs: int = 0
    """Needs on their way."""

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
                -1,
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

    def has_app(self, errand: Errand) -> bool:
        """Whether the shopper has the retailer's app by now."""
        return bool(self.people.app_from_s[errand.shopper] <= self.engine.now)
