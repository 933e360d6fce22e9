"""Estimators of a staged rollout: worked by hand, on panels whose effects are known, and beside diff-diff."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.evaluation.rollout.bootstrap import masses, standard_error
from sim.evaluation.rollout.judged import PARTS, Case, design, judge
from sim.evaluation.rollout.weightings import (
    ESTIMATORS,
    Floats,
    Ints,
    before_after,
    callaway_santanna,
    callaway_santanna_at,
    group_time,
    negative_share,
    target,
    treated,
    treated_untreated,
    two_way,
    two_way_event,
    window,
)

ONE_BY_ONE = [(one.name, one.weighting) for one in ESTIMATORS]


def ones(start: Ints) -> Floats:
    return np.ones(len(start))


def applied(weighting: Floats | None, outcome: Floats) -> float:
    assert weighting is not None
    return float((weighting * outcome).sum())


def panel(start: Ints, weeks: int, effect: Floats, noise: float = 0.0, seed: int = 1) -> Floats:
    """Stores of different size on a common wavy trend, and the effect on treated store-weeks."""
    rng = np.random.default_rng(seed)
    sizes = rng.normal(100.0, 20.0, len(start))[:, None]
    trend = 5.0 * np.sin(np.arange(weeks)) + np.arange(weeks)
    return sizes + trend + effect + rng.normal(0.0, noise, (len(start), weeks))


def growing(start: Ints, weeks: int, per_week: float = 2.0) -> Floats:
    """An effect that grows by `per_week` from the first treated week on."""
    since = np.arange(weeks) - start[:, None] + 1.0
    return np.where(treated(start, weeks), per_week * since, 0.0)


def test_two_stores_two_weeks_by_hand() -> None:
    """10 -> 17 with the treatment, 20 -> 24 without: 7 - 4 = 3. Before/after says 7, treated/untreated 17 - 24 = -7."""
    start, outcome = np.array([1, 2]), np.array([[10.0, 17.0], [20.0, 24.0]])
    of = {name: applied(weighting(start, 2, ones(start)), outcome) for name, weighting in ONE_BY_ONE}
    assert of == pytest.approx(
        {"before_after": 7, "treated_untreated": -7, "two_way_fixed_effects": 3, "callaway_santanna": 3}
    )


def test_three_waves_by_hand() -> None:
    """Cohorts in weeks 1 and 2, one store never; ATT(1,1) takes both others as controls, ATT(1,2) the last alone."""
    start = np.array([1, 2, 3])
    outcome = np.array([[0.0, 5.0, 8.0], [0.0, 1.0, 4.0], [0.0, 2.0, 3.0]])
    att = {cell: applied(group_time(start, 3, ones(start), *cell), outcome) for cell in ((1, 1), (1, 2), (2, 2))}
    assert att == pytest.approx({(1, 1): 5 - 1.5, (1, 2): 8 - 3, (2, 2): 3 - 1})
    assert applied(callaway_santanna(start, 3, ones(start)), outcome) == pytest.approx((3.5 + 5 + 2) / 3)
    assert applied(callaway_santanna_at(start, 3, ones(start), 0), outcome) == pytest.approx((3.5 + 2) / 2)
    assert applied(callaway_santanna_at(start, 3, ones(start), -2), outcome) == pytest.approx(0 - (1 - 2))


def test_where_all_are_converted_the_last_cohort_is_the_control_until_its_turn() -> None:
    start = np.array([2, 2, 4, 4])
    assert window(start, 6) == 4
    weighting = callaway_santanna(start, 6, ones(start))
    assert weighting is not None
    assert not weighting[:, 4:].any()
    assert group_time(start, 6, ones(start), 4, 5) is None
    assert target(start, 6, everywhere=False)[:, 4:].sum() == 0


def test_effects_that_grow_mislead_two_way_fixed_effects_and_not_callaway_and_sant_anna() -> None:
    """Goodman-Bacon 2021 (J. Econometrics 225): early cohorts serve as controls while their effect still grows."""
    start = np.repeat([3, 8], 10)
    weeks, effect = 14, growing(np.repeat([3, 8], 10), 14)
    outcome = panel(start, weeks, effect)
    truth = {flag: float((target(start, weeks, flag) * effect).sum()) for flag in (True, False)}
    static = two_way(start, weeks, ones(start))
    assert static is not None
    assert applied(static, outcome) < 0.3 * truth[True]
    assert negative_share(static, start) > 0.1
    assert applied(callaway_santanna(start, weeks, ones(start)), outcome) == pytest.approx(truth[False])


def test_the_worst_case_turns_the_sign() -> None:
    """An effect that begins small and explodes: all store-weeks gain, two-way fixed effects say that they lose."""
    start = np.repeat([2, 5], 4)
    since: Floats = np.maximum(np.arange(20) - start[:, None] + 1.0, 0.0)
    effect = since * since
    outcome = panel(start, 20, effect)
    assert (effect[treated(start, 20)] > 0).all()
    assert applied(two_way(start, 20, ones(start)), outcome) < 0


def test_equal_effects_at_all_times_mislead_neither() -> None:
    start = np.array([3, 3, 5, 7, 7, 9, 12, 12])
    outcome = panel(start, 12, np.where(treated(start, 12), 6.0, 0.0))
    for weighting in (two_way, callaway_santanna):
        assert applied(weighting(start, 12, ones(start)), outcome) == pytest.approx(6.0)


def test_event_studies_find_an_effect_that_grows_equally_in_all_cohorts_and_no_effect_before() -> None:
    start = np.array([3, 3, 5, 7, 7, 9, 12, 12])
    outcome = panel(start, 12, growing(start, 12))
    both = two_way_event(start, 12, ones(start))
    for lead in range(-5, 4):
        if lead != -1:
            expected = pytest.approx(2.0 * (lead + 1) if lead >= 0 else 0.0, abs=1e-6)
            assert applied(both[lead], outcome) == expected
            assert applied(callaway_santanna_at(start, 12, ones(start), lead), outcome) == expected


@given(
    start=st.lists(st.integers(1, 7), min_size=3, max_size=9).filter(lambda found: len(set(found)) > 1),
    seed=st.integers(0, 1000),
)
def test_store_and_week_effects_never_matter_where_they_are_meant_to_cancel(start: list[int], seed: int) -> None:
    """No weighting but the naive ones may see a store's size or a week's trend; all find a difference of one as one."""
    weeks, calendar = 7, np.array(start)
    rng = np.random.default_rng(seed)
    both = rng.normal(size=(len(start), 1)) + rng.normal(size=weeks)
    of_stores, of_weeks = np.zeros((len(start), weeks)) + rng.normal(size=(len(start), 1)), rng.normal(size=weeks)
    mass = rng.exponential(size=len(start))
    for name, weighting in ONE_BY_ONE:
        found = weighting(calendar, weeks, mass)
        if found is None:
            continue
        flat = {"before_after": of_stores, "treated_untreated": np.zeros((len(start), weeks)) + of_weeks}
        assert applied(found, flat.get(name, both)) == pytest.approx(0.0, abs=1e-9)
        until = weeks if name in ("before_after", "two_way_fixed_effects") else window(calendar, weeks)
        effect = treated(calendar, weeks) * (np.arange(weeks) < until)
        assert applied(found, effect.astype(float)) == pytest.approx(1.0)


def test_the_error_splits_exactly_into_its_causes() -> None:
    start = np.array([2, 2, 4, 6, 9, 9])
    rng = np.random.default_rng(5)
    without, effect, unknown = (rng.normal(size=(6, 9)) for _ in range(3))
    case = Case(without + effect + unknown, without + effect, without)
    found = judge(design(start, 9, seed=1), [case])["estimators"]
    assert set(found) == {name for name, _ in ONE_BY_ONE}
    for one in found.values():
        parts = sum(one["error_parts"][part]["mean"] for part in PARTS)
        assert parts == pytest.approx(one["bias"]["mean"])
    assert found["callaway_santanna"]["error_parts"]["wrong_weights"]["mean"] == pytest.approx(0.0, abs=1e-12)


def test_spill_over_is_what_controls_lose() -> None:
    """Converted stores gain 10, all others lose 4 from the first wave on: a comparison with them says 14."""
    start = np.array([3, 3, 6, 6])
    effect = np.where(treated(start, 6), 10.0, 0.0)
    effect[2:, 3:] = -4.0
    without = panel(start, 6, np.zeros((4, 6)))
    one = judge(design(start, 6, seed=1), [Case(without + effect, without + effect, without)])
    found = one["estimators"]["callaway_santanna"]
    assert found["estimate"]["mean"] == pytest.approx(14.0)
    assert found["error_parts"]["spill_over"]["mean"] == pytest.approx(4.0)
    assert one["true_effect"]["not_yet_treated"]["mean"] == pytest.approx(-4.0)


def test_replications_are_judged_by_bias_spread_coverage_and_sign() -> None:
    """With many stores and independent noise the bootstrap's error is the spread over replications."""
    start = np.repeat([3, 6, 10], 25)
    effect = 8.0 * treated(start, 10)
    cases = []
    for seed in range(60):
        without = panel(start, 10, np.zeros_like(effect), noise=6.0, seed=seed)
        cases.append(Case(without + effect, without + effect, without))
    found = judge(design(start, 10, seed=1), cases)["estimators"]
    for name in ("two_way_fixed_effects", "callaway_santanna"):
        one = found[name]
        assert abs(one["bias"]["mean"]) < 3 * one["spread"] / 60**0.5
        assert one["standard_error"] == pytest.approx(one["spread"], rel=0.25)
        assert one["coverage"] >= 0.85
        assert one["sign_errors"] == 0
    lost = [Case(-case.seen, case.real, case.without) for case in cases]
    assert judge(design(start, 10, seed=1), lost)["estimators"]["two_way_fixed_effects"]["sign_errors"] == 60


