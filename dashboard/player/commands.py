"""`omo player`: one day of a run as a moving picture."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scenarios import options
from scenarios.errors import UsageError


class PlayerLanguage(StrEnum):
    """Languages of the player."""

    EN = "en"
    JA = "ja"


class PlayerTheme(StrEnum):
    """Looks of the player; without one it takes the reader's."""

    LIGHT = "light"
    DARK = "dark"


def player(
    run: options.Run,
    day: Annotated[int | None, typer.Option(min=0, help="Day on which it opens; the busiest when left out.")] = None,
    from_: Annotated[str, typer.Option("--from", help="Only from this time of that day: 11:30.")] = "",
    to: Annotated[str, typer.Option(help="Only until this time of that day: 14:00.")] = "",
    shopper: Annotated[int | None, typer.Option(min=0, help="Follow this shopper from the start.")] = None,
    rep: Annotated[int | None, typer.Option(min=0, help="Replication; the first finished when left out.")] = None,
    lang: Annotated[PlayerLanguage, typer.Option(help="Language of the player.")] = PlayerLanguage.EN,
    theme: Annotated[PlayerTheme | None, typer.Option(help="Light or dark; the reader's own when left out.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write; <run>/player.html, or player.png for a still, when left out.")
    ] = None,
    still: Annotated[str, typer.Option(help="Write a PNG of this moment instead, through Chromium: 12:45.")] = "",
    width: Annotated[int, typer.Option(min=390, max=3840, help="Width of the still in pixels.")] = 1440,
    open_: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
    runs: options.Runs = options.RUNS,
) -> None:
    """Play a run: shoppers move between home, stores, tills and pickup; queues grow, payments light up.

    One HTML file that needs no network. It holds as many days of the week around --day as fit into 4 MB, so that one
    shopper can be followed from looking up at home to the delivery; with --from and --to only these hours. Examples:

    omo player lunch-outage --day 1 --from 11:00 --to 15:00 --open

    omo player ward-omo --shopper 565 --lang ja

    omo player lunch-outage --still 12:45 --theme dark --out town.png
    """
    from dashboard.player.page import player_page
    from dashboard.player.scene import read_scene
    from dashboard.words import words
    from sim.log.run_directory import find_run

    path = find_run(run, runs)
    scene = read_scene(path, day, _hours(from_, to), shopper, rep)
    page = player_page(scene, words(lang.value), None if theme is None else theme.value, follow=shopper)
    target = out or path / ("player.png" if still else "player.html")
    if still:
        from dashboard.player.still import write_still

        opening = scene.open_s // 86_400 * 86_400
        write_still(page, int(opening + _hour_of(still, "--still") * 3600), width, target)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page, encoding="utf-8")
    typer.echo(str(target))
    if open_:
        typer.launch(target.resolve().as_uri())


def _hours(from_: str, to: str) -> tuple[float, float] | None:
    """The hours asked for, None for whole days."""
    if not from_ and not to:
        return None
    start = _hour_of(from_, "--from") if from_ else 0.0
    end = _hour_of(to, "--to") if to else 24.0
    if start >= end:
        raise UsageError(f"--from {from_ or '0:00'} --to {to or '24:00'}: the end is not after the start")
    return start, end


def _hour_of(text: str, option: str) -> float:
    hour, _, minute = text.partition(":")
    if not (hour.isdigit() and (not minute or minute.isdigit())) or int(hour) + int(minute or 0) / 60 > 24:
        raise UsageError(f"{option} {text}: not a time of day; write it as 12:45")
    return int(hour) + int(minute or 0) / 60
