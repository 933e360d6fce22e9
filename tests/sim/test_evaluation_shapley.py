"""Shapley values against games whose answers are known, their axioms, and another implementation."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.evaluation.shapley import (
    alone,
    coalitions,
    exact_shapley,
    interactions,
    leave_one_out,
    sampled_shapley,
    shapley,
    whole_shares,
)

Game = Callable[[frozenset[str]], int]


def glove(coalition: frozenset[str]) -> int:
    """One left glove (l), two right ones (r, s): a pair is worth 6. Known: l 4, r 1, s 1."""
    return 6 * min(len(coalition & {"l"}), len(coalition & {"r", "s"}))


def airport(coalition: frozenset[str]) -> int:
    """A runway as long as the largest plane needs (Littlechild & Owen 1973): costs 8, 11, 13, 18."""
    return max(({"a": 8, "b": 11, "c": 13, "d": 18}[plane] for plane in coalition), default=0)


def tabled(values: list[int], players: str) -> Game:
    """A game given by the value of each coalition in the order of `coalitions`."""
    return dict(zip(coalitions(players), values, strict=True)).__getitem__


games = st.lists(st.integers(-(10**9), 10**9), min_size=16, max_size=16)


def test_the_glove_game() -> None:
    assert shapley(glove, "lrs") == pytest.approx({"l": 4, "r": 1, "s": 1})
    assert exact_shapley(glove, "lrs") == {"l": 4, "r": 1, "s": 1}


def test_the_airport_game_splits_each_stretch_among_those_who_need_it() -> None:
    """8/4 = 2; + 3/3 = 3; + 2/2 = 4; + 5 = 9: the published answer for costs 8, 11, 13, 18."""
    assert exact_shapley(airport, "abcd") == {"a": 2, "b": 3, "c": 4, "d": 9}


def test_alone_and_left_out_miss_the_total_that_shapley_meets() -> None:
    """In the glove game nobody is worth anything alone, only the left glove is missed, and 6 are to be shared."""
    assert alone(glove, "lrs") == {"l": 0, "r": 0, "s": 0}
    assert leave_one_out(glove, "lrs") == {"l": 6, "r": 0, "s": 0}
    assert sum(exact_shapley(glove, "lrs").values()) == 6


def test_interactions_of_the_glove_game() -> None:
    """Weights 1/2 each. l with r: 6 from nobody, 6 - 6 - 0 = 0 beside s. r with s: 0, and 6 - 6 - 6 = -6 beside l."""
    assert interactions(glove, "lrs") == pytest.approx({("l", "r"): 3, ("l", "s"): 3, ("r", "s"): -3})


@given(games)
def test_shares_add_up_exactly_and_equal_the_mean_over_all_orders(values: list[int]) -> None:
    game = tabled(values, "abcd")
    shares = exact_shapley(game, "abcd")
    assert sum(shares.values()) == game(frozenset("abcd")) - game(frozenset())
    orders = list(permutations("abcd"))
    for player in "abcd":
        before = [frozenset(order[: order.index(player)]) for order in orders]
        assert shares[player] == Fraction(sum(game(s | {player}) - game(s) for s in before), len(orders))


@given(games)
def test_floats_agree_with_rationals_within_the_stated_tolerance(values: list[int]) -> None:
    game = tabled(values, "abcd")
    tolerance = 4e-12 * max(map(abs, values))
    exact = exact_shapley(game, "abcd")
    assert shapley(game, "abcd") == pytest.approx({p: float(x) for p, x in exact.items()}, abs=tolerance, rel=0)


@given(games)
def test_equal_players_get_equal_shares(values: list[int]) -> None:
    """a and b are made equal by giving every coalition the value of its mirror image too."""
    game, swap = tabled(values, "abcd"), str.maketrans("ab", "ba")
    shares = exact_shapley(lambda s: game(s) + game(frozenset(p.translate(swap) for p in s)), "abcd")
    assert shares["a"] == shares["b"]


@given(games, st.integers(-1000, 1000))
def test_one_who_always_adds_the_same_gets_just_that_and_interacts_with_nobody(values: list[int], own: int) -> None:
    game = tabled(values, "abcd")

    def with_dummy(s: frozenset[str]) -> int:
        return game(s - {"e"}) + own * ("e" in s)

    shares = exact_shapley(with_dummy, "abcde")
    assert shares == exact_shapley(game, "abcd") | {"e": own}
    for pair, index in interactions(with_dummy, "abcde").items():
        if "e" in pair:
            assert index == pytest.approx(0, abs=1e-12 * 16 * (max(map(abs, values)) + 1))


@given(games, games)
def test_shares_of_a_sum_of_games_are_sums_of_shares(first: list[int], second: list[int]) -> None:
    a, b = tabled(first, "abcd"), tabled(second, "abcd")
    both = exact_shapley(lambda s: a(s) + b(s), "abcd")
    assert both == {p: x + exact_shapley(b, "abcd")[p] for p, x in exact_shapley(a, "abcd").items()}


@given(games)
def test_interactions_explain_what_two_players_add_beyond_their_own(values: list[int]) -> None:
    """With two players left of four the index is the one mixed difference there is."""
    game = tabled(values[:4], "ab")
    expected = values[3] - values[1] - values[2] + values[0]
    assert interactions(game, "ab")["a", "b"] == pytest.approx(expected)


@settings(deadline=None)
@given(games)
def test_sampled_shares_add_up_too(values: list[int]) -> None:
    game = tabled(values, "abcd")
    sampled = sampled_shapley(game, "abcd", 3, np.random.default_rng(1))
    total = values[-1] - values[0]
    assert sum(sampled.shares.values()) == pytest.approx(total, abs=1e-11 * max(map(abs, values)) + 1e-9)
    assert sampled.orders == 6


def test_sampled_shares_come_within_their_standard_error_of_the_exact_ones() -> None:
    """Ten planes; 400 pairs of orders; four standard errors are missed about once in 16,000 tries per plane."""
    cost = {chr(ord("a") + k): (k * k) % 23 + k for k in range(10)}

    def runway(coalition: frozenset[str]) -> int:
        return max((cost[plane] for plane in coalition), default=0)

    exact = shapley(runway, list(cost))
    sampled = sampled_shapley(runway, list(cost), 400, np.random.default_rng(7))
    for plane, share in exact.items():
        assert abs(sampled.shares[plane] - share) <= 4 * sampled.standard_errors[plane] + 1e-9
    assert max(sampled.standard_errors.values()) < 0.5


def test_antithetic_orders_are_exact_where_only_pairs_interact() -> None:
    """A pair of players is met once in each order of the two, so one order and its reverse average exactly."""
    game = {("a", "b"): 5, ("b", "c"): -7, ("a", "d"): 11}

    def pairs(s: frozenset[str]) -> int:
        return 3 * len(s) + sum(worth for both, worth in game.items() if s.issuperset(both))

    sampled = sampled_shapley(pairs, "abcd", 1, np.random.default_rng(3))
    assert sampled.shares == pytest.approx(shapley(pairs, "abcd"))


@given(st.lists(st.fractions(-1000, 1000, max_denominator=720), min_size=1, max_size=8))
def test_whole_shares_add_up_and_are_off_by_less_than_a_yen(fractions: list[Fraction]) -> None:
    total = round(sum(fractions))
    shares = {str(k): share for k, share in enumerate(fractions)}
    whole = whole_shares(shares, total)
    assert sum(whole.values()) == total
    assert all(abs(whole[name] - share) <= 1 for name, share in shares.items())


def test_shares_that_are_not_of_that_total_are_refused() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        whole_shares({"a": 1.0, "b": 1.0}, 3)


def test_a_player_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="named twice"):
        shapley(glove, "ll")


def test_another_implementation_agrees() -> None:
    shapiq = pytest.importorskip("shapiq")
    players = "abcde"
    values = np.random.default_rng(11).normal(size=32)
    game = dict(zip(coalitions(players), values.tolist(), strict=True)).__getitem__

    def masks(rows: np.ndarray) -> np.ndarray:
        return np.array([game(frozenset(p for p, there in zip(players, row, strict=True) if there)) for row in rows])

    oracle = shapiq.ExactComputer(game=masks, n_players=5)
    ours = shapley(game, players)
    theirs = oracle("SV", 1)
    assert [ours[p] for p in players] == pytest.approx([theirs[(k,)] for k in range(5)])
    pairs = oracle("SII", 2)
    for (a, b), index in interactions(game, players).items():
        assert index == pytest.approx(pairs[(players.index(a), players.index(b))])
