"""Attribution rules on paths: known answers, and what must hold on any paths."""

from __future__ import annotations

from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.evaluation.attribution.every_rule import LABELS, attribute
from sim.evaluation.attribution.markov import chain_of, removal_effects, shares
from sim.evaluation.attribution.paths_file import TouchPath
from sim.evaluation.attribution.rate_game import count_game, rate_game
from sim.evaluation.attribution.rules import channels_of, credited, unique_linear
from sim.evaluation.shapley import shapley

THREE = [
    TouchPath(("C1", "C2", "C3"), conversions=1, value=300),
    TouchPath(("C1",), nulls=1),
    TouchPath(("C2", "C3"), nulls=1),
]
"""The textbook example of removal effects."""


def conversions_by(rule: str, paths: Sequence[TouchPath], order: int = 1) -> dict[str, float]:
    return {channel: credit.conversions for channel, credit in attribute(paths, order).credits[rule].items()}


def test_markov_finds_the_removal_effects_and_shares_of_the_textbook_example() -> None:
    removal = removal_effects(chain_of(THREE))
    assert removal.conversion_probability == pytest.approx(1 / 3)
    assert removal.conversions == pytest.approx({"C1": 0.5, "C2": 1.0, "C3": 1.0})
    assert shares(removal.conversions) == pytest.approx({"C1": 0.2, "C2": 0.4, "C3": 0.4})
    assert removal.value == pytest.approx(removal.conversions)  # one conversion: its value is lost with it


def test_a_chain_of_second_order_remembers_which_touch_came_before() -> None:
    # a>b converts always, c>b never. First order sees half of all walks over b convert, so that without a half of the
    # conversions is left; second order knows that all of them came from a.
    paths = [TouchPath(("a", "b"), conversions=2), TouchPath(("c", "b"), nulls=2)]
    first, second = (removal_effects(chain_of(paths, order)) for order in (1, 2))
    assert first.conversion_probability == second.conversion_probability == pytest.approx(0.5)
    assert first.conversions == pytest.approx({"a": 0.5, "b": 1.0, "c": 0.5})
    assert second.conversions == pytest.approx({"a": 1.0, "b": 1.0, "c": 0.0})


def test_markov_agrees_with_walks_drawn_at_random() -> None:
    paths = [
        TouchPath(("a", "b", "a"), conversions=2, nulls=1),
        TouchPath(("b", "b", "c"), conversions=1, nulls=4),
        TouchPath(("c",), conversions=1, nulls=2),
        TouchPath(("a", "c", "b"), nulls=3),
    ]
    rng = np.random.default_rng(7)
    following = _following(paths)
    walks = [_walk(following, rng) for _ in range(20_000)]
    converted = [touched for touched, converts in walks if converts]
    removal = removal_effects(chain_of(paths))
    assert removal.conversion_probability == pytest.approx(len(converted) / len(walks), abs=0.015)
    for channel, effect in removal.conversions.items():
        assert effect == pytest.approx(np.mean([channel in touched for touched in converted]), abs=0.02)


