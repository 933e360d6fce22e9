"""Paths of touches as the company itself can piece them together from its own records of one replication.

What it does not know is not in them. An app or EC account is known by its owner, so messages that were opened,
look-ups with the app and online orders belong to a person; a till receipt does only where it was linked to a member
(`orders.identified`), and to that member's account only where the store shares one customer id with EC. Advice is seen
where an order, or the sign-up, carries a staff code. Visits that leave no receipt, and advice that is not followed, are
not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb

from scenarios.schema import Scenario
from sim.calendar import DAY_S, HOUR_S
from sim.evaluation.attribution.paths_file import TouchPath
from sim.evaluation.tables import opened
from sim.rollout import Open, open_today

LOOKBACK_DAYS: Final = 30.0
"""Touches that lie further back than this have no part in a conversion: a usual default of web analytics."""
SESSION_S: Final = 1800.0
"""The same touch again within half an hour is one session: the usual default of web analytics."""

OF_CHANNEL: Final = {"store": "store_visit", "app": "app_order", "ec": "ec_visit"}
"""The touch that an order is itself, by its channel; no switch can take it away."""

_ORDERS: Final = """
  select o."order", shopper, placed_s, order_channel::varchar, store::varchar, identified, staff is not null,
    state = 'completed', coalesce(net, 0)::bigint,
    o."order" in (select "order" from events where kind = 'coupon_used')
  from orders o left join (
    select "order", sum(amount_yen) as net from ledger where account in ('revenue', 'refund') group by 1
  ) using ("order")"""
_IN_THE_APP: Final = """
  select distinct e.time_s, e.shopper, case
      when kind = 'pushed' then 'push_coupon'
      when kind = 'reminded' then 'reminder'
      when kind = 'researched' then 'research_online'
      when place = 'floor' then 'scan_look_up'
      else 'ec_visit' end
  from events e join shoppers s using (shopper)
  where e.time_s >= s.app_from_s and (
    kind in ('reminded', 'researched') or (kind = 'pushed' and quantity = 1) or (kind = 'look_up' and (
      place = 'floor' or (e."order" is not null and e."order" not in (select "order" from orders)))))"""
_MESSAGES: Final = "select time_s, shopper, touchpoint::varchar from contacts where noticed"
_SIGN_UPS: Final = """
  select c.time_s, n.shopper, c.store::varchar from staff_contacts c join needs n using (need) where c.signed_up"""


class Sighting(NamedTuple):
    """One touch of somebody; negative ids are people whom nothing links to anybody. A conversion has its yen."""

    person: int
    time_s: float
    touch: str
    converts: bool = False
    net_yen: int = 0


@dataclass(frozen=True)
class CompanyView:
    """The paths of one replication, and how much of the company's sales has a known buyer."""

    paths: list[TouchPath]
    orders: int
    net_yen: int
    linked_orders: int
    """Orders of people whose other touches can be seen."""
    linked_net_yen: int


def company_view(directory: Path, scenario: Scenario, lookback_days: float = LOOKBACK_DAYS) -> CompanyView:
    """The paths of the replication in `directory`; each order that was completed ends one."""
    with opened(directory) as db:
        seen = sorted(_sightings(db, Identities(scenario)), key=lambda sighting: (sighting.person, sighting.time_s))
    paths: list[TouchPath] = []
    for _, one in groupby(seen, key=lambda sighting: sighting.person):
        paths += paths_of(list(one), lookback_days * DAY_S)
    sales = [sighting for sighting in seen if sighting.converts]
    linked = [sighting for sighting in sales if sighting.person >= 0]
    return CompanyView(
        paths,
        len(sales),
        sum(sighting.net_yen for sighting in sales),
        len(linked),
        sum(sighting.net_yen for sighting in linked),
    )


def paths_of(one: Sequence[Sighting], lookback_s: float) -> list[TouchPath]:
    """The paths of one person, whose sightings are in order of time.

    A conversion takes the touches since the one before, as far back as `lookback_s`; what is older, and what is left
    at the end, are paths that did not convert.
    """
    paths, open_path = [], list[Sighting]()
    for sighting in one:
        same = open_path and open_path[-1].touch == sighting.touch
        if not (same and sighting.time_s - open_path[-1].time_s <= SESSION_S):
            open_path.append(sighting)
        if sighting.converts:
            too_old = [touch for touch in open_path if sighting.time_s - touch.time_s > lookback_s]
            paths += [TouchPath(_touches(too_old), nulls=1)] if too_old else []
            path = open_path[len(too_old) :]
            hours = tuple((sighting.time_s - touch.time_s) / HOUR_S for touch in path)
            paths.append(TouchPath(_touches(path), 1, sighting.net_yen, 0, hours))
            open_path = []
    return [*paths, TouchPath(_touches(open_path), nulls=1)] if open_path else paths


def _touches(path: Iterable[Sighting]) -> tuple[str, ...]:
    return tuple(sighting.touch for sighting in path)


class Identities:
    """Which id the company files something under, by what its systems could do at that place and on that day."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._places = {place: at for at, place in enumerate([*scenario.stores, "ec"])}
        self._days: dict[int, Open] = {}

    def has(self, capability: str, store: str | None, time_s: float) -> bool:
        """Whether a capability was open; `store` None stands for EC."""
        day = min(int(time_s // DAY_S), self._scenario.horizon.days - 1)
        if day not in self._days:
            self._days[day] = open_today(self._scenario, day)
        return bool(getattr(self._days[day], capability)[self._places[store or "ec"]] > 0)

    def account(self, shopper: int) -> int:
        """The id of an app or EC account."""
        return 2 * shopper

    def at_till(self, shopper: int, store: str, time_s: float, order: int, linked: bool) -> int:
        """The id of a till receipt: the account, a card of the stores' own, or nobody's."""
        if not linked:
            return -1 - order
        return self.account(shopper) if self.has("unified_id", store, time_s) else 2 * shopper + 1


def _sightings(db: duckdb.DuckDBPyConnection, ids: Identities) -> list[Sighting]:
    by_account = [row for query in (_IN_THE_APP, _MESSAGES) for row in db.execute(query).fetchall()]
    seen = [Sighting(ids.account(shopper), at_s, touch) for at_s, shopper, touch in by_account]
    for at_s, shopper, store in db.execute(_SIGN_UPS).fetchall():
        if ids.has("staff_code", store, at_s):
            seen.append(Sighting(ids.account(shopper), at_s, "staff_advice"))
    for row in db.execute(_ORDERS).fetchall():
        seen += _of_order(ids, *row)
    return seen


def _of_order(
    ids: Identities,
    order: int,
    shopper: int,
    placed_s: float,
    channel: str,
    store: str | None,
    identified: bool,
    coded: bool,
    completed: bool,
    net_yen: int,
    with_coupon: bool,
) -> list[Sighting]:
    """What an order shows: the code and the coupon on it, and that somebody bought there."""
    person = ids.account(shopper)
    if channel == "store" and store is not None:
        person = ids.at_till(shopper, store, placed_s, order, identified)
    at: Any = partial(Sighting, person, placed_s)
    before = [at(touch) for touch, there in (("staff_advice", coded), ("push_coupon", with_coupon)) if there]
    return [*before, at(OF_CHANNEL[channel], completed, net_yen if completed else 0)]
