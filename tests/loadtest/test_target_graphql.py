"""A GraphQL system behind an API key that is paid with the order: played step by step as `omo target check` does."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loadtest.targets.check import Goods, check
from loadtest.targets.choose import system_of
from scenarios.errors import TargetUnreachable, UsageError

ADAPTER = """
schema = "omo.target/1"
name = "graph shop"
headers = { Shop = "main" }

[auth.default]
kind = "api_key"
header = "X-Shop"
env = "GRAPH_SHOP_KEY"

[journey]
paid_by_order = true

[actions.order]
path = "/graphql"
graphql = "mutation ($lines: [Line!]!) { buy(lines: $lines) { id total } }"
capture = { order = "data.buy.id", amount_yen = "data.buy.total" }
detail = "errors.0.message"

[actions.order.variables.lines]
each = "lines"
item = { sku = "{sku}", count = "{quantity}" }

[actions.refund]
path = "/graphql"
graphql = "mutation ($id: ID!) { refund(id: $id) { id } }"
variables = { id = "{order}" }

[read_back.orders]
path = "/graphql"
graphql = "{ orders { id total lines { sku count } } }"
rows = "data.orders"

[books.orders]
from = "orders"
columns = { id = "id", amount_yen = "total" }
"""


class Graph(http.server.ThreadingHTTPServer):
    """Sells at 100 yen a piece, never more than five of an item at once."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.orders: list[dict[str, Any]] = []
        self.refunded: list[str] = []

    def execute(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        if "refund" in query:
            self.refunded.append(variables["id"])
            return {"data": {"refund": {"id": variables["id"]}}}
        if "orders" in query:
            return {"data": {"orders": self.orders}}
        if any(line["count"] > 5 for line in variables["lines"]):
            return {"data": None, "errors": [{"message": "too many"}]}
        total = 100 * sum(line["count"] for line in variables["lines"])
        self.orders.append({"id": f"order-{len(self.orders)}", "total": total, "lines": variables["lines"]})
        return {"data": {"buy": self.orders[-1]}}


class Handler(http.server.BaseHTTPRequestHandler):
    """GraphQL over POST for clients that have the key."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        assert isinstance(self.server, Graph)
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        allowed = self.headers["X-Shop"] == "open sesame" and self.headers["Shop"] == "main"
        answer = self.server.execute(asked["query"], asked.get("variables") or {}) if allowed else {}
        body = json.dumps(answer).encode()
        self.send_response(200 if allowed else 403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[tuple[Graph, str, str]]:
    """The server, its address, and the target file."""
    server = Graph()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    path = tmp_path / "graph.toml"
    path.write_text(ADAPTER)
    try:
        yield server, f"http://127.0.0.1:{server.server_port}", str(path)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_graphql_orders_are_taken_captured_refunded_and_read_back(
    graph: tuple[Graph, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, url, file = graph
    monkeypatch.setenv("GRAPH_SHOP_KEY", "open sesame")
    checked = check(system_of(file, url), Goods(), tmp_path, "run", seed=False, tell=lambda _: None)
    assert checked.failed() == []
    assert checked.problems == []
    assert len(server.orders) == sum(each.action == "order" for each in checked.exchanges) == 7
    assert server.orders[0] == {
        "id": "order-0",
        "total": 300,
        "lines": [{"sku": 1, "count": 1}, {"sku": 2, "count": 2}],
    }
    assert server.refunded == [server.orders[-1]["id"]]
    assert checked.exchanges[0].captured == {"order": "order-0", "amount_yen": 300}
    assert "open sesame" not in "".join(each.request for each in checked.exchanges)
    assert {why for _, action, why in checked.skipped if action == "pay"} == {"already paid"}
    unchecked = {law for law, _ in checked.unchecked}
    assert "told_orders_exist" not in unchecked
    assert "not_oversold" in unchecked


def test_missing_key_is_an_error_and_a_wrong_one_is_shown_as_the_refusal_that_it_is(
    graph: tuple[Graph, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, url, file = graph
    monkeypatch.delenv("GRAPH_SHOP_KEY", raising=False)
    with pytest.raises(UsageError, match="GRAPH_SHOP_KEY"):
        system_of(file, url).heads()
    monkeypatch.setenv("GRAPH_SHOP_KEY", "open barley")
    shut = check(system_of(file, url), Goods(), tmp_path, "run", seed=False, tell=lambda _: None)
    assert {(each.status, each.verdict) for each in shut.exchanges} == {(403, "rejected")}
    assert "403" in shut.problems[0]
    assert server.orders == []


def test_nobody_at_the_address_is_an_error_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPH_SHOP_KEY", "open sesame")
    (tmp_path / "graph.toml").write_text(ADAPTER)
    system = system_of(str(tmp_path / "graph.toml"), "http://127.0.0.1:9")
    with pytest.raises(TargetUnreachable, match=r"127\.0\.0\.1:9"):
        check(system, Goods(), tmp_path, "run", seed=False, tell=lambda _: None)
