"""The Japanese font: where it is, for the browser, for matplotlib and embedded in the report.

IPAexGothic comes in the package `matplotlib-fontja`, under the IPA Font License v1.0, which allows to pass it on
unchanged and to embed it in documents. The package itself is not imported: importing it changes matplotlib's settings.
"""

from __future__ import annotations

import base64
import io
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from scenarios.errors import UsageError

FAMILY: Final = "IPAexGothic"

STACK: Final = f"{FAMILY}, 'Source Sans', sans-serif"
"""The pages' font list. Ours covers `RANGES` only, and stands first: behind a font without these letters, Chromium
keeps some of the boxes that it drew before the font had come."""

CODE_STACK: Final = f"{FAMILY}, 'Source Code Pro', monospace"
"""The same of commands and files."""

RANGES: Final = "U+2E80-9FFF, U+F900-FAFF, U+FF00-FFEF"
"""Characters that a browser takes from our font; without any of them on a page it is not even fetched."""


@cache
def font_file() -> Path:
    """The font's file, unchanged."""
    spec = find_spec("matplotlib_fontja")
    path = Path(spec.origin or "").parent / "fonts" / "ipaexg.ttf" if spec else None
    if path is None or not path.is_file():
        raise UsageError("the Japanese font is missing: install matplotlib-fontja (pip install matplotlib-fontja)")
    return path


def subset_uri(text: str) -> str:
    """The glyphs of `text` as a `data:` URI of a WOFF font, the same bytes for the same characters."""
    from fontTools import subset  # type: ignore[import-untyped]
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    options = subset.Options(flavor="woff", hinting=False, notdef_outline=True, layout_features=[])
    font = TTFont(font_file(), recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(sorted(set(text))))
    subsetter.subset(font)
    font.flavor = "woff"
    buffer = io.BytesIO()
    font.save(buffer)
    return "data:font/woff;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