def test_before_after_takes_the_trend_for_an_effect_and_treated_untreated_the_sizes() -> None:
    start = np.array([2, 2, 4, 4])
    trend = np.zeros((4, 4)) + np.arange(4.0)
    sizes = np.zeros((4, 4)) + np.array([[7.0], [7.0], [1.0], [1.0]])
    assert applied(before_after(start, 4, ones(start)), trend) == pytest.approx(2.0)
    assert applied(treated_untreated(start, 4, ones(start)), sizes) == pytest.approx(6.0)


def simulated() -> tuple[Ints, int, Floats]:
    start = np.repeat([4, 6, 9, 99], 40)
    effect = growing(start, 12) * np.repeat([1.0, 0.5, -0.25, 0.0], 40)[:, None]
    return np.minimum(start, 12), 12, panel(start, 12, effect, noise=3.0)


def test_estimates_are_those_of_diff_diff() -> None:
    """On one simulated panel with effects that differ by cohort and grow."""
    diff_diff = pytest.importorskip("diff_diff")
    pd = pytest.importorskip("pandas")
    start, weeks, outcome = simulated()
    store, week = np.meshgrid(np.arange(len(start)), np.arange(weeks), indexing="ij")
    data = pd.DataFrame({"store": store.ravel(), "week": week.ravel(), "sales": outcome.ravel()})
    data["first"] = np.where(start < weeks, start, 0)[data["store"]]
    theirs = diff_diff.CallawaySantAnna(
        control_group="not_yet_treated", base_period="universal", estimation_method="reg"
    ).fit(data, outcome="sales", unit="store", time="week", first_treat="first")
    for (cohort, at), cell in theirs.group_time_effects.items():
        if at != cohort - 1:
            mine = applied(group_time(start, weeks, ones(start), int(cohort), int(at)), outcome)
            assert mine == pytest.approx(cell["effect"], abs=1e-9)
    assert applied(callaway_santanna(start, weeks, ones(start)), outcome) == pytest.approx(theirs.overall_att)
    decomposed = diff_diff.BaconDecomposition().fit(
        data, outcome="sales", unit="store", time="week", first_treat="first"
    )
    assert applied(two_way(start, weeks, ones(start)), outcome) == pytest.approx(decomposed.twfe_estimate)
    mass = masses(len(start), 1)
    drawn = np.array([callaway_santanna(start, weeks, one) for one in mass])
    assert standard_error(drawn, outcome) == pytest.approx(theirs.overall_se, rel=0.15)


