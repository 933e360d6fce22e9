"""Published findings on linking channels: collection in stores, returns, showrooms, store openings, apps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sim.evaluation.lifetime_value.channel_use import BUYERS, channel_use, naive_premium, uplift
from sim.verify.findings import Effect, Variant
from sim.verify.reading import difference, number, paired_number, relative

Worlds = Mapping[str, Path]

_SHIPPED = """select sum(amount_yen) from ledger where account in ('revenue', 'refund')
  and fulfilment = 'ship' and order_channel = 'ec'"""
_STORES = """select sum(amount_yen) from ledger where account in ('revenue', 'refund')
  and (fulfilment <> 'ship' or order_channel <> 'ec')"""
_TOTAL = "select sum(amount_yen) from ledger where account in ('revenue', 'refund')"
_TRAFFIC = "select count(*) from events where kind in ('arrive', 'collected')"

SILOED: Final = Variant("ward-siloed")
OMO: Final = Variant("ward-omo")
_WARD: Final = ("population.shoppers=8000", "horizon.days=28")
_BOPS: Final = {
    "a": Variant("ward-siloed", _WARD, small=False),
    "b": Variant(
        "ward-siloed",
        (*_WARD, "capabilities.click_and_collect=true", "capabilities.store_stock_online=true"),
        small=False,
    ),
}


def _between(worlds: Worlds, query: str) -> float:
    return relative(worlds["a"], worlds["b"], query)


def _causal_uplift(worlds: Worlds) -> float:
    """Revenue of those who use both channels in B, against what the same people spend in A."""
    off, on = channel_use(worlds["a"]), channel_use(worlds["b"])
    return uplift(off, on, on.both)


_ADOPTERS = """adopters as (select b.shopper from b_shoppers b join a_shoppers a using (shopper)
  where b.app_from_s = 0 and a.app_from_s > 0)"""


def _adopters(worlds: Worlds, of: str) -> float:
    """How much larger `of` is among those who got the app in B and not in A."""
    return paired_number(
        worlds["a"],
        worlds["b"],
        f"""with {_ADOPTERS}
            select (select {of} from b_needs where shopper in (from adopters)) /
              nullif((select {of} from a_needs where shopper in (from adopters)), 0)::double - 1""",
    )


def _adopters_returns(worlds: Worlds) -> float:
    returned = "(select count(*) from {}_events where kind = 'returned' and shopper in (from adopters))"
    return paired_number(
        worlds["a"],
        worlds["b"],
        f"with {_ADOPTERS} select {returned.format('b')} / nullif({returned.format('a')}, 0)::double - 1",
    )


_APP_TOWN: Final = ("population.shoppers=10000", "horizon.days=42")
_APP: Final = {
    "a": Variant("ward-omo", _APP_TOWN, small=False),
    "b": Variant("ward-omo", (*_APP_TOWN, "population.app_share=0.45"), small=False),
}
_SHOWROOM_OFF: Final = Variant("ward-omo", ("stores.temple.opens_day=3000",))
_SHOWROOM: Final = {
    "a": _SHOWROOM_OFF,
    "b": Variant("ward-omo", ("rollout.showroom={day=0,stores=['temple'],set={showroom=true}}",)),
}

_SHOWROOM_TOWN: Final = Variant(
    "ward-omo",
    (
        "population.shoppers=12000",
        "horizon.days=28",
        "rollout.showroom={day=0,stores=['temple'],set={showroom=true}}",
    ),
    small=False,
)

CHANNELS: Final[tuple[Effect, ...]] = (
    Effect(
        "VT-01a",
        "Buy online, collect in store: online sales (shipped) fall",
        "Gallino & Moreno 2014 [S138 S139]",
        "< 0",
        _BOPS,
        lambda w: _between(w, _SHIPPED),
        lambda x: x < 0,
    ),
    Effect(
        "VT-01b",
        "... store sales, collected orders included, rise",
        "S138 S139",
        "> 0",
        _BOPS,
        lambda w: _between(w, _STORES),
        lambda x: x > 0,
    ),
    Effect(
        "VT-01c",
        "... visits to stores rise",
        "S138 S139",
        "> 0",
        _BOPS,
        lambda w: _between(w, _TRAFFIC),
        lambda x: x > 0,
    ),
    Effect("VT-01d", "... total sales rise", "S138 S139", "> 0", _BOPS, lambda w: _between(w, _TOTAL), lambda x: x > 0),
    Effect(
        "VT-02a",
        "Ship to store and returns in stores: cross-channel returns rise",
        "Akturk, Ketzenberg & Heim 2018 [S140]",
        "> 0",
        {"a": SILOED, "b": Variant("ward-siloed", ("capabilities.return_in_store=true",))},
        lambda w: difference(
            w["a"],
            w["b"],
            """select count(*) from events e join orders o using ("order")
               where e.kind = 'returned' and e.place = 'pickup_counter' and o.order_channel <> 'store'""",
        ),
        lambda x: x > 0,
        "count",
    ),
    Effect(
        "VT-02b",
        "... and bring new store sales",
        "S140",
        "> 0",
        {"a": SILOED, "b": Variant("ward-siloed", ("capabilities.return_in_store=true",))},
        lambda w: difference(
            w["a"],
            w["b"],
            """select sum(o.net_yen) from orders o
               where o.order_channel = 'store' and o.need in (select e.need from events e join orders r using ("order")
                 where e.kind = 'returned' and r.order_channel <> 'store' and e.time_s < o.placed_s)""",
        ),
        lambda x: x > 0,
        "yen",
    ),
    Effect(
        "VT-06a",
        "A showroom in a new area: total demand rises",
        "Bell, Gallino & Moreno 2018 [S144]",
        "> 0",
        _SHOWROOM,
        lambda w: _between(w, _TOTAL),
        lambda x: x > 0,
    ),
    Effect(
        "VT-06b",
        "... demand shipped from the warehouse rises",
        "S144",
        "> 0",
        _SHOWROOM,
        lambda w: _between(
            w,
            "select sum(amount_yen) from ledger where account in ('revenue', 'refund') and fulfilment = 'ship'",
        ),
        lambda x: x > 0,
    ),
    Effect(
        "VT-06c",
        "... and shipped goods come back less often",
        "S144",
        "< 0",
        _SHOWROOM,
        lambda w: difference(
            w["a"],
            w["b"],
            """select count(*) filter (r."order" is not null) / count(*) from orders o
               left join (select distinct "order" from events where kind = 'returned') r using ("order")
               where o.fulfilment = 'ship' and o.state = 'completed'""",
        ),
        lambda x: x < 0,
    ),
    Effect(
        "VT-07",
        "Orders after touching the goods are returned less than orders from the screen",
        "Bell, Gallino & Moreno 2020 [S145]",
        "< 0",
        {"b": _SHOWROOM_TOWN},
        lambda w: number(
            w["b"],
            """with shipped as (select o."order", n.journey in ('walk_in', 'research_then_store', 'showroom_then_home',
                   'scan_and_pay') as touched, r."order" is not null as returned
                 from orders o join needs n using (need)
                 left join (select distinct "order" from events where kind = 'returned') r using ("order")
                 where o.fulfilment = 'ship' and o.state = 'completed' and n.mission = 'considered')
               select avg(returned::int) filter (touched) - avg(returned::int) filter (not touched) from shipped""",
        ),
        lambda x: x < 0,
    ),
    Effect(
        "VT-08",
        "Shoppers of several channels spend more per store visit than store-only ones (naive)",
        "Harvard Business Review 2017 [S146 S147]",
        "+2 to +8 %",
        {"b": OMO},
        lambda w: number(
            w["b"],
            BUYERS
            + """select avg(store_basket) filter (in_store and online) /
                   avg(store_basket) filter (in_store and not online) - 1 from buyers""",
        ),
        lambda x: x > 0,
        band=(0.02, 0.08),
        miss="nothing ties the size of a basket to being digital here; several channels come with more occasions only",
    ),
    Effect(
        "VT-09a",
        "Those who get the app buy more often (same people with and without)",
        "Narang & Shankar 2019 [S101]",
        "> 0",
        _APP,
        lambda w: _adopters(w, "count(*) filter (net_yen > 0)"),
        lambda x: x > 0,
    ),
    Effect(
        "VT-09b",
        "... spend more, net of returns",
        "S101",
        "+20 to +40 %",
        _APP,
        lambda w: _adopters(w, "sum(net_yen)"),
        lambda x: x > 0,
        band=(0.2, 0.4),
        miss="the app opens journeys but does not make anybody need more: occasions are latent and the same with it",
    ),
    Effect(
        "VT-09c",
        "... and return more",
        "S101",
        "> 0",
        _APP,
        _adopters_returns,
        lambda x: x > 0,
    ),
    Effect(
        "VT-10a",
        "Customers of both channels spend a multiple of store-only ones (naive)",
        "United Arrows [S148]",
        "2 to 3.5 times",
        {"b": OMO},
        lambda w: naive_premium(channel_use(w["b"])),
        lambda x: x > 1,
        "ratio",
        (2.0, 3.5),
    ),
    Effect(
        "VT-10b",
        "... while the same people would have spent nearly as much without the links (causal)",
        "S148, D",
        "at most +40 %",
        {"a": SILOED, "b": OMO},
        _causal_uplift,
        lambda x: x <= 0.4,
    ),
    Effect(
        "VT-12",
        "Customers of several channels bring more revenue and are more likely to be active (naive)",
        "Kumar & Venkatesan 2005 [S150]",
        "> 0",
        {"b": OMO},
        lambda w: number(
            w["b"],
            BUYERS
            + """select least(avg(yen) filter (in_store and online) / avg(yen) filter (not (in_store and online)) - 1,
                   avg((last_s > 14 * 86400)::int) filter (in_store and online) -
                   avg((last_s > 14 * 86400)::int) filter (not (in_store and online))) from buyers""",
        ),
        lambda x: x > 0,
    ),
)
