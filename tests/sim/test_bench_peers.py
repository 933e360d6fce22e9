"""The tools that are timed against each other tell the same story on the same numbers."""

from __future__ import annotations

import sys
from statistics import fmean, stdev

import pytest

from scenarios.errors import UsageError
from sim.bench import mmc
from sim.bench.journeys import draw_visits, run_lean, run_salabim
from sim.bench.peers import measure_peers, need_peers
from sim.theory.mmc import mean_wait_s

PEERS = [mmc.textbook, mmc.in_salabim, mmc.in_ciw]


@pytest.mark.parametrize("seed", [1, 2])
def test_salabim_gives_the_records_of_the_lean_actors_to_the_last_bit(seed: int) -> None:
    visits = draw_visits(800, seed)
    assert run_salabim(visits) == run_lean(visits)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.__name__)
def test_every_customer_of_the_queue_waits_as_long_in_each_tool(peer: mmc.Queue) -> None:
    gaps_s, services_s = mmc.draw_mmc(2_000)
    assert peer(gaps_s, services_s) == pytest.approx(mmc.lean(gaps_s, services_s), abs=1e-9)


@pytest.mark.parametrize("tool", [mmc.lean, *PEERS], ids=lambda tool: tool.__name__)
def test_a_queue_that_can_be_worked_out_by_hand(tool: mmc.Queue) -> None:
    assert tool([1.0] * 8, [4.0] * 8) == [0.0] * 8  # four servers, an arrival a second, four seconds each
    assert tool([0.5] * 8, [4.0] * 8) == [0.0] * 4 + [2.0] * 4


@pytest.mark.parametrize("tool", [mmc.lean, mmc.in_ciw], ids=lambda tool: tool.__name__)
def test_the_mean_wait_is_erlangs(tool: mmc.Queue) -> None:
    batches = 10
    means = [fmean(tool(*mmc.draw_mmc(4_000, seed))[500:]) for seed in range(batches)]
    half_width = 3.25 * stdev(means) / batches**0.5  # Student's t, 9 degrees of freedom, 99 %
    rate = mmc.SERVERS * mmc.UTILISATION
    assert fmean(means) == pytest.approx(mean_wait_s(rate, 1.0, mmc.SERVERS), abs=half_width)


def test_the_measurement_has_a_rate_and_a_ratio_for_each_tool() -> None:
    figures = measure_peers(rounds=1, journeys=100, customers=200)
    assert figures["journey_identical"]
    assert figures["mmc_identical"]
    assert {f"mmc_lean_over_{tool}" for tool in ("textbook", "salabim", "ciw")} <= set(figures)
    for what, tools in (("journey", ("textbook", "salabim")), ("mmc", ("textbook", "salabim", "ciw"))):
        lean = figures[f"{what}_lean_per_cpu_s"]
        for tool in tools:
            assert figures[f"{what}_lean_over_{tool}"] == pytest.approx(lean / figures[f"{what}_{tool}_per_cpu_s"])


def test_a_missing_peer_names_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ciw", None)
    with pytest.raises(UsageError, match=r"ciw is not installed: pip install 'omotwin\[oracle\]'"):
        need_peers()
