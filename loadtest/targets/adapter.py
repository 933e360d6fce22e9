"""A target file: read, checked with all its problems at once, and compiled."""

from __future__ import annotations

import base64
import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from loadtest.audit.books import CORE
from loadtest.targets.answers import condition
from loadtest.targets.compiled import LOGIN, compiled_actions
from loadtest.targets.conversation import STEP_NAMES, HttpTalk, Plan
from loadtest.targets.schema import Adapter, Auth, BookOf, Request, Rule, Skip
from loadtest.targets.template import names_in
from loadtest.trace_schema import ACTIONS
from scenarios.errors import DataInvalid, UsageError
from scenarios.positions import Origin, key_origins

IDS_FILE: Final = "target_ids.json"
_TAGS: Final = frozenset({"[key]", "str", "int", "bool", "From", "Mapped"})
"""Parts of pydantic's places that are not keys of the file."""
_SEED_NAMES: Final = frozenset({"sku", "name", "price_yen", "location", "on_hand", "base_url"})
_GOT_MAX: Final = 60


@dataclass(frozen=True)
class HttpTarget:
    """An adapter at an address."""

    adapter: Adapter
    plan: Plan
    keeps_headers: bool = True

    def heads(self) -> Mapping[str, str]:
        """Fixed headers and the credentials of each client kind. Raises UsageError for a variable that is not set."""
        fixed = "".join(f"{name}: {value}\r\n" for name, value in self.adapter.headers.items())
        if not any(name.lower() == "accept" for name in self.adapter.headers):
            fixed += "Accept: application/json\r\n"
        kinds = ("till", "app", "back_office")
        return {kind: fixed + credentials(self.adapter, kind) for kind in kinds}

    def talk(self, run: str) -> HttpTalk:
        """Begin a journey."""
        return HttpTalk(run, self.plan)


