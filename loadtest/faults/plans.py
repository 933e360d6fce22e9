"""Drills by name: one TOML file each, with the traffic, the faults and what is promised to hold."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from loadtest.faults.timetable import AnyFault
from loadtest.faults.traffic import Traffic, Wave
from scenarios.errors import DataInvalid, UsageError, hint

SCHEMA: Final = "omo.drill-plan/1"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Objective(_Table):
    """When checkout counts as well: what its p99 from the intended start may be, and how much of it is answered."""

    p99_ms: float = Field(gt=0)
    answered: float = Field(ge=0, le=1, description="share of checkout calls with a definite answer")


class Promises(_Table):
    """What the drill shows to hold; the books (no unpaid goods, no double charge left, ...) are always promised."""

    recovers_within_s: float | None = Field(None, gt=0, description="after the last fault: checkout is well again")
    checkout_holds: bool = Field(False, description="checkout is well throughout, the waves included")
    safe_pushes_per_s: float | None = Field(None, gt=0, description="checkout is well at this pace and below")
    sold_out: bool = Field(False, description="the hot item is sold to its last unit, and no further")


class Plan(_Table):
    """A drill's file."""

    version: Literal["omo.drill-plan/1"] = Field(alias="schema")
    about: str
    story: str = Field(description="what happened to whom, with the source's id")
    objective: Objective
    traffic: Traffic
    faults: list[Annotated[AnyFault, Field(discriminator="action")]] = []
    promises: Promises


@dataclass(frozen=True)
class Drill:
    """A plan with its name."""

    name: str
    plan: Plan

    def seconds(self) -> float:
        """Until the last shopper comes."""
        return max(wave.to_s for wave in self.plan.traffic.waves)

    def last_fault_s(self) -> float:
        """When the last fault is planned to be over; 0 without faults."""
        return max((fault.at_s + fault.seconds for fault in self.plan.faults), default=0.0)


def names() -> list[str]:
    """The drills there are."""
    folder = files("loadtest.faults") / "drills"
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))


def read_drill(name: str) -> Drill:
    """The drill of that name; UsageError where there is none, DataInvalid where its file is wrong."""
    if name not in names():
        raise UsageError(f"no drill {name!r}{hint(name, names())}")
    values = tomllib.loads((files("loadtest.faults") / "drills" / f"{name}.toml").read_text(encoding="utf-8"))
    try:
        return Drill(name, Plan.model_validate(values))
    except ValidationError as error:
        places = [f"{name}.toml: {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise DataInvalid(places) from None


def at_pace(drill: Drill, pushes_per_s: float) -> Drill:
    """The drill with its pushes at one pace throughout. UsageError where it has none."""
    waves = drill.plan.traffic.waves
    pushed = [wave for wave in waves if wave.pushes_per_s]
    if not pushed:
        raise UsageError(f"--pace: the drill {drill.name} sends no pushes; push-to-a-million does")
    one = pushed[0].model_copy(
        update={
            "from_s": min(wave.from_s for wave in pushed),
            "to_s": max(wave.to_s for wave in pushed),
            "pushes_per_s": pushes_per_s,
        }
    )
    calm: list[Wave] = [wave for wave in waves if not wave.pushes_per_s]
    changes: dict[str, Any] = {"traffic": drill.plan.traffic.model_copy(update={"waves": [*calm, one]})}
    return Drill(drill.name, drill.plan.model_copy(update=changes))
