"""A scenario as a form: its keys with their kinds, limits and meanings from the schema, and what was changed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import tomli_w

from scenarios.errors import OmoError, UsageError
from scenarios.loader import leaves, load
from scenarios.schema import json_schema

Kind = Literal["bool", "choice", "integer", "number", "text", "toml"]

FAVOURITES: Final[dict[str, tuple[str, ...]]] = {
    "town": ("horizon.days", "population.shoppers", "population.needs_per_week", "population.app_share"),
    "systems": (
        *("capabilities.mode", "capabilities.match_rate", "capabilities.stock_sync_minutes"),
        *("capabilities.click_and_collect", "capabilities.scan_and_pay", "capabilities.endless_aisle"),
    ),
    "pay": (
        *("evaluation.policy", "evaluation.commission_percent", "evaluation.store_bonus_percent"),
        "evaluation.company_bonus",
    ),
    "online": (
        *("fulfilment.shipping_fee_yen", "fulfilment.free_shipping_from_yen", "fulfilment.parcel_yen"),
        "fulfilment.no_show",
    ),
}
"""The keys that most people change, by what they are about."""
COMMON: Final = ("horizon.", "seed")
"""Keys that two worlds must share to have the same shoppers over the same days."""


_KINDS: Final[dict[str, Kind]] = {"boolean": "bool", "integer": "integer", "number": "number", "string": "text"}
_OF_VALUES: Final[dict[type, Kind]] = {bool: "bool", int: "integer", float: "number", str: "text"}


@dataclass(frozen=True)
class Key:
    """A key of a scenario as a form shows it. `low` and `high` are limits, None where there are none.

    `in_schema` is its name with `*` for names that the scenario gives, as `stores.*.appeal`: what it means hangs on it.
    """

    name: str
    in_schema: str
    kind: Kind
    value: Any
    description: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Draft:
    """A parent with changes: the values as they are now, those of the parent, and what is wrong with them."""

    parent: Mapping[str, Any]
    values: Mapping[str, Any]
    problems: Sequence[str]


def draft(parent: str, sets: Mapping[str, str]) -> Draft:
    """`parent` with `sets` (dotted key -> TOML value); `OmoError` where the parent itself cannot be loaded."""
    before = values_of(parent, ())
    try:
        return Draft(before, values_of(parent, [f"{key}={text}" for key, text in sets.items()]), ())
    except OmoError as error:
        now = {**before, **{key: value_of(text) for key, text in sets.items()}}
        return Draft(before, now, str(error).splitlines())


def values_of(reference: str, sets: Sequence[str]) -> dict[str, Any]:
    """Dotted key -> value of everything in a scenario, defaults included."""
    return leaves(load(reference, sets).scenario.model_dump(mode="json", exclude_none=True))


def key_of(name: str, value: Any) -> Key:
    """A key by its dotted name; what the schema does not tell is taken from its value."""
    in_schema, node = _node(name.split("."))
    described = str(node.get("description", ""))
    if "enum" in node:
        return Key(name, in_schema, "choice", value, described, tuple(map(str, node["enum"])))
    kind = _KINDS.get(str(node.get("type"))) or _OF_VALUES.get(type(value), "toml")
    low, high = node.get("minimum", node.get("exclusiveMinimum")), node.get("maximum", node.get("exclusiveMaximum"))
    return Key(name, in_schema, kind, value, described, low=low, high=high)


def as_text(value: Any) -> str:
    """A value as TOML writes it."""
    return tomli_w.dumps({"value": value}).removeprefix("value = ").strip()


def value_of(text: str) -> Any:
    """The value of a TOML text; a bare word is a string, as in `--set`."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip()


def differences(found: Draft) -> list[tuple[str, Any, Any]]:
    """Keys whose value is not the parent's: key, there, here."""
    keys = {**found.parent, **found.values}
    return [(k, found.parent.get(k), found.values.get(k)) for k in keys if found.parent.get(k) != found.values.get(k)]


def problem_of(name: str, problems: Sequence[str]) -> str:
    """What is wrong with a key, or nothing."""
    return next((found.split(f"{name}: ", 1)[1] for found in problems if f" {name}: " in found), "")


def as_toml(parent: str, title: str, sets: Mapping[str, str]) -> str:
    """The file that says the same: `extends` the parent, then the changes."""
    document: dict[str, Any] = {"extends": parent, "title": title}
    for key, text in sets.items():
        *tables, last = key.split(".")
        table = document
        for part in tables:
            table = table.setdefault(part, {})
        table[last] = value_of(text)
    return tomli_w.dumps(document)


def save(folder: Path, parent: str, title: str, sets: Mapping[str, str]) -> Path:
    """Write the file into `folder` under a name made of the title; `UsageError` where that cannot be."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or f"scenario-{len(list(folder.glob('*.toml'))) + 1}"
    path = folder / f"{slug}.toml"
    if path.exists():
        raise UsageError(f"{path}: exists already; give the scenario another title")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(as_toml(parent, title, sets), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from None
    return path


def variant(parent: str, sets: Mapping[str, str]) -> tuple[str, list[str]]:
    """The changed scenario as a reference without a file, and what it and its parent have to share."""
    shared = [f"{key}={text}" for key, text in sets.items() if key.startswith(COMMON)]
    own = [f"+{key}={text}" for key, text in sets.items() if not key.startswith(COMMON)]
    return parent + "".join(own), shared


def _node(parts: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The schema of a key, and its name there: through references, optional values and tables by name."""
    schema = _schema()
    node: dict[str, Any] = schema
    names = []
    for part in parts:
        node = _resolved(node, schema)
        properties = node.get("properties", {})
        further = node.get("additionalProperties")
        names.append(part if part in properties else "*")
        node = properties[part] if part in properties else further if isinstance(further, dict) else {}
    own = {key: node[key] for key in ("description", "source") if key in node}
    return ".".join(names), _resolved(node, schema) | own


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for choice in node.get("anyOf", ()):
        if choice.get("type") != "null":
            node = choice
            break
    if "$ref" in node:
        found: dict[str, Any] = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        return found
    return node


@cache
def _schema() -> dict[str, Any]:
    return json_schema()
