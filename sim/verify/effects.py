"""All published findings that the twin is asked for."""

from __future__ import annotations

from typing import Final

from sim.verify.effects_channels import CHANNELS
from sim.verify.effects_customers import CUSTOMERS
from sim.verify.effects_service import SERVICE
from sim.verify.effects_staff import STAFF
from sim.verify.findings import Effect


def _in_order(effect: Effect) -> str:
    return effect.id


EFFECTS: Final[tuple[Effect, ...]] = tuple(sorted((*CHANNELS, *CUSTOMERS, *SERVICE, *STAFF), key=_in_order))
