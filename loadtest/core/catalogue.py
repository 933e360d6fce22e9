"""Products, availability and scans."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from loadtest.core.messages import Scan
from loadtest.core.rsgi import Reply, error_reply, json_reply
from loadtest.core.service import Core, Request, stored_reply

_SKUS = 2**31
_PRODUCT = "SELECT sku, name, price_yen, rating, reviews FROM products WHERE sku = $1"

# Held units whose time is over count as free, whether or not somebody has taken them back yet.
_AVAILABLE = """
SELECT coalesce(s.on_hand - s.held - s.allocated, 0) + (
    SELECT coalesce(sum(l.quantity), 0)::int FROM lines l
    WHERE l.location = $1 AND l.sku = $2 AND l.state = 'held' AND l.expires_at <= clock_timestamp()
) AS available, utc_text(clock_timestamp()) AS as_of
FROM (SELECT) AS one LEFT JOIN stock s ON s.location = $1 AND s.sku = $2
"""

_SCAN = "SELECT status, body, replayed FROM scan($1, $2, $3, $4, $5, $6)"


async def product(core: Core, request: Request) -> Reply:
    """A product with its reviews."""
    row = await core.database.row(_PRODUCT, request.id) if request.id < _SKUS else None
    return json_reply(200, dict(row)) if row else error_reply(404, "not_found", "no such product")


async def availability(core: Core, request: Request) -> Reply:
    """How many units of one item at one place can be promised now."""
    fields = parse_qs(request.query)
    sku, location = fields.get("sku", [""])[0], fields.get("location", [""])[0]
    if not sku.isdigit() or not sku.isascii() or int(sku) >= _SKUS or not location:
        return error_reply(400, "invalid_request", "give ?sku=<number>&location=<name>")
    row: Any = await core.database.row(_AVAILABLE, location, int(sku))
    return json_reply(200, {"sku": int(sku), "location": location, **dict(row)})


async def scan(core: Core, request: Request) -> Reply:
    """Keep that somebody looked at an item, and answer product and availability."""
    message: Scan = request.message
    row = await core.database.row(
        _SCAN, request.client, request.key, request.fingerprint, message.sku, message.location, message.shopper
    )
    return stored_reply(row)
