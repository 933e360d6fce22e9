"""Published findings on how customers are won, by stores, advertising and word of mouth, and how often they buy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sim.verify.findings import Effect, Variant
from sim.verify.reading import paired_number, relative

Worlds = Mapping[str, Path]

_OPENS_DAY: Final = 28
_NEW_AREA: Final = (
    "horizon.days=168",
    "word_of_mouth.aware_share=0.4",
    "word_of_mouth.talk=0.0",
    "stores.temple.opens_day=3000",
    "stores.riverside.opens_day=3000",
)
"""An area with one store, where four people in ten know the retailer."""
_OPENING: Final = {
    "a": Variant("ward-siloed", (*_NEW_AREA, "stores.mall.opens_day=3000")),
    "b": Variant("ward-siloed", (*_NEW_AREA, f"stores.mall.opens_day={_OPENS_DAY}")),
}


def _presence(aware_share: float) -> dict[str, Variant]:
    sets = (
        "population.shoppers=10000",
        "horizon.days=112",
        f"word_of_mouth.aware_share={aware_share}",
        "word_of_mouth.talk=0.0",
    )
    return {
        "a": Variant("ward-siloed", (*sets, "stores.temple.opens_day=3000"), small=False),
        "b": Variant("ward-siloed", (*sets, "stores.temple.opens_day=14"), small=False),
    }


def _ec_yen(from_day: int, to_day: int) -> str:
    return f"""select sum(net_yen) from orders where order_channel = 'ec' and state = 'completed'
      and placed_s >= {from_day} * 86400 and placed_s < {to_day} * 86400"""


def _after_opening(of: str) -> str:
    return f"select {of} from orders where state = 'completed' and placed_s >= {_OPENS_DAY} * 86400"


_SOURCES: Final = {
    "b": Variant(
        "ward-siloed",
        (
            "horizon.days=140",
            "word_of_mouth.aware_share=0.3",
            "word_of_mouth.talk=0.3",
            "choice.rival=5.0",
            "loyalty.fit_spread=1.0",
            "loyalty.drop_out_a=1.0",
            "loyalty.drop_out_b=3.0",
            "loyalty.drop_out_attachment=1.5",
            "events.tv={kind='marketing',day=0,days=42,reach_per_day=0.008,welcome_discount=0.25}",
        ),
    )
}
"""A challenger: a strong rival, a taste that divides people, and many who try once and do not come back."""


def _word_of_mouth_against_marketing(worlds: Worlds, from_day: int, to_day: int) -> float:
    """Yen per customer in days `from_day` to `to_day` after being won, word of mouth over marketing."""
    return paired_number(
        worlds["b"],
        worlds["b"],
        f"""with won as (select shopper, acquired_by::varchar as source, aware_from_s from a_shoppers
              where acquired_by in ('word_of_mouth', 'marketing') and aware_from_s < 56 * 86400),
            spent as (select source, coalesce(sum(o.net_yen), 0) as yen, count(distinct won.shopper) as people
              from won left join a_orders o on o.shopper = won.shopper and o.state = 'completed'
                and o.placed_s >= aware_from_s + {from_day} * 86400 and o.placed_s < aware_from_s + {to_day} * 86400
              group by 1)
            select (select yen / people from spent where source = 'word_of_mouth') /
              (select yen / people from spent where source = 'marketing')""",
    )


CUSTOMERS: Final[tuple[Effect, ...]] = (
    Effect(
        "VT-03a",
        "A new store: the direct channel falls at first",
        "Avery et al. 2012 [S141]",
        "< 0 in the first two weeks",
        _OPENING,
        lambda w: relative(w["a"], w["b"], _ec_yen(_OPENS_DAY, _OPENS_DAY + 14)),
        lambda x: x < 0,
    ),
    Effect(
        "VT-03b",
        "... and rises above what it was later on",
        "S141",
        "> 0 in weeks 17 to 20",
        _OPENING,
        lambda w: relative(w["a"], w["b"], _ec_yen(140, 168)),
        lambda x: x > 0,
    ),
    Effect(
        "VT-04a",
        "A new store: net revenue rises",
        "Pauwels & Neslin 2015 [S142]",
        "+10 to +30 %",
        _OPENING,
        lambda w: relative(w["a"], w["b"], _after_opening("sum(net_yen)")),
        lambda x: x > 0,
        band=(0.1, 0.3),
    ),
    Effect(
        "VT-04b",
        "... because people buy more often",
        "S142",
        "> 0",
        _OPENING,
        lambda w: relative(w["a"], w["b"], _after_opening("count(*)")),
        lambda x: x > 0,
    ),
    Effect(
        "VT-04c",
        "... while the order size stays",
        "S142",
        "within ± 5 %",
        _OPENING,
        lambda w: relative(w["a"], w["b"], _after_opening("avg(net_yen)")),
        lambda x: abs(x) < 0.05,
    ),
    Effect(
        "VT-05a",
        "A new store raises online sales where the brand is little known",
        "Wang & Goldfarb 2017 [S143]",
        "> 0",
        _presence(0.1),
        lambda w: relative(w["a"], w["b"], _ec_yen(14, 112)),
        lambda x: x > 0,
    ),
    Effect(
        "VT-05b",
        "... and lowers them where everybody knows it",
        "S143",
        "< 0",
        _presence(1.0),
        lambda w: relative(w["a"], w["b"], _ec_yen(14, 112)),
        lambda x: x < 0,
    ),
    Effect(
        "VT-27a",
        "Customers won by word of mouth are worth more in the long run than those won by advertising",
        "Villanueva, Yoo & Hanssens 2008 [S136]",
        "1.5 to 2.5 times",
        _SOURCES,
        lambda w: _word_of_mouth_against_marketing(w, 0, 84),
        lambda x: x > 1,
        "ratio",
        (1.5, 2.5),
    ),
    Effect(
        "VT-27b",
        "... but not in the first three weeks",
        "S136",
        "at most 1",
        _SOURCES,
        lambda w: _word_of_mouth_against_marketing(w, 0, 21),
        lambda x: x <= 1,
        "ratio",
    ),
)
