"""What a staff member's own act at a contact was worth: to the company, and to the own pay, beside having kept silent.

Two replications on the same needs are laid side by side: `p_` as it was, `q_` with staff who never advise nor deflect.
The pay of a contact is what the policy's rules give for the rows of its need, as they do at the margin: no pay slip is
negative, but a till sale lost is a bonus lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scenarios.evaluation import Evaluation
from scenarios.schema import Scenario
from sim.log.schema import StaffAction
from sim.staff.pay import ATTRIBUTED_SHARE, promised_yen

Floats = NDArray[np.float64]
Columns = dict[str, NDArray[Any]]

_ENOUGH_CONTACTS: Final = 30
"""Fewer are not compared when uplift is measured, as when it is paid."""
_ACTS: Final = """
  create or replace temp table acts as
  select need, n.shopper, c.staff, c.store, c.action, c.stocked_out, c.time_s, c.signed_up, c.hollow
  from p_staff_contacts c join p_needs n using (need) where c.action <> 'nothing'
  qualify row_number() over (partition by need order by c.time_s) = 1"""
_HOMES: Final = """
  create or replace temp table homes as select staff, any_value(store) as store from p_staff_contacts group by 1"""
_SALE: Final = "l.account in ('revenue', 'refund')"
_MONEY: Final = ("company_yen", "commission_yen", "till_yen", "online_yen", "credited_yen")
_OF_ACTS: Final = """
  create or replace temp table {side}_money as
  select a.need, coalesce(sum(l.amount_yen), 0) as company_yen,
    coalesce(-sum(l.amount_yen) filter (where l.account = 'commission' and l.staff = a.staff), 0) as commission_yen,
    coalesce(sum(l.amount_yen) filter (where {sale} and l.order_channel = 'store'), 0) as till_yen,
    coalesce(sum(l.amount_yen) filter (where {sale} and l.order_channel <> 'store'), 0) as online_yen,
    coalesce(sum(l.amount_yen * {credit}) filter (where {sale}), 0) as credited_yen
  from acts a left join {side}_ledger l on l.need = a.need
  left join homes h on h.staff = l.staff left join nearest n on n.shopper = a.shopper
  group by 1"""
_LATER: Final = """
  create or replace temp table recruits as select a.need, sum(l.amount_yen) as later_yen from acts a
  join p_needs n on n.shopper = a.shopper join p_ledger l on l.need = n.need and l.time_s >= a.time_s
  where a.signed_up group by 1"""
_UPLIFT: Final = f"""
  create or replace temp table uplift as
  with yen as (select need, sum(amount_yen) as yen from p_ledger where need is not null group by 1),
  met as (select c.stocked_out, starts_with(c.action::varchar, 'recommend') as advised, coalesce(yen, 0) as yen
    from p_staff_contacts c left join yen using (need))
  select stocked_out, avg(yen) filter (where advised) - avg(yen) filter (where not advised) as uplift_yen
  from met group by 1
  having least(count(*) filter (where advised), count(*) filter (where not advised)) >= {_ENOUGH_CONTACTS}"""
_DIFFERENCES: Final = ", ".join(f"(p.{name} - q.{name})::double as {name}" for name in _MONEY)
_FOUND: Final = f"""
  select a.action::varchar as action, a.store::varchar as store, a.stocked_out, a.signed_up or a.hollow as joined,
    coalesce(later_yen, 0)::double as later_yen, coalesce(uplift_yen, 0)::double as uplift_yen, {_DIFFERENCES}
  from acts a join p_money p using (need) join q_money q using (need)
  left join recruits using (need) left join uplift using (stocked_out) order by need"""


@dataclass(frozen=True)
class Acts:
    """One row per need at which staff did something (their first act): arrays of one length."""

    action: NDArray[Any]
    """Code of the action as a string."""
    company_yen: Floats
    """Contribution of the need, less what it is where staff keep silent."""
    paid_yen: Floats
    """The same of the person's own pay, by the policy's rules applied to what came of the need."""
    promised_yen: Floats
    """What the letter of the policy promises for such an act."""


def acts(db: duckdb.DuckDBPyConnection, scenario: Scenario) -> Acts:
    """The acts of one replication, its tables opened as `p_` and those of its silent twin as `q_`."""
    pay = scenario.evaluation
    for query in (_ACTS, _HOMES, _LATER, _UPLIFT):
        db.execute(query)
    _locate(db, scenario)
    for side in "pq":
        db.execute(_OF_ACTS.format(side=side, sale=_SALE, credit=_credit_sql(pay)))
    found: Columns = db.execute(_FOUND).fetchnumpy()
    return Acts(found["action"], found["company_yen"], _paid(scenario, found), _promised(scenario, found))


def _credit_sql(pay: Evaluation) -> str:
    """Share of a row that counts for the store of the contact (null for none); a staff code goes before the rest."""
    by_code = f"case l.order_channel when 'app' then {max(pay.app_sale_store_credit, pay.code_store_credit)} "
    by_code += f"else {pay.code_store_credit} end"
    return f"""
      case when l.order_channel = 'store' then (l.store = a.store)::int * {pay.till_sale_store_credit}
        when l.staff is not null then (h.store = a.store)::int * {by_code}
        when l.order_channel = 'app' then (l.store = a.store)::int * {pay.app_sale_store_credit}
        when l.fulfilment = 'collect' then (l.store = a.store)::int * {pay.collect_store_credit}
        else (n.store = a.store)::int * {pay.radius_store_credit} end"""


def _locate(db: duckdb.DuckDBPyConnection, scenario: Scenario) -> None:
    """A table of the store nearest to each shopper's home, where one lies within the radius of the policy."""
    shoppers = db.execute("select shopper, home_x_km, home_y_km from p_shoppers order by shopper").fetchnumpy()
    names = np.array([*scenario.stores])
    x, y = (np.array([getattr(store, axis) for store in scenario.stores.values()]) for axis in ("x_km", "y_km"))
    km = np.hypot(shoppers["home_x_km"][:, None] - x, shoppers["home_y_km"][:, None] - y)
    near = km.min(axis=1) <= scenario.evaluation.radius_km
    table = pa.table({"shopper": shoppers["shopper"][near], "store": names[km.argmin(axis=1)][near]})
    db.register("nearest_shops", table)
    db.execute("create or replace temp table nearest as select * from nearest_shops")
    db.unregister("nearest_shops")


