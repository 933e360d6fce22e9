"""Our own core with what is done around a load: seed it, reconcile, keep its books and the provider's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loadtest import office
from loadtest.audit.books import dump_core
from loadtest.targets.core import CoreTalk, CoreTarget
from loadtest.trace_schema import Trace
from scenarios.errors import TargetUnreachable


@dataclass(frozen=True)
class CoreSystem:
    """A core that answers: where, with which keys, and where its books are."""

    url: str
    keys: dict[str, str]
    database_url: str | None
    psp_url: str | None
    name: str = "core"
    keeps_headers: bool = False

    def heads(self) -> Mapping[str, str]:
        """The key of each client kind."""
        return CoreTarget(self.keys).heads()

    def talk(self, run: str) -> CoreTalk:
        """Begin a journey."""
        return CoreTalk(run)

    def seed(self, trace: Trace, directory: Path) -> None:
        """Through the core's own call, which wants an empty database."""
        office.seed(self.url, self.keys["back_office"], trace)
        office.keep_opening(trace, directory)
        if self.psp_url is not None:
            office.agree(self.psp_url, trace)

    def keep_books(self, directory: Path) -> list[str]:
        """Reconcile and keep both books. A core that has died costs its books, not the client's history."""

        def settle() -> None:
            if unknown := office.reconcile(self.url, self.keys["back_office"]):
                raise TargetUnreachable(f"{unknown} payments are still unknown after reconciliation")

        def keep() -> None:
            if self.psp_url is not None:
                office.keep_psp_book(self.psp_url, directory)

        def dump() -> None:
            if self.database_url is not None:
                dump_core(self.database_url, directory / "books")

        problems = []
        for work in (settle, keep, dump):
            try:
                work()
            except TargetUnreachable as error:
                problems.append(str(error))
        return problems
