"""Published findings on queues, staffing, empty shelves, payment times and reminders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from sim.evaluation.tables import opened
from sim.verify.findings import Effect, Variant
from sim.verify.reading import difference, number, paired_number

Worlds = Mapping[str, Path]

_BUSY: Final = ("horizon.days=2",)
_LINES: Final = {
    "pooled": Variant("launch-day", _BUSY, small=False),
    "separate": Variant("launch-day", (*_BUSY, "tills.lines=separate", "tills.line_choice=fewest_people"), small=False),
}
_BALKED: Final = "select sum(balked) / sum(balked + joined) from queues where place = 'staffed_till'"
_WAITED: Final = "select sum(wait_s) / sum(served) from queues where place in ('staffed_till', 'self_checkout')"

_CROWDED: Final = ("population.needs_per_week=9.0", "horizon.days=10")
_FEW_STAFF: Final = Variant("ward-siloed", _CROWDED)
_MORE_STAFF: Final = Variant(
    "ward-siloed",
    (
        *_CROWDED,
        *(
            f"stores.{store}.staffed_tills=[0,0,0,0,0,0,0,0,0,{','.join(['2'] * 13)},0,0]"
            for store in ("station", "mall", "riverside", "temple")
        ),
    ),
)

_CASH: Final = {
    "cash": Variant("ward-siloed", (*_CROWDED, "payments.cash_share=0.6")),
    "cashless": Variant("ward-siloed", (*_CROWDED, "payments.cash_share=0.1")),
}

_EMPTY: Final = Variant("ward-siloed", ("stock.cover_days=1.0", "stock.safety_factor=0.0"))
_REACTIONS: Final = """select count(*) filter (kind = '{}') / count(*) from events
  where kind in ('substituted', 'went_elsewhere', 'put_off', 'gave_up')"""

_APP_USERS: Final = (
    "population.shoppers=5000",
    "population.app_share=0.8",
    "push.opt_in=0.9",
    "missions.daily.share=0.2",
    "missions.considered.share=0.8",
)
_WITHOUT: Final = Variant("ward-omo", (*_APP_USERS, "capabilities.reminder=false"))


def _reminded_after(hours: float) -> dict[str, Variant]:
    return {"a": _WITHOUT, "b": Variant("ward-omo", (*_APP_USERS, f"reminder.delay_hours={hours}"))}


def _won(worlds: Worlds, which: str = "true") -> float:
    """Purchases among those who left to think it over and were reminded in B, against the same people in A."""
    return paired_number(
        worlds["a"],
        worlds["b"],
        f"""with thinkers as (select distinct need from b_events where kind = 'reminded'),
             wanted as (select need, max(quantity) as basket from b_events where kind = 'thinking' group by 1)
            select sum((b.net_yen > 0)::int - (a.net_yen > 0)::int) / count(*)
            from a_needs a join b_needs b using (need) join thinkers using (need) join wanted using (need)
            where {which}""",
    )


def hourly(directory: Path) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Arrivals, buyers at tills and their yen by store, day and hour, shape (n, 3)."""
    query = """select count(*) filter (kind = 'arrive'), count(*) filter (kind = 'paid'),
        coalesce(sum(amount_yen) filter (kind = 'paid'), 0)
      from events where kind in ('arrive', 'paid') and store is not null
      group by store, floor(time_s / 3600)"""
    with opened(directory) as db:
        return np.array(db.execute(query).fetchall(), dtype=float)


def _curvature(worlds: Worlds) -> float:
    """Second-order coefficient of hourly sales in hourly arrivals, in thousands of yen per arrival squared."""
    arrivals, _, yen = hourly(worlds["few"]).T
    return float(np.polynomial.polynomial.polyfit(arrivals, yen / 1000, 2)[2])


def _more_labour(worlds: Worlds) -> float:
    """Buyers per arrival in the busiest quarter of hours, with more staff less with few."""
    shares = []
    for world in ("few", "more"):
        arrivals, buyers, _ = hourly(worlds[world]).T
        busy = arrivals >= np.quantile(arrivals, 0.75)
        shares.append(buyers[busy].sum() / arrivals[busy].sum())
    return float(shares[1] - shares[0])


def _basket_against_scan(worlds: Worlds) -> float:
    """Purchases won per reminder: goods in the basket against goods only scanned."""
    scanned = _won(worlds, "basket = 0")
    return _won(worlds, "basket > 0") / scanned if scanned else float("nan")


SERVICE: Final[tuple[Effect, ...]] = (
    Effect(
        "VT-15",
        "One pooled line, which looks longer, puts off more shoppers than one line per till",
        "Lu, Musalem, Olivares & Schilkrut 2013 [S152]",
        "> 0",
        _LINES,
        lambda w: difference(w["separate"], w["pooled"], _BALKED),
        lambda x: x > 0,
    ),
    Effect(
        "VT-16a",
        "Sales are concave in traffic",
        "Perdikaki, Kesavan & Swaminathan 2012 [S153]",
        "second-order coefficient < 0",
        {"few": _FEW_STAFF},
        _curvature,
        lambda x: x < 0,
        "ratio",
    ),
    Effect(
        "VT-16b",
        "... and labour moderates the loss of conversion in busy hours",
        "S153",
        "> 0",
        {"few": _FEW_STAFF, "more": _MORE_STAFF},
        _more_labour,
        lambda x: x > 0,
    ),
    *(
        Effect(
            f"VT-20{letter}",
            f"A reminder after {hours:g} h {'loses' if sign < 0 else 'wins'} purchases against none",
            "Li, Luo, Lu & Moriguchi 2021 [S155]",
            "< 0" if sign < 0 else "> 0",
            _reminded_after(hours),
            _won,
            (lambda x: x < 0) if sign < 0 else (lambda x: x > 0),
        )
        for letter, hours, sign in (("a", 0.5, -1), ("b", 1.0, -1), ("c", 24.0, 1), ("d", 72.0, 1))
    ),
    Effect(
        "VT-18a",
        "At an empty shelf nearly a third buy elsewhere",
        "Corsten & Gruen 2004 [S86]",
        "21 to 43 %",
        {"b": _EMPTY},
        lambda w: number(w["b"], _REACTIONS.format("went_elsewhere")),
        lambda x: 0.21 <= x <= 0.43,
        band=(0.21, 0.43),
    ),
    Effect(
        "VT-18b",
        "... and fewer than half take something else",
        "S86",
        "< 50 %",
        {"b": _EMPTY},
        lambda w: number(w["b"], _REACTIONS.format("substituted")),
        lambda x: x < 0.5,
    ),
    Effect(
        "VT-21",
        "Reminding of goods in the basket is worth more than of goods only looked at",
        "Moriguchi, Xiong & Luo 2016 [S156]",
        "1.5 to 3 times",
        _reminded_after(72.0),
        _basket_against_scan,
        lambda x: x > 1,
        "ratio",
        (1.5, 3.0),
    ),
    Effect(
        "VT-26",
        "With 10 % instead of 60 % cash the wait at tills falls",
        "JCB 2019 [S29] for the times to pay",
        "< 0",
        _CASH,
        lambda w: difference(w["cash"], w["cashless"], _WAITED),
        lambda x: x < 0,
        "s",
    ),
)
