"""What a target's answer says: paths into it, conditions on it, values captured from it, and the rule that it fits."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any, Final, Literal

import msgspec

from loadtest.api import Reply
from loadtest.targets.schema import From, Request, Rule

Fits = Callable[[int, Any], bool]
Fate = Literal["ok", "rejected", "busy", "pending", "unknown"]

_CONDITION: Final = re.compile(
    r"^\s*(?P<path>\S+)\s+(?:(?P<is>present|absent)|(?P<op>!=|<=|>=|=|<|>|in)\s+(?P<value>.*?))\s*$"
)
_STATUS_OK: Final = Rule(status=["2xx"])
_GRAPHQL_OK: Final = Rule(status=["2xx"], when=["errors absent"])
_GRAPHQL_REJECTED: Final = Rule(status=["2xx"], when=["errors present"])
_STATUS_BUSY: Final = Rule(status=[429, 503])
_STATUS_REJECTED: Final = Rule(status=["4xx"])


def keys_of(path: str) -> tuple[str, ...]:
    """A dotted path as keys; `a[].b` and `a.b` are the same where one value is wanted."""
    return tuple(part for part in path.replace("[]", "").split(".") if part)


def value_at(document: Any, keys: Sequence[str]) -> Any:
    """What stands at `keys`, or None; a number is a place in a list."""
    for key in keys:
        if isinstance(document, Mapping):
            document = document.get(key)
        elif isinstance(document, list) and re.fullmatch(r"-?\d+", key) and -len(document) <= int(key) < len(document):
            document = document[int(key)]
        else:
            return None
    return document


def condition(text: str) -> Callable[[Any], bool]:
    """`path present`, `path absent` (also null or empty), `path = value`, `!=`, `in a,b`, `<`, `<=`, `>`, `>=`.

    Raises ValueError where it is none.
    """
    match = _CONDITION.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no condition; write `path present`, `path absent`, `path = text`, `path in a,b`")
    keys = keys_of(match["path"])
    if match["is"]:
        wanted = match["is"] == "present"
        return lambda document: (value_at(document, keys) not in (None, "", [], {})) is wanted
    if match["op"] in ("=", "!=", "in"):
        allowed = [part.strip() for part in match["value"].split(",")] if match["op"] == "in" else [match["value"]]
        return lambda document: (_text(value_at(document, keys)) in allowed) is (match["op"] != "!=")
    limit, compare = Decimal(match["value"]) if _is_number(match["value"]) else None, match["op"]
    if limit is None:
        raise ValueError(f"{text!r}: {match['value']!r} is not a number")
    return lambda document: _compares(value_at(document, keys), compare, limit)


def fits(rule: Rule) -> Fits:
    """The test of a rule."""
    exact = {status for status in rule.status if isinstance(status, int)}
    classes = {int(status[0]) for status in rule.status if isinstance(status, str)}
    conditions = [condition(text) for text in rule.when]

    def test(status: int, document: Any) -> bool:
        if rule.status and status not in exact and status // 100 not in classes:
            return False
        return all(holds(document) for holds in conditions)

    return test


def rules_of(request: Request) -> tuple[tuple[Fate, str, Fits], ...]:
    """The rules of a request in the order in which they are tried, each with its words; none fits: unknown."""
    graphql = request.graphql is not None
    tried: list[tuple[Fate, Rule | None, Rule | None]] = [
        ("busy", request.busy, _STATUS_BUSY),
        ("pending", request.pending, None),
        ("rejected", request.rejected, _GRAPHQL_REJECTED if graphql else None),
        ("ok", request.ok, _GRAPHQL_OK if graphql else _STATUS_OK),
        ("rejected", None, _STATUS_REJECTED),
    ]
    rules = []
    for fate, own, default in tried:
        if (rule := own or default) is not None:
            words = [",".join(map(str, rule.status)), *rule.when, "" if own else "(default)"]
            rules.append((fate, f"{fate}: {' '.join(filter(None, words)) or 'any answer'}", fits(rule)))
    return tuple(rules)


def document_of(reply: Reply) -> Any:
    """The answer as JSON, or None where it is none."""
    try:
        return msgspec.json.decode(reply.content) if reply.content else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def capturer(wanted: str | From) -> Callable[[Reply, Any], Any]:
    """The function that finds a captured value in (reply, its JSON); None where it is not there."""
    if isinstance(wanted, From):
        find, pattern = capturer(wanted.source), re.compile(wanted.match)
        return lambda reply, document: matched(pattern, find(reply, document))
    place, _, name = wanted.partition(":")
    if place == "header" and name:
        return lambda reply, _: header_of(reply, name.lower())
    if place == "cookie" and name:
        return lambda reply, _: cookies_of(reply).get(name)
    keys = keys_of(wanted)
    return lambda _, document: value_at(document, keys)


def matched(pattern: re.Pattern[str], value: Any) -> str | None:
    """The first group of `pattern` in `value`, or None."""
    found = pattern.search(_text(value)) if value is not None else None
    return found[1] if found else None


def header_of(reply: Reply, name: str) -> str | None:
    """The first header of that name (lower case)."""
    return next((value for key, value in reply.headers if key == name), None)


def cookies_of(reply: Reply) -> dict[str, str]:
    """The cookies that an answer sets; the empty text for one that it takes away."""
    cookies = {}
    for key, value in reply.headers:
        if key == "set-cookie":
            pair, _, attributes = value.partition(";")
            name, _, content = pair.partition("=")
            gone = re.search(r"max-age\s*=\s*(0|-\d+)\s*(;|$)", attributes, re.IGNORECASE)
            cookies[name.strip()] = "" if gone else content.strip()
    return cookies


def number_of(value: Any) -> int | None:
    """An id for the books: whole numbers stay, any other text becomes 63 bits of its digest."""
    if value is None or isinstance(value, bool):
        return None
    text = _text(value)
    if re.fullmatch(r"\d{1,18}", text):
        return int(text)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) >> 1


def whole(value: Any) -> int | None:
    """An amount or a count as a whole number: `"1200.00"` is 1200; None where it is no number.

    A fraction of a yen is rounded half up.
    """
    try:
        return None if value is None else int((Decimal(str(value)) + Decimal("0.5")) // 1)
    except InvalidOperation:
        return None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d+)?", text) is not None


def _compares(value: Any, compare: str, limit: Decimal) -> bool:
    if value is None or not _is_number(_text(value)):
        return False
    number = Decimal(_text(value))
    return {"<": number < limit, "<=": number <= limit, ">": number > limit, ">=": number >= limit}[compare]
