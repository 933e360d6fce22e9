"""`omo dashboard`, `omo report`, `omo plot`, `omo player`: look at runs, write one file about them, play them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dashboard.bench.commands import register as register_bench
from dashboard.player.commands import player
from dashboard.questions.commands import ask_questions
from scenarios import options


class ReportLanguage(StrEnum):
    """Languages of the report and of charts."""

    EN = "en"
    JA = "ja"


def register(app: typer.Typer) -> None:
    """Add the dashboard's commands to `app`."""
    app.command()(dashboard)
    app.command()(report)
    app.command("questions")(ask_questions)
    app.command()(plot)
    register_bench(app)
    app.command()(player)


def dashboard(
    out: options.Out = options.RUNS,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8501,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser window.")] = True,
) -> None:
    """Look at runs in the browser, start new ones, learn from them. English and Japanese.

    Build and run: Start, Scenario, Run, Runs, Compare. Understand: Two ledgers, Policies, Customers, Your own data,
    Store floor, Stock and pickup, Payments. Size and test: Demand and sizing, Load and audit, Audit. Train: Learn.

    Serves on 127.0.0.1 only and asks nothing of any other machine. Ctrl-C ends it; simulations started from a page
    go on and can be seen again at the next start.

    Example: omo dashboard --port 8600
    """
    from dashboard.server import serve

    serve(out, port, browser)


def report(
    run: options.Run,
    against: Annotated[str | None, typer.Option(help="The run it is compared with, on the same shoppers.")] = None,
    load: Annotated[Path | None, typer.Option(file_okay=False, help="Load directory to report on as well.")] = None,
    lang: Annotated[ReportLanguage, typer.Option(help="Language of the report.")] = ReportLanguage.EN,
    pdf: Annotated[bool, typer.Option("--pdf", help="Print it to PDF as well; needs Chromium or Chrome.")] = False,
    play: Annotated[bool, typer.Option("--player", help="Put the player of the busiest day into it.")] = False,
    out: Annotated[Path | None, typer.Option(help="File to write; <run>/report.html when left out.")] = None,
    runs: options.Runs = options.RUNS,
) -> None:
    """Write one HTML file that a board can read: what a change is worth, in whose books, and how sure that is.

    Needs no network, no JavaScript, prints well; equal inputs give equal bytes. Prints the paths that it wrote.

    Example: omo report ward-omo --against ward-siloed --lang ja --pdf
    """
    from dashboard.chromium import find_browser
    from dashboard.report.build import print_report, write_report
    from sim.log.run_directory import find_run

    if pdf:
        find_browser("--pdf")
    path = find_run(run, runs)
    other = None if against is None else find_run(against, runs)
    target = out or path / "report.html"
    write_report(path, other, load, "ja" if lang is ReportLanguage.JA else "en", target, play)
    typer.echo(str(target))
    if pdf:
        typer.echo(str(print_report(target)))


def plot(
    document: Annotated[Path, typer.Argument(help="A document: kept under runs/, or printed with --json.")],
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder for the charts; the document's own.")
    ] = None,
    lang: Annotated[ReportLanguage, typer.Option(help="Language of the charts.")] = ReportLanguage.EN,
    png: Annotated[bool, typer.Option("--png", help="Write PNG beside SVG.")] = False,
) -> None:
    """Draw what an evaluation has found: one SVG for each question that the document answers.

    Each picture says what it shows, what came out, and how sure that is; equal documents give equal bytes. Prints the
    paths. Examples:

    omo plot runs/best-0123456789ab.json

    omo plot runs/capabilities-0123456789ab.json --lang ja --png --out slides
    """
    from dashboard.plotting import write_charts

    for path in write_charts(document, out, "ja" if lang is ReportLanguage.JA else "en", png):
        typer.echo(str(path))
