"""Published findings on what sales staff do under different evaluations, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sim.verify.findings import Effect, Variant
from sim.verify.reading import difference, number, paired_number, relative

Worlds = Mapping[str, Path]

_MANY_CONTACTS: Final = (
    "population.shoppers=12000",
    "horizon.days=28",
    "stock.cover_days=0.5",
    "stock.safety_factor=0.0",
)
_SURVEY: Final = {"b": Variant("ward-siloed", _MANY_CONTACTS, small=False)}
_RATE: Final = "select avg((action::varchar like 'recommend%')::int) from staff_contacts where"
_CONTRIBUTION: Final = "select sum(amount_yen) from ledger"

_CODES: Final = (
    "population.shoppers=10000",
    "horizon.days=28",
    "capabilities.staff_code=true",
    "capabilities.endless_aisle=true",
)
_PAID: Final = {
    "a": Variant("ward-siloed", _CODES, small=False),
    "b": Variant("ward-siloed", (*_CODES, "evaluation.commission_percent=3.0"), small=False),
}
_ATTRIBUTED: Final = "select sum(net_yen) from orders where staff is not null and order_channel <> 'store'"

_OPEN_APP: Final = ("population.app_share=0.4",)
_DEFLECTED: Final = "select avg((action = 'deflect')::int) from staff_contacts"

_CREDIT: Final = "evaluation.{0}_store_credit={1}"


def _credited(share: float) -> Variant:
    keys = ("app_sale", "code", "collect")
    return Variant(
        "ward-omo",
        (
            "population.shoppers=8000",
            "horizon.days=28",
            "evaluation.policy=siloed_pl",
            "evaluation.commission_percent=0.0",
            *(_CREDIT.format(key, share) for key in keys),
        ),
        small=False,
    )


_KPI: Final = {
    "a": Variant("ward-omo", ("evaluation.ec_ratio_kpi=0.0",)),
    "b": Variant("ward-omo", ("evaluation.ec_ratio_kpi=1.0",)),
}


def _attributed_beyond_increment(worlds: Worlds) -> float:
    """Yen that are attributed more under pay, less what the same needs bring more in all."""
    coded = """select need, sum(net_yen) as yen from {}_orders
      where staff is not null and order_channel <> 'store' group by 1"""
    return paired_number(
        worlds["a"],
        worlds["b"],
        f"""with coded as (select need, coalesce(b.yen, 0) - coalesce(a.yen, 0) as more
              from ({coded.format("a")}) a full join ({coded.format("b")}) b using (need))
            select sum(coded.more - (coalesce(b.net_yen, 0) - coalesce(a.net_yen, 0)))
            from coded left join a_needs a using (need) left join b_needs b using (need)""",
    )


_CREDITS: Final = (0.0, 0.6, 0.8, 1.0)


def _interior(worlds: Worlds) -> float:
    """The best contribution at a divided credit less the better of none and all, yen."""
    found = [number(worlds[f"{share}"], _CONTRIBUTION) for share in _CREDITS]
    return max(found[1:-1]) - max(found[0], found[-1])


_THREAT: Final = ("staff.showrooming_usual=0.0", "staff.threat_days=7.0")
_THREATENED: Final = Variant("ward-siloed", (*_THREAT, "staff.threat_per_showrooming=1.0"))
_ADVISED: Final = f"{_RATE} true"

_BAKERIES_PERCENT: Final = 0.79
"""Bonus of the 193 shops in percent of sales: +3 % of sales at 3.80 of sales for each unit of bonus."""
_TEAM_BONUS: Final = {
    "a": Variant("ward-siloed", ("evaluation.store_bonus_percent=0.0",)),
    "b": Variant("ward-siloed", (f"evaluation.store_bonus_percent={_BAKERIES_PERCENT}",)),
}
_SOLD_IN_STORES: Final = "select sum(amount_yen) from ledger where account = 'revenue' and order_channel = 'store'"
_BEFORE_BONUS: Final = f"{_CONTRIBUTION} where account <> 'bonus'"
_BONUS: Final = "select -sum(amount_yen) from ledger where account = 'bonus'"


def _profit_by_bonus(worlds: Worlds) -> float:
    """Contribution before the bonus that one yen of bonus brings."""
    return difference(worlds["a"], worlds["b"], _BEFORE_BONUS) / number(worlds["b"], _BONUS)


STAFF: Final[tuple[Effect, ...]] = (
    Effect(
        "FHKZ-a",
        "A bonus for the team of a store raises its sales",
        "Friebel et al. 2017 [S166]",
        "+3 %: +2 to +4 % in the mean",
        _TEAM_BONUS,
        lambda w: relative(w["a"], w["b"], _SOLD_IN_STORES),
        lambda x: x > 0,
        band=(0.02, 0.04),
    ),
    Effect(
        "FHKZ-b",
        "... and each unit of it brings profit",
        "S166",
        "2.10: 1.5 to 2.7 in the mean",
        _TEAM_BONUS,
        _profit_by_bonus,
        lambda x: x > 0,
        "ratio",
        band=(1.5, 2.7),
        miss="bakeries keep more of a yen sold than this ward's mix of goods, and part of the sales comes from the "
        "own EC division",
    ),
    Effect(
        "VT-14",
        "Company contribution is highest where neither division gets all the credit",
        "Gao & Su 2017 [S151]",
        "best of 60 and 80 % above none and all",
        {f"{share}": _credited(share) for share in _CREDITS},
        _interior,
        lambda x: x > 0,
        "yen",
        miss="the mean is an interior optimum, but the top is flat: in single seeds of four weeks an end may win",
    ),
    Effect(
        "VT-29a",
        "Siloed staff recommend EC",
        "iDA 2019 [S117]",
        "11.2 % ± 2 in the mean",
        _SURVEY,
        lambda w: number(w["b"], f"{_RATE} not stocked_out"),
        lambda x: x < 0.5,
        band=(0.092, 0.132),
    ),
    Effect(
        "VT-29b",
        "... when the item is out of stock",
        "S117",
        "32.1 % ± 2 in the mean",
        _SURVEY,
        lambda w: number(w["b"], f"{_RATE} stocked_out"),
        lambda x: 0.112 < x < 0.5,
        band=(0.301, 0.341),
    ),
    Effect(
        "VT-30a",
        "3 % commission: more recommending",
        "TSI 2021 [S119]",
        "+45 to +80 %",
        _PAID,
        lambda w: relative(w["a"], w["b"], f"{_RATE} true"),
        lambda x: x > 0,
        band=(0.45, 0.80),
    ),
    Effect(
        "VT-30b",
        "... more sales under a staff code",
        "S119",
        "+20 to +45 %",
        _PAID,
        lambda w: relative(w["a"], w["b"], _ATTRIBUTED),
        lambda x: x > 0,
        band=(0.20, 0.45),
    ),
    Effect(
        "VT-30c",
        "... but the company's sales rise by less than what is attributed",
        "S119, D",
        "> 0",
        _PAID,
        _attributed_beyond_increment,
        lambda x: x > 0,
        "yen",
        miss="so in the mean; four weeks have too few coded orders for it to show in every seed",
    ),
    Effect(
        "VT-34",
        "Paid on till sales, staff talk shoppers out of paying in the app",
        "Macy's [S163]",
        "> 0",
        {
            "a": Variant("ward-omo", (*_OPEN_APP, "evaluation.policy=fixed_wage", "evaluation.commission_percent=0.0")),
            "b": Variant("ward-omo", (*_OPEN_APP, "evaluation.policy=till_only", "evaluation.commission_percent=0.0")),
        },
        lambda w: difference(w["a"], w["b"], _DEFLECTED),
        lambda x: x > 0,
    ),
    Effect(
        "VT-35a",
        "Staff who see contacts end without a sale recommend less",
        "Rapp et al. 2015 [S164]",
        "< 0",
        {"a": Variant("ward-siloed", (*_THREAT, "staff.threat_per_showrooming=0.0")), "b": _THREATENED},
        lambda w: difference(w["a"], w["b"], _ADVISED),
        lambda x: x < 0,
    ),
    Effect(
        "VT-35b",
        "... and training softens it",
        "S164",
        "> 0",
        {
            "a": _THREATENED,
            "b": Variant("ward-siloed", (*_THREAT, "staff.threat_per_showrooming=1.0", "staff.training_hours=20.0")),
        },
        lambda w: difference(w["a"], w["b"], _ADVISED),
        lambda x: x > 0,
    ),
    Effect(
        "VT-36a",
        "With EC's share as the target, its share (orders in the app and from home) rises",
        "Nano Universe [S165]",
        "> 0",
        _KPI,
        lambda w: difference(
            w["a"],
            w["b"],
            """select sum(amount_yen) filter (order_channel <> 'store') / sum(amount_yen) from ledger
               where account in ('revenue', 'refund')""",
        ),
        lambda x: x > 0,
    ),
    Effect(
        "VT-36b",
        "... while the company's contribution falls",
        "S165",
        "< 0",
        _KPI,
        lambda w: relative(w["a"], w["b"], _CONTRIBUTION),
        lambda x: x < 0,
    ),
)