def _teams(scenario: Scenario) -> dict[str, int]:
    """Floor staff of each store."""
    return {name: max(1, *store.floor_staff) for name, store in scenario.stores.items()}


def _paid(scenario: Scenario, found: Columns) -> Floats:
    """Own pay for each act, component by component as `sim.staff.pay.pay_slips` pays them for a month."""
    pay, teams = scenario.evaluation, _teams(scenario)
    team = np.array([teams[store] for store in found["store"].tolist()], dtype=float)
    advised = np.char.startswith(found["action"].astype(str), "recommend")
    paid: Floats = found["commission_yen"] + pay.till_commission_percent / 100 * found["till_yen"]
    paid += pay.store_bonus_percent / 100 * found["credited_yen"] / team
    paid += pay.join_fee_yen * found["joined"]
    paid += pay.ltv_share_percent / 100 * found["later_yen"]
    paid += pay.incremental_percent / 100 * found["uplift_yen"] * advised
    paid += pay.attribution_percent / 100 * ATTRIBUTED_SHARE[pay.attribution_rule] * found["online_yen"]
    of_company = pay.company_bonus * pay.company_bonus_percent / 100 / sum(teams.values())
    paid += of_company * found["company_yen"]
    return paid


def _promised(scenario: Scenario, found: Columns) -> Floats:
    teams, rules, pay = _teams(scenario), scenario.staff, scenario.evaluation
    company = sum(teams.values())
    by_store = {store: promised_yen(rules, pay, team, company).sum(axis=0) for store, team in teams.items()}
    rows = zip(found["store"].tolist(), found["action"].tolist(), found["stocked_out"].tolist(), strict=True)
    return np.array([by_store[store][StaffAction[action.upper()], int(missing)] for store, action, missing in rows])
