"""Products, availability and scans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

from loadtest.core.batches import columns
from loadtest.core.database import Database
from loadtest.core.messages import NAME_LETTERS, Scan
from loadtest.core.service import Core, Request, stored_reply
from loadtest.http.messages import Reply, error_reply, json_reply

_SKUS = 2**31
_PRODUCTS = """
SELECT p.sku, p.name, p.price_yen, p.rating, p.reviews, utc_text(clock_timestamp()) AS as_of
FROM unnest($1::int[]) WITH ORDINALITY AS r (sku, place) LEFT JOIN products p ON p.sku = r.sku ORDER BY r.place
"""

_AVAILABLE = """
SELECT free_units(r.location, r.sku) AS available, utc_text(clock_timestamp()) AS as_of
FROM unnest($1::text[], $2::int[]) WITH ORDINALITY AS r (location, sku, place) ORDER BY r.place
"""

_SCAN = "SELECT status, body, replayed FROM record_scans($1, $2, $3, $4, $5, $6)"


async def product(core: Core, request: Request) -> Reply:
    """A product with its reviews, and when that was so."""
    row = None
    if request.id < _SKUS:
        row = await core.in_batch("products", _read_products, (request.id,))
    if row is None or row["sku"] is None:
        return error_reply(404, "not_found", "no such product")
    return json_reply(200, dict(row))


async def availability(core: Core, request: Request) -> Reply:
    """How many units of one item at one place can be promised now."""
    fields = parse_qs(request.query)
    sku, location = fields.get("sku", [""])[0], fields.get("location", [""])[0]
    if not sku.isdigit() or not sku.isascii() or int(sku) >= _SKUS or not 1 <= len(location) <= NAME_LETTERS:
        return error_reply(
            400, "invalid_request", f"give ?sku=<number>&location=<name>, a name of 1 to {NAME_LETTERS} letters"
        )
    row = await core.in_batch("availability", _read_available, (location, int(sku)))
    return json_reply(200, {"sku": int(sku), "location": location, **dict(row)})


async def scan(core: Core, request: Request) -> Reply:
    """Keep that somebody looked at an item, and answer product and availability."""
    message: Scan = request.message
    command = (request.client, request.key, request.fingerprint, message.sku, message.location, message.shopper)
    return stored_reply(await core.in_batch("scans", _record_scans, command, (request.client, request.key)))


async def _read_products(database: Database, batch: Sequence[tuple[int]]) -> Sequence[Any]:
    return await database.rows(_PRODUCTS, *columns(batch))


async def _read_available(database: Database, batch: Sequence[tuple[str, int]]) -> Sequence[Any]:
    return await database.rows(_AVAILABLE, *columns(batch))


async def _record_scans(database: Database, batch: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
    return await database.rows(_SCAN, *columns(batch))
