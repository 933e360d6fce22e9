"""Which charts a document has, by its schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from dashboard.charts import (
    attribution,
    books,
    capabilities,
    capacities,
    congruence,
    customers,
    demands,
    drills,
    investments,
    lifetime,
    policies,
    rollouts,
    sensitivity,
    sizings,
    soaks,
    sweeps,
    worlds,
)
from dashboard.charts.chart import Chart
from dashboard.words import Words
from scenarios.errors import UsageError

Drawing = Callable[[dict[str, Any], Words], list[Chart]]

DRAWN: Final[dict[str, Drawing]] = {
    "omo.attribution/1": attribution.file_charts,
    "omo.attribution-judged/1": attribution.judged_charts,
    "omo.best/1": policies.charts,
    "omo.capabilities/1": capabilities.charts,
    "omo.capacity/1": capacities.charts,
    "omo.comparison/1": worlds.pair_charts,
    "omo.comparison-of-many/1": worlds.many_charts,
    "omo.conformance/1": drills.conformance_charts,
    "omo.congruence/1": congruence.charts,
    "omo.cross-channel/1": customers.charts,
    "omo.demand/1": demands.charts,
    "omo.drill/1": drills.drill_charts,
    "omo.investment/1": investments.investment_charts,
    "omo.ledgers/1": books.ledger_charts,
    "omo.ltv/1": lifetime.charts,
    "omo.points/1": books.point_charts,
    "omo.rollout/1": rollouts.charts,
    "omo.search/1": sweeps.search_charts,
    "omo.sensitivity/1": sensitivity.charts,
    "omo.size/1": sizings.charts,
    "omo.soak/1": soaks.charts,
    "omo.stores/1": investments.store_charts,
    "omo.sweep/1": sweeps.sweep_charts,
}


def charts_of(document: dict[str, Any], say: Words) -> list[Chart]:
    """The charts of a document; `UsageError` where its schema has none."""
    schema = document.get("schema")
    if schema not in DRAWN:
        known = ", ".join(sorted(DRAWN))
        raise UsageError(f"{schema or 'a document without schema'}: no chart is known for it; drawn are {known}")
    return DRAWN[schema](document, say)
