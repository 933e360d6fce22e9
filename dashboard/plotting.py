"""`omo plot`: the charts of a document as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dashboard.charts.documents import charts_of
from dashboard.charts.paper import as_png, as_svg
from dashboard.words import Language, words
from scenarios.errors import UsageError


def write_charts(document: Path, out: Path | None, language: Language, png: bool) -> list[Path]:
    """Draw `document` into `<out>/<its name>-<chart>.svg`, and `.png` where wanted; equal input gives equal bytes.

    Raises UsageError where the file cannot be read or nothing is known to draw for its schema.
    """
    found = read_document(document)
    folder = document.parent if out is None else out
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for chart in charts_of(found, words(language)):
        path = folder / f"{document.stem}-{chart.name}.svg"
        path.write_text(as_svg(chart, language), encoding="utf-8")
        written.append(path)
        if png:
            path = path.with_suffix(".png")
            path.write_bytes(as_png(chart, language))
            written.append(path)
    return written


def read_document(path: Path) -> dict[str, Any]:
    """A JSON document with a schema; `UsageError` where it is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give a document that a command has kept or printed") from error
    except ValueError as error:
        raise UsageError(f"{path}: not JSON ({error}); make one with --json") from error
    if not isinstance(found, dict):
        raise UsageError(f"{path}: not a document; make one with --json")
    return found
