"""The closed forms against published numbers and against numerically solved birth-and-death chains."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf, isclose

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.theory import erlang_a, mg1, mmc, mmck


def stationary(birth: Callable[[int], float], death: Callable[[int], float], states: int) -> NDArray[np.float64]:
    """Solve pi Q = 0, sum(pi) = 1 by linear algebra, with nothing known of queues."""
    generator = np.zeros((states, states))
    for n in range(states - 1):
        generator[n, n + 1] = birth(n)
        generator[n + 1, n] = death(n + 1)
    generator -= np.diag(generator.sum(axis=1))
    system = np.vstack([generator.T, np.ones(states)])
    target = np.zeros(states + 1)
    target[-1] = 1.0
    return np.linalg.lstsq(system, target, rcond=None)[0]


@pytest.mark.parametrize(
    ("servers", "load", "blocked"),
    [  # from the usual printed tables of Erlang B, four places
        (1, 1.0, 0.5),
        (5, 3.0, 0.1101),
        (10, 5.0, 0.0184),
        (20, 20.0, 0.1589),
    ],
)
def test_erlang_b_agrees_with_the_printed_table(servers: int, load: float, blocked: float) -> None:
    assert mmc.erlang_b(servers, load) == pytest.approx(blocked, abs=5e-5)


def test_erlang_c_agrees_with_published_worked_examples() -> None:
    # 360 calls in half an hour of four minutes each, 55 agents: C = 0.239, mean wait 8.2 s
    assert mmc.erlang_c(55, 48.0) == pytest.approx(0.239, abs=5e-4)
    assert mmc.mean_wait_s(360 / 1800, 1 / 240, 55) == pytest.approx(8.2, abs=0.05)
    # 200 calls an hour of three minutes each, 14 agents: C = 17.4 %, 88.8 % within 20 s, mean wait 7.8 s
    rates = (200 / 3600, 1 / 180, 14)
    assert mmc.erlang_c(14, 10.0) == pytest.approx(0.174, abs=5e-4)
    assert 1 - mmc.wait_exceeds(20.0, *rates) == pytest.approx(0.888, abs=5e-4)
    assert mmc.mean_wait_s(*rates) == pytest.approx(7.8, abs=0.05)


def test_one_server_reduces_to_the_textbook_formulas_of_m_m_1() -> None:
    for rho in (0.1, 0.5, 0.9):
        assert mmc.erlang_c(1, rho) == pytest.approx(rho)
        assert mmc.mean_wait_s(rho, 1.0, 1) == pytest.approx(rho / (1 - rho))
        assert mmc.mean_queue_length(rho, 1.0, 1) == pytest.approx(rho**2 / (1 - rho))
        assert mmc.wait_exceeds(2.0, rho, 1.0, 1) == pytest.approx(rho * exp(-(1 - rho) * 2.0))
        assert mg1.mean_wait_s(rho, 1.0, 1.0) == pytest.approx(rho / (1 - rho))


@pytest.mark.parametrize(("servers", "load"), [(2, 1.2), (5, 4.0), (12, 9.0)])
def test_m_m_c_agrees_with_the_solved_chain(servers: int, load: float) -> None:
    states = stationary(lambda _: load, lambda n: float(min(n, servers)), 400)
    assert mmc.erlang_c(servers, load) == pytest.approx(states[servers:].sum(), rel=1e-6)
    queued = sum((n - servers) * p for n, p in enumerate(states) if n > servers)
    assert mmc.mean_queue_length(load, 1.0, servers) == pytest.approx(queued, rel=1e-6)
    small = stationary(lambda _: load, float, servers + 1)
    assert mmc.erlang_b(servers, load) == pytest.approx(small[-1], rel=1e-9)


@pytest.mark.parametrize(("servers", "places", "load"), [(1, 1, 2.0), (1, 6, 0.9), (3, 3, 2.5), (3, 10, 4.5)])
def test_m_m_c_k_agrees_with_the_solved_chain(servers: int, places: int, load: float) -> None:
    rate = 1 / 90  # service in seconds
    states = stationary(lambda _: load, lambda n: float(min(n, servers)), places + 1)
    arguments = (load * rate, rate, servers, places)
    assert mmck.state_probabilities(*arguments) == pytest.approx(states.tolist(), abs=1e-12)
    assert mmck.balk_probability(*arguments) == pytest.approx(states[-1])
    queued = sum((n - servers) * p for n, p in enumerate(states) if n > servers)
    assert mmck.mean_queue_length(*arguments) == pytest.approx(queued, abs=1e-12)
    assert mmck.mean_wait_s(*arguments) == pytest.approx(queued / (load * rate * (1 - states[-1])), abs=1e-9)


def test_m_m_c_k_lies_between_erlang_b_and_erlang_c() -> None:
    assert mmck.balk_probability(4.0, 1.0, 5, 5) == pytest.approx(mmc.erlang_b(5, 4.0))
    assert mmck.mean_wait_s(4.0, 1.0, 5, 2_000) == pytest.approx(mmc.mean_wait_s(4.0, 1.0, 5), rel=1e-9)
    assert mmck.balk_probability(50.0, 1.0, 5, 2_000) == pytest.approx(0.9), "no overflow in deep overload"


def test_m_g_1_deterministic_service_halves_the_wait() -> None:
    for rho in (0.3, 0.8, 0.95):
        assert mg1.mean_wait_s(rho / 40, 40.0, 0.0) == pytest.approx(mg1.mean_wait_s(rho / 40, 40.0, 1.0) / 2)
    assert mg1.mean_queue_length(0.02, 40.0, 0.0) == pytest.approx(0.8**2 / (2 * 0.2))


def test_m_g_1_agrees_with_a_solved_chain_of_two_stage_service() -> None:
    """Erlang-2 service (scv 1/2) as stages: the chain counts stages left, arrivals bring two at a time."""
    load, size = 0.7, 400
    generator = np.zeros((size, size))
    for stages in range(size):
        if stages + 2 < size:
            generator[stages, stages + 2] = load
        if stages:
            generator[stages, stages - 1] = 2.0
    generator -= np.diag(generator.sum(axis=1))
    target = np.zeros(size + 1)
    target[-1] = 1.0
    states = np.linalg.lstsq(np.vstack([generator.T, np.ones(size)]), target, rcond=None)[0]
    queued = sum((-(-stages // 2) - 1) * p for stages, p in enumerate(states) if stages > 2)
    assert mg1.mean_queue_length(load, 1.0, 0.5) == pytest.approx(queued, rel=1e-6)


def test_erlang_a_agrees_with_the_published_example() -> None:
    """Mandelbaum and Zeltyn: 48 calls a minute of one minute each, 50 agents, mean patience two minutes.

    3.1 % abandon after a mean wait of 3.7 s, where without abandonment the mean wait would be 20.8 s.
    """
    assert mmc.mean_wait_s(48 / 60, 1 / 60, 50) == pytest.approx(20.8, abs=0.05)
    rates = (48 / 60, 1 / 60, 1 / 120, 50)
    assert erlang_a.abandon_probability(*rates) == pytest.approx(0.031, abs=5e-4)
    assert erlang_a.mean_wait_s(*rates) == pytest.approx(3.7, abs=0.05)


@pytest.mark.parametrize(
    ("servers", "load", "patience_rate"),
    [(1, 0.5, 1.0), (5, 6.0, 0.5), (8, 8.0, 0.1), (10, 7.0, 4.0), (3, 30.0, 1.0), (20, 4.0, 0.01)],
)
def test_erlang_a_agrees_with_the_solved_chain(servers: int, load: float, patience_rate: float) -> None:
    def leave(n: int) -> float:
        return min(n, servers) + max(n - servers, 0) * patience_rate

    states = stationary(lambda _: load, leave, 300)
    queued = sum((n - servers) * p for n, p in enumerate(states) if n > servers)
    rates = (load, 1.0, patience_rate, servers)
    assert erlang_a.wait_probability(*rates) == pytest.approx(states[servers:].sum(), abs=1e-9)
    assert erlang_a.mean_queue_length(*rates) == pytest.approx(queued, abs=1e-8)
    assert erlang_a.abandon_probability(*rates) == pytest.approx(patience_rate * queued / load, abs=1e-8)


def test_erlang_a_tends_to_erlang_c_for_patient_and_to_erlang_b_for_impatient_customers() -> None:
    assert erlang_a.wait_probability(8.0, 1.0, 1e-6, 10) == pytest.approx(mmc.erlang_c(10, 8.0), rel=1e-4)
    assert erlang_a.mean_wait_s(8.0, 1.0, 1e-6, 10) == pytest.approx(mmc.mean_wait_s(8.0, 1.0, 10), rel=1e-4)
    assert erlang_a.abandon_probability(8.0, 1.0, 1e6, 10) == pytest.approx(mmc.erlang_b(10, 8.0), rel=1e-3)


def test_the_unit_of_time_does_not_matter() -> None:
    assert isclose(erlang_a.mean_wait_s(6.0, 1.0, 0.5, 5) * 60, erlang_a.mean_wait_s(6 / 60, 1 / 60, 0.5 / 60, 5))
    assert isclose(mmck.mean_wait_s(6.0, 1.0, 5, 9) * 60, mmck.mean_wait_s(6 / 60, 1 / 60, 5, 9))


@pytest.mark.parametrize(
    "call",
    [
        lambda: mmc.erlang_c(3, 3.0),
        lambda: mmc.mean_wait_s(5.0, 1.0, 4),
        lambda: mg1.mean_wait_s(1.0, 1.0, 0.5),
        lambda: mg1.mean_wait_s(inf, 1.0, 0.5),
        lambda: mmck.balk_probability(1.0, 1.0, 3, 2),
    ],
)
def test_a_queue_without_a_stationary_state_is_an_error(call: Callable[[], float]) -> None:
    with pytest.raises(ValueError, match=r"stationary|cannot hold"):
        call()
