"""What shoppers do step by step, read from the log: nobody gets goods twice, and everything that opens can be used."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest
from towns import lived, rows, small

from sim.log.recorder import Memory

DAY_S = 86_400.0
KEEN = ("population.app_share=0.8", "missions.daily.share=0.2", "missions.considered.share=0.8", "push.opt_in=1.0")
Row = dict[str, Any]


def events(memory: Memory, kind: str) -> list[Row]:
    return [row for row in rows(memory, "events") if row["kind"] == kind]


def orders(memory: Memory) -> dict[int, Row]:
    return {row["order"]: row for row in rows(memory, "orders")}  # type: ignore[misc]


@pytest.fixture(scope="module")
def omo() -> Memory:
    """A week of the OMO ward with many app owners and considered purchases."""
    return lived(small("ward-omo", KEEN))


def test_goods_come_back_at_most_once_and_for_no_more_than_was_paid(omo: Memory) -> None:
    returned = events(omo, "returned")
    paid = orders(omo)
    assert len(returned) > 30
    assert len({row["order"] for row in returned}) == len(returned)
    assert all(0 < row["amount_yen"] <= paid[row["order"]]["net_yen"] for row in returned)


def test_only_an_open_door_takes_back_what_was_shipped() -> None:
    places = {}
    for name, flag in (("closed", "false"), ("open", "true")):
        memory = lived(small("ward-omo", [*KEEN, f"capabilities.return_in_store={flag}"]))
        shipped = {number for number, row in orders(memory).items() if row["fulfilment"] == "ship"}
        places[name] = {row["place"] for row in events(memory, "returned") if row["order"] in shipped}
    assert places == {"closed": {"warehouse"}, "open": {"pickup_counter"}}


def test_what_nobody_knew_before_buying_is_what_comes_back() -> None:
    """Whoever buys from the screen returns more than whoever has touched the goods."""
    memory = lived(small("ward-siloed", [*KEEN, "population.shoppers=6000", "choice.ec=2.0"]))
    back = {row["order"] for row in events(memory, "returned")}
    shares = {}
    for channel in ("ec", "store"):
        sold = [number for number, row in orders(memory).items() if row["order_channel"] == channel]
        shares[channel] = sum(number in back for number in sold) / len(sold)
    assert shares["ec"] > 3 * shares["store"]


def test_thinking_it_over_keeps_the_basket(omo: Memory) -> None:
    """Days after the visit the same goods are ordered from home: no more than was asked for, but for a proposal."""
    needs = {row["need"]: row for row in rows(omo, "needs")}
    thought = {row["need"]: row["time_s"] for row in events(omo, "thinking")}
    later = [row for row in orders(omo).values() if needs[row["need"]]["journey"] == "showroom_then_home"]
    assert len(later) > 10
    added = Counter(row["order"] for row in events(omo, "proposal_taken"))
    assert all(row["units"] <= needs[row["need"]]["items"] + added[row["order"]] for row in later)
    assert all(row["placed_s"] > thought[row["need"]] for row in later)


@pytest.mark.parametrize(("unified", "false_ones"), [("true", False), ("false", True)])
def test_without_one_id_the_company_reminds_of_what_was_fetched_from_the_store(unified: str, false_ones: bool) -> None:
    sets = [*KEEN, f"capabilities.unified_id={unified}", "thinking.store_again=4.0", "population.shoppers=3000"]
    memory = lived(small("ward-omo", sets))
    bought: dict[int, float] = {}
    for row in orders(memory).values():
        if row["order_channel"] == "store":
            bought[row["need"]] = row["placed_s"]
    in_vain = [row for row in events(memory, "reminded") if bought.get(row["need"], 1e18) < row["time_s"]]
    assert bool(in_vain) is false_ones


def test_nobody_is_reminded_who_does_not_take_messages() -> None:
    memory = lived(small("ward-omo", [*KEEN[:-1], "push.opt_in=0.0"]))
    assert events(memory, "thinking")
    assert not events(memory, "reminded")


def test_reminders_come_after_the_delay_asked_for(omo: Memory) -> None:
    left = {row["need"]: row["time_s"] for row in events(omo, "thinking")}
    delays = [row["time_s"] - left[row["need"]] for row in events(omo, "reminded")]
    assert delays
    assert delays == pytest.approx([72 * 3600.0] * len(delays), abs=1e-3)


def test_a_split_basket_is_carried_and_shipped_in_two_orders() -> None:
    """Heavy goods beside light ones: two orders of one visit, which together hold what was scanned."""
    sets = ["population.app_share=1.0", "scan_and_pay.base=5.0", "scan_and_pay.ship_home_above_kg=0.5"]
    memory = lived(small("ward-omo", [*sets, "choice.per_100_yen_fee=0.0", "stock.cover_days=30"]))
    scanned: Counter[int] = Counter()
    for row in events(memory, "scan"):
        scanned[row["need"]] += row["quantity"]
    of_need: dict[int, dict[str, int]] = defaultdict(Counter)
    for row in orders(memory).values():
        if row["order_channel"] == "app" and row["need"] in scanned:
            of_need[row["need"]][row["fulfilment"]] += row["units"]
    split = {need: parts for need, parts in of_need.items() if len(parts) == 2}
    assert len(split) > 20
    whole = [need for need, parts in split.items() if sum(parts.values()) == scanned[need]]
    assert len(whole) > 0.8 * len(split), "the others bought something more that was missing, or could not pay"


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (1.0, 20, 1000)])
def test_missing_goods_are_looked_for_in_our_other_store(share: float, least: int, most: int) -> None:
    sets = ["stock.cover_days=0.5", "stock.safety_factor=0.0", f"stock_out.our_other_store={share}"]
    memory = lived(small("ward-siloed", [*sets, "population.shoppers=3000"]))
    visited: dict[int, list[str]] = defaultdict(list)
    for row in events(memory, "arrive"):
        visited[row["need"]].append(row["store"])
    assert least <= sum(len(set(stores)) > 1 for stores in visited.values()) <= most


def test_agents_answer_in_their_hours_and_one_history_saves_calls() -> None:
    calls = {}
    for view in ("true", "false"):
        memory = lived(
            small(
                "ward-omo",
                [
                    *KEEN,
                    "contact_centre.per_parcel=1.0",
                    f"capabilities.contact_centre_view={view}",
                    "contact_centre.agents=20",
                ],
            )
        )
        answered = events(memory, "inquiry")
        assert all(9 * 3600 <= row["time_s"] % DAY_S <= 18.5 * 3600 for row in answered)
        calls[view] = len(answered)
    assert calls["true"] < calls["false"]


def test_confusion_comes_with_what_is_new_and_with_age() -> None:
    wave = 'rollout.all={day=0,mode="omo"}'
    old, new = lived(small("ward-omo")), lived(small("ward-siloed", [wave, "population.shoppers=6000"]))
    assert not events(old, "confused")
    bands = {row["shopper"]: row["digital_affinity"] for row in rows(new, "shoppers")}
    confused = [bands[row["shopper"]] for row in events(new, "confused")]
    visiting = [bands[row["shopper"]] for row in events(new, "arrive")]
    assert len(confused) > 50
    assert sum(confused) / len(confused) < sum(visiting) / len(visiting)  # type: ignore[operator]


def test_a_showroom_sells_what_is_inspected_from_the_warehouse_alone() -> None:
    memory = lived(small("ward-omo", ["rollout.show={day=0,stores=['mall'],set={showroom=true}}", *KEEN]))
    considered = {row["need"] for row in rows(memory, "needs") if row["mission"] == "considered"}
    left = [
        row
        for row in rows(memory, "stock_moves")
        if row["location"] == "mall" and row["reason"] in ("sale", "pick", "ship") and row["need"] in considered
    ]
    on_order = [row for row in orders(memory).values() if row["store"] == "mall" and row["need"] in considered]
    assert not [row for row in left if row["reason"] == "sale"]
    assert sum(row["fulfilment"] == "ship" for row in on_order) > 20


def test_nothing_is_ordered_while_the_shop_is_down_and_some_come_back() -> None:
    sets = ["events.down={kind='ec_outage',day=2,from_hour=8,hours=14,come_back=0.5}", "population.shoppers=4000"]
    memory = lived(small("ward-omo", [*sets, "choice.ec=2.0"]))
    from_s, to_s = (2 * 24 + 8) * 3600.0, (2 * 24 + 22) * 3600.0
    assert not [
        row for row in orders(memory).values() if row["order_channel"] != "store" and from_s < row["placed_s"] < to_s
    ]
    turned = {row["need"] for row in events(memory, "turned_away")}
    lost = {row["need"] for row in rows(memory, "needs") if row["outcome"] == "lost_outage"}
    assert 0.3 < len(lost & turned) / len(turned) < 0.7


def test_rain_keeps_people_from_the_stores_and_a_rivals_sale_takes_them() -> None:
    fine = lived(small("ward-siloed"))
    wet = lived(small("ward-siloed", ["events.wet={kind='rain',day=0,days=7,visit=-1.5}"]))
    sale = lived(small("ward-siloed", ["events.sale={kind='competitor_promotion',day=0,days=7,rival=1.5}"]))
    assert len(events(wet, "arrive")) < 0.9 * len(events(fine, "arrive"))
    at_rival = {
        name: sum(row["outcome"] == "rival" for row in rows(world, "needs"))
        for name, world in (("fine", fine), ("sale", sale))
    }
    assert at_rival["sale"] > 1.3 * at_rival["fine"]
