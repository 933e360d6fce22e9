"""In whose books a sale stands and for whose evaluation it counts: two different things that both add up."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_ledgers import Row, booked, books
from towns import lived, small

from scenarios.evaluation import POLICIES
from scenarios.schema import Scenario
from sim.evaluation.ledgers.credit import EC, accounting_credits, evaluation_credits
from sim.evaluation.ledgers.ec_involved import ec_involved_yen, ec_shares
from sim.evaluation.ledgers.siloed import UNALLOCATED
from sim.log.schema import TABLES

STORES = ("station", "mall", "riverside", "temple")
SALES = st.lists(
    st.builds(
        booked,
        st.sampled_from(["revenue", "revenue", "refund"]),
        st.integers(-9_999, 99_999),
        st.integers(0, 5),
        st.sampled_from(["store", "app", "ec"]),
        st.sampled_from(["carry", "ship", "collect"]),
        st.sampled_from(STORES),
        staff=st.none() | st.integers(0, 3),
    ),
    max_size=12,
)
CONTACTS = [{"staff": staff, "store": STORES[staff]} for staff in range(4)]


def _scenario(*sets: str) -> Scenario:
    return small("ward-siloed", [f"evaluation.{key}" for key in sets]).scenario


SCENARIOS = {name: _scenario(f"policy={name}") for name in POLICIES}


@settings(max_examples=100, deadline=None)
@given(ledger=SALES, policy=st.sampled_from(sorted(POLICIES)))
def test_single_credit_sums_to_the_sales_and_shadow_credit_exceeds_them_by_the_shadow(
    ledger: list[Row], policy: str
) -> None:
    scenario = SCENARIOS[policy]
    sales_yen = sum(row["amount_yen"] for row in ledger)
    with books(ledger=ledger, staff_contacts=CONTACTS, orders=[{"order": n, "shopper": n} for n in range(6)]) as db:
        credits = evaluation_credits(db, scenario)
        assert sum(accounting_credits(db, scenario.evaluation.booking).values()) == sales_yen
    assert credits.sales_yen == sales_yen
    assert sum(credits.evaluation.values()) == sales_yen + credits.shadow_yen
    if policy != "double_credit":
        assert credits.shadow_yen == 0


def test_double_credit_inflates_by_what_stores_get_of_ecs_sales() -> None:
    """Till 600, collected 250, sent 150: of 1,000 the store has 600 + 250 and EC 250 + 150: 1,250, a factor of 1.25.

    With half of the store's credit in the shadow EC keeps 125 of the 250: 1,125.
    """
    ledger = [
        booked("revenue", 600, 1, "store", "carry", "mall"),
        booked("revenue", 250, 2, "ec", "collect", "mall"),
        booked("revenue", 150, 3, "ec", "ship"),
    ]
    with books(ledger=ledger) as db:
        double = evaluation_credits(db, _scenario("policy=double_credit"))
        half = evaluation_credits(db, _scenario("policy=double_credit", "shadow_credit=0.5"))
        single = evaluation_credits(db, _scenario("policy=home_store"))
    assert double.evaluation == {"mall": 850, "ec": 400}
    assert (double.shadow_yen, double.inflation) == (250, 1.25)
    assert (half.shadow_yen, half.inflation) == (125, 1.125)
    assert single.evaluation == {"mall": 850, "ec": 150}
    assert single.inflation == 1


def test_what_no_store_is_judged_by_is_nobodys() -> None:
    """With a fixed wage a till sale of 600 counts for no store, and it is not EC's either."""
    with books(ledger=[booked("revenue", 600, 1, "store", "carry", "mall")]) as db:
        assert evaluation_credits(db, _scenario("policy=fixed_wage")).evaluation == {UNALLOCATED: 600}


