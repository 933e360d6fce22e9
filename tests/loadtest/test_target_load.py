"""A trace replayed at a shop that is not ours: its books read back, its oversell named, by file, class and GraphQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_shop import ADAPTER, TOKEN, Shop, serve

from loadtest.trace_schema import CATALOGUE, STEPS, STOCK, Trace, header_of, write_trace

PRICE, SKU = 700, 7


def rush(buyers: int, units: int, brand: str = "card", each: int = 2) -> Trace:
    """`buyers` who each want `each` units of an item of which the two stores have `units` together, all at once."""
    line = {"sku": SKU, "quantity": each, "unit_price_yen": PRICE}
    common = {"copy": 0, "location": "mall", "lines": [line], "amount_yen": each * PRICE, "channel": "app"}
    rows = [
        {**common, "journey": buyer, "step": step, "due_s": 0.3 * step, "action": action, "client": "app"}
        | {"shopper": buyer, "fulfilment": "carry", "brand": brand}
        for step, action in enumerate(("product", "reserve", "order", "pay"))
        for buyer in range(buyers)
    ]
    steps = pa.Table.from_pylist(rows, schema=STEPS)
    goods = [{"sku": SKU, "name": "watch", "price_yen": PRICE, "rating": 4.0, "reviews": 1}]
    shelves = [{"location": place, "sku": SKU, "on_hand": units // 2} for place in ("mall", "station")]
    return Trace(
        header_of(steps, {"run": "rush"}, 1),
        steps,
        pa.Table.from_pylist(goods, schema=CATALOGUE),
        pa.Table.from_pylist(shelves, schema=STOCK),
    )


def omo(*arguments: str | Path, cwd: Path, code: tuple[int, ...] = (0, 4)) -> dict[str, Any]:
    root = str(Path(__file__).parents[2])
    env = {**os.environ, "SMALL_SHOP_TOKEN": TOKEN, "PYTHONPATH": root}
    command = [sys.executable, "-m", "omo", *map(str, arguments), "--json"]
    done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, timeout=120)
    assert done.returncode in code, done.stderr.decode()[-2000:]
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def replayed(shop: Shop, trace: Trace, folder: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The load and the laws of a replay of `trace` at `shop`."""
    (folder / "shop.toml").write_text(ADAPTER)
    write_trace(trace, folder / "trace")
    with serve(shop) as url:
        result = omo("load", "trace", "--target", "shop.toml", "--base-url", url, "--out", "load", cwd=folder)
    laws = omo("audit", "load", cwd=folder)["laws"]
    return result, {law["law"]: law for law in laws}


@pytest.mark.slow
def test_shop_that_guards_its_stock_sells_all_of_it_and_no_more(tmp_path: Path) -> None:
    shop = Shop()
    result, laws = replayed(shop, rush(buyers=16, units=20), tmp_path)
    assert result["target"] == "small shop"
    assert result["outcomes"]["order"] == {"ok": 10, "rejected": 6}
    assert result["outcomes"]["reserve"] == {"skipped": 16}
    assert result["outcomes"]["poll"]["ok"] == 10
    assert {law: row["broken"] for law, row in laws.items() if row["broken"]} == {}
    for law in ("not_oversold", "stock_gone_is_sold", "opening_is_the_trace's"):
        assert laws[law]["checked"] == 1
    for law in ("told_orders_exist", "told_payments_exist", "one_capture_per_order", "order_amounts", "journeys_end"):
        assert laws[law]["checked"] == 10
    assert laws["ledger_transfers"]["not_checked"] == "target has no ledger_lines"
    assert len(set(shop.keys)) == len(shop.keys) == 10


@pytest.mark.slow
def test_overselling_shop_is_named_by_the_audit_with_units_and_yen(tmp_path: Path) -> None:
    shop = Shop(guard=False)
    result, laws = replayed(shop, rush(buyers=16, units=20), tmp_path)
    too_many = 2 * result["outcomes"]["order"]["ok"] - 20
    assert too_many > 0
    assert -shop.stock[SKU] == too_many
    finding = laws["not_oversold"]["findings"][0]["rows"]
    assert finding == {"location": "shelf", "sku": SKU, "units": too_many, "yen": too_many * PRICE}
    assert laws["stock_not_negative"]["broken"] == 1


