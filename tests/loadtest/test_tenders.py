"""Fees and calendars of a scenario travel with its trace to the core and the provider."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_trace_cut import cut, lunch_hour

from loadtest.core.messages import Tender
from loadtest.tenders import default_tenders, fee_yen
from scenarios.loader import load, to_toml


def test_a_trace_has_the_terms_of_its_scenario(tmp_path: Path) -> None:
    run = lunch_hour().write(tmp_path)
    assert "tenders" not in cut(run).header
    scenario = load("launch-day", ["payments.tenders.card.fee=0.031"]).scenario
    (run / "scenario.toml").write_text(to_toml(scenario), encoding="utf-8")
    by_brand = {tender["brand"]: tender for tender in cut(run).header["tenders"]}
    assert by_brand["card"]["fee_share"] == 0.031
    for tender in scenario.payments.tenders.values():
        calendar = scenario.payments.calendars[tender.calendar]
        terms = by_brand[tender.brand]
        assert (terms["closes"], terms["pays"], terms["lag_days"]) == (
            calendar.closes,
            calendar.pays,
            calendar.lag_days,
        )


@pytest.mark.parametrize(("share", "fixed", "yen", "fee"), [(0.025, 0, 20, 0), (0.025, 0, 60, 2), (0.0, 130, 99, 130)])
def test_fees_are_rounded_half_to_even(share: float, fixed: int, yen: int, fee: int) -> None:
    assert fee_yen(Tender("card", share, fixed), yen) == fee


def test_a_brand_without_terms_costs_nothing() -> None:
    assert fee_yen(None, 1000) == 0
    assert len({tender.brand for tender in default_tenders()}) == len(default_tenders())
