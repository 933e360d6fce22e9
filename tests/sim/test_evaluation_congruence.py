"""Goal congruence on hand-written contacts with the yen worked out, and its ends on a small town."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from towns import small

from scenarios.loader import Loaded, load
from scenarios.schema import Scenario
from sim.evaluation.congruence.congruence import aligned, policy_row, silent
from sim.evaluation.congruence.own_bonus import Acts, acts
from sim.evaluation.policies.worlds import pure
from sim.evaluation.tables import opened
from sim.experiment import run
from sim.log.run_directory import Request, replication_path

WARD = load("ward-omo")
STORE = next(iter(WARD.scenario.stores))
HERE = WARD.scenario.stores[STORE]
TEAM = max(HERE.floor_staff)
STAFF = sum(max(store.floor_staff) for store in WARD.scenario.stores.values())

CONTACTS = [(1, "recommend", False), (2, "recommend", True), (3, "deflect", False), (4, "nothing", False)]


def sale(
    need: int, channel: str, yen: int, cost: int, commission_percent: int = 0, fulfilment: str = "carry"
) -> list[list]:
    """Revenue, cost of goods and commission of one order; one in the app carries the code of staff number 0."""
    store = None if fulfilment == "ship" and channel == "ec" else STORE
    rows = [("revenue", yen), ("cost_of_goods", -cost), ("commission", -yen * commission_percent // 100)]
    code = 0 if channel == "app" else None
    return [[need, account, channel, fulfilment, amount, store, code, 100.0] for account, amount in rows if amount]


def replication(directory: Path, ledger: list[list], signed_up: bool = False) -> Path:
    """A folder with the contacts above (shopper = need; 3 lives far away) and these ledger rows."""
    directory.mkdir()
    with duckdb.connect() as db:
        db.execute("create table needs (need bigint, shopper bigint)")
        db.executemany("insert into needs values (?, ?)", [[need, need] for need in (1, 2, 3, 4)])
        db.execute("create table shoppers (shopper bigint, home_x_km double, home_y_km double)")
        homes = [[need, HERE.x_km, HERE.y_km] for need in (1, 2, 4)] + [[3, 500.0, 500.0]]
        db.executemany("insert into shoppers values (?, ?, ?)", homes)
        db.execute("""create table staff_contacts (time_s double, store varchar, staff int, need bigint,
            action varchar, stocked_out boolean, signed_up boolean, hollow boolean)""")
        contacts = [[50.0, STORE, 0, need, action, missing, signed_up, False] for need, action, missing in CONTACTS]
        db.executemany("insert into staff_contacts values (?, ?, ?, ?, ?, ?, ?, ?)", contacts)
        db.execute("""create table ledger (need bigint, account varchar, order_channel varchar, fulfilment varchar,
            amount_yen bigint, store varchar, staff int, time_s double)""")
        shrink = [None, "shrink", None, None, -70, STORE, None, 99.0]
        db.executemany("insert into ledger values (?, ?, ?, ?, ?, ?, ?, ?)", [*ledger, shrink])
        for name in ("needs", "shoppers", "staff_contacts", "ledger"):
            db.execute(f"copy {name} to '{directory / name}.parquet' (format parquet)")
    return directory


def of(scenario: Scenario, p: Path, q: Path) -> Acts:
    with duckdb.connect() as db, opened(p, "p_", db), opened(q, "q_", db):
        return acts(db, scenario)


def shifted(directory: Path, commission_percent: int) -> tuple[Path, Path]:
    """Need 1: 3,000 at our till (cost 2,100) becomes an app order that costs 2,310. Need 2: 2,000 in the app instead
    of nothing. Need 3: talked back to the till with 1,000, which the app would have sold at a lower cost. Need 4:
    nothing was said.
    """
    acted = sale(1, "app", 3000, 2310, commission_percent) + sale(2, "app", 2000, 1540, commission_percent)
    acted += sale(3, "store", 1000, 700)
    quiet = sale(1, "store", 3000, 2100) + sale(3, "app", 1000, 650)
    both = sale(4, "store", 5000, 3500)
    return replication(directory / "p", acted + both), replication(directory / "q", quiet + both)


def test_a_commission_worked_out(tmp_path: Path) -> None:
    """Company: need 1 3,000 - 2,310 - 90 - 900 = -300; need 2 2,000 - 1,540 - 60 = +400; need 3 300 - 350 = -50.
    Own: 90 less 0.5 % of 3,000 of store bonus shared by the team; 60; 0.5 % of 1,000 shared.
    Agree: only need 2, 400 of 750.
    """
    found = of(pure(WARD, "commission").scenario, *shifted(tmp_path, 3))
    assert found.action.tolist() == ["recommend", "recommend", "deflect"]
    assert found.company_yen.tolist() == [-300, 400, -50]
    assert found.paid_yen == pytest.approx([90 - 15 / TEAM, 60, 5 / TEAM])
    assert aligned(found.company_yen, found.paid_yen) == {"agree": 400, "against": 350, "no_stake": 0}


def test_pay_on_till_sales_alone_worked_out(tmp_path: Path) -> None:
    """Company, without commission: -210, +460, -50. Own, 2 % of till sales: -60, 0, +20. Need 1 is a loss to both,
    need 2 moves no pay, need 3 pays for a loss.
    """
    found = of(pure(WARD, "till_only").scenario, *shifted(tmp_path, 0))
    assert found.paid_yen == pytest.approx([-60, 0, 20])
    assert aligned(found.company_yen, found.paid_yen) == {"agree": 210, "against": 50, "no_stake": 460}


def test_what_the_letter_promises_worked_out(tmp_path: Path) -> None:
    """2 % of what staff expect to move: 4,000 yen x 0.3 followed, all of it from the till where the item is there,
    0.6 x 0.3 of it where it is missing; deflecting keeps 4,000 x 0.2 at the till.
    """
    found = of(pure(WARD, "till_only").scenario, *shifted(tmp_path, 0))
    moved = 4000 * 0.3
    assert found.promised_yen == pytest.approx([-0.02 * moved, -0.02 * moved * 0.6 * 0.3, 0.02 * 800])


def test_a_share_of_the_companys_contribution_always_agrees(tmp_path: Path) -> None:
    """1 % of contribution, shared by all staff: however thin, its sign is the company's."""
    sets = ["evaluation.policy=fixed_wage", "evaluation.company_bonus=1.0", "evaluation.commission_percent=0.0"]
    found = of(load("ward-omo", sets).scenario, *shifted(tmp_path, 0))
    assert found.paid_yen == pytest.approx(np.array([-210, 460, -50]) * 0.01 / STAFF)
    assert aligned(found.company_yen, found.paid_yen)["agree"] == 720


