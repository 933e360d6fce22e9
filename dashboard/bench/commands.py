"""`omo bench dashboard`: how long somebody waits for the pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the pages' benchmark to the `bench` group of `app`."""
    bench = next(group.typer_instance for group in app.registered_groups if group.name == "bench")
    assert bench is not None
    bench.command("dashboard")(dashboard)


def dashboard(
    out: Annotated[Path, typer.Option("--out", file_okay=False, exists=True, help="Folder with finished runs.")] = Path(
        "runs"
    ),
    rounds: Annotated[int, typer.Option(min=1, help="Visits of each page; medians are told.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="The result as one JSON document.")] = False,
) -> None:
    """Measure how long each page takes to show its first content and to answer a click, in Chromium.

    Needs Playwright (the extra `test`) and /usr/bin/chromium. Targets: 2 s and 1 s on a finished run.

    Example: omo bench dashboard --out runs --rounds 5
    """
    from rich.console import Console
    from rich.table import Table

    from dashboard.bench.pages import measure_pages

    document = measure_pages(out, rounds)
    if as_json:
        typer.echo(json.dumps(document))
        return
    targets = document["targets"]
    table = Table(title=f"Seconds, median of {rounds} visits with an empty browser cache")
    for name in ("page", "first content", "complete", "click to answer", "within targets"):
        table.add_column(name, justify="left" if name == "page" else "right")
    for name, found in document["pages"].items():
        within = all(found[key] < targets[key] for key in targets)
        figures = (f"{found[key]:.2f}" for key in ("first_content_s", "complete_s", "interaction_s"))
        table.add_row(name, *figures, "yes" if within else "no")
    Console().print(table)
