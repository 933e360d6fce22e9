"""What a capability or channel adds to all channels' sales: through its own channel, and through the others.

The world with everybody against the world without one player, replication by replication. The ledger's rows are split
by the channel of their order; what belongs to no order is shared cost. Own part, cross-channel part and shared cost
sum to the company's difference, to the yen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sim.evaluation.capabilities.contributions import described_numbers
from sim.evaluation.capabilities.players import parts
from sim.evaluation.tables import opened

CHANNELS: Final = ("till", "app", "ec_ship", "collect")
SHARED: Final = "shared"
OWN: Final[dict[str, tuple[str, ...]]] = {
    "click_and_collect": ("collect",),
    "pickup_counter": ("collect",),
    "scan_and_pay": ("app",),
    "endless_aisle": ("app",),
    "showroom": ("app",),
    "ship_from_store": ("ec_ship",),
    "ec_orders": ("ec_ship",),
    "store_coupons": ("till",),
    "member_barcode": ("till",),
}
"""Channels whose sales are the capability's own; a capability that is not here sells nothing itself."""

_BY_CHANNEL: Final = """
  select case when l."order" is null then 'shared'
      when channel = 'store' then 'till' when channel = 'app' then 'app'
      when way = 'collect' then 'collect' else 'ec_ship' end,
    coalesce(sum(amount_yen) filter (where account in ('revenue', 'refund')), 0)::bigint, sum(amount_yen)::bigint
  from (select ledger.*, coalesce(o.order_channel, ledger.order_channel)::varchar as channel,
      coalesce(o.fulfilment, ledger.fulfilment)::varchar as way
    from ledger left join orders o using ("order")) l
  group by 1"""


def by_channel(directory: Path) -> dict[str, dict[str, int]]:
    """Net sales and contribution of a replication by channel, `shared` included: {measure: {channel: yen}}."""
    with opened(directory) as db:
        rows = db.execute(_BY_CHANNEL).fetchall()
    found = {name: dict.fromkeys((*CHANNELS, SHARED), 0) for name in ("sales_yen", "contribution_yen")}
    for channel, sales, contribution in rows:
        found["sales_yen"][channel] = int(sales)
        found["contribution_yen"][channel] = int(contribution)
    return found


def own_and_cross(player: str, having: Sequence[Path], without: Sequence[Path]) -> dict[str, Any]:
    """What `player` adds, over pairs of replication folders: own channels, others, shared cost, and each channel."""
    with_it, not_it = ([by_channel(folder) for folder in folders] for folders in (having, without))
    own = sorted({channel for name in parts(player) for channel in OWN.get(name, ())})
    document: dict[str, Any] = {"player": player, "own_channels": own}
    for measure in ("sales_yen", "contribution_yen"):
        differences = [
            {channel: a[measure][channel] - b[measure][channel] for channel in a[measure]}
            for a, b in zip(with_it, not_it, strict=True)
        ]
        document[measure] = _split(differences, own)
    return document


def _split(differences: Sequence[Mapping[str, int]], own: Sequence[str]) -> dict[str, Any]:
    parts_of_it = {
        "own": [sum(found[channel] for channel in own) for found in differences],
        "cross": [sum(found[channel] for channel in CHANNELS if channel not in own) for found in differences],
        "shared": [found[SHARED] for found in differences],
        "company": [sum(found.values()) for found in differences],
    }
    channels = {channel: described_numbers([found[channel] for found in differences]) for channel in CHANNELS}
    return {name: described_numbers(numbers) for name, numbers in parts_of_it.items()} | {"channels": channels}
