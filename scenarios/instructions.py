"""What the manager of a store orders for some hours of a day: who works where, what is advised, what is taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from scenarios.cited import ASSUMPTION, Positive, Table, cited
from scenarios.errors import hint
from scenarios.settlement import Brand

Advising = Literal["own_judgement", "always", "never"]


class Instruction(Table):
    """One order of a store's manager. Nobody is hired or sent home: whoever is here is told to work elsewhere."""

    store: str = Field(description="id of the store")
    day: Annotated[int, Field(ge=0, description="0 is the start of the horizon")]
    from_hour: Annotated[float, Field(ge=0, lt=24)]
    hours: Positive
    to_tills: int = cited(0, ASSUMPTION, "floor staff who open a till each; negative: tills closed, for the floor")
    to_orders: int = cited(0, ASSUMPTION, "floor staff who only pick and hand over orders", ge=0)
    advising: Advising = cited("own_judgement", ASSUMPTION, "what floor staff are told about recommending the app")
    refuse: list[Brand] = cited([], ASSUMPTION, "what the tills do not take; who has nothing else pays cash or leaves")

    @model_validator(mode="after")
    def _ends_on_its_day(self) -> Instruction:
        if self.from_hour + self.hours > 24:
            raise ValueError(f"from_hour + hours is {self.from_hour + self.hours:g}: it must end by midnight, 24")
        if "cash" in self.refuse:
            raise ValueError("refuse: cash is always taken")
        return self


def instruction_problems(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Instructions to stores that do not exist, in tables that may be wrong in other respects."""
    stores, instructions = values.get("stores"), values.get("instructions")
    if not isinstance(stores, Mapping) or not isinstance(instructions, Mapping):
        return
    for name, instruction in instructions.items():
        store = instruction.get("store") if isinstance(instruction, Mapping) else None
        if isinstance(store, str) and store not in stores:
            yield f"instructions.{name}.store", f"no store {store}{hint(store, list(stores))}"
