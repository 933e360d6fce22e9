"""Files of a retailer's own: read and analysed as the commands do, and examples of them from what a run's company sees.

A file is written to a folder that is gone as soon as it has been read: nothing of it is kept.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal, TypeVar

from scenarios.errors import DataInvalid
from sim.evaluation.attribution.company_view import company_view
from sim.evaluation.attribution.every_rule import file_document
from sim.evaluation.attribution.paths_file import TouchPath, read_paths
from sim.evaluation.ledgers.document import scenario_of
from sim.evaluation.lifetime_value.document import Question, analysed
from sim.evaluation.lifetime_value.receipts import read_receipts
from sim.evaluation.rollout.export import company_records
from sim.log.run_directory import read_manifest, replication_path

Kind = Literal["receipts", "paths"]
COLUMNS: Final[dict[Kind, tuple[str, ...]]] = {
    "receipts": ("customer", "date", "amount"),
    "paths": ("path", "total_conversions", "total_conversion_value", "total_null", "times"),
}
"""The columns of each kind of file; of paths the first two are needed."""
_JOIN: Final = " > "

Found = TypeVar("Found")


@dataclass(frozen=True)
class OwnFile:
    """A CSV file that a visitor has chosen, or an example."""

    name: str
    content: bytes


def lifetime_document(file: OwnFile, question: Question) -> dict[str, Any]:
    """`omo.ltv/1` of receipts, as `omo ltv FILE` makes it; `DataInvalid` or `UsageError` where the file is wrong."""
    return analysed(_read(file, read_receipts), file.name, question).document


def attribution_document(file: OwnFile, order: int, half_life_hours: float) -> dict[str, Any]:
    """`omo.attribution/1` of paths, as `omo attribution FILE` makes it; `DataInvalid` where the file is wrong."""
    return file_document(Path(file.name), _read(file, read_paths), order, half_life_hours)


def sample(kind: Kind) -> OwnFile:
    """A small file that shows what is wanted, and that can be analysed."""
    name = f"{kind}.csv"
    return OwnFile(name, files("dashboard").joinpath("samples", name).read_bytes())


def example(kind: Kind, run: Path) -> OwnFile:
    """What the company's own records of `run` hold, in its first finished replication.

    Receipts are those of `omo export --company-view` with a known customer; paths are those that `omo attribution`
    lets the rules see.
    """
    directory = replication_path(run, read_manifest(run)["replications_finished"][0])
    scenario = scenario_of(run)
    if kind == "paths":
        rows = path_rows(company_view(directory, scenario).paths)
    else:
        rows = _receipt_rows(company_records(directory, scenario).tables["receipts"].to_pylist())
    return OwnFile(f"{run.name}-{kind}.csv", as_file(kind, rows))


def as_file(kind: Kind, rows: Iterable[Sequence[object]]) -> bytes:
    """A file of `kind` with these rows."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS[kind])
    writer.writerows(rows)
    return buffer.getvalue().encode()


def path_rows(paths: Sequence[TouchPath]) -> list[tuple[object, ...]]:
    """Each path that converted with its times; equal paths that did not are counted."""
    rows: list[tuple[object, ...]] = [
        (_JOIN.join(path.touches), f"{path.conversions:g}", f"{max(path.value, 0.0):.0f}", 0,
         _JOIN.join(f"{hours:.1f}" for hours in path.hours_before or ()))
        for path in paths
        if path.conversions
    ]  # fmt: skip
    lost = Counter(path.touches for path in paths if not path.conversions)
    return [*rows, *((_JOIN.join(touches), 0, 0, count, "") for touches, count in lost.items())]


def _receipt_rows(receipts: Iterable[dict[str, Any]]) -> list[tuple[object, ...]]:
    return [
        (row["customer"], row["placed_at"].date().isoformat(), row["goods_yen"])
        for row in receipts
        if row["customer"] is not None and row["state"] == "completed" and row["goods_yen"] >= 0
    ]


def _read(file: OwnFile, reader: Callable[[Path], Found]) -> Found:
    """What `reader` makes of the file; problems name the file as the visitor knows it."""
    with TemporaryDirectory(prefix="omo-own-") as folder:
        path = Path(folder) / "own.csv"
        path.write_bytes(file.content)
        try:
            return reader(path)
        except DataInvalid as error:
            raise DataInvalid([problem.replace(str(path), file.name, 1) for problem in error.problems]) from None
