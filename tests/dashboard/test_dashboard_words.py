"""Texts exist in both languages, nowhere else, and cover what other packages name."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any, get_args

import pytest
from load_sample import write_load

import dashboard
from dashboard.charts.palette import OUTCOME
from dashboard.charts.steps import UNITS
from dashboard.load_runs import read_load
from dashboard.scenario_form import key_of, values_of
from dashboard.statement import GROUPS, TOTAL
from dashboard.words import FROM_CODE, Words, words
from loadtest.audit.verdict import LAWS
from scenarios.loader import load, preset_names
from scenarios.schema import json_schema
from sim.evaluation.measure import Unit
from sim.evaluation.measures import MEASURES
from sim.log.schema import Account, Outcome, labels

PACKAGE = Path(dashboard.__file__).parent
DRAWN = sorted([*PACKAGE.glob("app_pages/*.py"), *PACKAGE.glob("charts/*.py"), *PACKAGE.glob("report/*.py"),
                *(PACKAGE / f"{name}.py" for name in ("app", "page", "findings", "side_by_side")),
                *PACKAGE.glob("*_figures.py")])  # fmt: skip
SHOWING = {"title", "markdown", "caption", "write", "info", "warning", "error", "success", "button", "selectbox",
           "header", "subheader", "text", "expander", "tabs", "number_input", "segmented_control", "link", "section",
           "heading", "table", "element", "set_ylabel", "set_xlabel", "download_button", "progress"}  # fmt: skip


def own(say: Words) -> dict[str, str]:
    return {key: text for key, text in say.texts.items() if not key.startswith(FROM_CODE)}


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    english, japanese = own(words("en")), own(words("ja"))
    assert english.keys() == japanese.keys()
    for key in english:
        assert placeholders(english[key]) == placeholders(japanese[key]), key


def test_every_key_that_the_code_names_exists() -> None:
    texts = words("en").texts
    named = {
        node.args[0].value
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"say", "texts"}
        if node.args and isinstance(node.args[0], ast.Constant)
    }
    assert len(named) > 100
    assert named <= texts.keys()


def test_every_key_is_used_somewhere() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    templates = re.findall(r"""f["']([a-z_]+\.[a-z_]*\{[^"']*)["']""", source)
    patterns = [re.compile(re.sub(r"\{[^}]*\}", "[a-z_0-9]+", text)) for text in templates]
    unused = [
        key
        for key in own(words("en"))
        if f'"{key}"' not in source and f"'{key}'" not in source and not any(p.fullmatch(key) for p in patterns)
    ]
    assert unused == []


def test_japanese_names_every_measure_law_outcome_and_account() -> None:
    japanese = words("ja")
    for measure in MEASURES:
        assert japanese.label(measure.name) != measure.label, measure.name
        assert japanese.definition(measure.name) != measure.definition, measure.name
    for law in LAWS:
        assert japanese.law(law.name, law.about) != law.about, law.name
    for language in ("en", "ja"):
        texts = words(language).texts
        assert {f"outcome.{name}" for name in labels(Outcome)} <= texts.keys()
        assert {f"account.{name}" for name in labels(Account)} <= texts.keys()


def test_japanese_names_every_preset_and_both_languages_every_group_and_unit() -> None:
    titles = {load(name).scenario.title for name in preset_names() if not name.startswith("pos-")}
    assert {title for title in titles if words("ja").title(title) == title} == set()
    for language in ("en", "ja"):
        texts = words(language).texts
        assert {f"account.{name}" for name in (*GROUPS, TOTAL)} <= texts.keys()
        assert {f"unit.{unit}" for unit in get_args(Unit)} <= texts.keys()
    assert set(UNITS) == set(get_args(Unit))
    assert set(OUTCOME) == set(labels(Outcome))


def described(node: dict[str, Any], schema: dict[str, Any], name: str = "") -> Iterator[tuple[str, str]]:
    """Keys of a schema with what they mean; `*` stands for names that a scenario gives."""
    node = next((one for one in node.get("anyOf", ()) if one.get("type") != "null"), {}) | node
    node = schema["$defs"][node["$ref"].rpartition("/")[2]] | node if "$ref" in node else node
    further = node.get("additionalProperties")
    inside = node.get("properties", {}) | ({"*": further} if isinstance(further, dict) else {})
    for part, child in inside.items():
        yield from described(child, schema, f"{name}.{part}" if name else part)
    if not inside and "description" in node:
        yield name, node["description"]


def test_japanese_says_what_every_key_of_a_scenario_means() -> None:
    schema, texts = json_schema(), words("ja").texts
    english = dict(described(schema, schema))
    assert len(english) > 400
    said = {
        key.removeprefix(f"{FROM_CODE}key."): text for key, text in texts.items() if key.startswith("from_code.key.")
    }
    assert [key for key in english if key not in said] == []
    assert [key for key in said if key not in english] == [], "keys that are there no more"
    assert [key for key, text in said.items() if not re.search(r"[ぁ-んァ-ヶ一-龥]", text)] == []
    for key, text in said.items():
        assert set(re.findall(r"`[^`]+`", text)) == set(re.findall(r"`[^`]+`", english[key])), key


@pytest.mark.parametrize("preset", ["ward-omo", "ward-eventful", "ward-rollout", "ward-touchpoints"])
def test_a_forms_keys_are_found_in_the_schema_by_what_they_mean(preset: str) -> None:
    schema = json_schema()
    english = dict(described(schema, schema))
    keys = [key_of(name, value) for name, value in values_of(preset, ()).items()]
    assert sum(bool(key.description) for key in keys) > 400
    assert all(english[key.in_schema] == key.description for key in keys if key.description)


def test_reasons_of_an_invalid_load_run_are_said_in_japanese(tmp_path: Path) -> None:
    late = read_load(write_load(tmp_path / "late", lag_s=0.4))
    assert late is not None
    assert late.result["reasons"]
    for reason in late.result["reasons"]:
        said = words("ja").reason(reason)
        assert re.search(r"[ぁ-ん]", said), said
        assert re.findall(r"[\d.]+", reason) == re.findall(r"[\d.]+", said)
    assert words("ja").reason("a reason nobody foresaw") == "a reason nobody foresaw"


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.stem)
def test_no_text_is_written_outside_the_locale_files(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", node.value), f"{path.name}:{node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SHOWING:
            for argument in [*node.args[:2], *(k.value for k in node.keywords if k.arg in {"label", "help", "text"})]:
                literal = argument.value if isinstance(argument, ast.Constant) else ""
                spoken = isinstance(literal, str) and re.search(r"[A-Za-z]{3,} [A-Za-z]+|[A-Z][a-z]{2,}", literal)
                assert not spoken, f"{path.name}:{node.lineno}: {literal}"


def test_locale_files_are_plain_tables_of_texts() -> None:
    for path in PACKAGE.glob("locales/*.toml"):
        assert tomllib.loads(path.read_text(encoding="utf-8"))["app"]["name"] == "omotwin"


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}