def read_adapter(path: Path) -> Adapter:
    """The target file at `path`.

    Raises DataInvalid with every problem as `file:line: key: what`, UsageError where there is no such file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); `omo target new {path}` writes one") from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise DataInvalid([f"{path}:{line[1] if line else text.count(chr(10)) + 1}: not TOML: {error}"]) from None
    origins = key_origins(text, path)
    try:
        adapter = Adapter.model_validate(values)
    except ValidationError as error:
        raise DataInvalid(_placed([_explained(problem) for problem in error.errors()], origins, path)) from None
    if problems := list(_cross_problems(adapter)):
        raise DataInvalid(_placed(problems, origins, path))
    return adapter


def http_target(adapter: Adapter, base_url: str, ids: Mapping[str, Mapping[int, Any]] | None = None) -> HttpTarget:
    """`adapter` at `base_url`; `ids` are what the target answered in seeding, by name and SKU."""
    plan = Plan(
        name=adapter.name,
        base_url=base_url,
        actions=compiled_actions(adapter, base_url),
        skips={action: doing.skip for action, doing in adapter.actions.items() if isinstance(doing, Skip)},
        codes=dict[str, Mapping[str, str]](adapter.codes.items()),
        fixed=adapter.values,
        single_location=adapter.single_location,
        journey=adapter.journey,
        ids=ids or {},
    )
    return HttpTarget(adapter, plan)


def read_ids(directory: Path) -> dict[str, dict[int, Any]]:
    """The ids that seeding left in a load directory; nothing where it left none."""
    path = directory / IDS_FILE
    if not path.is_file():
        return {}
    tables = json.loads(path.read_text(encoding="utf-8"))
    return {name: {int(sku): value for sku, value in table.items()} for name, table in tables.items()}


def credentials(adapter: Adapter, client: str) -> str:
    """The header line of one client kind, or nothing."""
    auth = next((auth for kind in (client, "default") for name, auth in adapter.auth.items() if name == kind), Auth())
    if auth.kind == "none" or auth.env is None:
        return ""
    secret = os.environ.get(auth.env, "")
    if not secret:
        raise UsageError(f"auth.{client}: the environment variable {auth.env} is not set; {adapter.name} needs it")
    if auth.kind == "api_key":
        return f"{auth.header}: {secret}\r\n"
    if auth.kind == "basic":
        return f"Authorization: Basic {base64.b64encode(secret.encode()).decode()}\r\n"
    return f"Authorization: Bearer {secret}\r\n"


def _cross_problems(adapter: Adapter) -> Iterator[tuple[list[str], str]]:
    seeded = {name for request in _of_seed(adapter) for name in request.capture}
    captured = {name for _, request in _requests(adapter) for name in request.capture}
    known = STEP_NAMES | captured | seeded | adapter.values.keys()
    for keys, request in _requests(adapter):
        yield from _unknown_names(keys, request, known)
        yield from _bad_rules(keys, request)
    for part, requests in (("products", _seed_part(adapter, "products")), ("stock", _seed_part(adapter, "stock"))):
        for name, request in requests.items():
            yield from _unknown_names(["seed", part, name], request, _SEED_NAMES | seeded | adapter.values.keys())
            yield from _bad_rules(["seed", part, name], request)
    for name, read in adapter.read_back.items():
        if read.for_each is not None and read.for_each not in adapter.read_back:
            yield ["read_back", name, "for_each"], "no such read" + _meant(read.for_each, adapter.read_back)
    for name, book in adapter.books.items():
        yield from _book_problems(name, book, adapter)


def _book_problems(name: str, book: BookOf, adapter: Adapter) -> Iterator[tuple[list[str], str]]:
    if book.source not in adapter.read_back:
        yield (
            ["books", name, "from"],
            f"{book.source!r} is no table of [read_back]" + _meant(book.source, adapter.read_back),
        )
    for column in book.columns:
        if column not in CORE[name]:
            yield ["books", name, "columns", column], "no such column" + _meant(column, CORE[name])
    for text in book.where:
        try:
            condition(text.removeprefix("^"))
        except ValueError as error:
            yield ["books", name, "where"], str(error)


def _unknown_names(
    keys: list[str], request: Request, known: set[str] | frozenset[str]
) -> Iterator[tuple[list[str], str]]:
    parts = {"path": request.path, "headers": request.headers, "json": request.json_body, "form": request.form}
    for key, part in {**parts, "variables": request.variables}.items():
        for name in sorted(set(names_in(part)) - known):
            yield [*keys, key], f"{{{name}}} is no placeholder and nothing captures it" + _meant(name, known)


def _bad_rules(keys: list[str], request: Request) -> Iterator[tuple[list[str], str]]:
    rules: dict[str, Rule | None] = {name: getattr(request, name) for name in ("ok", "rejected", "busy", "pending")}
    for name, rule in rules.items():
        for text in rule.when if rule else ():
            try:
                condition(text)
            except ValueError as error:
                yield [*keys, name], str(error)
    for name, wanted in request.capture.items():
        if not isinstance(wanted, str):
            try:
                groups = re.compile(wanted.match).groups
            except re.error as error:
                yield [*keys, "capture", name], f"match: not a regular expression: {error}"
            else:
                if groups != 1:
                    yield [*keys, "capture", name], f"match: wanted one group in brackets (got {groups})"


def _requests(adapter: Adapter) -> Iterator[tuple[list[str], Request]]:
    for action, doing in adapter.actions.items():
        if isinstance(doing, Request):
            yield ["actions", action], doing
        elif not isinstance(doing, Skip):
            for name, request in doing.items():
                yield ["actions", action, name], request
    for name, request in adapter.journey.login.items():
        yield ["journey", LOGIN, name], request


def _of_seed(adapter: Adapter) -> Iterator[Request]:
    for part in ("products", "stock"):
        yield from _seed_part(adapter, part).values()


def _seed_part(adapter: Adapter, part: str) -> Mapping[str, Request]:
    requests: Mapping[str, Request] = getattr(adapter.seed, part) if adapter.seed else {}
    return requests


def _explained(problem: Any) -> tuple[list[str], str]:
    keys = [str(part) for part in problem["loc"]]
    if keys[:1] == ["actions"] and len(keys) > 2 and keys[2] in ("one", "skip", "several"):
        keys.pop(2)
    keys = [key for key in keys if key not in _TAGS and "constrained" not in key]
    kind, message = problem["type"], problem["msg"]
    if kind == "missing":
        return keys, "required, and not given"
    if kind == "extra_forbidden":
        return keys, "no such key" + _meant(keys[-1], _known_keys(keys[:-1]))
    if kind == "value_error":
        return keys, str(problem["ctx"]["error"])
    if kind == "literal_error" and keys[:1] == ["actions"] and len(keys) == 2:
        return keys, "no such action" + _meant(keys[1], (*ACTIONS, "poll"))
    got = json.dumps(problem["input"], default=str, ensure_ascii=False)
    got = got if len(got) <= _GOT_MAX else got[: _GOT_MAX - 3] + "..."
    return keys, f"{message[0].lower()}{message[1:]} (got {got})"


def _known_keys(keys: Sequence[str]) -> list[str]:
    model: Any = Adapter
    for part in keys:
        fields = {info.alias or name: info for name, info in model.model_fields.items()} if _is_model(model) else {}
        if part in fields:
            model = fields[part].annotation
        found = [each for each in (model, *_arguments(model)) if _is_model(each)]
        model = found[-1] if found else model
    if keys[:1] == ["actions"] and len(keys) > 1:
        model = Request
    return [info.alias or name for name, info in model.model_fields.items()] if _is_model(model) else []


def _arguments(annotation: Any) -> list[Any]:
    inner = list(getattr(annotation, "__args__", ()))
    return [*inner, *(each for part in inner for each in _arguments(part))]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _meant(word: str, known: Any) -> str:
    guess = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {guess[0]}?)" if guess else ""


def _placed(problems: Sequence[tuple[list[str], str]], origins: Mapping[str, Origin], path: Path) -> list[str]:
    placed = [(_origin_of(keys, origins, path), ".".join(keys), what) for keys, what in problems]
    placed.sort(key=lambda problem: (problem[0].line, problem[1]))
    return list(
        dict.fromkeys(f"{origin}: {key}: {what}" if key else f"{origin}: {what}" for origin, key, what in placed)
    )


def _origin_of(keys: Sequence[str], origins: Mapping[str, Origin], path: Path) -> Origin:
    for length in range(len(keys), 0, -1):
        if (origin := origins.get(".".join(keys[:length]))) is not None:
            return origin
    return Origin(str(path), 1)
