"""The soak: kills are spread as promised, and one that was stopped goes on where it was."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.faults.driver import PRICES_YEN, SCARCE, Tally, steps_of
from loadtest.faults.soak import Options, planned_kills, run_soak
from scenarios.errors import UsageError


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that an unprivileged PostgreSQL can reach also when the tests run as root."""
    with tempfile.TemporaryDirectory(prefix="omo-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@given(st.integers(100, 10**6), st.integers(0, 20))
def test_core_and_database_are_killed_as_often_as_asked_and_before_the_last_payment(payments: int, kills: int) -> None:
    plan = planned_kills(payments, kills)
    counts = Counter(action for _, actions in plan for action in actions)
    assert counts == Counter({"kill_core": kills, "kill_postgres": kills})
    moments = [after for after, _ in plan]
    assert moments == sorted(set(moments))
    assert all(0 < after < payments for after in moments)


@given(st.permutations(range(7, 27)))
def test_journeys_count_as_whole_up_to_the_first_that_is_under_way(order: list[int]) -> None:
    tally = Tally(7)
    ended = set(range(7))
    for journey in order:
        tally.end(journey, "refused" if journey % 3 else "captured")
        ended.add(journey)
        assert tally.whole == next(number for number in range(28) if number not in ended)
        counted = range(7, tally.whole)
        assert tally.captured == sum(number % 3 == 0 for number in counted)
        assert tally.captured + tally.refused == len(counted)


@given(st.integers(0, 10**6))
def test_a_journey_follows_from_its_number_alone(journey: int) -> None:
    steps = steps_of(journey)
    assert steps == steps_of(journey)
    assert [step.action for step in steps[:2]] == ["order", "pay"]
    for step in steps:
        assert step.amount_yen == sum(line.quantity * PRICES_YEN[line.sku] for line in step.lines) > 0
    assert all(1 <= line.sku <= SCARCE for step in steps for line in step.lines)


@pytest.mark.slow
def test_a_soak_that_was_stopped_goes_on_and_ends_clean(open_folder: Path) -> None:
    out = open_folder / "soak"
    first = run_soak(Options(out, 1500, 1, max_s=0.5), lambda *_: None)
    assert first["state"] == "partial"
    assert 0 < first["done"] < 1500
    assert first["clean"]
    with pytest.raises(UsageError, match="1,500 payments and 1 kills"):
        run_soak(Options(out, 2000, 1), lambda *_: None)
    told: list[float] = []
    result = run_soak(Options(out, 1500, 1), lambda done, _: told.append(done))
    assert (result["state"], result["sessions"], result["done"]) == ("complete", 2, 1500)
    assert told[0] == first["done"]
    assert told == sorted(told)
    assert {name: result["survived"][name] for name in ("kill_core", "kill_postgres")} == {
        "kill_core": 1,
        "kill_postgres": 1,
    }
    assert result["captured"] + result["refused"] == 1500
    assert result["broken"] == []
    assert result["clean"]
    keys = [key for key in pq.read_table(out / "client_history.parquet")["idempotency_key"].to_pylist() if key]
    assert len(keys) == len(set(keys))  # no journey was begun twice
