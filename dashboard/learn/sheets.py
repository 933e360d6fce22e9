"""The facilitator's sheet of each exercise: Markdown for the page, and a file of its own for the printer."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from markdown_it import MarkdownIt

from dashboard.report import markup
from dashboard.typeface import STACK
from dashboard.words import Language

_STYLE: Final = f"""body {{ font-family: {STACK}; line-height: 1.55; max-width: 46rem; margin: 2rem auto;
  padding: 0 1rem; color: #1E252D; background: #FFFFFF; }}
h1 {{ font-size: 1.5rem; }} h2 {{ font-size: 1.1rem; margin-top: 1.4rem; break-after: avoid; }}
li {{ margin: 0.25rem 0; break-inside: avoid; }}
@page {{ margin: 18mm; }}
@media print {{ body {{ margin: 0; font-size: 10.5pt; }} }}"""


def sheet(exercise: str, language: Language) -> str:
    """The sheet as Markdown, without its title."""
    path = files("dashboard").joinpath("learn", "sheets", language, f"{exercise}.md")
    return path.read_text(encoding="utf-8")


def printable(exercise: str, title: str, language: Language) -> bytes:
    """The sheet as one HTML file that asks for nothing else."""
    body = MarkdownIt("commonmark").render(sheet(exercise, language))
    head = f'<meta charset="utf-8">{markup.element("title", title)}<style>{_STYLE}</style>'
    page = f'<!doctype html>\n<html lang="{language}">\n<head>{head}</head>\n<body>\n'
    return f"{page}{markup.element('h1', title)}\n{body}</body>\n</html>\n".encode()
