"""docs/contracts.md describes every column, code, mode, event and policy that there is, and nothing else."""

from __future__ import annotations

import re
from enum import IntEnum
from pathlib import Path
from typing import Any, get_args

import pytest

from scenarios.capabilities import MODES, Capabilities, CapabilityCost, Wave
from scenarios.evaluation import POLICIES, Booking
from scenarios.events import Event
from sim.log import schema
from sim.log.schema import TABLES, labels

CONTRACTS = (Path(__file__).parents[2] / "docs" / "contracts.md").read_text(encoding="utf-8")
CODES = [
    schema.Kind,
    schema.Journey,
    schema.Place,
    schema.Channel,
    schema.Fulfilment,
    schema.OrderState,
    schema.PaymentOutcome,
    schema.MoveReason,
    schema.StaffAction,
    schema.Account,
    schema.Outcome,
    schema.AcquiredBy,
    schema.PointsKind,
    schema.BookingState,
]


def part(title: str) -> str:
    """The text under a heading, up to the next one of its level or above."""
    level = len(title) - len(title.lstrip("#"))
    (found,) = re.findall(rf"^{re.escape(title)}$(.*?)(?=^#{{1,{level}}} |\Z)", CONTRACTS, re.MULTILINE | re.DOTALL)
    return str(found)


def rows(text: str, heads: str) -> list[list[str]]:
    """The rows of the Markdown table in `text` whose head begins so, as lists of cells."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {heads}")) + 2
    found = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def named(text: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)


@pytest.mark.parametrize("table", TABLES)
def test_each_table_has_its_columns_in_their_order(table: str) -> None:
    described = [name for row in rows(part(f"#### `{table}`"), "column") for name in named(row[0])]
    assert described == TABLES[table].names


def test_no_table_is_described_that_is_not_written() -> None:
    assert sorted(re.findall(r"^#### `(\w+)`$", CONTRACTS, re.MULTILINE)) == sorted(TABLES)
    listed = re.findall(r"(\w+)\.parquet", part("## Run directory").split("### ")[0])
    assert sorted(listed) == sorted(TABLES)


@pytest.mark.parametrize("codes", CODES, ids=lambda codes: codes.__name__)
def test_each_code_is_named(codes: type[IntEnum]) -> None:
    assert set(labels(codes)) <= set(named(part("## Run directory")))


def test_modes_are_the_presets_of_capabilities() -> None:
    described = {named(row[0])[0]: row[1:] for row in rows(part("## Scenario"), "key")}
    values = {mode: Capabilities.model_validate({"mode": mode}) for mode in MODES}
    assert described == {
        key: [shown(getattr(values[mode], key)) for mode in MODES] for key in Capabilities.model_fields if key != "mode"
    }


def test_events_policies_waves_and_costs_are_named_with_their_keys() -> None:
    text = part("## Scenario")
    events = {named(row[0])[0]: set(named(row[1])) for row in rows(text, "kind")}
    union = get_args(Event)[0]
    assert events == {kind_of(one): set(one.model_fields) - {"kind"} for one in get_args(union)}
    assert [named(row[0])[0] for row in rows(text, "policy")] == list(POLICIES)
    for keys in (Booking.model_fields, CapabilityCost.model_fields):
        assert set(keys) <= set(named(text))
    assert {"day", "stores", "mode"} == set(Wave.model_fields) - {"set"}


def kind_of(event: Any) -> str:
    return str(get_args(event.model_fields["kind"].annotation)[0])


def shown(value: bool | float) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else f"{value:g}"
