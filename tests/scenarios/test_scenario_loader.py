"""Loading scenarios: round trips, overrides, positions and sources."""

from __future__ import annotations

import re
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.errors import ScenarioInvalid, UsageError
from scenarios.loader import PRESETS, inputs_hash, leaves, load, preset_names, source_of, to_toml
from scenarios.positions import key_origins
from scenarios.schema import Scenario, json_schema

SOURCES = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
SOURCE_ID = re.compile(r"\b(?:S\d{2,3}|F\d{2}|POS|METI|FACTS)\b")
WHOLE_PRESETS = [name for name in preset_names() if not name.startswith("pos-")]

finite = st.floats(allow_nan=False, allow_infinity=False)
OVERRIDES: dict[str, st.SearchStrategy[Any]] = {
    "horizon.days": st.integers(2, 3660),
    "horizon.start": st.dates().map(str),
    "population.shoppers": st.integers(1, 10**9),
    "population.town_radius_km": st.floats(1e-300, 1e300),
    "payments.cash_share": st.floats(0, 1),
    "payments.tenders.qr.fee": st.floats(0, 1),
    "population.age_bands.60s.share": st.floats(0.01, 1),
    "choice.store": finite,
    "stores.mall.appeal": finite,
    "stores.mall.self_checkouts": st.integers(0, 50),
    "capabilities.scan_and_pay": st.booleans().map(lambda flag: str(flag).lower()),
    "evaluation.booking.app_sales": st.sampled_from(["store", "ec", '"ec"']),
    "title": st.text(alphabet="abc 町é#[]=.'", min_size=1).map(lambda text: f'"{text}"'),
}


@settings(max_examples=60, deadline=None)
@given(data=st.data(), name=st.sampled_from(WHOLE_PRESETS))
def test_a_scenario_written_out_loads_as_the_same_scenario(data: st.DataObject, name: str) -> None:
    keys = data.draw(st.lists(st.sampled_from(sorted(OVERRIDES)), unique=True))
    sets = [f"{key}={data.draw(OVERRIDES[key], label=key)}" for key in keys]
    scenario = load(name, sets).scenario
    text = to_toml(scenario)
    assert leaves(tomllib.loads(text)) == leaves(scenario.model_dump(exclude_none=True))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "written.toml")
        path.write_text(text, encoding="utf-8")
        again = load(path).scenario
    assert again == scenario
    assert inputs_hash(again) == inputs_hash(scenario)


def test_the_hash_follows_what_changes_results_and_not_the_title() -> None:
    plain = inputs_hash(load("ward-omo").scenario)
    assert inputs_hash(load("ward-omo", ['title="other"']).scenario) == plain
    assert inputs_hash(load("ward-omo", ["seed=2"]).scenario) != plain


def test_an_override_of_one_tender_keeps_the_other_default_tenders() -> None:
    plain, changed = (
        load("ward-omo", sets).scenario.payments.tenders for sets in ([], ["payments.tenders.qr.fee=0.03"])
    )
    assert changed["qr"].fee == 0.03
    assert {name: tender for name, tender in changed.items() if name != "qr"} == {
        name: tender for name, tender in plain.items() if name != "qr"
    }


@pytest.mark.parametrize("assignment", ["seed", "=3", "horizon.days.x=3", "title.x=1"])
def test_an_override_that_cannot_be_placed_is_a_usage_error(assignment: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"--set {assignment}")):
        load("ward-omo", [assignment])


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("horizon.dais=3", "horizon.dais: no such key (did you mean days?)"),
        (
            "horizon.days=many",
            'horizon.days: input should be a valid integer, unable to parse string as an integer (got "many")',
        ),
        ("traffic.weekday_index=[1,2]", "traffic.weekday_index: list should have at least 7 items"),
        ("traffic.weekday_index=[1,2", "traffic.weekday_index: input should be a valid list"),
        ("stores.new.x_km=1", "stores.new.staffed_tills: required, and not given"),
        ("capability_costs.scan_an_pay.capex_yen=9", "capability_costs.scan_an_pay: no such capability"),
    ],
)
def test_a_wrong_override_is_reported_as_such(assignment: str, message: str) -> None:
    with pytest.raises(ScenarioInvalid) as caught:
        load("ward-omo", [assignment])
    assert any(message in problem for problem in caught.value.problems)
    key = assignment.partition("=")[0]
    own = [problem for problem in caught.value.problems if f" {key}: " in problem]
    assert all(problem.startswith("--set: ") for problem in own)


