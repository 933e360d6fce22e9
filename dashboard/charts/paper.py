"""Sheets for charts in matplotlib: byte-stable SVG and PNG, the same for equal input.

Text becomes paths (`svg.fonttype`), so that a figure looks the same on every machine and needs no font. What a chart
says can also be read without seeing it: its title and all of its figures are in the SVG's `title` and `desc`.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any, Final

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure

from dashboard.charts.chart import Chart
from dashboard.charts.palette import INK_ON_LIGHT, LIGHT_BACKGROUND, NEUTRAL
from dashboard.typeface import FAMILY, font_file
from dashboard.words import Language

WIDTH_IN: Final = 8.2
_PIXELS_PER_IN: Final = 100
_PNG_DPI: Final = 200
_MARGIN_IN: Final = 0.12
_LEGEND_IN: Final = 0.26
_LATIN: Final = "DejaVu Sans"
_NOT_FIRST: Final = frozenset({"Po", "Pe", "Pf", "Lm", "Zs"})
"""Kinds of characters that a line does not begin with: closing ones, stops, marks of length, spaces."""
_BREAKS: Final = r"(?<= )(?<!± )(?!±|%|pp\b|h\b|s\b|min\b)"
"""Between words, but not inside a figure with its unit."""


def as_svg(chart: Chart, language: Language) -> str:
    """A file of its own, 820 pixels wide on white."""
    with _sheet(chart, language) as figure:
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        height = round(figure.get_figheight() * _PIXELS_PER_IN)
    told = f"<title>{escape(chart.question)}</title><desc>{escape(_described(chart))}</desc>"
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    size = f'width="{round(WIDTH_IN * _PIXELS_PER_IN)}" height="{height}" lang="{language}"'
    svg = inlined(buffer.getvalue(), chart.question)
    return re.sub(r"^<svg ([^>]*)>", lambda m: f"<svg {spaces} {size} {m[1]}>{told}", svg) + "\n"


def as_png(chart: Chart, language: Language) -> bytes:
    """The same picture as pixels, 1640 wide."""
    with _sheet(chart, language) as figure:
        buffer = io.BytesIO()
        described = {"Title": chart.question, "Description": _described(chart)}
        figure.savefig(buffer, format="png", dpi=_PNG_DPI, metadata={"Software": None, **described})
    return buffer.getvalue()


@contextmanager
def _sheet(chart: Chart, language: Language) -> Iterator[Figure]:
    """The figure with its texts around the drawing."""
    above = [(wrapped(chart.question, 12, language), 12.0), (wrapped(chart.answer, 9.5, language), 9.5)]
    below = wrapped(chart.caption, 8, language)
    head = sum(_height_in(text, size) for text, size in above) + 2 * _MARGIN_IN + chart.legend * _LEGEND_IN
    foot = _height_in(below, 8) + 1.5 * _MARGIN_IN
    with style(language):
        height = chart.height_in + head + foot
        figure = Figure(figsize=(WIDTH_IN, height), layout="constrained", facecolor=LIGHT_BACKGROUND)
        inside = (0, foot / height, 1, chart.height_in / height)
        figure.get_layout_engine().set(rect=inside, w_pad=_MARGIN_IN)  # type: ignore[union-attr,call-arg]
        chart.draw(figure)
        left, top = _MARGIN_IN / WIDTH_IN, height - _MARGIN_IN
        for text, size in above:
            figure.text(left, top / height, text, fontsize=size, va="top")
            top -= _height_in(text, size) + 0.04
        if chart.legend:
            handles, labels = figure.axes[0].get_legend_handles_labels()
            look: dict[str, Any] = {"loc": "upper left", "borderaxespad": 0, "borderpad": 0.3, "frameon": False}
            where = left, (top - 0.03) / height
            figure.legend(handles, labels, bbox_to_anchor=where, ncols=len(labels), fontsize=8.5, **look)
        figure.text(left, _MARGIN_IN / height, below, fontsize=8, va="bottom", color=INK_ON_LIGHT)
        yield figure


def wrapped(text: str, size: float, language: Language) -> str:
    """`text` in lines that fit the sheet: at spaces in English, anywhere but before punctuation in Japanese."""
    most = (WIDTH_IN - 2 * _MARGIN_IN) * 72 / size - (2 if language == "ja" else 0)  # room for hanging punctuation
    pieces = re.split(_BREAKS, text) if language == "en" else list(re.findall(r"[!-~]+ ?|.", text))
    lines, line = [], ""
    for piece in pieces:
        if line and _ems(line + piece.rstrip()) > most and unicodedata.category(piece[0]) not in _NOT_FIRST:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return "\n".join([*lines, line.rstrip()])


def _ems(text: str) -> float:
    """Width of a text in widths of its capital M, roughly."""
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WFA" else 0.545 for letter in text)


def _height_in(text: str, size: float) -> float:
    return 0 if not text else (text.count("\n") + 1) * size * 1.32 / 72


def _described(chart: Chart) -> str:
    return "\n".join([chart.answer, *chart.figures, chart.caption])


@contextmanager
def style(language: Language) -> Iterator[None]:
    """matplotlib set up for one language; letters that its font lacks come from the other one."""
    if FAMILY not in font_manager.fontManager.get_font_names():
        font_manager.fontManager.addfont(str(font_file()))
    settings: dict[Any, Any] = {
        "font.family": [FAMILY, _LATIN] if language == "ja" else [_LATIN, FAMILY],
        "font.size": 9,
        "svg.fonttype": "path",
        "svg.hashsalt": "omotwin",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": NEUTRAL,
        "axes.labelcolor": INK_ON_LIGHT,
        "axes.unicode_minus": True,
        "text.color": INK_ON_LIGHT,
        "xtick.color": INK_ON_LIGHT,
        "ytick.color": INK_ON_LIGHT,
        "axes.axisbelow": True,
        "axes.grid": False,
        "hatch.linewidth": 0.8,
    }
    with mpl.rc_context(settings):
        yield


def inlined(svg: str, alt: str) -> str:
    """The `<svg>` element alone, named for screen readers; in HTML it needs neither namespaces nor metadata.

    Identifiers that nothing refers to go; the others are numbered, as matplotlib makes them from the last bits of a
    layout, and get a prefix of their figure, as a page has one name space.
    """
    body = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    body = re.sub(r' xmlns(:xlink)?="[^"]*"', "", body)
    body = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1">', body, count=1)
    used = {name: at for at, name in enumerate(dict.fromkeys(re.findall(r'(?:url\(|href=")#([^)"]+)', body)))}
    body = re.sub(r' id="([^"]+)"', lambda m: f' id="@{used[m[1]]}"' if m[1] in used else "", body)
    body = re.sub(r'(url\(|href=")#([^)"]+)', lambda m: f"{m[1]}#@{used[m[2]]}", body)
    prefix = hashlib.sha256(body.encode()).hexdigest()[:8]
    body = re.sub(r'( id="|(?:url\(|href=")#)@', rf"\g<1>{prefix}-", body)
    return body.replace("<svg ", f'<svg role="img" aria-label="{escape(alt, quote=True)}" ', 1).strip()
