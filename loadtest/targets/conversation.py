"""A journey at a target of a TOML file: fills in the requests, keeps what the answers say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from loadtest.api import Answer, Body, Call, Reading, Reply, key_of
from loadtest.script import Line, Step
from loadtest.targets.answers import cookies_of, number_of, whole
from loadtest.targets.compiled import LOGIN, Compiled
from loadtest.targets.schema import Journey

STEP_NAMES: Final = frozenset(
    {
        "sku", "quantity", "unit_price_yen", "location", "amount_yen", "idempotency_key", "shopper", "channel",
        "fulfilment", "brand", "journey", "copy", "step", "run", "base_url",
    }
)  # fmt: skip
"""Placeholders that every step has a value for; `sku`, `quantity` and `unit_price_yen` are of its (first) line."""

LINE_NAMES: Final = frozenset({"sku", "quantity", "unit_price_yen"})
_SETTLES: Final = frozenset({"pay", "poll"})


@dataclass(frozen=True)
class Plan:
    """What all journeys at one target share. `ids` are tables of ids that the target gave in seeding, by SKU."""

    name: str
    base_url: str
    actions: Mapping[str, tuple[Compiled, ...]]
    skips: Mapping[str, str]
    codes: Mapping[str, Mapping[str, str]]
    fixed: Mapping[str, str]
    single_location: str | None
    journey: Journey
    ids: Mapping[str, Mapping[int, Any]]


@dataclass
class HttpTalk:
    """One journey. `values` holds what was captured, `cookies` what the target set."""

    run: str
    plan: Plan
    values: dict[str, Any] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    logged_in: bool = False

    @property
    def paid_by_order(self) -> bool:
        """As the file says."""
        return self.plan.journey.paid_by_order

    @property
    def polls(self) -> int:
        """As the file says; 0 where there is nothing to ask."""
        return self.plan.journey.polls if "poll" in self.plan.actions else 0

    def hindrance(self, step: Step) -> str:
        """The target has no such action, or a value that its requests need was never captured."""
        if step.action not in self.plan.actions:
            return f"not at this target: {self.plan.skips.get(step.action, 'no such action')}"
        known = self.values.keys() | STEP_NAMES | self.plan.fixed.keys()
        known |= {name for name, ids in self.plan.ids.items() if all(line.sku in ids for line in step.lines)}
        if not step.lines:
            known -= LINE_NAMES
        for request in (*self.plan.actions[LOGIN], *self.plan.actions[step.action]):
            if missing := sorted(request.needs - known):
                return f"no {missing[0]} was answered"
            known |= {name for name, _ in request.captures}
        return ""

    def calls(self, step: Step) -> Iterator[Call]:
        """The log-in, if it is due, and the requests of the step's action."""
        if not self.logged_in:
            for request in self.plan.actions[LOGIN]:
                yield from self._sent(LOGIN, request, step, leads_to=step.action)
            self.logged_in = True
        yield from self._action(step.action, step)

    def hear(self, step: Step, answer: Answer) -> None:
        """Nothing: values are captured from each answer as it comes."""

    def poll(self, step: Step) -> Iterator[Call]:
        """The requests of `poll`."""
        pause_s = self.plan.journey.poll_every_s
        for call in self._action("poll", step):
            yield replace(call, pause_s=pause_s)
            pause_s = 0.0

    def cancel(self, step: Step) -> Iterator[Call]:
        """The requests of `cancel`, if there is an order and the file wants it."""
        if self.plan.journey.cancel_unpaid and "order" in self.values and "cancel" in self.plan.actions:
            yield from self._action("cancel", step)

    def _action(self, action: str, step: Step) -> Iterator[Call]:
        requests = self.plan.actions[action]
        for request in requests:
            yield from self._sent(action, request, step, leads_to="" if request is requests[-1] else action)

    def _sent(self, action: str, request: Compiled, step: Step, leads_to: str) -> Iterator[Call]:
        lines = step.lines if request.per_line else step.lines[:1]
        name = f"{action}.{request.name}" if leads_to else action
        client = request.client or ("back_office" if action == "cancel" else step.client)
        for number, line in enumerate(lines or (None,)):
            last = number == max(len(lines), 1) - 1
            suffix = "".join(f"-{part}" for part in (*name.split(".")[1:], *([number] if request.per_line else [])))
            if action != step.action:
                suffix = f"-{action}{suffix}"
            key = key_of(self.run, step, suffix)
            sent = request.render(self._scope(request, step, line, key), self.cookies, key)
            yield Call(
                step,
                name if last or leads_to else f"{action}.{request.name or 'line'}",
                client,
                sent,
                read=partial(self._read, request, action),
                again=request.again,
                leads_to=leads_to or ("" if last else action),
            )

    def _scope(self, request: Compiled, step: Step, line: Line | None, key: str) -> dict[str, Any]:
        plan = self.plan
        scope: dict[str, Any] = {
            "location": plan.single_location or step.location,
            "shopper": step.shopper,
            "channel": step.channel,
            "fulfilment": step.fulfilment,
            "brand": step.brand,
        }
        for name, codes in plan.codes.items():
            if name in scope:
                scope[name] = codes.get(str(scope[name]), scope[name])
        scope |= plan.fixed
        scope |= self.values
        scope |= {"amount_yen": step.amount_yen, "idempotency_key": key, "base_url": plan.base_url, "run": self.run}
        scope |= {"journey": step.journey, "copy": step.copy, "step": step.step}
        if request.repeats:
            scope["lines"] = [{**scope, **self._of(each)} for each in step.lines]
        return scope | (self._of(line) if line is not None else {})

    def _of(self, line: Line) -> dict[str, Any]:
        sku = self.plan.codes.get("sku", {}).get(str(line.sku), line.sku)
        given = {name: table[line.sku] for name, table in self.plan.ids.items() if line.sku in table}
        return {**given, "sku": sku, "quantity": line.quantity, "unit_price_yen": line.unit_price_yen}

    def _read(self, request: Compiled, action: str, reply: Reply) -> Reading:
        judged = request.judge(reply)
        if self.plan.journey.cookies:
            for name, value in cookies_of(reply).items():
                self.cookies[name] = value
                if not value:
                    del self.cookies[name]
        if judged.fate in ("ok", "pending"):
            self.values |= judged.captured
        state = _state(judged.fate) if action in _SETTLES else None
        body = Body(
            order=number_of(self.values.get("order")),
            payment=number_of(self.values.get("payment")),
            state=state,
            error=judged.detail if judged.fate != "ok" else None,
            amount_yen=whole(judged.captured.get("amount_yen")),
        )
        return Reading("ok" if judged.fate == "pending" else judged.fate, body, judged.rule)


def _state(fate: str) -> str | None:
    return {"ok": "captured", "pending": "pending_customer", "rejected": "failed"}.get(fate)
