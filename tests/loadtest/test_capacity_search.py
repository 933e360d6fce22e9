"""The search finds the edge of systems whose capacity is known in closed form, and says who was the limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf, log
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from synthetic_trace import synthetic_trace

from loadtest.capacity.cpu import part_of
from loadtest.capacity.fit import others_cores, saturation, scalability
from loadtest.capacity.forecast import forecast, left_out, mean_absolute_error, unmeasured_rate
from loadtest.capacity.point import QUANTILES, Endpoint, Limits, Point, as_document, shortfalls, verdict_of
from loadtest.capacity.profile import latency_profile
from loadtest.capacity.run import Moment, Plan, examine
from loadtest.capacity.search import Attempt, Edge, Rules, edge_of, next_rate, search
from loadtest.capacity.slices import at_rate, pre_roll_s, rate_of
from scenarios.measured_latency import core_under_load
from sim.theory.mmc import erlang_c
from sim.theory.usl import Scalability

LIMITS = Limits(p99_ms=100.0)


def answered_in(ms: Callable[[float], float], rate: float, **changes: Any) -> Point:
    """A step at `rate` whose latency quantiles are `ms(share)`."""
    quantiles = tuple(ms(share) for share in QUANTILES)
    mean = float(np.trapezoid([quantiles[0], *quantiles, quantiles[-1]], [0.0, *QUANTILES, 1.0]))
    every = Endpoint(1000, mean, quantiles)
    values: dict[str, Any] = {"payments_per_s": rate / 5, "endpoints": {"pay": every}} | changes
    return Point(rate, rate, values.pop("achieved_per_s", rate), everything=every, **values)


def mm1(rate: float, service_per_s: float = 1000.0) -> Point:
    """One server: the time in system is exponential with the rate that is left."""
    left = service_per_s - rate
    if left <= 0:
        return answered_in(lambda _: 60_000.0, rate, achieved_per_s=service_per_s, drain_s=30.0)
    return answered_in(lambda share: -1000 * log(1 - share) / left, rate)


def mmc(rate: float, servers: int, service_per_s: float) -> Point:
    """Several servers: quantiles of service plus wait, from the closed form of its tail, inverted numerically."""
    spare = servers * service_per_s - rate
    if spare <= 0:
        return answered_in(lambda _: 60_000.0, rate, achieved_per_s=servers * service_per_s)
    waits = erlang_c(servers, rate / service_per_s)

    def beyond(t: float) -> float:
        both = waits * service_per_s / (spare - service_per_s)
        return float((1 + both) * np.exp(-service_per_s * t) - both * np.exp(-spare * t))

    return answered_in(lambda share: 1000 * brentq(lambda t: beyond(t) - (1 - share), 0.0, 1e3), rate)


def found_by(run_step: Callable[[float], Point], **rules: Any) -> tuple[list[Point], Edge]:
    points = search(run_step, Rules(**({"start": 100.0} | rules)), LIMITS, lambda *_: None)
    return points, edge_of([(point.asked_per_s, verdict_of(point, LIMITS)) for point in points])


@pytest.mark.parametrize("start", [10.0, 100.0, 5000.0])
def test_edge_of_one_server_is_where_its_99th_percentile_meets_the_limit(start: float) -> None:
    """ln(100) / (mu - lambda) = 0.1 s, so lambda = 1000 - 46.05."""
    points, edge = found_by(mm1, start=start)
    carried, refused = edge.carried_per_s or 0.0, edge.refused_per_s or inf
    assert carried <= 1000 - log(100) / 0.1 < refused <= 1.05 * carried
    assert edge.limited_by == "target"
    assert [point.asked_per_s for point in points].count(carried) == 3


def test_edge_of_several_servers_lies_at_their_closed_form() -> None:
    servers, service_per_s = 4, 60.0
    edge = brentq(lambda rate: mmc(rate, servers, service_per_s).everything.quantile(0.99) - 100, 1.0, 239.9)
    _, found = found_by(lambda rate: mmc(rate, servers, service_per_s), precision=0.02)
    assert (found.carried_per_s or 0) <= edge < (found.refused_per_s or 0) <= 1.02 * (found.carried_per_s or 0)


def test_a_step_that_failed_by_chance_is_outvoted() -> None:
    seen: list[float] = []

    def jittery(rate: float) -> Point:
        seen.append(rate)
        return replace(mm1(rate), drain_s=9.0) if len(seen) in (4, 9) else mm1(rate)

    _, edge = found_by(jittery)
    assert (edge.carried_per_s or 0) <= 953.95 < (edge.refused_per_s or 0)


def test_a_step_that_passed_by_chance_does_not_become_the_edge() -> None:
    beyond: list[float] = []

    def lucky(rate: float) -> Point:
        if rate > 953.95:
            beyond.append(rate)
        return replace(mm1(500.0 if len(beyond) == 1 and rate > 953.95 else rate), asked_per_s=rate)

    _, edge = found_by(lucky)
    assert (edge.carried_per_s or 0) <= 953.95 < (edge.refused_per_s or 0)


def test_a_late_generator_is_named_as_the_limit_and_not_the_target() -> None:
    def late(rate: float) -> Point:
        return replace(mm1(rate), invalid_because=("generator late",) if rate > 400 else ())

    _, edge = found_by(late)
    assert edge.limited_by == "generator"
    assert (edge.carried_per_s or 0) <= 400 < (edge.refused_per_s or 0)


def test_broken_books_fail_a_step_however_fast_it_was() -> None:
    broken = replace(mm1(1.0), audit_clean=False, broken_laws=("not_oversold",), invalid_because=("late",))
    assert verdict_of(broken, LIMITS) == "failed"
    assert shortfalls(broken, LIMITS) == ["audit: not_oversold"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"error_share": 0.01}, "errors"),
        ({"achieved_per_s": 98.0}, "achieved"),
        ({"drain_s": 5.1}, "drained"),
        ({"audit_clean": False}, "audit"),
    ],
)
def test_each_condition_alone_fails_a_step(change: dict[str, Any], why: str) -> None:
    assert shortfalls(mm1(100.0), LIMITS) == []
    (found,) = shortfalls(replace(mm1(100.0), **change), LIMITS)
    assert why in found


def test_a_target_that_carries_nothing_ends_the_search() -> None:
    points, edge = found_by(lambda rate: mm1(rate, service_per_s=0.01), most_steps=200)
    assert edge.carried_per_s is None
    assert len(points) < 200


def test_the_search_stops_where_it_was_interrupted_and_keeps_what_it_has() -> None:
    points, edge = found_by(lambda rate: replace(mm1(rate), interrupted=rate > 200))
    assert [point.asked_per_s for point in points] == [100.0, 150.0]
    assert edge == Edge(150.0, None, None)


def test_the_search_goes_up_by_half_then_bisects_then_repeats_both_sides_of_the_edge() -> None:
    points, edge = found_by(lambda rate: mm1(rate, 246.05), precision=0.25)
    middle = (150.0 * 225.0) ** 0.5
    assert [point.asked_per_s for point in points] == pytest.approx(
        [100.0, 150.0, 225.0, 225.0, middle, middle, middle]
    )
    assert edge.carried_per_s == pytest.approx(middle)
    assert edge.refused_per_s == 225.0


def test_a_tie_is_run_again() -> None:
    attempts: list[Attempt] = [(100.0, "passed"), (150.0, "passed"), (150.0, "failed")]
    assert next_rate(attempts, Rules(100.0)) == 150.0


def test_usl_is_found_again_with_intervals_that_hold_it_and_far_extrapolation_is_marked() -> None:
    """The known answer sigma = kappa = .02, lambda = 1, in calls in flight."""
    law = Scalability(0.02, 0.02, 1.0)
    loads = np.array([1.0, 2.0, 4.0, 6.0, 8.0, 10.0])
    rates = law.throughput(loads)
    points = [_in_flight(n, float(x)) for n, x in zip(loads, rates, strict=True)]
    found = scalability(points)
    assert found is not None
    for name in ("contention", "coherence"):
        assert found[name]["value"] == pytest.approx(0.02, abs=1e-4)
        assert found[name]["low"] <= 0.02 + 1e-4
        assert found[name]["high"] >= 0.02 - 1e-4
    assert found["best_in_flight"] == pytest.approx(7.0, rel=0.01)
    assert not found["most_beyond_trust"]
    marked = [each["in_flight"] for each in found["curve"] if each["beyond_trust"]]
    assert min(marked) > 20.0
    assert max(marked) == pytest.approx(40.0)


def _in_flight(calls: float, per_s: float) -> Point:
    """By Little's law the mean latency is calls in flight over throughput."""
    every = Endpoint(1000, 1000 * calls / per_s, (1000 * calls / per_s,) * len(QUANTILES))
    return Point(per_s, per_s, per_s, per_s / 5, every)


