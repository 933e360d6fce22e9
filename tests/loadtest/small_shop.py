"""A small web shop for tests: baskets in sessions, checkout, payments that settle later, staff lists, and GraphQL."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

TOKEN = "for-the-tests"


@dataclass
class Shop:
    """The shop's state. Without `guard` two checkouts at once may both take the last units."""

    guard: bool = True
    settles_after: int = 1
    stock: dict[int, int] = field(default_factory=dict)
    prices: dict[int, int] = field(default_factory=dict)
    products: dict[int, str] = field(default_factory=dict)
    baskets: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def checkout(self, session: str) -> tuple[int, dict[str, Any]]:
        """Take the basket's goods and make an order."""
        if not self.guard:
            return self._checkout(session, pause_s=0.05)
        with self.lock:
            return self._checkout(session, pause_s=0.0)

    def _checkout(self, session: str, pause_s: float) -> tuple[int, dict[str, Any]]:
        lines = self.baskets.pop(session, [])
        for sku, quantity in lines:
            if self.stock.get(sku, 0) < quantity:
                return 409, {"problem": {"code": "sold out", "sku": sku}}
        time.sleep(pause_s)
        for sku, quantity in lines:
            self.stock[sku] -= quantity
        number = f"A-{len(self.orders) + 1:04}"
        total = sum(quantity * self.prices[sku] for sku, quantity in lines)
        items = [{"product": self.products[sku], "count": count, "each": self.prices[sku]} for sku, count in lines]
        self.orders[number] = {"number": number, "total": f"{total}.00", "status": "OPEN", "items": items}
        return 201, self.orders[number]

    def pay(self, number: str, brand: str, key: str) -> tuple[int, dict[str, Any]]:
        """Begin a payment; `asked` counts the polls until it has settled."""
        self.keys.append(key)
        if brand == "declined":
            return 402, {"problem": {"code": "declined"}}
        payment = f"P{len(self.payments) + 1}"
        self.payments[payment] = {"id": payment, "order": number, "asked": 0, "state": "PENDING"}
        return 202, self.payments[payment]

    def poll(self, payment: str) -> tuple[int, dict[str, Any]]:
        """How a payment stands."""
        found = self.payments[payment]
        found["asked"] += 1
        if found["asked"] >= self.settles_after:
            found["state"] = "DONE"
            self.orders[found["order"]]["status"] = "PAID"
        return 200, found


@contextmanager
def serve(shop: Shop) -> Iterator[str]:
    """The address of `shop` while the block runs."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(*self._get(), {})

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._answer(*_post(shop, self, json.loads(text or b"{}")))

        def _get(self) -> tuple[int, Any]:
            path, _, query = self.path.partition("?")
            staff = self.headers.get("Authorization") == f"Bearer {TOKEN}"
            if path.startswith("/payments/"):
                return shop.poll(path.split("/")[2])
            if path.startswith("/products/"):
                return 200, {"id": path.split("/")[2]}
            if not staff:
                return 401, {"problem": {"code": "staff only"}}
            if path == "/staff/orders":
                page = int(query.partition("=")[2] or 0)
                some = list(shop.orders.values())[10 * page : 10 * page + 10]
                more = f"/staff/orders?page={page + 1}" if len(shop.orders) > 10 * page + 10 else None
                return 200, {"orders": some, "links": {"next": more}}
            if path == "/staff/stock":
                return 200, [{"product": shop.products[sku], "left": left} for sku, left in shop.stock.items()]
            if path == "/staff/payments":
                return 200, {"payments": list(shop.payments.values())}
            return 404, {}

        def _answer(self, status: int, document: Any, headers: dict[str, str]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _post(shop: Shop, handler: Any, body: Any) -> tuple[int, Any, dict[str, str]]:
    path, headers = handler.path, handler.headers
    session = headers.get("Cookie", "").partition("session=")[2].partition(";")[0]
    if path == "/session":
        with shop.lock:
            name = f"s{len(shop.baskets) + len(shop.orders)}-{time.monotonic_ns()}"
            shop.baskets[name] = []
        return 200, {}, {"Set-Cookie": f"session={name}; Path=/; HttpOnly"}
    if path == "/basket":
        sku = next(sku for sku, product in shop.products.items() if product == body["product"])
        shop.baskets[session].append((sku, body["count"]))
        return 200, {}, {}
    if path == "/checkout":
        status, order = shop.checkout(session)
        return status, order, {"Location": f"/orders/{order['number']}"} if status == 201 else {}
    if path == "/payments":
        return *shop.pay(body["order"], body["brand"], headers.get("Idempotency-Key", "")), {}
    if headers.get("Authorization") != f"Bearer {TOKEN}":
        return 401, {"problem": {"code": "staff only"}}, {}
    if path == "/staff/products":
        product = f"prod-{1000 + body['sku']}"
        shop.products[body["sku"]], shop.prices[body["sku"]] = product, body["price"]
        return 201, {"id": product}, {}
    if path == "/staff/stock":
        sku = next(sku for sku, product in shop.products.items() if product == body["product"])
        shop.stock[sku] = body["units"]
        return 200, {}, {}
    return 404, {}, {}


ADAPTER = """
schema = "omo.target/1"
name = "small shop"
single_location = "shelf"

[auth.back_office]
kind = "bearer"
env = "SMALL_SHOP_TOKEN"

[journey]
cookies = true
poll_every_s = 0.05
polls = 5

[journey.login.session]
method = "POST"
path = "/session"

[codes.brand]
card = "plastic"
cash = "declined"

[actions.product]
path = "/products/{product}"

[actions.reserve]
skip = "no reservations"

[actions.order.basket]
for_each = "lines"
path = "/basket"
json = { product = "{product}", count = "{quantity}" }

[actions.order.checkout]
method = "POST"
path = "/checkout"
capture = { order = { source = "header:Location", match = "/orders/(.+)$" }, amount_yen = "total" }
detail = "problem.code"

[actions.pay]
path = "/payments"
headers = { Idempotency-Key = "{idempotency_key}" }
json = { order = "{order}", brand = "{brand}" }
capture = { payment = "id" }
pending = { status = [202] }
detail = "problem.code"

[actions.poll]
path = "/payments/{payment}"
pending = { when = ["state = PENDING"] }

[seed.products.product]
path = "/staff/products"
json = { sku = "{sku}", price = "{price_yen}" }
capture = { product = "id" }

[seed.stock.shelf]
path = "/staff/stock"
json = { product = "{product}", units = "{on_hand}" }

[read_back.orders]
path = "/staff/orders"
rows = "orders"
next = "links.next"

[read_back.stock]
path = "/staff/stock"

[read_back.payments]
path = "/staff/payments"
rows = "payments"

[books.orders]
from = "orders"

[books.orders.columns]
id = "number"
amount_yen = "total"
state = { source = "status", codes = { PAID = "paid", OPEN = "pending_payment" } }

[books.lines]
from = "orders"
rows = "items"

[books.lines.columns]
order_id = "^number"
location = "=shelf"
sku = { source = "product", ids = "product" }
quantity = "count"
unit_price_yen = "each"
state = "=sold"

[books.stock]
from = "stock"

[books.stock.columns]
location = "=shelf"
sku = { source = "product", ids = "product" }
on_hand = "left"
held = 0
allocated = 0

[books.payments]
from = "payments"
where = ["state = DONE"]

[books.payments.columns]
id = "id"
order_id = "order"
state = "=captured"
applied = true
amount_yen = 0
refund_promised_yen = 0
"""
