"""What the online channels took from our own stores, and what they added: the same needs in two worlds.

For each need the sales of its till and of its online orders are known in both worlds. What it spent online under B is

- taken from our stores: as much of it as the need spends less at our tills than under A;
- online before: as much of the rest as it spent online under A already;
- incremental: the rest, by where the need went under A (a rival, nowhere, lost, or to us for less).

The three sum to the online sales under B, need by need and to the yen. A need counts as taken from our stores where it
ended in `store` under A and in an online outcome under B: cells of the channel-shift matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from sim.evaluation.ratios import share_of_means
from sim.evaluation.tables import opened
from sim.log.schema import Outcome, quoted

ONLINE: Final = (Outcome.APP_CARRY, Outcome.APP_SHIP, Outcome.EC_SHIP, Outcome.COLLECT)
_ONLINE: Final = quoted(ONLINE)
_OURS: Final = quoted((Outcome.STORE, *ONLINE))

_SALES: Final = """
  select need, sum(amount_yen) filter (where order_channel = 'store') as till,
    sum(amount_yen) filter (where order_channel <> 'store') as online
  from {side}_ledger where account in ('revenue', 'refund') and need is not null group by 1"""

_BY_ORIGIN: Final = f"""
  with a_sales as ({_SALES.format(side="a")}), b_sales as ({_SALES.format(side="b")}),
  pairs as (
    select coalesce(a.outcome::varchar, 'no_need') as origin, coalesce(b.outcome::varchar, 'no_need') as target,
      greatest(coalesce(b_sales.online, 0), 0) as online,
      greatest(coalesce(a_sales.till, 0) - coalesce(b_sales.till, 0), 0) as till_less,
      greatest(coalesce(a_sales.online, 0), 0) as online_before
    from a_needs a full join b_needs b using (need)
    left join a_sales using (need) left join b_sales using (need)),
  parts as (select *, least(online, till_less) as from_stores from pairs)
  select case when origin in ({_OURS}) then 'ours' else origin end,
    sum(online)::bigint, sum(from_stores)::bigint, sum(least(online - from_stores, online_before))::bigint,
    count(*) filter (where target in ({_ONLINE})),
    count(*) filter (where target in ({_ONLINE}) and origin = 'store'),
    count(*) filter (where target in ({_ONLINE}) and origin in ({_ONLINE}))
  from parts group by 1 order by 1"""


@dataclass(frozen=True)
class Split:
    """Where what is online under B comes from, in one replication, in yen or in needs.

    `incremental` is by where the need ended under A; `ours` is a need of ours that spends more. The parts sum to
    `online`.
    """

    online: int
    from_stores: int
    online_before: int
    incremental: dict[str, int]


def splits(db: duckdb.DuckDBPyConnection) -> dict[str, Split]:
    """The split in `yen` and in `needs`, of two replications whose tables are opened as `a_` and `b_`."""
    rows = db.execute(_BY_ORIGIN).fetchall()
    return {"yen": _split([(row[0], *row[1:4]) for row in rows]), "needs": _split([(row[0], *row[4:]) for row in rows])}


def _split(rows: Sequence[tuple[Any, ...]]) -> Split:
    gains = {origin: int(online - taken - before) for origin, online, taken, before in rows}
    online, taken, before = (sum(int(row[at]) for row in rows) for at in (1, 2, 3))
    return Split(online, taken, before, {origin: gain for origin, gain in gains.items() if gain})


def cannibalisation(a: Sequence[Path], b: Sequence[Path]) -> dict[str, Any]:
    """The part `cannibalisation` of `omo.comparison/1`, over pairs of replication folders (equal seed in both)."""
    found: dict[str, list[Split]] = {"yen": [], "needs": []}
    with duckdb.connect() as db:
        for folder_a, folder_b in zip(a, b, strict=True):
            with opened(folder_a, "a_", db), opened(folder_b, "b_", db):
                for unit, split in splits(db).items():
                    found[unit].append(split)
    return {"interval": "Fieller"} | {unit: described(parts) for unit, parts in found.items()}


def described(parts: Sequence[Split]) -> dict[str, Any]:
    """Sums over replications and the three shares of online sales, each a ratio of means with its interval."""
    online = [part.online for part in parts]
    gained = [sum(part.incremental.values()) for part in parts]
    new = [part.online - part.online_before for part in parts]
    taken = [part.from_stores for part in parts]
    origins = sorted({origin for part in parts for origin in part.incremental})
    return {
        "online": sum(online),
        "from_stores": sum(taken),
        "online_before": sum(part.online_before for part in parts),
        "incremental": {origin: sum(part.incremental.get(origin, 0) for part in parts) for origin in origins},
        "cannibalisation_rate": asdict(share_of_means(taken, online)),
        "incremental_share": asdict(share_of_means(gained, online)),
        "cannibalisation_rate_of_new_sales": asdict(share_of_means(taken, new)),
        "per_replication": [asdict(part) for part in parts],
    }
