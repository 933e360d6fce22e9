"""`omo bench core`: both sides are measured in each turn, and what the core told is what it has booked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_both_sides_pay_in_every_turn_and_the_ratios_are_theirs() -> None:
    command = [sys.executable, "-m", "omo", "bench", "core", "--rounds", "1", "--seconds", "1", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    figures = json.loads(done.stdout)
    assert figures["schema"] == "omo.bench-core/1"
    assert (figures["fsync"], figures["synchronous_commit"]) == ("on", "on")  # both sides are on this server
    paid = sum(turn["paid"] + turn["pgbench_books_paid"] for turn in figures["turns"])
    assert figures["payments_booked"] == paid
    assert [turn["kind"] for turn in figures["turns"]] == ["unique", "hot"]
    for turn in figures["turns"]:
        assert turn["paid"] > 0
        assert turn["refused"] == 0
        assert 0 < turn["core_p50_ms"] <= turn["core_p99_ms"]
        assert turn["pgbench_books_paid"] > 0
        for ours, peer, name in (
            ("core_per_s", "pgbench_per_s", "ratio"),
            ("core_per_s", "pgbench_books_per_s", "ratio_same_books"),
            ("core_per_cpu_s", "pgbench_per_cpu_s", "ratio_per_cpu_s"),
        ):
            ratio = turn[ours] / turn[peer]
            assert figures[f"{turn['kind']}_{name}"] == pytest.approx(ratio)