def test_too_few_loads_make_no_law() -> None:
    law = Scalability(0.02, 0.02, 1.0)
    points = [_in_flight(n, float(law.throughput(n))) for n in (1.0, 2.0, 4.0, 4.0, 6.0)]
    assert scalability(points) is None


def test_a_peak_that_lies_far_beyond_what_was_measured_is_marked() -> None:
    law = Scalability(0.02, 0.0001, 1.0)
    found = scalability([_in_flight(n, float(law.throughput(n))) for n in (1.0, 2.0, 4.0, 6.0, 8.0, 10.0)])
    assert found is not None
    assert found["most_beyond_trust"], "sqrt(0.98 / 0.0001) = 99 calls in flight, measured up to 10"


def test_the_part_with_the_largest_demand_saturates_first_at_limit_over_demand() -> None:
    """The utilisation law U = X D: 0.5 ms of one core carry 2,000 a second, 0.8 ms of two cores 2,500."""
    points = [
        replace(mm1(rate), cpu={"core": 0.1 + 0.0005 * rate, "postgresql": 0.0008 * rate, "machine": 1.9})
        for rate in (100.0, 300.0, 800.0)
    ]
    found = {part["part"]: part for part in saturation(points, {"machine": 2.0, "core": 1.0})}
    assert found["core"]["saturates_at_per_s"] == pytest.approx(0.9 / 0.0005)
    assert found["postgresql"]["saturates_at_per_s"] == pytest.approx(2500)
    assert found["machine"]["saturates_at_per_s"] == pytest.approx(2 / 0.0013)
    assert next(iter(found)) == "machine"
    used_by_us = np.mean([0.1 + 0.0013 * rate for rate in (100.0, 300.0, 800.0)])
    assert others_cores(points) == pytest.approx(1.9 - used_by_us)


