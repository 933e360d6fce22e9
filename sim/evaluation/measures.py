"""The measures of one replication: names, definitions, and how they are computed from its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from scenarios.errors import UsageError, hint
from scenarios.schema import Scenario
from sim.evaluation.ledgers.siloed import OWNERS, checked, profit_and_loss
from sim.evaluation.lifetime_value.truth import lifetimes
from sim.evaluation.measure import Measure
from sim.evaluation.measures_of_contacts import CONTACTS
from sim.evaluation.measures_of_customers import CUSTOMERS
from sim.evaluation.measures_of_payments import PAYMENTS
from sim.evaluation.measures_of_profit import PROFIT
from sim.evaluation.measures_of_sales import SALES
from sim.evaluation.measures_of_staff import STAFF
from sim.evaluation.measures_of_stock import STOCK
from sim.evaluation.measures_of_visits import VISITS
from sim.evaluation.measures_of_waiting import WAITING
from sim.evaluation.tables import opened, single
from sim.rollout import capex_yen

MEASURES: Final[tuple[Measure, ...]] = (
    *PROFIT,
    *SALES,
    *STAFF,
    *STOCK,
    *WAITING,
    *VISITS,
    *PAYMENTS,
    *CUSTOMERS,
    *CONTACTS,
)

BY_NAME: Final = {measure.name: measure for measure in MEASURES}

MODE_OUTCOMES: Final = (
    "contribution_yen",
    "store_pl_yen",
    "ec_pl_yen",
    "saved_sales_yen",
    "lost_sales_yen",
    "lost_sales_with_network_stock_yen",
    "identified_sales",
    "till_wait_s",
    "renege_rate",
    "pickup_ready_s",
    "pickup_wait_s",
    "return_rate_online",
    "return_rate_store",
    "shared_journeys",
    "satisfaction_mean",
    "inconsistency_per_1000_journeys",
)
"""What the modes of operation are compared on, in this order."""


def known(name: str, option: str) -> str:
    """`name`, given with `option`, if a measure is called so; raises `UsageError` with what may have been meant."""
    if name not in BY_NAME:
        raise UsageError(f"{option} {name}: no measure is called so{hint(name, BY_NAME)}")
    return name


def measure(directory: Path, scenario: Scenario) -> dict[str, float]:
    """All measures of the replication in `directory`, by name. Yen and counts are whole numbers."""
    with opened(directory) as db:
        found = {m.name: single(db, m.query) for m in MEASURES if m.query is not None}
        found |= _owners(db, scenario, found["contribution_yen"])
        values = lifetimes(db, scenario)
    found["capability_capex_yen"] = capex_yen(scenario)
    found["ltv_yen"], found["customer_equity_yen"] = values.mean_yen, values.equity_yen
    return {m.name: round(found[m.name]) if m.unit in ("yen", "count") else found[m.name] for m in MEASURES}


def _owners(db: duckdb.DuckDBPyConnection, scenario: Scenario, company_yen: float) -> dict[str, float]:
    """Both P/Ls and what is in neither; raises `LawViolated` where they are not the company's, to the yen."""
    rows = checked(profit_and_loss(db, scenario.evaluation.booking), company_yen)
    totals = {owner: sum(yen for (who, _), yen in rows.items() if who == owner) for owner in OWNERS}
    return {"store_pl_yen": totals["store"], "ec_pl_yen": totals["ec"], "unallocated_yen": totals["unallocated"]}
