r"""The peer of `omo bench generator`: the same sales written for Locust by hand, as its documentation teaches.

    OMO_BENCH_REQUESTS=15000 OMO_BENCH_NOTE=note.json \
      locust -f loadtest/bench/plain_user.py --headless --users 32 --spawn-rate 32 --host URL

A few users, each of whom sells without a pause on a connection that it keeps: closed loop, the least work per request.
Ends after OMO_BENCH_REQUESTS requests and writes their number and the CPU seconds of the generator to the file that
OMO_BENCH_NOTE names.
"""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import Any

import gevent
import psutil
from locust import FastHttpUser, constant, events, task
from locust.env import Environment

_numbers = itertools.count()
_cpu_at_start: list[float] = []


class Till(FastHttpUser):
    """Sells one basket after another: look up, order, pay."""

    wait_time = constant(0)

    @task
    def sale(self) -> None:
        """Three requests, of the same length as ours."""
        number = next(_numbers)
        head = {"Authorization": "Bearer key"}
        self.client.get(f"/v1/products/{number % 200}", name="product", headers=head)
        lines = [{"sku": 1 + k, "quantity": 1, "unit_price_yen": 250} for k in range(1 + number % 3)]
        body = {"location": "station", "lines": lines, "channel": "store", "fulfilment": "carry", "shopper": number}
        head = {"Authorization": "Bearer key", "Idempotency-Key": f"load-0-{number}-1"}
        order = self.client.post("/v1/orders", json=body, name="order", headers=head).json()["order"]
        head = {"Authorization": "Bearer key", "Idempotency-Key": f"load-0-{number}-2"}
        pay = {"order": order, "amount_yen": 250 * len(lines), "method": "cash", "brand": "cash"}
        self.client.post("/v1/payments", json=pay, name="pay", headers=head)


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def begin(environment: Environment, **_: Any) -> None:
    """Start the clock."""
    gevent.spawn(_end_after, environment, int(os.environ["OMO_BENCH_REQUESTS"]))
    _cpu_at_start.append(sum(psutil.Process().cpu_times()[:2]))


def _end_after(environment: Environment, requests: int) -> None:
    while environment.stats.num_requests < requests:
        gevent.sleep(0.05)
    if environment.runner is not None:
        environment.runner.quit()


@events.test_stop.add_listener  # type: ignore[untyped-decorator]
def end(environment: Environment, **_: Any) -> None:
    """Write down what was sent and what it took."""
    cpu_s = sum(psutil.Process().cpu_times()[:2]) - _cpu_at_start[0]
    note = {"requests": environment.stats.num_requests, "failures": environment.stats.num_failures, "cpu_s": cpu_s}
    Path(os.environ["OMO_BENCH_NOTE"]).write_text(json.dumps(note), encoding="utf-8")
