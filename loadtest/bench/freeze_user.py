"""The peer of `omo bench freeze`: sales in cash at the real core, written for Locust by hand, closed loop.

    OMO_BENCH_KEYS=keys.json locust -f loadtest/bench/freeze_user.py --headless --users 2 --run-time 20s --host URL

Each user sells one basket after another: it asks for the next only when it has its answer.
"""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path

from locust import FastHttpUser, constant, task

_numbers = itertools.count()
_key = json.loads(Path(os.environ["OMO_BENCH_KEYS"]).read_text(encoding="utf-8"))["till"]


class Till(FastHttpUser):
    """Orders and pays."""

    wait_time = constant(0.005)

    @task
    def sale(self) -> None:
        """Two requests, as ours."""
        number = next(_numbers)
        line = {"sku": 1 + number % 200, "quantity": 1, "unit_price_yen": 250}
        body = {"location": "mall", "lines": [line], "channel": "store", "fulfilment": "carry", "shopper": number}
        head = {"Authorization": f"Bearer {_key}", "Idempotency-Key": f"peer-{number}-order"}
        order = self.client.post("/v1/orders", json=body, name="order", headers=head).json().get("order")
        if order is not None:
            head = {"Authorization": f"Bearer {_key}", "Idempotency-Key": f"peer-{number}-pay"}
            pay = {"order": order, "amount_yen": 250, "method": "cash", "brand": "cash"}
            self.client.post("/v1/payments", json=pay, name="pay", headers=head)
