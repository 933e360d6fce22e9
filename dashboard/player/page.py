"""The player as one HTML file: the scene, its texts, and nothing that is fetched from anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from string import Template
from typing import Any, Final, Literal

from dashboard.amounts import count, yen
from dashboard.charts import palette
from dashboard.player import codes
from dashboard.player.pack import pack
from dashboard.player.scene import Scene
from dashboard.report import markup
from dashboard.typeface import subset_uri
from dashboard.words import Words

Theme = Literal["light", "dark"]

_SCRIPTS: Final = ("words", "data", "layout", "motion", "ground", "people", "stage", "strip", "story", "player")
_CJK_START: Final = 0x2E80
_LOCAL: Final = ("Hiragino Sans W3", "Yu Gothic UI Regular", "Noto Sans CJK JP", "Noto Sans JP")

_SHAPES: Final = {
    "store": '<circle cx="6" cy="6" r="4.6"/>',
    "app": '<path d="M6 .4 11.6 6 6 11.6.4 6z"/>',
    "ec": '<path d="M1.6 1.6h8.8v8.8H1.6z"/>',
    "collect": '<path d="M6 1 11.2 10.6H.8z"/>',
    "rival": '<path d="M1 1 6 4.3 11 1 7.7 6 11 11 6 7.7 1 11 4.3 6z"/>',
    "lost": '<path d="M2 2l8 8M10 2l-8 8" style="stroke-width:2"/>',
    "scan": '<path d="M1 4V1h3M8 1h3v3M11 8v3H8M4 11H1V8M1 6h10" style="stroke-width:1.5;fill:none"/>',
    "paid": '<circle cx="6" cy="6" r="4.6" style="stroke-width:1.6;fill:none"/>',
    "phone": '<rect x="3" y="1" width="6" height="10" rx="1" style="stroke-width:1.4;fill:none"/>',
    "parcel": '<path d="M2 2h8v8H2zM6 2v8" style="stroke-width:1.4;fill:none"/>',
}
_LEGEND: Final = (
    ("store", "store"),
    ("app", "app"),
    ("ec", "ec"),
    ("collect", "ec"),
    ("rival", "rival"),
    ("lost", "lost"),
    ("scan", "app"),
    ("paid", "store"),
    ("phone", "app"),
    ("parcel", "ec"),
)
"""What the legend explains: a shape, and whose colour it has there."""

_KEYS: Final = ("space", "arrows", "story", "speed", "follow", "next", "escape")


def player_page(scene: Scene, say: Words, theme: Theme | None = None, follow: int | None = None) -> str:
    """The player of `scene` as HTML, in the visitor's own theme unless one is given.

    Equal scenes give equal bytes. `follow` is a shopper whom it follows from the start.
    """
    layout, columns = pack({"visits": scene.visits, "stays": scene.stays, "marks": scene.marks, "homes": scene.homes})
    texts = dict(_texts(say))
    head = {**_head(scene, say), "layout": layout, "follow": follow, "texts": texts}
    body = Template(_file("player.html")).substitute(_slots(scene, say))
    data = json.dumps(head, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    script = "\n".join(_file("js", f"{name}.js") for name in _SCRIPTS)
    return (
        f'<!doctype html>\n<html lang="{say.language}" class="{theme or ""}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{markup.text(say.title(scene.title))}</title>\n<style>\n{_font_face(body + data, say)}{_colours()}"
        f"{_file('player.css')}</style>\n</head>\n<body>\n{body}"
        f'<script type="application/json" id="head">{data}</script>\n'
        f'<script type="text/plain" id="columns">{columns}</script>\n'
        f'<script>\n(() => {{\n"use strict";\n{script}}})();\n</script>\n</body>\n</html>\n'
    )


def _file(*names: str) -> str:
    return files("dashboard").joinpath("player", *names).read_text(encoding="utf-8")


def _texts(say: Words) -> Iterator[tuple[str, str]]:
    """All texts of the player, by their keys in the page; placeholders are filled in there."""
    for key in say.texts:
        table, _, name = key.rpartition(".")
        if table == "player":
            yield name, say.texts[f"player.{name}"]
        elif table == "player_story":
            yield f"story_{name}", say.texts[f"player_story.{name}"]


def _head(scene: Scene, say: Words) -> dict[str, Any]:
    """What the page knows of the scene besides its columns."""
    return {
        "title": say.title(scene.title),
        "calendar_start": scene.calendar_start.isoformat(),
        "codes": {
            "spots": codes.SPOTS,
            "glyphs": codes.GLYPHS,
            "marks": codes.MARKS,
            "channels": codes.CHANNELS,
        },
        **{
            name: getattr(scene, name)
            for name in (
                "first_day",
                "last_day",
                "from_s",
                "to_s",
                "open_s",
                "stores",
                "brands",
                "stories",
                "happenings",
            )
        },
    }


def _slots(scene: Scene, say: Words) -> dict[str, str]:
    """What the template's placeholders stand for; texts are escaped."""
    names = (
        "sales_store sales_app sales_ec inside waiting lost follow search find unknown good_story invitation stop "
        "legend drawn back play speed day help scrub close table_title no_script"
    )
    slots = {name: escape(say(f"player.{name}")) for name in names.split()}
    keys = (
        markup.element("dt", say(f"player.key_{key}")) + markup.element("dd", say(f"player.does_{key}"))
        for key in _KEYS
    )
    legend = (
        f'<li class="{colour}">{_shape(shape)}<span>{escape(say(f"player.legend_{shape}"))}</span></li>'
        for shape, colour in _LEGEND
    )
    return {
        **slots,
        **{f"shape_{name}": _shape(name) for name in ("store", "app", "ec", "lost")},
        "title": escape(say.title(scene.title)),
        "keys": "".join(keys),
        "legend_items": "".join(legend),
        "table": hours_table(scene, say),
    }


def hours_table(scene: Scene, say: Words) -> str:
    """The opening day by the hour, for those who cannot or do not want to see the picture."""
    columns = ("hour", "came", "store_yen", "app_yen", "ec_yen", "unpaid", "lost_yen")
    rows = [
        [f"{hour['hour']:02d}:00", *(_figure(name, hour[name], say) for name in columns[1:])] for hour in scene.hours
    ]
    return markup.table([say(f"player.column_{name}") for name in columns], rows)


def _figure(name: str, value: int, say: Words) -> str:
    return yen(value, say.language) if name.endswith("_yen") else count(value)


def _shape(name: str) -> str:
    return f'<svg viewBox="0 0 12 12" aria-hidden="true">{_SHAPES[name]}</svg>'


def _colours() -> str:
    own = {name: getattr(palette, name.upper()) for name in ("store", "app", "ec", "rival", "lost")}
    names = " ".join(f"--{name}: {colour};" for name, colour in own.items())
    light, dark = palette.LIGHT_BACKGROUND, palette.DARK_BACKGROUND
    return (
        f":root {{ {names} --page: {light}; }}\n:root.dark {{ --page: {dark}; }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root:not(.light) {{ --page: {dark}; }} }}\n"
    )


def _font_face(text: str, say: Words) -> str:
    """A font with the Japanese letters of the page, first in its font list."""
    if say.language != "ja":
        return ""
    letters = "".join(sorted({letter for letter in text if ord(letter) >= _CJK_START} | set("年月日曜火水木金土")))
    sources = ", ".join([*(f'local("{name}")' for name in _LOCAL), f'url({subset_uri(letters)}) format("woff")'])
    return f'@font-face {{ font-family: "omotwin player"; unicode-range: U+{_CJK_START:X}-FFFF; src: {sources}; }}\n'
