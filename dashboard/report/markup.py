"""Small pieces of HTML; every text is escaped here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape


def text(value: object) -> str:
    """Escaped text."""
    return escape(str(value))


def element(tag: str, content: object, css: str = "") -> str:
    """An element with escaped text in it."""
    attribute = f' class="{css}"' if css else ""
    return f"<{tag}{attribute}>{text(content)}</{tag}>"


def section(title: str, *parts: str) -> str:
    """A titled section; `parts` are HTML. Without any part there is no section."""
    body = "\n".join(part for part in parts if part)
    return f"<section>\n{element('h2', title)}\n{body}\n</section>" if body else ""


def figure(svg: str, caption: str) -> str:
    """A figure with its caption."""
    return f"<figure>\n{svg}\n{element('figcaption', caption)}\n</figure>"


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    caption: str = "",
    *,
    last_is_total: bool = False,
    sums: Collection[int] = (),
    words: int = 1,
    labelled: bool = False,
) -> str:
    """A table of escaped texts. The first `words` columns are words, the others figures set to the right.

    Rows in `sums` stand out. With `labelled` each figure carries the name of its column, for narrow screens.
    """
    body = list(rows)
    lines = ['<div class="scroll"><table>', element("caption", caption) if caption else ""]
    if any(head):
        cells = [f'<th scope="col"{_right(i, words)}>{text(name)}</th>' for i, name in enumerate(head)]
        lines.append(f"<thead><tr>{''.join(cells)}</tr></thead>")
    lines.append("<tbody>")
    for number, row in enumerate(body):
        total = ' class="total"' if last_is_total and number == len(body) - 1 else ""
        total = ' class="sum"' if number in sums else total
        cells = [f'<th scope="row">{text(row[0])}</th>'] if row else []
        names = [f' data-label="{text(name)}"' if labelled else "" for name in head] or [""] * len(row)
        cells += [f"<td{_right(i, words)}{names[i]}>{text(cell)}</td>" for i, cell in enumerate(row) if i]
        lines.append(f"<tr{total}>{''.join(cells)}</tr>")
    lines.append("</tbody></table></div>")
    return "\n".join(line for line in lines if line)


def definitions(items: Iterable[tuple[str, str]]) -> str:
    """A list of terms and what they mean."""
    return "<dl>" + "".join(f"{element('dt', term)}{element('dd', meaning)}" for term, meaning in items) + "</dl>"


def card(label: str, value: str, detail: str = "") -> str:
    """A figure that stands out: what it is, how much, and where it comes from."""
    parts = [
        element("p", label, "label"),
        element("p", value, "value"),
        element("p", detail, "detail") if detail else "",
    ]
    return f'<div class="card">{"".join(parts)}</div>'


def code(lines: Iterable[str]) -> str:
    """Commands to type."""
    return f"<pre><code>{text(chr(10).join(lines))}</code></pre>"


def _right(column: int, words: int) -> str:
    return ' class="figure"' if column >= words else ""
