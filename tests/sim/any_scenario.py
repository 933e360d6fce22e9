"""Any scenario that the schema allows: a strategy over modes, rollouts, events, policies, tenders and stores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st

from scenarios.capabilities import MODES, Capabilities
from scenarios.evaluation import POLICIES

PRESETS: Final = ("ward-siloed", "ward-o2o", "ward-omnichannel", "ward-omo", "ward-half-finished", "launch-day")
STORES: Final = ("station", "mall", "riverside", "temple")
SWITCHES: Final = [name for name, field in Capabilities.model_fields.items() if field.annotation is bool]
STORE_TENDERS: Final = ("card", "contactless", "qr")
ONLINE_TENDERS: Final = ("wallet", "card_online", "konbini", "pay_later")
BRANDS: Final = (*STORE_TENDERS, *ONLINE_TENDERS)

_share = st.floats(0, 1)
_few = st.integers(0, 3)
_day = st.integers(0, 4)
_flags = st.dictionaries(st.sampled_from(SWITCHES), st.booleans(), max_size=6)
_more_or_less = {"match_rate": _share, "stock_sync_minutes": st.sampled_from([0.0, 1.0, 45.0, 1440.0])}


def _event(kind: str, **keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"kind": st.just(kind), "day": _day, **keys})


_hours = {"from_hour": st.floats(0, 23.9), "hours": st.floats(0.1, 30)}
_EVENTS: Final = st.one_of(
    _event("campaign", days=st.integers(1, 2), demand_factor=st.floats(0.2, 6)),
    _event("points_day", days=st.integers(1, 2), points_factor=st.floats(0.5, 20)),
    _event("rain", days=st.integers(1, 3), visit=st.floats(-3, 0)),
    _event("competitor_promotion", days=st.integers(1, 3), rival=st.floats(0, 3)),
    _event(
        "psp_outage",
        **_hours,
        brands=st.lists(st.sampled_from(BRANDS), min_size=1, max_size=4, unique=True),
        time_out=_share,
        late_capture=_share,
        switch=_share,
    ),
    _event(
        "psp_outage",
        **_hours,
        provider=st.sampled_from(["store_terminal", "online_psp", "comprehensive"]),
        time_out=_share,
        late_capture=_share,
    ),
    _event("ec_outage", **_hours, come_back=_share, back_within_hours=st.floats(0.1, 40)),
    _event(
        "push",
        hour=st.floats(0, 23.9),
        discount=_share,
        valid_days=st.integers(1, 4),
        funder=st.sampled_from(["store", "ec", "company"]),
    ),
    _event("marketing", days=st.integers(1, 3), reach_per_day=_share, welcome_discount=_share),
)
_WAVE: Final = st.fixed_dictionaries(
    {"day": _day},
    optional={
        "stores": st.lists(st.sampled_from([*STORES, "ec"]), min_size=1, max_size=3, unique=True),
        "mode": st.sampled_from(list(MODES)),
        "set": _flags,
    },
)
_TOUCHPOINT: Final = st.fixed_dictionaries(
    {"reach": _share, "response": st.floats(0, 3)},
    optional={
        "used": st.booleans(),
        "favours": st.sampled_from(["any", "store", "ec"]),
        "reach_by_age": st.dictionaries(st.sampled_from(["20s_30s", "70s_up"]), _share, max_size=2),
        "reach_affinity": st.floats(-5, 5),
        "smartphone": st.booleans(),
        "opt_in": _share,
        "contacts_per_week": st.floats(0, 7),
        "opened": _share,
        "days": st.floats(0.1, 30),
        "tires": _share,
        "unaware_per_week": _share,
        "cost_yen_per_contact": st.floats(0, 200),
        "cost_yen_per_month": st.floats(0, 200_000),
    },
)
_STORE: Final = {
    "self_checkouts": _few,
    "back_room_staff": _few,
    "break_minutes": st.floats(0, 60),
    "pickup_counters": _few,
    "pickup_lockers": st.integers(0, 8),
    "visit_slots_per_hour": _few,
    "opens_day": st.sampled_from([0, 0, 0, 1, 2, 4, 90]),
    "assortment": st.floats(0.1, 1),
    "staffed_tills": st.sampled_from([[0] * 9 + [tills] * 13 + [0] * 2 for tills in (1, 2, 4)]),
    "floor_staff": st.sampled_from([[0] * 9 + [staff] * 13 + [0] * 2 for staff in (0, 1, 3)]),
}
_PAYING: Final = {
    "payments.cash_share": st.floats(0, 0.95),
    "payments.late_capture": _share,
    "payments.attempts": st.integers(1, 3),
    "payments.has_cash": _share,
    "payments.slip.unpaid": _share,
    "payments.slip.pays_after_hours": st.floats(0.1, 100),
    "payments.slip.valid_hours": st.floats(0.1, 100),
    "payments.accounting.error_share": _share,
    "payments.tenders.card.weight": st.floats(0.1, 50),
    "payments.tenders.wallet.weight": st.floats(0.1, 50),
    **{f"payments.tenders.{name}.weight": st.sampled_from([0.0, 1.0, 80.0]) for name in ("qr", "konbini", "pay_later")},
    **{f"payments.tenders.{name}.decline": st.floats(0, 0.5) for name in BRANDS},
    **{f"payments.tenders.{name}.time_out": st.floats(0, 0.5) for name in BRANDS},
    **{f"payments.tenders.{name}.fee_yen": st.integers(0, 500) for name in BRANDS},
}
_VISITS: Final = {
    "visit_booking.books": _share,
    "visit_booking.shows": _share,
    "visit_booking.cancels": _share,
    "visit_booking.days_ahead": _few,
    "visit_booking.lateness_minutes": st.floats(0, 300),
    "visit_booking.wait_minutes": st.floats(0.1, 300),
    "visit_booking.prepare_minutes": st.floats(0, 300),
    "door_counter.companions": _share,
    "door_counter.staff_passes_per_hour": st.floats(0, 5),
    "door_counter.missed": _share,
    "rfid.read_rate": _share,
}
_TILLS: Final = {
    "tills.lines": st.sampled_from(["pooled", "separate"]),
    "tills.line_choice": st.sampled_from(
        ["random", "fewest_people", "fewest_items", "least_expected_wait", "least_expected_wait_by_items"]
    ),
    "tills.jockey_from_people": _few,
    "tills.recall_from_people": st.floats(1, 4),
    "tills.change_over_s": st.floats(0, 600),
    "patience.leaving_factor": st.floats(0.01, 10),
    "patience.balk_logit_per_person": st.floats(0, 1),
}
_GOODS: Final = {
    "stock.cover_days": st.floats(0.1, 5),
    "stock.safety_factor": st.floats(0, 2),
    "stock.shelf_minimum": _few,
    "stock.lead_days_store": st.integers(1, 3),
    "stock.shrink_per_unit_and_day": st.floats(0, 0.3),
    "stock.receipt_miscount": _share,
    "stock.till_mix_up": _share,
    "stock.count_every_days": st.integers(1, 4),
    "stock.online_buffer": _few,
    "stock.rebalance": st.booleans(),
    "stock.ship_to_store": st.booleans(),
    "stock.transfer_days": st.integers(1, 3),
    "stock.cycle_count_skus_per_day": st.integers(0, 40),
    "fulfilment.no_show": _share,
    "fulfilment.hold_hours": st.floats(0.5, 2000),
    "fulfilment.collect_after_hours": st.floats(0.1, 50),
    "fulfilment.add_on": _share,
    "fulfilment.free_shipping_from_yen": st.integers(0, 20_000),
    "fulfilment.delivery_days": st.integers(1, 4),
    "returns.regret_below": st.floats(-3, 3),
    "returns.defect": _share,
    "returns.in_store": _share,
    "returns.resellable": _share,
    "returns.exchange": _share,
    "returns.median_days": st.floats(0.1, 5),
}
_BONDS: Final = {
    "points.earn": st.floats(0, 0.5),
    "points.opening_mean_yen": st.floats(0, 5000),
    "points.use": _share,
    "points.use_from_yen": st.integers(1, 500),
    "points.breakage": _share,
    "points.expiry_days": st.floats(0.5, 10),
    "coupons.remembered": _share,
    "push.opt_in": _share,
    "word_of_mouth.aware_share": _share,
    "word_of_mouth.talk": st.floats(0, 3),
    "loyalty.drop_out_a": st.sampled_from([0.0, 0.5, 400.0]),
    "reminder.delay_hours": st.floats(0.1, 90),
    "thinking.median_hours": st.floats(0.1, 90),
    "stock_out.own_phone": _share,
    "phones.no_coverage": _share,
    "phones.empty_battery": _share,
    "saturation.utility": st.floats(0.01, 5),
    "proposals.screen": _share,
    "proposals.clerk": _share,
    "proposals.misses_annoy": _share,
}
_PEOPLE: Final = {
    "population.needs_per_week": st.floats(0.1, 20),
    "population.app_share": _share,
    "population.card_share": _share,
    "choice.ec": st.floats(-2, 4),
    "choice.collect": st.floats(-2, 4),
    "scan_and_pay.base": st.floats(-5, 5),
    "staff.intercept": st.floats(-4, 3),
    "staff.deflect": st.floats(-4, 3),
    "staff.annoyed": _share,
    "staff.turnover_per_month": _share,
    "staff.pay_delay_days": _few,
    "staff.training_hours": st.floats(0, 20),
    "contact_centre.per_parcel": _share,
    "contact_centre.agents": st.integers(1, 3),
    "evaluation.policy": st.sampled_from(list(POLICIES)),
    "evaluation.commission_percent": st.floats(0, 7),
    "evaluation.ec_ratio_kpi": _share,
    "evaluation.booking.returns": st.sampled_from(["sale", "return_channel"]),
    "evaluation.booking.ship_from_store_percent": _share,
    "capabilities.mode": st.sampled_from(list(MODES)),
}


def _town(store: str) -> dict[str, st.SearchStrategy[Any]]:
    return {f"stores.{store}.{key}": values for key, values in _STORE.items()}


_KEYS: Final = {
    **_PAYING,
    **_VISITS,
    **_TILLS,
    **_GOODS,
    **_BONDS,
    **_PEOPLE,
    **{f"capabilities.{name}": values for name, values in _more_or_less.items()},
    **{f"capabilities.{name}": st.booleans() for name in SWITCHES},
    **{key: values for store in STORES for key, values in _town(store).items()},
    **{f"events.any{number}": _EVENTS for number in range(4)},
    **{f"rollout.any{number}": _WAVE for number in range(3)},
    **{f"touchpoints.any{number}": _TOUCHPOINT for number in range(3)},
    "horizon.start": st.sampled_from(["2026-04-06", "2026-04-29", "2026-02-12", "2026-12-30"]),
}


@st.composite
def any_scenario(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A preset and what to set in it: a small town for three to five days, with up to thirty keys of any kind."""
    keys = draw(st.lists(st.sampled_from(list(_KEYS)), max_size=30, unique=True))
    values = {key: draw(_KEYS[key]) for key in keys}
    town = {"population.shoppers": 250, "horizon.days": draw(st.integers(3, 5)), "seed": draw(st.integers(0, 1000))}
    return draw(st.sampled_from(PRESETS)), [f"{key}={toml(value)}" for key, value in {**town, **values}.items()]


def toml(value: Any) -> str:
    """A value as it stands in a scenario file."""
    match value:
        case bool():
            return str(value).lower()
        case Mapping():
            return "{" + ",".join(f"{key}={toml(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ",".join(map(toml, value)) + "]"
        case str() if value[:2] == "20":
            return value  # a date
        case str():
            return f"'{value}'"
        case _:
            return repr(value)
