"""What a measure is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["yen", "share", "count", "s", "days", "hours", "number"]


@dataclass(frozen=True)
class Measure:
    """One number per replication. `query` is SQL over the run's tables; None where `measure` computes it."""

    name: str
    unit: Unit
    label: str
    definition: str
    query: str | None = None
