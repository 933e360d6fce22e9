"""From a name or a file to a validated scenario, with all problems at once and where each key came from."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import tomli_w
from pydantic import BaseModel, ValidationError

from scenarios.errors import ScenarioInvalid, UsageError
from scenarios.explain import explain
from scenarios.positions import Origin, key_origins
from scenarios.schema import Scenario

PRESETS = Path(str(files("scenarios"))) / "presets"
_VARIANT: Final = re.compile(r"\+(?=[a-z_][\w.]*=)")
OWN_WORDS = ("title", "description")


@dataclass(frozen=True)
class Loaded:
    """A scenario and where it came from: `origins` maps each dotted key that a file or `--set` gave."""

    name: str
    scenario: Scenario
    origins: Mapping[str, Origin]


@dataclass
class _Draft:
    """Tables merged so far. `problems` collects what is wrong without stopping."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def preset_names() -> list[str]:
    """The scenarios that omotwin ships."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def find(reference: str | Path, near: Path | None = None) -> Path:
    """The file of a preset's name or of a path (absolute, relative to `near`, or to here)."""
    candidates = [Path(reference), PRESETS / f"{reference}.toml"]
    if near is not None:
        candidates[:0] = [near / reference, near / f"{reference}.toml"]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    names = preset_names()
    guess = difflib.get_close_matches(str(reference), names, n=1)
    hint = f"; did you mean {guess[0]}?" if guess else ""
    raise UsageError(f"{reference}: no such scenario file or preset{hint} (presets: {', '.join(names)})")


def load(reference: str | Path, sets: Sequence[str] = ()) -> Loaded:
    """Load, extend, override and validate a scenario.

    `sets` are `dotted.key=value` with a TOML value; a bare word counts as a string. A reference may carry its own
    behind plus signs (`ward-omo+staff.intercept=-1+seed=2`): they come last, and the title tells them. Raises
    `ScenarioInvalid` with every problem as `file:line: key: what`, `UsageError` when there is no such scenario.
    """
    reference, *own = _VARIANT.split(str(reference))
    path = find(reference)
    draft = _Draft()
    _read(path, draft, ())
    for assignment in (*sets, *own):
        _apply_set(assignment, draft)
    if own and isinstance(draft.values.get("title"), str):
        draft.values["title"] += f" ({', '.join(own)})"
    if draft.problems:
        raise ScenarioInvalid(draft.problems)
    try:
        scenario = Scenario.model_validate(draft.values)
    except ValidationError as error:
        raise ScenarioInvalid(explain(error, draft.values, draft.origins, path)) from None
    return Loaded(path.stem, scenario, draft.origins)


def to_toml(scenario: Scenario) -> str:
    """The scenario with every key written out; loading it gives an equal scenario."""
    return tomli_w.dumps(scenario.model_dump(mode="python", exclude_none=True))


def inputs_hash(scenario: Scenario) -> str:
    """Hex digest of everything in the scenario that can change a result: not its title and description."""
    values = scenario.model_dump(mode="json", exclude=set(OWN_WORDS))
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def leaves(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted path -> value of everything in nested tables that is not itself a table."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping):
            found |= leaves(value, f"{path}.")
        else:
            found[path] = value
    return found


def source_of(path: str, origins: Mapping[str, Origin]) -> str:
    """Where the value at a dotted path comes from: a comment in the file that set it, or its default's source."""
    if path in OWN_WORDS:
        return "names the scenario"
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        origin = origins.get(".".join(parts[:length]))
        if origin is not None and not origin.header:
            note = origin.comment or "no source given"
            return f"{note} ({Path(origin.file).name}:{origin.line})" if origin.line else note
    return _default_source(parts)


def _default_source(parts: Sequence[str]) -> str:
    model: Any = Scenario
    source = "assumption"
    for part in parts:
        if not (isinstance(model, type) and issubclass(model, BaseModel)) or part not in model.model_fields:
            break
        info = model.model_fields[part]
        if isinstance(info.json_schema_extra, dict):
            source = str(info.json_schema_extra.get("source", source))
        model = info.annotation
    return source


def _read(path: Path, draft: _Draft, chain: tuple[Path, ...]) -> None:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        draft.problems.append(f"{path}:1: cannot be read as UTF-8 text ({error})")
        return
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"line (\d+)", str(error))
        draft.problems.append(f"{path}:{match[1] if match else text.count(chr(10)) + 1}: not TOML: {error}")
        return
    origins = key_origins(text, path)
    here = origins.pop("extends", Origin(str(path), 1))
    chain = (*chain, path.resolve())
    for parent in _parents(values.pop("extends", []), here, draft):
        try:
            found = find(parent, near=path.parent)
        except UsageError as error:
            draft.problems.append(f"{here}: extends: {error}")
            continue
        if found.resolve() in chain:
            draft.problems.append(f"{here}: extends: {parent} goes round in a circle; remove one of the links")
            continue
        _read(found, draft, chain)
    _merge(draft.values, values)
    draft.origins.update(origins)


def _parents(extends: Any, here: Origin, draft: _Draft) -> list[str]:
    parents = [extends] if isinstance(extends, str) else extends
    if isinstance(parents, list) and all(isinstance(parent, str) for parent in parents):
        return parents
    got = json.dumps(extends, default=str)
    draft.problems.append(f"{here}: extends: wanted the name of a preset or file, or a list of these (got {got})")
    return []


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = value


def _apply_set(assignment: str, draft: _Draft) -> None:
    key, equals, text = assignment.partition("=")
    key = key.strip()
    if not equals or not key:
        raise UsageError(f"--set {assignment}: write it as key.in.file=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    table = draft.values
    model: Any = Scenario
    *tables, last = key.split(".")
    for part in tables:
        model, default = _default_table(model, part)
        inner = table.setdefault(part, default)
        if not isinstance(inner, dict):
            raise UsageError(f"--set {assignment}: {part} is a value, not a table")
        table = inner
    table[last] = value
    draft.origins[key] = Origin("--set", 0, "set on the command line")


def _default_table(model: Any, part: str) -> tuple[Any, dict[str, Any]]:
    """The model of a table and what is in it when no file gives it, such as the tenders by name."""
    info = model.model_fields.get(part) if isinstance(model, type) and issubclass(model, BaseModel) else None
    if info is None or isinstance(info.annotation, type):
        return info and info.annotation, {}
    default = info.get_default(call_default_factory=True)
    return None, {name: entry.model_dump() for name, entry in default.items()} if isinstance(default, dict) else {}