@pytest.mark.slow
def test_every_step_has_one_row_and_a_sequence_counts_from_the_steps_intended_start(tmp_path: Path) -> None:
    replayed(Shop(), rush(buyers=6, units=4, brand="cash"), tmp_path)
    rows = pq.read_table(tmp_path / "load" / "client_history.parquet").to_pylist()
    steps = pq.read_table(tmp_path / "trace" / "steps.parquet").to_pylist()
    own = [row for row in rows if row["in_trace"]]
    assert sorted((row["journey"], row["step"]) for row in own) == sorted((s["journey"], s["step"]) for s in steps)
    assert {(row["action"], row["outcome"], row["detail"]) for row in own if row["action"] in ("order", "pay")} == {
        ("order", "ok", None),
        ("order", "rejected", "sold out"),
        ("pay", "rejected", "declined"),
        ("pay", "skipped", "order rejected"),
    }
    for order in (row for row in own if row["action"] == "order"):
        baskets = [r for r in rows if r["journey"] == order["journey"] and r["action"] == "order.basket"]
        assert len(baskets) == 1
        assert order["due_s"] == 0.6
        assert order["ready_s"] >= baskets[0]["answered_s"]
    logins = [row for row in rows if row["action"] == "login.session"]
    assert len(logins) == 6


CLASS = """
import json
from loadtest.api import Body, Call, Reading, Request
from loadtest.audit.books import write_book
from loadtest.targets.read_back import write_note


class Talk:
    paid_by_order, polls = True, 0

    def hindrance(self, step):
        return "" if step.action == "order" else "only orders here"

    def calls(self, step):
        yield Call(step, "order", step.client, Request("GET", f"/products/{step.journey}", b"", ""), read=read)

    def hear(self, step, answer): ...

    def poll(self, step):
        return ()

    cancel = poll


def read(reply):
    number = int(json.loads(reply.content)["id"]) if reply.status == 200 else None
    return Reading("ok" if number is not None else "unknown", Body(order=number))


class Mine:
    name, keeps_headers = "mine", False

    def __init__(self, url):
        self.url = url

    def heads(self):
        return dict.fromkeys(("till", "app", "back_office"), "X-Mine: 1\\r\\n")

    def talk(self, run):
        return Talk()

    def seed(self, trace, directory): ...

    def keep_books(self, directory):
        write_book(directory / "books", "orders", [{"id": 0}, {"id": 1}])
        write_note(directory / "books", self.name, {"orders": ["id"]})
        return []
"""


@pytest.mark.slow
def test_class_of_the_users_own_is_a_target_and_an_order_that_it_lost_is_found(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(CLASS)
    write_trace(rush(buyers=3, units=20), tmp_path / "trace")
    with serve(Shop()) as url:
        result = omo("load", "trace", "--target", "mine:Mine", "--base-url", url, "--out", "load", cwd=tmp_path)
    assert result["outcomes"]["order"] == {"ok": 3}
    laws = {law["law"]: law for law in omo("audit", "load", cwd=tmp_path, code=(4,))["laws"]}
    assert [finding["rows"]["order"] for finding in laws["told_orders_exist"]["findings"]] == [2]
    assert "not_checked" in laws["not_oversold"]


def test_check_shows_requests_answers_captures_rules_and_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(ADAPTER)
    with serve(Shop()) as url:
        document = omo("target", "check", "shop.toml", "--base-url", url, "--seed", cwd=tmp_path)
    assert document["schema"] == "omo.target-check/1"
    shipped = [each for each in document["exchanges"] if each["kind"] == "shipped"]
    assert [each["action"] for each in shipped] == [
        "login.session", "product", "order.basket", "order.basket", "order", "pay", "poll"
    ]  # fmt: skip
    order = next(each for each in shipped if each["action"] == "order")
    assert order["captured"]["order"].startswith("A-")
    assert order["rule"] == "ok: 2xx (default)"
    pay = next(each for each in shipped if each["action"] == "pay")
    assert "> pending" not in pay["rule"]
    assert pay["rule"].startswith("pending: 202")
    assert "Idempotency-Key: check-" in pay["request"]
    declined = [each for each in document["exchanges"] if each["kind"] == "till" and each["action"] == "pay"]
    assert [each["verdict"] for each in declined] == ["rejected"]
    assert not document["ok"]
    assert TOKEN not in json.dumps(document)
    assert {"kind": "shipped", "action": "reserve", "why": "not at this target: no reservations"} in document["skipped"]
    assert {"law": "ledger_transfers", "target_has_no": "ledger_lines"} in document["laws_not_checked"]


def test_nobody_there_is_said_with_the_address(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(ADAPTER)
    env = {**os.environ, "SMALL_SHOP_TOKEN": TOKEN, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "omo", "target", "check", "shop.toml", "--base-url", "http://127.0.0.1:9"]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 5
    assert "http://127.0.0.1:9" in done.stderr