def test_a_parcel_counts_for_the_store_near_the_home() -> None:
    """Radius credit: shopper 1 lives at the mall's door, shopper 2 beyond 2 km from any store; both have 1,000 sent."""
    scenario = _scenario("policy=radius", "radius_km=2")
    mall = scenario.stores["mall"]
    homes = {1: (mall.x_km, mall.y_km), 2: (mall.x_km + 900, mall.y_km)}
    shoppers = [{"shopper": who, "home_x_km": x, "home_y_km": y} for who, (x, y) in homes.items()]
    ledger = [booked("revenue", 1_000, who, "ec", "ship") for who in homes]
    with books(ledger=ledger, orders=[{"order": who, "shopper": who} for who in homes], shoppers=shoppers) as db:
        assert evaluation_credits(db, scenario).evaluation == {"mall": 1_000, "ec": 1_000}


def test_the_bonus_that_a_town_has_paid_is_its_rate_of_the_credit_that_the_books_show() -> None:
    """The world counts credit night by night in its own arrays; the finished ledger must give the same sales."""
    sets = ["evaluation.policy=radius", "evaluation.radius_km=1.5", "population.shoppers=4000"]
    loaded = small("ward-siloed", [*sets, "capabilities.mode=omo", "evaluation.store_bonus_percent=3"])
    memory = lived(loaded)
    with duckdb.connect() as db:
        for name in TABLES:
            db.register(name, memory.table(name))
        credits = evaluation_credits(db, loaded.scenario).evaluation
        query = "select store::varchar, -sum(amount_yen), count(*) from ledger where account = 'bonus' group by 1"
        paid = {store: (yen, slips) for store, yen, slips in db.execute(query).fetchall()}
    assert set(paid) == {who for who in credits if who != EC}
    for store, (yen, slips) in paid.items():
        assert abs(yen - 0.03 * credits[store]) <= 0.5 * slips + 1e-6, store


def test_megane_super_books_at_ec_what_counts_for_the_store() -> None:
    """A pair ordered online and collected, 20,000; and a frame of 9,000 with lenses of 11,000 fitted in the store.

    Accounting: EC has all 40,000. Evaluation: the pickup is EC's; the frame and lenses, ordered online under the code
    of whoever fits them, are the store's (S162). One ledger, no switch beyond those of pay and booking.
    """
    ledger = [
        booked("revenue", 20_000, 1, "ec", "collect", "mall"),
        booked("revenue", 9_000, 2, "ec", "collect", "mall", staff=1),
        booked("revenue", 11_000, 2, "ec", "collect", "mall", staff=1),
    ]
    scenario = _scenario("code_store_credit=1.0", "collect_store_credit=0.0", "booking.collect_sales=ec")
    with books(ledger=ledger, staff_contacts=[{"staff": 1, "store": "mall"}]) as db:
        assert accounting_credits(db, scenario.evaluation.booking) == {"ec": 40_000}
        assert evaluation_credits(db, scenario).evaluation == {"ec": 20_000, "mall": 20_000}


def test_kitamura_has_three_shares_of_one_log() -> None:
    """JPY m: malls' parcels 7,400, own parcels 4,500, ordered at home and collected 14,300, on a tablet 16,700.

    Of the 42,900 EC has 11,900 (27.7 %), with pickup 26,200 (61 %), or everything. The till's 86,000 are not involved.
    """
    ledger = [
        booked("revenue", 7_400, 1, "ec", "ship"),
        booked("revenue", 4_500, 2, "ec", "ship"),
        booked("revenue", 14_300, 3, "ec", "collect", "station"),
        booked("revenue", 16_700, 4, "app", "ship", "station"),
        booked("revenue", 86_000, 5, "store", "carry", "station"),
        booked("cost_of_goods", -50_000, 4, "app", "ship", "station"),
    ]
    with books(ledger=ledger) as db:
        involved = ec_involved_yen(db)
    assert involved == {"delivery": 11_900, "home_pickup": 14_300, "in_store": 16_700}
    assert list(ec_shares(involved).values()) == pytest.approx([0.277, 0.611, 1.0], abs=5e-4)


def test_without_ec_there_is_no_share_of_it() -> None:
    with books(ledger=[booked("revenue", 10, 1, "store", "carry", "station")]) as db:
        shares = ec_shares(ec_involved_yen(db))
    assert all(share != share for share in shares.values())
