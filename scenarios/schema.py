"""The scenario: everything a user may configure. Times of day are hours, money is yen, distances are km."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field, model_validator

from scenarios.capabilities import Capabilities, CapabilityCost, Learning, Wave
from scenarios.checks import cross_problems
from scenarios.cited import ASSUMPTION, Table, cited
from scenarios.considering import Considering, ContactCentre, Reminder, Returns, Thinking
from scenarios.evaluation import Evaluation
from scenarios.events import Event
from scenarios.fulfilment import Fulfilment
from scenarios.instructions import Instruction
from scenarios.loyalty import Coupons, Loyalty, Points, Push, WordOfMouth
from scenarios.payments import Payments
from scenarios.people import People
from scenarios.places import Baskets, Store, Tills, Traffic
from scenarios.proposals import Proposals
from scenarios.sensors import DoorCounter, Rfid
from scenarios.staff import Staff
from scenarios.stock import Stock
from scenarios.touchpoints import Saturation, Touchpoint
from scenarios.visit_booking import VisitBooking


class Horizon(Table):
    """What is simulated."""

    start: date = Field(description="first day")
    days: Annotated[int, Field(gt=0, le=3660)]


class Scenario(People):
    """A retailer, its town, and what is done about them."""

    title: str
    description: str = ""
    horizon: Horizon
    traffic: Traffic = Field(default_factory=Traffic)
    baskets: Baskets = Field(default_factory=Baskets)
    stores: dict[str, Store] = Field(min_length=1)
    tills: Tills = Field(default_factory=Tills)
    stock: Stock = Field(default_factory=Stock)
    fulfilment: Fulfilment = Field(default_factory=Fulfilment)
    payments: Payments = Field(default_factory=Payments)
    staff: Staff = Field(default_factory=Staff)
    evaluation: Evaluation = Field(default_factory=Evaluation)
    capabilities: Capabilities = Field(default_factory=Capabilities)
    considering: Considering = Field(default_factory=Considering)
    thinking: Thinking = Field(default_factory=Thinking)
    reminder: Reminder = Field(default_factory=Reminder)
    visit_booking: VisitBooking = Field(default_factory=VisitBooking)
    door_counter: DoorCounter = Field(default_factory=DoorCounter)
    rfid: Rfid = Field(default_factory=Rfid)
    returns: Returns = Field(default_factory=Returns)
    contact_centre: ContactCentre = Field(default_factory=ContactCentre)
    rollout: dict[str, Wave] = Field(default_factory=dict, description="waves by name, applied in order of day")
    learning: Learning = Field(default_factory=Learning)
    capability_costs: dict[str, CapabilityCost] = Field(default_factory=dict, description="capability -> its cost")
    loyalty: Loyalty = Field(default_factory=Loyalty)
    word_of_mouth: WordOfMouth = Field(default_factory=WordOfMouth)
    points: Points = Field(default_factory=Points)
    coupons: Coupons = Field(default_factory=Coupons)
    push: Push = Field(default_factory=Push)
    touchpoints: dict[str, Touchpoint] = Field(default_factory=dict, description="channels beside the app's push")
    saturation: Saturation = Field(default_factory=Saturation)
    proposals: Proposals = Field(default_factory=Proposals)
    events: dict[str, Event] = Field(default_factory=dict, description="what happens to the town, by name")
    instructions: dict[str, Instruction] = Field(default_factory=dict, description="managers' orders by the hour")
    seed: int = cited(1, ASSUMPTION, "random numbers: everything follows from it", ge=0)

    @model_validator(mode="after")
    def _keys_agree(self) -> Scenario:
        problems = cross_problems(self.model_dump())
        if problems:
            raise ValueError("; ".join(f"{key}: {what}" for key, what in problems))
        return self


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a scenario file, with each default's source under `source`."""
    return Scenario.model_json_schema()
