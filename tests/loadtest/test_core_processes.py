"""Several core processes on one address and one database: they sell together what there is, and end together."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from core_harness import Shop, assert_books_hold, process, sql
from core_harness import shop as clients

UNITS = 20
BUYERS = 60
ORDER: dict[str, Any] = {
    "location": "station",
    "lines": [{"sku": 1, "quantity": 1, "unit_price_yen": 100}],
    "channel": "app",
    "fulfilment": "carry",
}


@contextmanager
def two(folder: Path) -> Iterator[tuple[Any, Shop]]:
    with process(folder, "core", "serve", "--processes", "2") as (child, ready), clients(ready) as shop:
        shop.seed("station", {1: UNITS, 2: 1000})
        yield child, shop


def cores(child: Any) -> list[psutil.Process]:
    """The members: children that are Python and serve."""
    found = psutil.Process(child.pid).children()
    return [member for member in found if "spawn_main" in " ".join(member.cmdline())]


def ask(shop: Shop, path: str, body: object, key: str) -> httpx.Response:
    """On a connection of its own, so that the kernel picks a process."""
    headers = {"Authorization": f"Bearer {shop.ready['keys']['app']}", "Idempotency-Key": key}
    return httpx.post(f"{shop.ready['url']}{path}", json=body, headers=headers, timeout=30)


def test_two_processes_oversell_nothing_and_replay_each_others_outcomes(tmp_path: Path) -> None:
    with two(tmp_path) as (_, shop):

        def buy(turn: int) -> tuple[str, httpx.Response]:
            """Every purchase is sent twice under its key, paid once, and told again."""
            key = f"purchase {turn // 2}"
            while (answer := ask(shop, "/v1/orders", ORDER, key)).json().get("error") == "in_flight":
                time.sleep(0.01)
            return key, answer

        with ThreadPoolExecutor(16) as pool:
            told = list(pool.map(buy, range(2 * BUYERS)))
        assert {answer.status_code for _, answer in told} == {201, 409}
        for key in {key for key, _ in told}:
            assert len({answer.content for at, answer in told if at == key}) == 1
        orders = {answer.json()["order"] for _, answer in told if answer.status_code == 201}
        assert len(orders) == UNITS

        def pay(order: int) -> tuple[int, bytes]:
            body = {"order": order, "amount_yen": 100, "method": "cash", "brand": "cash"}
            first = ask(shop, "/v1/payments", body, f"pay {order}")
            again = ask(shop, "/v1/payments", body, f"pay {order}")
            assert again.content == first.content
            return first.status_code, first.content

        with ThreadPoolExecutor(16) as pool:
            assert {status for status, _ in pool.map(pay, orders)} == {201}
        url = shop.ready["database_url"]
        assert sql(url, "SELECT on_hand, held FROM stock WHERE sku = 1") == [{"on_hand": 0, "held": 0}]
        assert_books_hold(url)


def test_a_killed_process_is_reported_and_the_other_goes_on(tmp_path: Path) -> None:
    with two(tmp_path) as (child, shop):
        members = cores(child)
        assert len(members) == 2
        members[0].kill()
        log = next(tmp_path.glob("*.log"))
        deadline = time.monotonic() + 20
        report = f"core process {members[0].pid} ended with signal 9; 1 of 2 go on serving"
        while report not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        body = {**ORDER, "lines": [{"sku": 2, "quantity": 1, "unit_price_yen": 100}]}
        assert {ask(shop, "/v1/orders", body, f"after {turn}").status_code for turn in range(8)} == {201}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_they_end_together(tmp_path: Path, number: signal.Signals) -> None:
    with two(tmp_path) as (child, _):
        family = psutil.Process(child.pid).children(recursive=True)
        os.kill(child.pid, number)
        assert child.wait(30) == 0
        _, alive = psutil.wait_procs(family, timeout=10)
        assert not alive


def test_without_the_process_that_started_them_they_end(tmp_path: Path) -> None:
    with two(tmp_path) as (child, _):
        family = psutil.Process(child.pid).children(recursive=True)
        child.kill()
        child.wait()
        _, alive = psutil.wait_procs(family, timeout=30)
        assert not alive
