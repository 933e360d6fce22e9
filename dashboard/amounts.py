"""Figures as people write them: k and M in English, 万 and 億 in Japanese; a true minus sign, never a hyphen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from dashboard.words import Language

MAN = 10**4
OKU = 10**8
NOTHING = "–"
_LONG = 10**6

_TIMES: Final[tuple[tuple[int, dict[Language, str]], ...]] = (
    (3600, {"en": " h", "ja": "時間"}),
    (60, {"en": " min", "ja": "分"}),
    (1, {"en": " s", "ja": "秒"}),
)


_KEEP_SPACE: Final = "\u00a0"
_KEEP: Final = "\u2060"
"""A space, and a place between letters, where no line may end."""
_BEFORE_UNIT: Final = re.compile(r"(?<=\d) (?=%|(?:pp|ms|s|min|h|days?)\b)|(?<=±) ")
_BEFORE_YEN: Final = re.compile(r"(?<=[+−])(?=¥)")
_IN_JAPANESE: Final = re.compile(r"\d[\d,.]*(?:億[\d,]*)?万?(?:円|時間|ミリ秒|秒|分|日|件|ポイント|人|個|回|点)")
_BESIDE_JAPANESE: Final = re.compile(r"(?<=.)(?=[^\x00-\x7f])|(?<=[^\x00-\x7f])(?=.)")


@dataclass(frozen=True)
class Scale:
    """How an axis is divided: a value divided by `divisor` is in `unit`."""

    divisor: float
    unit: str


def yen(value: float, language: Language, signed: bool = False) -> str:
    """Yen: `¥3.26M`, `326万円`; with `signed` a plus sign too."""
    size = _yen_ja(abs(value)) if language == "ja" else _yen_en(abs(value))
    return _sign(value, signed) + size


def share(value: float, signed: bool = False) -> str:
    """A share in per cent."""
    decimals = 2 if 0 < abs(value) < 0.01 else 1
    return f"{_sign(value, signed)}{abs(value) * 100:.{decimals}f} %"


def points(value: float, language: Language, signed: bool = True) -> str:
    """A difference of shares in percentage points."""
    unit = "ポイント" if language == "ja" else " pp"
    return f"{_points(value, signed)}{unit}"


def seconds(value: float, language: Language, signed: bool = False) -> str:
    """Seconds, minutes from two minutes on, hours from two hours on."""
    divisor, units = next((d, u) for d, u in _TIMES if abs(value) >= 2 * d or d == 1)
    return f"{_signed(value, signed, f'{abs(value) / divisor:.1f}')}{units[language]}"


def roughly(value_s: float, language: Language) -> str:
    """An estimated duration: tens of seconds, from two minutes on minutes, from two hours on hours."""
    divisor, units = next((d, u) for d, u in _TIMES if value_s >= 2 * d or d == 1)
    size = max(round(value_s, -1), 10) if divisor == 1 else round(value_s / divisor)
    return f"{size:,.0f}{units[language]}"


def quantity(value: float, unit: str, language: Language, signed: bool = False) -> str:
    """Days, hours, or a number without a unit; small ones keep two decimals."""
    names = {"days": {"en": " days", "ja": "日"}, "hours": {"en": " h", "ja": "時間"}}.get(unit)
    decimals = 2 if 0 < abs(value) < 10 and unit == "number" else 1
    size = f"{abs(value):,.{decimals}f}"
    return f"{_signed(value, signed, size)}{names[language] if names else ''}"


def count(value: float, signed: bool = False) -> str:
    """A number of things; means of small numbers keep a decimal."""
    decimals = 1 if abs(value) < 100 and value != round(value) else 0
    return f"{_sign(value, signed)}{abs(value):,.{decimals}f}"


def figure(value: float | None, unit: str, language: Language, signed: bool = False) -> str:
    """A value of a measure in its unit; a dash where it cannot be said. A signed share is in points."""
    if value is None:
        return NOTHING
    if unit == "yen":
        return yen(value, language, signed)
    if unit == "share":
        return points(value, language) if signed else share(value)
    if unit in ("days", "hours", "number"):
        return quantity(value, unit, language, signed)
    return seconds(value, language, signed) if unit == "s" else number_of(value, language, signed)


def number_of(value: float, language: Language, signed: bool = False) -> str:
    """A number of things as `count`; in millions (English) or 万 and 億 (Japanese) where it is long."""
    scale = scale_of([value], "count", language)
    if scale.divisor == 1 or abs(value) < _LONG:
        return count(value, signed)
    size = abs(value) / scale.divisor
    return f"{_sign(value, signed)}{size:,.{2 if size < 10 else 1}f}{scale.unit}"


def interval(document: Mapping[str, float | None], unit: str, language: Language, signed: bool = False) -> str:
    """Mean and half-width of `{mean, half_width}`: `¥3.26M ± ¥0.50M`, `+4.1 ± 0.6 pp`."""
    if unit == "share" and signed and document["mean"] is not None and document["half_width"] is not None:
        return f"{_points(document['mean'], signed=True)} ± {points(document['half_width'], language, signed=False)}"
    mean = figure(document["mean"], unit, language, signed)
    half_width = document["half_width"]
    if half_width is None:
        return mean
    width = points(half_width, language, signed=False) if unit == "share" else figure(half_width, unit, language)
    return f"{mean} ± {width}"


def whole(text: str) -> str:
    """`text` with its amounts kept on one line: no break between a sign, a number and its unit; before a ± there is."""
    spaced = _BEFORE_YEN.sub(_KEEP, _BEFORE_UNIT.sub(_KEEP_SPACE, text))
    return _IN_JAPANESE.sub(lambda found: _BESIDE_JAPANESE.sub(_KEEP, found[0]), spaced)


def scale_of(values: Iterable[float], unit: str, language: Language) -> Scale:
    """The division of an axis that shows `values` of a measure's unit."""
    largest = max((abs(value) for value in values), default=0.0)
    if unit == "yen" and language == "ja":
        return Scale(OKU, "億円") if largest >= OKU else Scale(MAN, "万円") if largest >= MAN else Scale(1, "円")
    if unit == "yen":
        return Scale(1e6, "¥M") if largest >= 1e6 else Scale(1e3, "¥k") if largest >= 1e3 else Scale(1, "¥")
    if unit == "share":
        return Scale(0.01, "%")
    if unit == "s":
        return (
            Scale(1, "秒" if language == "ja" else "s")
            if largest < 7200
            else Scale(3600, _TIMES[0][1][language].strip())
        )
    if unit == "count" and language == "ja":
        return Scale(OKU, "億") if largest >= OKU else Scale(MAN, "万") if largest >= 10 * MAN else Scale(1, "")
    if unit == "count":
        return Scale(1e6, "M") if largest >= 1e6 else Scale(1e3, "k") if largest >= 1e5 else Scale(1, "")
    return Scale(1, "")


def _sign(value: float, signed: bool) -> str:
    return "−" if value < 0 else "+" if signed and value > 0 else ""


def _signed(value: float, signed: bool, size: str) -> str:
    """`size` with the sign of `value`; what is rounded to nothing has none."""
    return f"{_sign(value, signed)}{size}" if size.strip("0.,") else size


def _points(value: float, signed: bool) -> str:
    return _signed(value, signed, f"{abs(value) * 100:.{2 if abs(value) < 0.01 else 1}f}")


def _yen_en(size: float) -> str:
    for divisor, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if size >= divisor * 0.99995:
            number = size / divisor
            return f"¥{number:,.{2 if number < 10 else 1}f}{letter}"
    return f"¥{size:,.0f}"


def _yen_ja(size: float) -> str:
    man = round(size / MAN)
    if man >= MAN:
        oku, rest = divmod(man, MAN)
        return f"{oku:,}億{rest:,}万円" if rest else f"{oku:,}億円"
    if size >= 100 * MAN:
        return f"{man:,}万円"
    return f"{size / MAN:.1f}万円" if size >= MAN else f"{size:,.0f}円"
