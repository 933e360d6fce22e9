"""What the replay needs of a system under test. Our core, a TOML adapter and a user's class all provide it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from loadtest.api import Answer, Call
from loadtest.script import Step
from loadtest.trace_schema import Trace


class Talk(Protocol):
    """One journey's conversation with the target: knows what earlier answers said."""

    @property
    def paid_by_order(self) -> bool:
        """Whether an order that was taken is paid: the target has no payment of its own."""

    @property
    def polls(self) -> int:
        """How often a payment that is pending is asked about before it is given up to the target's own clearing."""

    def hindrance(self, step: Step) -> str:
        """Why `step` cannot be asked for: the target has no such action, or an id was never answered. Empty: it can."""

    def calls(self, step: Step) -> Iterable[Call]:
        """The requests of `step` in order; each is made after the one before was answered `ok`.

        All but the last have `leads_to` set to the step's action.
        """

    def hear(self, step: Step, answer: Answer) -> None:
        """Take note of the answer to the last call of `step`."""

    def poll(self, step: Step) -> Iterable[Call]:
        """Ask how the payment of `step` stands; nothing where the target cannot say."""

    def cancel(self, step: Step) -> Iterable[Call]:
        """Give up the order of `step` whose payment failed for good; nothing where that is not done."""


class Target(Protocol):
    """What a generator needs of a target."""

    @property
    def keeps_headers(self) -> bool:
        """Whether `read` of its calls looks at headers of replies."""

    def heads(self) -> Mapping[str, str]:
        """Header lines (each ended by CR LF) of every request, by client kind: till, app, back_office."""

    def talk(self, run: str) -> Talk:
        """Begin a journey of the run `run`, whose name is part of each idempotency key."""


class System(Target, Protocol):
    """A target with what `omo load` does before and after the replay. A class for `--target module:Class` is this.

    It is made as `Class(url)` with the address of `--base-url`, or None.
    """

    @property
    def name(self) -> str:
        """What it is called in results."""

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""

    def seed(self, trace: Trace, directory: Path) -> None:
        """Give the target the trace's products and stock; write the book `opening` to `directory/books`.

        What the generators must know of it (ids that the target gave) goes to files of `directory`. Raises
        TargetUnreachable or UsageError.
        """

    def keep_books(self, directory: Path) -> list[str]:
        """After the replay: write the target's books to `directory/books`; what could not be had, in words."""
