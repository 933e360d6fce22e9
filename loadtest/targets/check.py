"""`omo target check`: one journey of each kind at the real system, with every request and answer kept for showing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from loadtest.api import Answer, Call, Reading, Reply
from loadtest.audit import elsewhere
from loadtest.audit.books import open_books
from loadtest.audit.needs import columns_of, lacking
from loadtest.audit.verdict import LAWS
from loadtest.journey import run_journey
from loadtest.script import Line, Step
from loadtest.targets.conversation import HttpTalk
from loadtest.targets.http_system import HttpSystem
from loadtest.targets.protocol import System, Talk
from loadtest.trace_schema import CATALOGUE, STEPS, STOCK, Trace, header_of
from loadtest.wire import Connections, NoAnswer
from scenarios.errors import TargetUnreachable

SCHEMA: Final = "omo.target-check/1"
_BODY_MAX: Final = 2_000
_SECRET: Final = re.compile(
    r"^(?!idempotency-key)([\w-]*(?:auth|cookie|key|token|secret|session)[\w-]*)\s*:.*$", re.IGNORECASE | re.MULTILINE
)
"""Header lines whose value is not shown."""

KINDS: Final = {
    "till": ("store", "carry", "cash", ("product:till", "order:till", "pay:till")),
    "till with a code": ("store", "carry", "qr", ("order:till", "payment_code:app", "pay:till")),
    "scan and pay": ("app", "carry", "wallet", ("scan:app", "order:app", "pay:app")),
    "shipped": (
        "ec", "ship", "card_online",
        ("product:app", "availability:app", "reserve:app", "order:app", "pay:app", "ship:back_office"),
    ),
    "collected": (
        "ec", "collect", "wallet",
        ("reserve:app", "order:app", "pay:app", "ready:back_office", "collect:back_office"),
    ),
    "not collected": (
        "ec", "collect", "wallet", ("reserve:app", "order:app", "pay:app", "ready:back_office", "cancel:back_office")
    ),
    "returned": ("store", "carry", "card", ("order:till", "pay:till", "refund:till")),
}  # fmt: skip
"""The journeys of a trace by kind: channel, fulfilment, brand, and each action with its client."""


@dataclass(frozen=True)
class Goods:
    """What the journeys buy; both items stand at `location`."""

    skus: tuple[int, ...] = (1, 2)
    price_yen: int = 100
    location: str = "station"
    on_hand: int = 100


@dataclass
class Exchange:
    """One request and its answer as they were on the wire, secrets left out."""

    kind: str
    action: str
    request: str
    answer: str
    status: int
    verdict: str
    rule: str
    captured: dict[str, Any] = field(default_factory=dict)


@dataclass
class Checked:
    """All exchanges, the steps that were not sent (kind, action, why), and the laws that an audit cannot check."""

    exchanges: list[Exchange] = field(default_factory=list)
    skipped: list[tuple[str, str, str]] = field(default_factory=list)
    unchecked: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def failed(self) -> list[Exchange]:
        """The exchanges that did not come out as done."""
        return [each for each in self.exchanges if each.verdict != "ok"]


class _Observed:
    """A target whose first talk stays in sight."""

    def __init__(self, system: System) -> None:
        self.keeps_headers, self.heads = True, system.heads
        self._system = system
        self.talked: Talk | None = None

    def talk(self, run: str) -> Talk:
        self.talked = self._system.talk(run)
        return self.talked


def check(
    system: System, goods: Goods, directory: Path, run: str, *, seed: bool, tell: Callable[[str], None]
) -> Checked:
    """Play one journey of each kind at `system` and read its books back into `directory`.

    `seed` gives it the two items first. `run` makes the idempotency keys. Raises TargetUnreachable when nobody
    answers at all.
    """
    checked = Checked()
    if seed:
        tell("seeding")
        system.seed(trace_of(goods), directory)
    elif isinstance(system, HttpSystem):
        system.look(directory)
    connections = {kind: Connections(system.url, head, keep_headers=True) for kind, head in system.heads().items()}
    try:
        for number, kind in enumerate(KINDS):
            tell(kind)
            _play(system, steps_of(kind, number, goods), kind, connections, run, checked)
    finally:
        for each in connections.values():
            each.close()
    if checked.exchanges and not any(each.status for each in checked.exchanges):
        raise TargetUnreachable(f"{system.url}: nobody answered; is the target running?")
    tell("reading the books back")
    checked.problems += system.keep_books(directory)
    checked.unchecked += _unchecked(directory)
    return checked


def steps_of(kind: str, journey: int, goods: Goods) -> list[Step]:
    """The steps of one synthetic journey."""
    channel, fulfilment, brand, plan = KINDS[kind]
    lines = tuple(Line(sku, 1 + position, goods.price_yen) for position, sku in enumerate(goods.skus))
    amount = sum(line.quantity * line.unit_price_yen for line in lines)
    steps = []
    for number, (action, client) in enumerate(entry.split(":") for entry in plan):
        some = lines[:1] if action in ("product", "availability", "scan") else lines
        place = goods.location
        steps.append(
            Step(
                journey, 0, number, 0.0, action, client, place, 1000 + journey, some, amount, channel, fulfilment, brand
            )
        )
    return steps


def trace_of(goods: Goods) -> Trace:
    """A trace without steps, for seeding."""
    products = [
        {"sku": sku, "name": f"item {sku}", "price_yen": goods.price_yen, "rating": 4.0, "reviews": 1}
        for sku in goods.skus
    ]
    shelves = [{"location": goods.location, "sku": sku, "on_hand": goods.on_hand} for sku in goods.skus]
    steps = STEPS.empty_table()
    stock = pa.Table.from_pylist(shelves, schema=STOCK)
    return Trace(header_of(steps, {}, 1), steps, pa.Table.from_pylist(products, schema=CATALOGUE), stock)


def _play(
    system: System, steps: list[Step], kind: str, connections: dict[str, Connections], run: str, checked: Checked
) -> None:
    observed = _Observed(system)

    def send(call: Call) -> Answer:
        before = _captured(observed.talked)
        try:
            reply = connections[call.client].exchange(call.request)
        except NoAnswer as why:
            reply = Reply(0, problem=str(why))
        reading = call.read(reply)
        after = _captured(observed.talked)
        new = {name: value for name, value in after.items() if before.get(name) != value}
        checked.exchanges.append(_exchange(kind, call, system, reply, reading, new))
        outcome = reading.verdict if reading.verdict in ("ok", "rejected") else "unknown"
        return Answer(outcome, reply.status, reading.body)

    run_journey(run, steps, send, lambda step, why: checked.skipped.append((kind, step.action, why)), observed)


def _captured(talk: Talk | None) -> dict[str, Any]:
    return dict(talk.values) if isinstance(talk, HttpTalk) else {}


def _exchange(
    kind: str, call: Call, system: System, reply: Reply, reading: Reading, captured: dict[str, Any]
) -> Exchange:
    asked = call.request
    heads = (system.heads()[call.client] + asked.head).replace("\r\n", "\n")
    request = f"{asked.method} {asked.path}\n{_SECRET.sub(_hidden, _without_credentials(system, heads))}"
    if asked.body:
        request += f"\n{_shown(asked.body)}"
    answer = _shown(reply.content) if reply.status else f"no answer: {reply.problem}"
    rule = reading.rule or ("status" if reply.status else "no answer")
    return Exchange(kind, call.action, request.rstrip(), answer, reply.status, reading.verdict, rule, captured)


def _without_credentials(system: System, heads: str) -> str:
    """An API key may be in a header of any name."""
    auth = system.adapter.auth.values() if isinstance(system, HttpSystem) else ()
    names = {each.header.lower() for each in auth if each.kind == "api_key"}
    lines = (line.partition(":") for line in heads.splitlines())
    return "\n".join(
        f"{name}: (hidden)" if name.lower() in names else f"{name}{colon}{value}" for name, colon, value in lines
    )


def _hidden(match: re.Match[str]) -> str:
    return f"{match[1]}: (hidden)"


def _shown(content: bytes) -> str:
    text = content.decode(errors="replace")
    with suppress(ValueError):
        text = json.dumps(json.loads(text), ensure_ascii=False, indent=1)
    return text if len(text) <= _BODY_MAX else f"{text[:_BODY_MAX]} ... ({len(content):,} bytes)"


def _unchecked(directory: Path) -> Iterable[tuple[str, str]]:
    has = columns_of(directory)
    if has is None:
        return []
    db = open_books(directory)
    try:
        lacks: Sequence[tuple[str, str]] = [(law.name, lacking(db, law, has)) for law in (*LAWS, *elsewhere.LAWS)]
    finally:
        db.close()
    return [(name, what) for name, what in lacks if what]


def as_document(checked: Checked, system: System) -> dict[str, Any]:
    """The check as one JSON document."""
    return {
        "schema": SCHEMA,
        "target": system.name,
        "url": system.url,
        "ok": not checked.failed() and not checked.problems,
        "exchanges": [vars(each) for each in checked.exchanges],
        "skipped": [{"kind": kind, "action": action, "why": why} for kind, action, why in checked.skipped],
        "problems": checked.problems,
        "laws_not_checked": [{"law": law, "target_has_no": what} for law, what in checked.unchecked],
    }
