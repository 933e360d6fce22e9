"""A real shop that oversells, found by the audit: django-oscar with its API on PostgreSQL, served by granian.

Runs where OMO_OSCAR_VENV names a virtual environment that has the requirements of examples/django_oscar.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from loadtest.embedded_postgres import embedded_postgres
from loadtest.servers import free_port, process
from loadtest.trace_schema import CATALOGUE, STEPS, STOCK, Trace, header_of, write_trace

EXAMPLE = Path(__file__).parents[2] / "examples" / "django_oscar"
VENV = Path(os.environ.get("OMO_OSCAR_VENV", "/nonexistent"))
UNITS, BUYERS, EACH, PRICE = 20, 12, 3, 500

pytestmark = [
    pytest.mark.oscar,
    pytest.mark.slow,
    pytest.mark.skipif(not (VENV / "bin" / "granian").exists(), reason="OMO_OSCAR_VENV names no environment"),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Address of an empty shop, and the environment of whoever works with it."""
    scratch = tmp_path_factory.mktemp("oscar")
    with embedded_postgres() as database_url:
        own = {
            "DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "settings",
            "SHOP_STAFF": "staff:for-the-test",
            "SHOP_PYTHON": str(VENV / "bin" / "python"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        env = {**os.environ, **own, "PYTHONPATH": str(EXAMPLE)}
        migrate = [str(VENV / "bin" / "python"), "-m", "django", "migrate", "-v0"]
        subprocess.run(migrate, env=env, cwd=EXAMPLE, check=True, capture_output=True, timeout=300)
        with served(env, scratch / "granian.log") as url:
            yield url, own


@contextmanager
def served(env: Mapping[str, str], log: Path) -> Iterator[str]:
    port = free_port()
    command = [str(VENV / "bin" / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "2", "--blocking-threads", "6", "--working-dir", str(EXAMPLE), "wsgi:application"]
    with process(command, log, env):
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/", timeout=5):
                    break
            except OSError:
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"


def rush() -> Trace:
    """A dozen buyers of three units each, all at once, of an item of which there are twenty."""
    line = {"sku": 1, "quantity": EACH, "unit_price_yen": PRICE}
    rows = [
        {"journey": buyer, "copy": 0, "step": step, "due_s": 0.5 * step, "action": action, "client": "app"}
        | {"location": "ec", "shopper": buyer, "lines": [line], "amount_yen": EACH * PRICE, "channel": "ec"}
        | {"fulfilment": "ship", "brand": "card_online"}
        for buyer in range(BUYERS)
        for step, action in enumerate(("order", "pay"))
    ]
    steps = pa.Table.from_pylist(sorted(rows, key=lambda row: row["due_s"]), schema=STEPS)
    goods = [{"sku": 1, "name": "the last twenty", "price_yen": PRICE, "rating": 4.5, "reviews": 9}]
    shelf = [{"location": "ec", "sku": 1, "on_hand": UNITS}]
    stock = pa.Table.from_pylist(shelf, schema=STOCK)
    return Trace(header_of(steps, {"run": "rush"}, 1), steps, pa.Table.from_pylist(goods, schema=CATALOGUE), stock)


def omo(own: Mapping[str, str], *arguments: str | Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "omo", *map(str, arguments), "--json"]
    done = subprocess.run(command, env={**os.environ, **own}, capture_output=True, timeout=200)
    assert done.returncode in (0, 4), done.stderr.decode()[-2000:]
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_audit_reports_how_many_units_the_shop_sold_that_it_did_not_have(
    shop: tuple[str, Mapping[str, str]], tmp_path: Path
) -> None:
    url, own = shop
    write_trace(rush(), tmp_path / "trace")
    target = EXAMPLE / "oscar.toml"
    load = tmp_path / "load"
    result = omo(own, "load", tmp_path / "trace", "--target", target, "--base-url", url, "--out", load)
    assert result["target"] == "django-oscar"
    told = result["outcomes"]["pay"]["ok"]
    assert told == result["outcomes"]["order"]["ok"]
    document = omo(own, "audit", load)
    laws = {law["law"]: law for law in document["laws"]}
    sold = EACH * told
    print(f"sold {sold} of {UNITS} units in {told} orders; {result['outcomes']}")  # noqa: T201 shown with -s
    print([finding["what"] for law in document["laws"] for finding in law["findings"]])  # noqa: T201
    assert sold > UNITS
    assert laws["not_oversold"]["findings"][0]["rows"]["units"] == sold - UNITS
    assert laws["not_oversold"]["findings"][0]["rows"]["yen"] == (sold - UNITS) * PRICE
    assert laws["stock_not_negative"]["broken"] == 1
    for law in ("told_orders_exist", "told_payments_exist", "order_amounts", "one_capture_per_order"):
        assert laws[law]["checked"] == told
        assert laws[law]["broken"] == 0
    assert laws["stock_gone_is_sold"]["broken"] == 0
    assert "ledger_lines" in laws["ledger_transfers"]["not_checked"]
