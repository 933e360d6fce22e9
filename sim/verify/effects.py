"""All published findings that the twin is asked for."""

from __future__ import annotations

from typing import Final

from sim.verify.effects_channels import CHANNELS
from sim.verify.findings import Effect

EFFECTS: Final[tuple[Effect, ...]] = (*CHANNELS,)
