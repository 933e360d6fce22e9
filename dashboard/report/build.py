"""The report of a run: reads, composes, and embeds the glyphs that a Japanese text needs."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from dashboard.chromium import find_browser, write_pdf
from dashboard.load_runs import LoadRun, read_load
from dashboard.player.report_section import player_section
from dashboard.report import load_sections, markup, world_sections
from dashboard.run_list import RunEntry, entry
from dashboard.statement import paired_lines, single_lines
from dashboard.typeface import subset_uri
from dashboard.words import Language, Words, words
from scenarios.errors import UsageError
from sim.evaluation.comparison import compare_runs, describe_run
from sim.log.run_directory import read_manifest

_CJK_START: Final = 0x2E80
_LOCAL: Final = ("Hiragino Sans W3", "Yu Gothic UI Regular", "Noto Sans CJK JP", "Noto Sans JP")
"""A reader's own Japanese fonts, tried before the glyphs that the report carries."""


def write_report(
    run: Path, against: Path | None, load: Path | None, language: Language, out: Path, play: bool = False
) -> None:
    """Write the report of `run`, compared with `against` and with a load run where given, to the file `out`.

    With `play` the player of the busiest day stands in it. Equal inputs give equal bytes. Raises UsageError when
    something to be shown cannot be read.
    """
    loaded = None
    if load is not None:
        loaded = read_load(load)
        if loaded is None:
            raise UsageError(f"{load}: no load.json that can be read; `omo load TRACE --out {load}` makes one")
    html = render(run, against, loaded, words(language), play)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(html, encoding="utf-8")


def print_report(report: Path) -> Path:
    """The report as a PDF beside it, printed by a browser. Raises UsageError where there is none."""
    pdf = report.with_suffix(".pdf")
    write_pdf(find_browser("--pdf"), report, pdf)
    return pdf


def render(run: Path, against: Path | None, load: LoadRun | None, say: Words, play: bool = False) -> str:
    """The report as HTML."""
    runs = [run] if against is None else [against, run]
    entries = [entry(path) for path in runs]
    sections = _pair(run, against, say) if against is not None else _single(run, say)
    if play:
        sections.append(player_section(run, say))
    if load is not None:
        sections += [load_sections.load(load, say), load_sections.audit(load, say)]
    document = describe_run(run)
    sections += [
        world_sections.definitions(document, say),
        _method(entries, say),
        _reproduce(entries, load, say),
        _versions(runs, load, say),
    ]
    titles = [say.title(found.title) for found in entries]
    title = say("report.title_single", a=titles[0])
    if against is not None:
        title = say("report.title_pair", a=titles[0], b=titles[1])
    return _page(title, "\n".join(sections), say)


def _pair(run: Path, against: Path, say: Words) -> list[str]:
    entries = [entry(against), entry(run)]
    if entries[0].days != entries[1].days:
        lengths = f"{against.name} has {entries[0].days} days, {run.name} has {entries[1].days}"
        raise UsageError(f"{lengths}: only runs over the same days can be compared")
    document = compare_runs(against, run)
    titles = {world: say.title(document[world]["title"]) for world in "ab"}
    lines = paired_lines(against, run)
    return [
        world_sections.pair_head(document, say),
        _partial(entries, say),
        world_sections.ledgers(lines, titles, say),
        world_sections.waterfalls(document, lines, say),
        world_sections.shift(document, say),
        world_sections.staff(document, titles, say),
        world_sections.waits(document, titles, say),
        world_sections.everything(document, titles, say),
    ]


def _single(run: Path, say: Words) -> list[str]:
    document = describe_run(run)
    titles = {"a": say.title(document["title"])}
    return [
        world_sections.single_head(document, say),
        _partial([entry(run)], say),
        world_sections.ledgers(single_lines(run), titles, say),
        world_sections.waits(document, titles, say),
        world_sections.everything(document, titles, say),
    ]


def _partial(entries: Sequence[RunEntry], say: Words) -> str:
    """A line for each run that did not reach its end."""
    lines = [
        say("report.partial", run=found.name, state=say(f"state.{found.state}"), n=len(found.finished))
        for found in entries
        if found.state != "complete"
    ]
    return "".join(markup.element("p", line, "note") for line in lines)


def _method(entries: Sequence[RunEntry], say: Words) -> str:
    found = entries[0]
    common = set.intersection(*(set(run.finished) for run in entries))
    key = "report.method_pair" if len(entries) > 1 else "report.method_single"
    return markup.section(
        say("report.method"), markup.element("p", say(key, seed=found.seed, n=len(common), days=found.days))
    )


def _reproduce(entries: Sequence[RunEntry], load: LoadRun | None, say: Words) -> str:
    commands = [f"omo run {run.name}/scenario.toml --seed {run.seed} --reps {run.replications}" for run in entries]
    if load is not None:
        commands += [f"omo load TRACE --out {load.name}", f"omo audit {load.name}"]
    return markup.section(
        say("report.reproduce"), markup.element("p", say("report.reproduce_what")), markup.code(commands)
    )


def _versions(runs: Sequence[Path], load: LoadRun | None, say: Words) -> str:
    rows: list[list[str]] = []
    for run in runs:
        manifest = read_manifest(run)
        rows.append([run.name, say("report.hash"), manifest["inputs_hash"]])
        rows.append([run.name, say("report.versions"), _listed(manifest["versions"])])
    if load is not None and "versions" in load.result:  # a soak does not say
        rows.append([load.name, say("report.versions"), _listed(load.result["versions"])])
    return markup.section(
        say("report.versions"), markup.table([say("report.run"), "", ""], rows, say("report.versions_caption"), words=3)
    )


def _listed(versions: dict[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _page(title: str, body: str, say: Words) -> str:
    css = files("dashboard").joinpath("report", "style.css").read_text(encoding="utf-8")
    head = f'<p class="kicker">{markup.text(say("report.kicker"))}</p>{markup.element("h1", title)}'
    face = _font_face(head + body) if say.language == "ja" else ""
    return (
        f'<!doctype html>\n<html lang="{say.language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{markup.text(title)}</title>\n<style>\n{face}{css}</style>\n</head>\n<body>\n<main>\n"
        f"<header>{head}</header>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _font_face(body: str) -> str:
    """A font with the Japanese letters of the report.

    It must stand first in the page's font list: behind a font without these letters, Chromium keeps some of the boxes
    that it drew before the font was there.
    """
    letters = "".join(sorted({letter for letter in body if ord(letter) >= _CJK_START}))
    sources = ", ".join([*(f'local("{name}")' for name in _LOCAL), f'url({subset_uri(letters)}) format("woff")'])
    face = f'font-family: "omotwin report"; unicode-range: U+{_CJK_START:X}-FFFF; src: {sources}'
    return f"@font-face {{ {face}; }}\n"