def _following(paths: Sequence[TouchPath]) -> dict[str, tuple[list[str], list[float]]]:
    """What came after each touch in the paths, with cumulated probabilities."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for path in paths:
        for end, weight in (("conversion", path.conversions), ("null", path.nulls)):
            for here, then in pairwise(["start", *path.touches, end]):
                counts[here][then] += weight
    return {
        here: (list(then), (np.cumsum(list(then.values())) / sum(then.values())).tolist())
        for here, then in counts.items()
    }


def _walk(following: dict[str, tuple[list[str], list[float]]], rng: np.random.Generator) -> tuple[set[str], bool]:
    """A walk from touch to touch, each next step drawn from all that followed the present touch in the paths."""
    at, touched = "start", set()
    while at not in ("conversion", "null"):
        then, cumulated = following[at]
        at = then[bisect(cumulated, rng.random())]
        touched.add(at)
    return touched, at == "conversion"


def test_rules_that_look_at_one_path_share_it_out_as_their_names_say() -> None:
    path = TouchPath(("a", "b", "a", "c"), conversions=10, value=1000, hours_before=(336, 168, 24, 0))
    assert conversions_by("last", [path]) == pytest.approx({"a": 0, "b": 0, "c": 10})
    assert conversions_by("first", [path]) == pytest.approx({"a": 10, "b": 0, "c": 0})
    assert conversions_by("linear", [path]) == pytest.approx({"a": 5, "b": 2.5, "c": 2.5})
    assert conversions_by("position", [path]) == pytest.approx({"a": 4 + 1, "b": 1, "c": 4})
    assert conversions_by("shapley_count", [path]) == pytest.approx({"a": 10 / 3, "b": 10 / 3, "c": 10 / 3})
    weights = np.array([1 / 4, 1 / 2, 2 ** (-1 / 7), 1])
    a, b, a_again, c = 10 * weights / weights.sum()
    assert conversions_by("time_decay", [path]) == pytest.approx({"a": a + a_again, "b": b, "c": c})
    assert attribute([path]).credits["linear"]["b"].value == pytest.approx(250)


def test_last_but_the_visit_passes_by_where_the_sale_was_made_unless_there_is_nothing_else() -> None:
    paths = [
        TouchPath(("mail", "scan", "store", "store"), conversions=2),
        TouchPath(("mail", "store"), conversions=3),
        TouchPath(("store",), conversions=4),
    ]
    credits = attribute(paths, visits=frozenset({"store"})).credits
    assert {channel: credit.conversions for channel, credit in credits["last_but_visit"].items()} == {
        "mail": 3.0,
        "scan": 2.0,
        "store": 4.0,
    }


@pytest.mark.parametrize(("touches", "shares"), [(("a",), {"a": 1.0}), (("a", "b"), {"a": 0.5, "b": 0.5})])
def test_the_position_rule_halves_what_has_no_middle(touches: tuple[str, ...], shares: dict[str, float]) -> None:
    assert conversions_by("position", [TouchPath(touches, conversions=1)]) == pytest.approx(shares)


def test_the_rate_game_pays_a_channel_whose_company_lowers_the_rate_less_than_nothing() -> None:
    # v(a) = 1/2, v(b) = 0/2, v(ab) = 2/8: a gets (1/2 + 1/4) / 2 = 3/8 and b (0 - 1/4) / 2 = -1/8 of the rate 1/4,
    # so of two conversions 3 and -1, while the count game gives a 1.5 and b 0.5.
    paths = [
        TouchPath(("a",), conversions=1, nulls=1),
        TouchPath(("b",), nulls=2),
        TouchPath(("a", "b"), conversions=1, nulls=3),
    ]
    assert conversions_by("shapley_rate", paths) == pytest.approx({"a": 3.0, "b": -1.0})
    assert conversions_by("shapley_count", paths) == pytest.approx({"a": 1.5, "b": 0.5})


def test_without_paths_that_end_in_nothing_there_is_no_rate_game() -> None:
    result = attribute([TouchPath(("a", "b"), conversions=3)])
    assert "shapley_rate" not in result.credits
    assert any("total_null" in note for note in result.notes)


amounts = st.integers(0, 5).map(float)


@st.composite
def path_lists(draw: st.DrawFn) -> list[TouchPath]:
    """Paths of up to five touches of four channels with times; at least one converts and one does not."""
    found = []
    for conversions, nulls in [(2.0, 0.0), (0.0, 3.0), *draw(st.lists(st.tuples(amounts, amounts), max_size=6))]:
        touches = tuple(draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=5)))
        hours = tuple(sorted((float(draw(st.integers(0, 2000))) for _ in touches), reverse=True))
        if conversions + nulls:
            found.append(TouchPath(touches, conversions, conversions * draw(amounts), nulls, hours))
    return found


orders = st.integers(1, 3)


@given(path_lists(), orders)
@settings(deadline=None)
def test_every_rule_gives_away_all_conversions_and_all_value_and_no_more(paths: list[TouchPath], order: int) -> None:
    result = attribute(paths, order, visits=frozenset("d"))
    assert list(result.credits) == list(LABELS)
    for rule, credits in result.credits.items():
        assert sorted(credits) == channels_of(paths)
        assert sum(credit.conversions for credit in credits.values()) == pytest.approx(
            sum(path.conversions for path in paths)
        ), rule
        assert sum(credit.value for credit in credits.values()) == pytest.approx(
            sum(path.value for path in paths), abs=1e-9
        ), rule
    assert sum(shares(result.removal.conversions).values()) == pytest.approx(1)


@given(path_lists(), orders, st.permutations("abcd"))
@settings(deadline=None)
def test_what_a_channel_gets_does_not_hang_on_its_name(paths: list[TouchPath], order: int, names: list[str]) -> None:
    renamed = dict(zip("abcd", names, strict=True))
    other = [
        TouchPath(tuple(renamed[t] for t in p.touches), p.conversions, p.value, p.nulls, p.hours_before) for p in paths
    ]
    here, there = attribute(paths, order).credits, attribute(other, order).credits
    for rule, credits in here.items():
        for channel, credit in credits.items():
            assert there[rule][renamed[channel]] == pytest.approx(credit, abs=1e-9), (rule, channel)


@given(path_lists())
@settings(deadline=None)
def test_removal_effects_do_not_change_when_a_touch_is_not_repeated(paths: list[TouchPath]) -> None:
    once = [TouchPath(tuple(touch for touch, _ in groupby(p.touches)), p.conversions, p.value, p.nulls) for p in paths]
    whole, dropped = removal_effects(chain_of(paths)), removal_effects(chain_of(once))
    assert dropped.conversion_probability == pytest.approx(whole.conversion_probability)
    assert dropped.conversions == pytest.approx(whole.conversions)
    assert dropped.value == pytest.approx(whole.value)


@given(path_lists())
@settings(deadline=None)
def test_the_shapley_value_of_counts_is_linear_attribution_over_unique_channels(paths: list[TouchPath]) -> None:
    by_coalitions = shapley(count_game(paths), channels_of(paths))
    by_path = {channel: credit.conversions for channel, credit in credited(paths, unique_linear).items()}
    assert by_coalitions == pytest.approx(by_path, abs=1e-9)


@given(path_lists())
@settings(deadline=None)
def test_a_coalition_has_the_rate_of_the_paths_that_need_nobody_else(paths: list[TouchPath]) -> None:
    game = rate_game(paths)
    for coalition in (frozenset("ab"), frozenset("acd"), frozenset[str]()):
        covered = [path for path in paths if set(path.touches) <= coalition]
        walks = sum(path.conversions + path.nulls for path in covered)
        assert game(coalition) == pytest.approx(sum(p.conversions for p in covered) / walks if walks else 0.0)


def test_with_many_channels_the_rate_game_is_sampled_and_still_sums_up() -> None:
    channels = [f"channel {k:02}" for k in range(16)]
    paths = [TouchPath((a, b), conversions=1, nulls=k) for k, (a, b) in enumerate(pairwise(channels))]
    result = attribute(paths)
    assert any("random orders" in note for note in result.notes)
    credits = result.credits["shapley_rate"]
    assert sum(credit.conversions for credit in credits.values()) == pytest.approx(15)
    assert credits["channel 00"].conversions > credits["channel 15"].conversions  # with fewer paths in vain
