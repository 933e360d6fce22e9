"""`omo bench dashboard`: how long somebody waits for the pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from scenarios import options

_FIGURES = ("first_content_s", "complete_s", "interaction_s")
_TITLES = ("first content", "complete", "click to answer", "within targets")


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
    within: Annotated[float, typer.Option("--within", min=10, help="Seconds after which no visit is begun.")] = 240,
    as_json: options.Json = False,
) -> None:
    """Measure how long each page takes to show its first content and to answer a click, in Chromium.

    Needs Playwright (the extra `test`) and /usr/bin/chromium. Targets: 2 s and 1 s on a finished run. Each page is
    told as soon as it is measured; on a machine that is too busy for all of them the others are left out, and said so.

    Example: omo bench dashboard --out runs --rounds 5
    """
    from rich.console import Console

    from dashboard.bench.pages import FIRST_CONTENT_S, INTERACTION_S, measure_pages

    targets = {"first_content_s": FIRST_CONTENT_S, "interaction_s": INTERACTION_S}
    console = Console(stderr=as_json)
    console.print(f"Seconds, median of {rounds} visits with an empty browser cache", highlight=False)
    console.print(f"{'page':12}{''.join(f'{title:>16}' for title in _TITLES)}", highlight=False)

    def tell(page: str, found: dict[str, float] | None) -> None:
        cells = ["not measured"]
        if found is not None:
            within_targets = all(found[key] < target for key, target in targets.items())
            cells = [*(f"{found[key]:.2f}" for key in _FIGURES), "yes" if within_targets else "no"]
        console.print(f"{page:12}{''.join(f'{cell:>16}' for cell in cells)}", highlight=False)

    document = measure_pages(out, rounds, within, tell)
    if as_json:
        typer.echo(json.dumps(document))
    elif document["state"] == "partial":
        console.print(f"Partial: not every page was measured within {within:g} s; --within or --rounds change that.")
