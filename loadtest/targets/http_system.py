"""A system of a target file, with what is done around a load: seed it, and read its books back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from loadtest.audit.books import write_book
from loadtest.targets.adapter import IDS_FILE, HttpTarget, http_target, read_ids
from loadtest.targets.back_office import BackOffice, run_command
from loadtest.targets.compiled import sequence
from loadtest.targets.conversation import HttpTalk
from loadtest.targets.read_back import read_rows, write_books, write_note
from loadtest.targets.schema import Adapter
from loadtest.trace_schema import Trace
from scenarios.errors import TargetUnreachable

_OPENING_COLUMNS: Final = ("location", "sku", "on_hand_change", "reason")


class HttpSystem:
    """The system that `adapter` describes at `url`; `base` is the folder of its file."""

    keeps_headers = True

    def __init__(self, adapter: Adapter, url: str, base: Path, directory: Path | None = None) -> None:
        self.adapter, self.name, self.url, self._base = adapter, adapter.name, url, base
        self._target: HttpTarget = http_target(adapter, url, read_ids(directory) if directory else {})
        self._columns: dict[str, list[str]] = {}

    def heads(self) -> Mapping[str, str]:
        """As the file says."""
        return self._target.heads()

    def talk(self, run: str) -> HttpTalk:
        """Begin a journey."""
        return self._target.talk(run)

    def seed(self, trace: Trace, directory: Path) -> None:
        """Seed as the file says, then read the stock as the target has it: the opening of its books."""
        products, stock = trace.catalogue.to_pylist(), self.stock_of(trace)
        ids: dict[str, dict[int, Any]] = {}
        seed = self.adapter.seed
        with BackOffice(self.url, self.heads()) as office:
            if seed is not None and seed.command is not None:
                document = {"products": products, "stock": stock}
                run_command(seed, self._base, self.url, document, directory / "servers.log")
            if seed is not None:
                fixed = {"base_url": self.url, **self.adapter.values}
                office.seed(sequence(seed.products, self.url), [{**fixed, **row} for row in products], ids)
                office.seed(sequence(seed.stock, self.url), [{**fixed, **row} for row in stock], ids)
                write_book(directory / "books", "opening", [row for row in stock if row["on_hand"]])
            if ids:
                (directory / IDS_FILE).write_text(json.dumps(ids), encoding="utf-8")
            self._target = http_target(self.adapter, self.url, ids)
            self._open_books(office, stock, directory / "books")

    def look(self, directory: Path) -> None:
        """Without seeding, take the target's stock as it is now for its opening."""
        with BackOffice(self.url, self.heads()) as office:
            self._open_books(office, [], directory / "books")

    def stock_of(self, trace: Trace) -> list[dict[str, Any]]:
        """The trace's stock; of a system with a single stock, all places in one."""
        rows = trace.stock.to_pylist()
        if self.adapter.single_location is None:
            return [row | {"on_hand": int(row["on_hand"])} for row in rows]
        units: Counter[int] = Counter()
        for row in rows:
            units[row["sku"]] += row["on_hand"]
        return [{"location": self.adapter.single_location, "sku": sku, "on_hand": n} for sku, n in units.items()]

    def keep_books(self, directory: Path) -> list[str]:
        """Read the books back. A target that does not answer costs its books, not the client's history."""
        books, problems = directory / "books", []
        try:
            with BackOffice(self.url, self.heads()) as office:
                wanted = {book.source for book in self.adapter.books.values()}
                rows = read_rows(self.adapter.read_back, office, wanted)
            self._columns |= write_books(self.adapter.books, rows, self._target.plan.ids, books)  # type: ignore[arg-type]
        except TargetUnreachable as error:
            problems.append(str(error))
        books.mkdir(parents=True, exist_ok=True)
        write_note(books, self.name, self._columns)
        return problems

    def _open_books(self, office: BackOffice, seeded: list[dict[str, Any]], books: Path) -> None:
        book = self.adapter.books.get("stock")
        if book is not None and {"location", "sku", "on_hand"} <= book.columns.keys():
            rows = read_rows(self.adapter.read_back, office, {book.source})
            write_books({"stock": book}, rows, self._target.plan.ids, books)
            seeded = pq.read_table(books / "stock.parquet").to_pylist()
            (books / "stock.parquet").unlink()
            if self.adapter.seed is not None:
                self._columns["opening"] = ["location", "sku", "on_hand"]
        elif self.adapter.seed is None:
            return
        moves = [
            {"location": row["location"], "sku": row["sku"], "on_hand_change": row["on_hand"], "reason": "seed"}
            for row in seeded
            if row["sku"] is not None
        ]
        write_book(books, "stock_moves", moves)
        self._columns["stock_moves"] = list(_OPENING_COLUMNS)
