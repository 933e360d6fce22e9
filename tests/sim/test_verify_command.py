"""`omo verify` from end to end: a row that holds, and a doctored one that misses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import omo
from scenarios.errors import UsageError
from sim.verify.effects import EFFECTS
from sim.verify.findings import Variant

TINY = ("population.shoppers=300", "horizon.days=2")


def _verify(*arguments: str) -> dict[str, object]:
    outcome = CliRunner().invoke(omo.app, ["verify", "--json", *arguments])
    assert outcome.exception is None, outcome.output
    document: dict[str, object] = json.loads(outcome.stdout)
    return document


def test_one_row_holds_and_a_doctored_finding_misses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The finding is that less cash makes shorter waits; its worlds are exchanged, so that it must not be found."""
    crowded = (*TINY, "population.needs_per_week=20.0")
    worlds = {
        "cash": Variant("ward-siloed", (*crowded, "payments.cash_share=0.1"), small=False),
        "cashless": Variant("ward-siloed", (*crowded, "payments.cash_share=0.9"), small=False),
    }
    doctored = replace(next(effect for effect in EFFECTS if effect.id == "VT-26"), worlds=worlds)
    monkeypatch.setattr("sim.verify.table.EFFECTS", (doctored,))
    table = tmp_path / "table.md"
    only = ("--only", "VT-26", "--only", "RE-05")
    document = _verify(*only, "--seeds", "2", "--jobs", "2", "--out", str(tmp_path / "worlds"), "--table", str(table))
    assert document["schema"] == "omo.verify/1"
    rows: list[dict[str, object]] = document["findings"]  # type: ignore[assignment]
    assert [(row["id"], row["group"], row["verdict"]) for row in rows] == [
        ("RE-05", "reason", "holds"),
        ("VT-26", "published", "misses"),
    ]
    assert rows[1]["share_of_seeds"] == 0
    written = table.read_text(encoding="utf-8")
    assert "**misses**: the sign holds in 0% of seeds only" in written
    assert "1 of 2 checks hold; of 1 published findings 0 hold in sign, 0 also in size" in written


def test_an_id_that_does_not_exist_is_said(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(omo.app, ["verify", "--only", "XY-1", "--out", str(tmp_path)])
    assert isinstance(outcome.exception, UsageError)
    assert "no check has such an id" in str(outcome.exception)