def test_a_queue_is_forecast_by_its_own_law_where_straight_lines_miss() -> None:
    points = [mm1(rate) for rate in (100.0, 300.0, 500.0, 900.0)]
    truth = mm1(800.0).everything
    found = forecast(points, 800.0)
    assert found["queueing"]["p99_ms"] == pytest.approx(truth.quantile(0.99), rel=0.02)
    assert found["queueing"]["p50_ms"] == pytest.approx(truth.quantile(0.5), rel=0.02)
    assert (found["interpolated"]["p99_ms"] or 0) > 1.2 * truth.quantile(0.99)


def test_leaving_each_inner_load_out_scores_every_method() -> None:
    scores = left_out([mm1(rate) for rate in (100.0, 300.0, 500.0, 700.0, 900.0)])
    assert [each["offered_per_s"] for each in scores] == [300.0, 500.0, 700.0]
    mean = mean_absolute_error(scores)
    assert (mean["queueing"]["p99_ms"] or 1) < 0.05 < (mean["interpolated"]["p99_ms"] or 0)


def test_the_widest_gap_is_where_a_load_was_never_measured() -> None:
    assert unmeasured_rate([100.0, 150.0, 600.0, 700.0]) == pytest.approx(300.0)
    assert unmeasured_rate([100.0]) is None


