"""The load test's benchmarks: what they send is what they say, and both sides send the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from loadtest.bench.sales import THINK_S, till_sales
from loadtest.script import read_script
from loadtest.trace_schema import write_trace


def test_sales_are_as_many_as_asked_for_paid_in_full_and_in_stock(tmp_path: Path) -> None:
    trace = till_sales(50.0, 20.0, ("order", "pay"))
    rows = trace.steps.to_pylist()
    assert len(rows) == 2 * 50 * 20
    sold: Counter[tuple[str, int]] = Counter()
    for row in rows:
        assert row["amount_yen"] == sum(line["quantity"] * line["unit_price_yen"] for line in row["lines"])
        if row["action"] == "order":
            sold.update({(row["location"], line["sku"]): line["quantity"] for line in row["lines"]})
    on_hand = {(row["location"], row["sku"]): row["on_hand"] for row in trace.stock.to_pylist()}
    assert all(on_hand[place] >= units for place, units in sold.items())
    write_trace(trace, tmp_path)
    journeys = list(read_script(tmp_path).journeys())
    assert [[step.action for step in journey] for journey in journeys] == [["order", "pay"]] * 1000
    assert {round(pay.due_s - order.due_s, 9) for order, pay in journeys} == {THINK_S}


def test_sales_arrive_as_a_poisson_process_does() -> None:
    rows = till_sales(200.0, 50.0, ("order",)).steps.to_pylist()
    counts = np.bincount([int(row["due_s"]) for row in rows], minlength=50)
    dispersion = counts.var(ddof=1) / counts.mean()
    assert 0.6 < dispersion < 1.5  # chi-squared with 49 degrees of freedom: 99 % within 0.56 and 1.59


@pytest.mark.slow
def test_generator_bench_counts_every_request_of_both_sides() -> None:
    command = [sys.executable, "-m", "omo", "bench", "generator", "--rounds", "1", "--seconds", "2", "--rate", "50"]
    root = Path(__file__).parents[2]
    done = subprocess.run([*command, "--json"], cwd=root, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    figures = json.loads(done.stdout)
    assert figures["schema"] == "omo.bench-generator/1"
    assert figures["history_rows"] == 3 * 100
    assert figures["ratios"] == [
        pytest.approx(figures["requests_per_cpu_s"] / figures["fast_http_user_per_cpu_s"], abs=1e-3)
    ]