def test_two_way_fixed_effects_are_least_squares_with_dummies() -> None:
    """Against the full regression that nobody writes out by hand: dummies for stores and weeks, by numpy's solver."""
    start, weeks, outcome = simulated()
    stores = len(start)
    dummies = np.zeros((stores * weeks, stores + weeks))
    rows = np.arange(stores * weeks)
    dummies[rows, rows // weeks] = 1.0
    dummies[rows, stores + rows % weeks] = 1.0
    dummies[:, -1] = treated(start, weeks).ravel()  # one week's dummy is the sum of the others less the stores'
    slope = np.linalg.lstsq(dummies, outcome.ravel())[0][-1]
    assert applied(two_way(start, weeks, ones(start)), outcome) == pytest.approx(slope)


def test_figures_of_diff_diff_for_a_panel_anybody_can_make() -> None:
    """Stores 0 to 5, weeks 0 to 5, first treated in 2, 2, 4, 4, never, never; sales are ((7 i + 3 t)^2) mod 11, plus
    2 for each week of treatment. diff-diff 3.13 gives these."""
    start = np.array([2, 2, 4, 4, 6, 6])
    i, t = np.arange(6)[:, None], np.arange(6)
    outcome = ((7 * i + 3 * t) ** 2) % 11 + growing(start, 6)
    assert applied(callaway_santanna(start, 6, ones(start)), outcome) == pytest.approx(13 / 6)
    assert applied(two_way(start, 6, ones(start)), outcome) == pytest.approx(2.625)
