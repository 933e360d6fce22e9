"""Lean actors and textbook SimPy tell the same story, to the last bit."""

from __future__ import annotations

import pytest

from sim.bench.engine import measure_engine, run_timeouts
from sim.bench.journeys import draw_visits, run_lean, run_textbook


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_lean_and_textbook_records_are_identical(seed: int) -> None:
    visits = draw_visits(1_500, seed)
    lean, textbook = run_lean(visits), run_textbook(visits)
    assert lean == textbook
    assert len(lean) == 1_500
    reneged = sum(record.reneged for record in lean)
    assert 30 < reneged < 600, "both ways to leave the queue are told"
    assert any(record.start_s > record.arrive_s + sum(visits[record.shopper].scans_s) + 1 for record in lean)


def test_records_obey_the_visit_they_belong_to() -> None:
    visits = draw_visits(500)
    for record in run_lean(visits):
        visit = visits[record.shopper]
        at_till_s = record.arrive_s + sum(visit.scans_s)
        assert at_till_s - 1e-6 <= record.start_s <= at_till_s + visit.patience_s + 1e-6
        if record.reneged:
            assert record.end_s == record.start_s == pytest.approx(at_till_s + visit.patience_s)
        else:
            assert record.end_s >= record.start_s + visit.till_s + visit.pickup_s - 1e-6


def test_the_measurement_returns_positive_rates_and_the_ratio_of_the_same_run() -> None:
    figures = measure_engine(repeats=1, journeys=200, customers=500)
    assert set(figures) >= {"bare_timeouts_per_s", "lean_journey_per_s", "textbook_journey_per_s", "lean_over_textbook"}
    assert all(figure > 0 for figure in figures.values())
    assert figures["lean_over_textbook"] == pytest.approx(
        figures["lean_journey_per_s"] / figures["textbook_journey_per_s"]
    )


def test_what_is_measured_is_run_in_full() -> None:
    assert run_timeouts(250) == 250.0