def test_a_whole_moment_is_searched_fitted_forecast_and_comes_back_as_a_profile() -> None:
    trace = synthetic_trace(200, 20.0)
    moment = Moment("12:10", trace, expected_per_s=rate_of(trace))
    plan = Plan(LIMITS, Rules(0.0), seconds=10.0)
    found, carried, interrupted = examine(moment, plan, lambda _, rate: mm1(rate), lambda *_: None)
    assert not interrupted
    assert found["points"][0]["asked_per_s"] == pytest.approx(rate_of(trace))
    assert found["headroom"] == pytest.approx(found["edge"]["carried_per_s"] / rate_of(trace))
    assert min(point.asked_per_s for point in carried) == pytest.approx(found["edge"]["carried_per_s"] / 10, rel=0.5)
    check = found["forecast"]["never_measured_before"]
    assert check["offered_per_s"] not in [point["asked_per_s"] for point in found["points"]]
    assert abs(check["error"]["queueing"]["p99_ms"]) < 0.05
    profile = latency_profile(carried, {})
    assert profile is not None
    core = core_under_load(profile)
    assert core["capacity_per_s"] == pytest.approx(found["edge"]["carried_per_s"] / 5)
    left = 1000 - found["edge"]["carried_per_s"]
    first = 1000 - min(point.asked_per_s for point in carried)
    at = QUANTILES.index(0.99)
    assert core["added_s"][-1][at] == pytest.approx(log(100) * (1 / left - 1 / first), abs=1e-5)
    assert as_document(carried[0], LIMITS)["verdict"] == "passed"


def test_a_search_that_starts_near_the_edge_looks_at_a_quiet_system_too() -> None:
    moment = Moment("12:10", synthetic_trace(50, 20.0), expected_per_s=900.0)
    _, carried, _ = examine(moment, Plan(LIMITS, Rules(0.0), seconds=10.0), lambda _, rate: mm1(rate), lambda *_: None)
    assert min(point.asked_per_s for point in carried) < 100.0


def test_a_step_that_is_interrupted_ends_the_moment_and_keeps_the_steps_before() -> None:
    def until_third(number: int, rate: float) -> Point:
        if number == 3:
            raise KeyboardInterrupt
        return mm1(rate)

    moment = Moment("12:10", synthetic_trace(50, 20.0), expected_per_s=100.0)
    found, carried, interrupted = examine(moment, Plan(LIMITS, Rules(0.0), 10.0), until_third, lambda *_: None)
    assert interrupted
    assert len(carried) == len(found["points"]) == 2


def test_nothing_carried_leaves_no_profile() -> None:
    assert latency_profile([], {}) is None


@pytest.mark.parametrize("rate", [15.0, 240.0])
def test_slices_offer_the_asked_rate_level_from_start_to_end(rate: float) -> None:
    trace = synthetic_trace(1200, 10.0)
    due = np.concatenate([at_rate(trace, rate, 20.0, seed).steps["due_s"].to_numpy() for seed in range(8)])
    inside = due[(due >= 0) & (due < 20)]
    assert len(inside) / 20 / 8 == pytest.approx(rate, rel=0.08)
    halves = [np.sum(inside < 10), np.sum(inside >= 10)]
    assert halves[0] == pytest.approx(halves[1], abs=4 * np.sqrt(len(inside)))
    assert due.min() >= -pre_roll_s(20.0)
    assert due.max() < 20.0 + 2.0


def test_slices_keep_orders_whole_and_shoppers_apart() -> None:
    trace = synthetic_trace(1200, 10.0)
    cut = at_rate(trace, 300.0, 20.0)
    rows = cut.steps.select(["journey", "step", "action", "copy", "shopper"]).to_pylist()
    journeys: dict[int, list[str]] = {}
    for row in sorted(rows, key=lambda row: (row["journey"], row["step"])):
        journeys.setdefault(row["journey"], []).append(row["action"])
    for actions in journeys.values():
        if "pay" in actions or set(actions) & {"ready", "collect", "ship", "cancel", "order"}:
            assert "pay" in actions
            assert actions.index("order") < actions.index("pay")
    copies: dict[int, set[int]] = {}
    for row in rows:
        copies.setdefault(row["shopper"], set()).add(row["copy"])
    assert all(len(each) == 1 for each in copies.values())
    wanted, got = (t.header["steps_by_action"]["pay"] / t.header["steps"] for t in (trace, cut))
    assert got == pytest.approx(wanted, rel=0.1)


def test_core_processes_are_known_by_their_command_lines() -> None:
    assert part_of(["/x/python", "-m", "omo", "core", "serve"], "python") == "core"
    assert part_of(["/x/python", "-m", "omo", "psp", "serve"], "python") == "psp"
    assert part_of(["/x/python", "-m", "locust", "-f", "x"], "python") == "generator"
    assert part_of(["postgres: client backend"], "postgres") == "postgresql"
    assert part_of(["/bin/sh"], "sh") is None
