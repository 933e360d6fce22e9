"""The requests of a target file, compiled once: nothing is parsed while a load runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from loadtest.api import Reply
from loadtest.api import Request as Sent
from loadtest.targets.answers import Fate, Fits, capturer, document_of, rules_of, value_at
from loadtest.targets.answers import keys_of as keys_of_path
from loadtest.targets.schema import Adapter, Request, Skip
from loadtest.targets.template import Fill, Scope, Text, json_of, names_in, path_of, repeats, text_of

LOGIN: Final = "login"
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Judged:
    """An answer against the rules of its request: the fate, the rule's words, what was captured, why (if told)."""

    fate: Fate
    rule: str
    captured: Mapping[str, Any]
    detail: str | None


@dataclass(frozen=True)
class Compiled:
    """One request of an action."""

    name: str
    method: str
    client: str | None
    path: Text
    headers: tuple[tuple[str, Text], ...]
    body: Callable[[Scope], bytes]
    per_line: bool
    rules: tuple[tuple[Fate, str, Fits], ...]
    captures: tuple[tuple[str, Callable[[Reply, Any], Any]], ...]
    detail: tuple[str, ...]
    again: bool
    keyed: bool
    needs: frozenset[str]
    """Placeholders without a default."""
    repeats: bool
    """Whether its body has a part for each line of the basket."""

    def render(self, scope: Scope, cookies: Mapping[str, str], key: str) -> Sent:
        """The request as it goes over the wire. Raises KeyError with the name of a placeholder without a value."""
        lines = [f"{name}: {_header(fill(scope))}\r\n" for name, fill in self.headers]
        if cookies:
            lines.append(f"Cookie: {'; '.join(f'{name}={value}' for name, value in cookies.items())}\r\n")
        return Sent(self.method, self.path(scope), self.body(scope), key if self.keyed else "", "".join(lines))

    def judge(self, reply: Reply) -> Judged:
        """What `reply` means; values are captured whatever it means."""
        document = document_of(reply)
        captured = {name: found for name, find in self.captures if (found := find(reply, document)) is not None}
        told = value_at(document, self.detail) if self.detail else None
        detail = None if told is None else str(told)[:200]
        if reply.status:
            for fate, words, fit in self.rules:
                if fit(reply.status, document):
                    return Judged(fate, words, captured, detail)
        return Judged(
            "unknown", "no rule fits" if reply.status else "no answer", captured, detail or reply.problem or None
        )


def compiled_actions(adapter: Adapter, base_url: str) -> dict[str, tuple[Compiled, ...]]:
    """The requests of each action that the target has, and of `login`."""
    actions: dict[str, tuple[Compiled, ...]] = {
        action: sequence(doing if isinstance(doing, dict) else {"": doing}, base_url)
        for action, doing in adapter.actions.items()
        if not isinstance(doing, Skip)
    }
    return {**actions, LOGIN: sequence(adapter.journey.login, base_url)}


def sequence(requests: Mapping[str, Request], base_url: str) -> tuple[Compiled, ...]:
    """Requests that follow one another."""
    return tuple(compile_request(name, request, base_url) for name, request in requests.items())


def compile_request(name: str, request: Request, base_url: str) -> Compiled:
    """One request of a file as functions. Raises ValueError for a rule that is no condition."""
    body, content_type = _body_of(request)
    parts = (request.path, request.headers, request.json_body, request.form, request.variables)
    method = request.method or ("POST" if content_type else "GET")
    keyed = any("idempotency_key" in names_in(part) for part in parts)
    headers = {**({"Content-Type": content_type} if content_type else {}), **request.headers}
    return Compiled(
        name=name,
        method=method,
        client=request.client,
        path=path_of(request.path, base_url),
        headers=tuple((header, text_of(value)) for header, value in headers.items()),
        body=body,
        per_line=request.for_each == "lines",
        rules=rules_of(request),
        captures=tuple((name, capturer(wanted)) for name, wanted in request.capture.items()),
        detail=keys_of_path(request.detail or ""),
        again=request.retry if request.retry is not None else method == "GET" or keyed,
        keyed=keyed,
        needs=frozenset(name for part in parts for name in names_in(part, optional=False)),
        repeats=repeats((request.json_body, request.variables)),
    )


def _body_of(request: Request) -> tuple[Callable[[Scope], bytes], str]:
    if request.graphql is not None:
        query, variables = request.graphql, json_of(request.variables)
        return lambda scope: _encode({"query": query, "variables": variables(scope)}), _JSON
    if request.form is not None:
        fields: list[tuple[str, Text]] = [(name, text_of(value)) for name, value in request.form.items()]
        return lambda scope: urlencode([(name, fill(scope)) for name, fill in fields]).encode(), _FORM
    if request.json_body is not None:
        fill: Fill = json_of(request.json_body)
        return lambda scope: _encode(fill(scope)), _JSON
    return lambda _: b"", ""


def _header(value: str) -> str:
    """A header's value: what does not belong into one (other scripts, line ends) is percent-encoded."""
    return value if value.isascii() and value.isprintable() else quote(value, safe=" !#$&'()*+,/:;=?@[]\"")
