"""Templates of a target file: text and JSON with placeholders, compiled once and filled in per request.

`{name}` stands for a value of the step, of an earlier answer or of the file; `{name|text}` for `text` where there is
none; `{{` and `}}` for braces. JSON text that is one placeholder keeps its type (and `{name|}` may be null).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

Scope = Mapping[str, Any]
Fill = Callable[[Scope], Any]
Text = Callable[[Scope], str]

_PART: Final = re.compile(r"\{\{|\}\}|\{(?P<name>[A-Za-z_]\w*)(?P<default>\|[^{}]*)?\}")
EACH: Final = frozenset({"each", "item"})


def names_in(value: Any, *, optional: bool = True) -> Iterator[str]:
    """The placeholders in a template of any shape; without `optional` only those that have no default."""
    if isinstance(value, str):
        for match in _PART.finditer(value):
            if match["name"] and (optional or match["default"] is None):
                yield match["name"]
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from names_in(inner, optional=optional)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from names_in(inner, optional=optional)


def repeats(value: Any) -> bool:
    """Whether a JSON template has a part `{each = "lines", item = ...}`."""
    if isinstance(value, Mapping):
        return value.keys() == EACH or any(map(repeats, value.values()))
    return isinstance(value, list | tuple) and any(map(repeats, value))


def text_of(template: str, render: Callable[[Any], str] = str) -> Text:
    """The function that fills in `template`; `render` turns each value into text."""
    parts = list(_parts(template))
    if all(isinstance(part, str) for part in parts):
        fixed = "".join(part for part in parts if isinstance(part, str))
        return lambda _: fixed

    def fill(scope: Scope) -> str:
        return "".join(part if isinstance(part, str) else render(_value(part, scope)) for part in parts)

    return fill


def path_of(template: str, base_url: str) -> Text:
    """The function that gives a request's path. One that begins with a placeholder may get a whole address."""
    text = text_of(template, lambda value: quote(str(value), safe=""))
    if not (match := _PART.match(template)) or not match["name"]:
        return text
    raw = text_of(template)
    return lambda scope: relative(raw(scope), base_url)


def relative(address: str, base_url: str) -> str:
    """Path and query of an address, without the path that `base_url` has already."""
    parts = urlsplit(address)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    prefix = urlsplit(base_url).path.rstrip("/")
    return path.removeprefix(prefix) if parts.scheme and prefix else path


def json_of(template: Any) -> Fill:
    """The function that fills in a JSON template. `{each = "lines", item = ...}` is `item` for each line."""
    if isinstance(template, str):
        return _scalar(template)
    if isinstance(template, list):
        items = [json_of(item) for item in template]
        return lambda scope: [item(scope) for item in items]
    if isinstance(template, Mapping) and template.keys() == EACH:
        item = json_of(template["item"])
        return lambda scope: [item(line) for line in scope["lines"]]
    if isinstance(template, Mapping):
        pairs = [(key, json_of(value)) for key, value in template.items()]
        return lambda scope: {key: fill(scope) for key, fill in pairs}
    return lambda _: template


def _scalar(template: str) -> Fill:
    match = _PART.fullmatch(template)
    if match is None or match["name"] is None:
        return text_of(template)
    name, default = match["name"], match["default"]
    if default is None:
        return lambda scope: scope[name]
    return lambda scope: scope.get(name, default[1:] or None)


def _parts(template: str) -> Iterable[str | tuple[str, str | None]]:
    at = 0
    for match in _PART.finditer(template):
        yield template[at : match.start()]
        yield (match["name"], match["default"]) if match["name"] else match[0][0]
        at = match.end()
    yield template[at:]


def _value(part: tuple[str, str | None], scope: Scope) -> Any:
    name, default = part
    return scope[name] if default is None else scope.get(name, default[1:])
