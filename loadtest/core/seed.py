"""The opening catalogue and stock."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec

from loadtest.core.idempotency import CLAIM, STORE
from loadtest.core.messages import Seed
from loadtest.core.service import Core, Request, stored_reply
from loadtest.http.messages import Reply, error_reply
from loadtest.tenders import default_tenders

_OPENING_MOVES = """
INSERT INTO stock_moves (location, sku, on_hand_change, held_change, allocated_change, reason)
SELECT location, sku, on_hand, 0, 0, 'seed' FROM stock WHERE on_hand <> 0
"""
_IS_SEEDED = "SELECT EXISTS (SELECT FROM products) OR EXISTS (SELECT FROM stock) OR EXISTS (SELECT FROM tenders)"


async def seed(core: Core, request: Request) -> Reply:
    """Load products and stock into an empty database, in one transaction with its key."""
    for tender in request.message.tenders or ():
        if tender.pays and len(tender.pays) != len(tender.closes):
            return error_reply(400, "invalid_request", f"tender {tender.brand}: one of `pays` for each of `closes`")
    try:
        async with core.database.transaction() as connection:
            row = await connection.fetchrow(CLAIM, request.client, request.key, request.fingerprint)
            if row["status"] is None:
                status, document = await _load(connection, request.message)
                body = msgspec.json.encode(document).decode()
                row = await connection.fetchrow(STORE, request.client, request.key, request.fingerprint, status, body)
            return stored_reply(row)
    except asyncpg.UniqueViolationError as error:
        return error_reply(400, "invalid_request", f"an item is there twice: {error.detail}")


async def _load(connection: Any, message: Seed) -> tuple[int, dict[str, object]]:
    await connection.execute("LOCK TABLE products, stock IN EXCLUSIVE MODE")
    if await connection.fetchval(_IS_SEEDED):
        return 409, {"error": "not_empty", "message": "products and stock are loaded already"}
    products = [(p.sku, p.name, p.price_yen, p.rating, p.reviews) for p in message.products]
    stock = [(s.location, s.sku, s.on_hand) for s in message.stock]
    await connection.copy_records_to_table("products", records=products)
    await connection.copy_records_to_table("stock", records=stock, columns=["location", "sku", "on_hand"])
    await connection.execute(_OPENING_MOVES)
    tenders = default_tenders() if message.tenders is None else message.tenders
    await connection.copy_records_to_table("tenders", records=[msgspec.structs.astuple(tender) for tender in tenders])
    await connection.execute("UPDATE points_programme SET points_percent = $1", message.points_percent)
    await connection.execute("ANALYZE products, stock")
    return 200, {"products": len(products), "stock": len(stock)}