def test_a_later_parent_and_the_file_itself_win(tmp_path: Path) -> None:
    (tmp_path / "low.toml").write_text("seed = 7\n[payments]\ncash_share = 0.1\n", encoding="utf-8")
    path = tmp_path / "town.toml"
    path.write_text('extends = ["ward-omo", "low.toml"]\nseed = 8\n', encoding="utf-8")
    scenario = load(path).scenario
    assert (scenario.payments.cash_share, scenario.seed) == (0.1, 8)


def test_a_reference_may_carry_overrides_of_its_own_which_win_and_stand_in_the_title() -> None:
    variant = load("ward-omo+payments.cash_share=0.25+staff.intercept=-1.5e+0", ["payments.cash_share=0.5", "seed=9"])
    scenario = variant.scenario
    assert (scenario.payments.cash_share, scenario.staff.intercept, scenario.seed) == (0.25, -1.5, 9)
    assert scenario.title == "Ward, OMO (payments.cash_share=0.25, staff.intercept=-1.5e+0)"
    assert variant.name == "ward-omo"


def test_two_files_may_share_a_parent(tmp_path: Path) -> None:
    path = tmp_path / "town.toml"
    path.write_text('extends = ["ward-siloed", "ward-omo"]\n', encoding="utf-8")
    assert load(path).scenario.capabilities == load("ward-omo").scenario.capabilities


def test_a_file_with_a_byte_order_mark_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    path = tmp_path / "town.toml"
    path.write_bytes('\ufeffextends = "ward-omo"\r\nseed = 4\r\n'.encode())
    assert load(path).scenario.seed == 4


def test_positions_are_found_behind_long_strings_lists_and_hashes_in_strings() -> None:
    text = '''a = """one [ " two
b = 1
"""
c = [1,  # the list [
  2, "]",
]
"d e".f = 'x # no comment'  # yes
[t.u]  # """ of the table
g = 1
h = { i = "#" }  # own
[[v]]
w = 2
'''
    origins = key_origins(text, Path("x.toml"))
    assert {key: (at.line, at.comment) for key, at in origins.items()} == {
        "a": (1, ""),
        "c": (4, "the list ["),
        "d e.f": (7, "yes"),
        "t.u": (8, '""" of the table'),
        "t.u.g": (9, '""" of the table'),
        "t.u.h": (10, "own"),
        "v": (11, ""),
        "v.w": (12, ""),
    }


def test_what_must_hold_between_keys_also_holds_for_scenarios_made_in_code() -> None:
    values = load("ward-omo").scenario.model_dump()
    values["rollout"] = {"late": {"day": 3, "stores": ["nowhere"]}}
    with pytest.raises(ValueError, match=r"rollout\.late\.stores: no store nowhere"):
        Scenario.model_validate(values)


@pytest.mark.parametrize("name", WHOLE_PRESETS)
def test_every_value_of_a_preset_says_where_it_comes_from(name: str) -> None:
    loaded = load(name)
    for key in leaves(loaded.scenario.model_dump(exclude_none=True)):
        if key not in ("title", "description"):
            source = source_of(key, loaded.origins)
            assert "assumption" in source or SOURCE_ID.search(source), f"{key}: {source}"


def test_every_source_id_that_scenarios_use_is_listed() -> None:
    texts = [path.read_text(encoding="utf-8") for path in PRESETS.glob("*.toml")]
    texts += list(_schema_sources(json_schema()))
    used = {found for text in texts for found in SOURCE_ID.findall(text)}
    listed = set(re.findall(r"^\| (\w+) \|", SOURCES, re.MULTILINE))
    assert {"POS", "S117", "S48"} <= used
    assert used <= listed


def _schema_sources(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("source"), str):
            yield node["source"]
        for inner in node.values():
            yield from _schema_sources(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _schema_sources(inner)