def test_a_join_fee_pays_for_the_signature(tmp_path: Path) -> None:
    """300 yen for each of the three acts, whatever came of them; here nothing did, so no value agrees or disagrees."""
    found = of(pure(WARD, "join_fee").scenario, replication(tmp_path / "p", [], True), replication(tmp_path / "q", []))
    assert found.paid_yen.tolist() == [300, 300, 300]
    assert aligned(found.company_yen, found.paid_yen) == {"agree": 0, "against": 0, "no_stake": 0}


def test_a_parcel_counts_for_the_store_near_home(tmp_path: Path) -> None:
    """Radius credit: 2,000 shipped to next door count in full, 0.5 % of them shared by the team; those sent far away
    do not."""
    parcels = [row for need in (2, 3) for row in sale(need, "ec", 2000, 1500, 0, "ship")]
    p = replication(tmp_path / "p", parcels)
    found = of(pure(WARD, "radius").scenario, p, replication(tmp_path / "q", []))
    assert found.paid_yen == pytest.approx([0, 10 / TEAM, 0])


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """Rows for a fixed wage, for pay on till sales, and for pay by the company's contribution alone."""
    root = tmp_path_factory.mktemp("runs")
    bonus = ["evaluation.policy=fixed_wage", "evaluation.company_bonus=1.0", "evaluation.commission_percent=0.0"]
    worlds: dict[str, Loaded] = {name: pure(small(), name) for name in ("fixed_wage", "till_only")}
    worlds["company"] = small("ward-omo", bonus)
    requests = [Request(loaded, 1, 2) for world in worlds.values() for loaded in (world, silent(world))]
    runs = run(requests, root, jobs=2)
    return {
        name: policy_row(name, world.scenario, runs[2 * at], runs[2 * at + 1])
        for at, (name, world) in enumerate(worlds.items())
    } | {"silent_runs": {"paths": runs[1::2]}}


def test_silent_staff_neither_advise_nor_deflect(town: dict[str, dict]) -> None:
    for path in town["silent_runs"]["paths"]:
        table = replication_path(path, 0) / "staff_contacts.parquet"
        rows = duckdb.execute(f"select distinct action::varchar from read_parquet('{table}')").fetchall()
        assert rows == [("nothing",)]


def test_a_fixed_wage_moves_no_pay_and_a_company_bonus_always_agrees(town: dict[str, dict]) -> None:
    assert town["fixed_wage"]["value_yen"]["mean"] > 0
    assert town["fixed_wage"]["paid"]["no_stake"]["value"] == 1
    assert town["company"]["paid"]["agree"]["value"] == 1


def test_pay_on_till_sales_alone_is_less_congruent(town: dict[str, dict]) -> None:
    """It has nothing to say of what advice brings online, and rewards whoever talks shoppers out of the app."""
    assert town["till_only"]["paid"]["agree"]["value"] < town["company"]["paid"]["agree"]["value"]
    assert town["till_only"]["paid"]["no_stake"]["value"] > 0


def test_shares_and_acts_add_up(town: dict[str, dict]) -> None:
    row = town["company"]
    for basis in ("paid", "promised"):
        assert sum(share["value"] for share in row[basis].values()) == pytest.approx(1)
    assert sum(of_action["acts"]["mean"] for of_action in row["actions"].values()) == row["acts"]["mean"]
    value = sum(of_action["company_yen"]["mean"] for of_action in row["actions"].values())
    assert value == pytest.approx(row["company_yen"]["mean"])
