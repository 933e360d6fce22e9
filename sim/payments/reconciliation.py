"""Matching the providers' settlement files with the company's own books: which items differ, and why.

The company expects what its books say: every sale it knows of, and every refund together with its sale. An item
differs (a break) where

- the till had given up on the payment, and the file holds it all the same (`double_capture`);
- a store took goods back whose payment its own provider had not taken, so that its till cannot refund it and somebody
  has to do so by hand at the other provider (`cross_provider`);
- the refund comes in a later file than its sale (`late_refund`);
- or for no reason of ours: amounts, dates and references that are wrong in the file (`error`).
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa

from scenarios.schema import Scenario
from sim.streams import Streams

_BATCH = 100_000
_INT64: pa.DataType = pa.int64()
_BOOL: pa.DataType = pa.bool_()
_KEY = pa.schema({"payment": _INT64, "refund": _BOOL, "day": pa.int32()})
"""What tells the items of a payment apart."""

_HANDED_BACK = """
    create view handed_back as
    select distinct "order" from events where kind = 'returned' and place = 'pickup_counter'"""
"""Orders whose goods were brought back to a store's counter, where the money is wanted back."""

_BREAKS = """
    select i.payment, i.refund, i.provider, i.brand, i.channel, i.amount_yen, i.day, i.end_day + 1 as found_day,
        case when i.late and not i.refund then 'double_capture'
             when i.refund and not i.late and not i.carries_stores and h."order" is not null then 'cross_provider'
             when i.refund and i.end_day <> i.captured_end_day then 'late_refund'
             else 'error' end as kind
    from item i
    left join handed_back h on h."order" = i."order" and i.refund
    left join erroneous e on e.payment = i.payment and e.refund = i.refund and e.day = i.day
    where i.provider is not null and (kind <> 'error' or e.payment is not null)
    order by found_day, provider, day, payment, refund, amount_yen"""


def find_breaks(db: duckdb.DuckDBPyConnection, scenario: Scenario, streams: Streams) -> pa.Table:
    """One row for each item that differs; `found_day` is the day on which the file arrives, the one after its period.

    Needs the view `item` of `sim.payments.settlement`.
    """
    db.execute(_HANDED_BACK)
    found = list(_erroneous(db, scenario.payments.accounting.error_share, streams))
    db.register("erroneous", pa.Table.from_batches(found, _KEY))
    breaks: pa.Table = db.sql(_BREAKS).to_arrow_table()
    return breaks


def _erroneous(db: duckdb.DuckDBPyConnection, share: float, streams: Streams) -> Iterator[pa.RecordBatch]:
    """The items with an error of the provider's; a payment and its refunds have their own luck."""
    if not share:
        return
    items = db.sql("select distinct payment, refund, day from item where provider is not null")
    for batch in items.to_arrow_reader(_BATCH):
        refund = batch["refund"].to_numpy(zero_copy_only=False)
        draws = streams.uniforms("settlement error", batch["payment"].to_numpy(), 2)
        wrong = np.where(refund, draws[:, 1], draws[:, 0]) < share
        yield batch.filter(pa.array(wrong))
