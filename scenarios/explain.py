"""Problems of a scenario in words: where, which key, what is wrong, and what was probably meant."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from scenarios.checks import cross_problems
from scenarios.positions import Origin
from scenarios.schema import Scenario

GOT_MAX = 60


def explain(error: ValidationError, values: Mapping[str, Any], origins: Mapping[str, Origin], path: Path) -> list[str]:
    """`file:line: key: what` for each problem of single keys and between keys, by place.

    `values` are the merged tables as given, `path` is the file named when no place is known.
    """
    problems = [(_keys(problem), _what(problem)) for problem in error.errors() if problem["loc"]]
    problems += [(key.split("."), what) for key, what in cross_problems(_with_defaults(values))]
    placed = [(_origin_of(keys, origins, path), ".".join(keys), what) for keys, what in problems]
    placed.sort(key=lambda problem: (problem[0].file, problem[0].line, problem[1]))
    return [f"{origin}: {key}: {what}" for origin, key, what in placed]


def _keys(problem: Any) -> list[str]:
    """A problem's keys as the file has them: pydantic puts an event's kind between its name and its key."""
    keys = [str(part) for part in problem["loc"]]
    if problem["type"] == "union_tag_invalid":
        return [*keys, "kind"]
    return keys[:2] + keys[3:] if keys[0] == "events" and len(keys) > 3 else keys


def _with_defaults(values: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(values)
    for key, info in Scenario.model_fields.items():
        if info.is_required() or not (isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)):
            continue
        given = values.get(key, {})
        if isinstance(given, Mapping):
            merged[key] = info.annotation().model_dump() | dict(given)
    return merged


def _origin_of(location: Sequence[str], origins: Mapping[str, Origin], path: Path) -> Origin:
    for length in range(len(location), 0, -1):
        origin = origins.get(".".join(location[:length]))
        if origin is not None:
            return origin
    return Origin(str(path), 1)


def _what(problem: Any) -> str:
    kind, location, message = problem["type"], [str(part) for part in problem["loc"]], problem["msg"]
    if kind == "union_tag_invalid":
        known = re.findall(r"'([^']*)'", problem["ctx"]["expected_tags"])
        return f"no such kind of event{_meant(problem['ctx']['tag'], known, ' (did you mean {}?)')}: {', '.join(known)}"
    if kind == "union_tag_not_found":
        return 'required: kind = "campaign", "points_day", "rain" or another of `omo schema`'
    if kind == "missing":
        return "required, and not given"
    if kind == "extra_forbidden":
        return "no such key" + _meant(location[-1], _known_keys(location[:-1]), " (did you mean {}?)")
    got = json.dumps(problem["input"], default=str, ensure_ascii=False)
    got = got if len(got) <= GOT_MAX else got[: GOT_MAX - 3] + "..."
    if kind in ("model_type", "dict_type"):
        return f"wanted a table, [{'.'.join(location)}] (got {got})"
    meant = ""
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", problem["ctx"]["expected"])
        meant = _meant(str(problem["input"]), choices, "; did you mean {}?")
    return f"{message[0].lower()}{message[1:]} (got {got}{meant})"


def _meant(word: str, known: Sequence[str], hint: str) -> str:
    guess = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return hint.format(guess[0]) if guess else ""


def _known_keys(location: Sequence[str]) -> list[str]:
    model: Any = Scenario
    for part in location:
        if isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
            model = model.model_fields[part].annotation
        else:
            arguments = getattr(model, "__args__", ())
            model = arguments[-1] if arguments else None
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []
