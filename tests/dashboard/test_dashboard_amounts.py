"""Figures are written as people of each language write them, and lose no more than their rounding."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import amounts
from dashboard.charts import palette


@pytest.mark.parametrize(
    ("value", "english", "japanese"),
    [
        (0, "¥0", "0円"),
        (987, "¥987", "987円"),
        (9_996, "¥10.00k", "9,996円"),
        (32_600, "¥32.6k", "3.3万円"),
        (3_260_426, "¥3.26M", "326万円"),
        (-25_892_499, "−¥25.9M", "−2,589万円"),
        (312_680_000, "¥312.7M", "3億1,268万円"),
        (100_000_000, "¥100.0M", "1億円"),
        (99_999_999, "¥100.0M", "1億円"),
        (1_500_000_000, "¥1.50B", "15億円"),
    ],
)
def test_yen(value: int, english: str, japanese: str) -> None:
    assert amounts.yen(value, "en") == english
    assert amounts.yen(value, "ja") == japanese


@given(st.integers(-(10**11), 10**11))
def test_yen_read_back_is_within_its_rounding(value: int) -> None:
    assert read_english(amounts.yen(value, "en")) == pytest.approx(value, rel=0.006, abs=0.6)
    assert read_japanese(amounts.yen(value, "ja")) == pytest.approx(value, rel=0.06, abs=0.6)
    assert amounts.yen(value, "ja", signed=True).startswith("+") == (value > 0)


def test_a_difference_of_shares_is_in_points_and_a_share_in_per_cent() -> None:
    assert amounts.figure(0.2472, "share", "en", signed=True) == "+24.7 pp"
    assert amounts.figure(0.2472, "share", "ja", signed=True) == "+24.7ポイント"
    assert amounts.figure(0.2472, "share", "en") == "24.7 %"
    assert amounts.interval({"mean": 0.2472, "half_width": 0.016}, "share", "en", signed=True) == "+24.7 ± 1.6 pp"


def test_what_is_rounded_to_nothing_has_no_sign() -> None:
    assert amounts.figure(-0.00001, "share", "en", signed=True) == "0.00 pp"
    assert amounts.figure(-0.001, "number", "en", signed=True) == "0.00"
    assert amounts.figure(0.01, "s", "ja", signed=True) == "0.0秒"


def test_long_times_and_quantities_keep_their_unit() -> None:
    assert [amounts.seconds(value, "en") for value in (59.0, 150.0, 9660.0)] == ["59.0 s", "2.5 min", "2.7 h"]
    assert amounts.figure(31.24, "days", "en") == "31.2 days"
    assert amounts.figure(-44.0, "hours", "ja", signed=True) == "−44.0時間"
    assert amounts.figure(5.994, "number", "en", signed=True) == "+5.99"


def test_what_cannot_be_said_is_a_dash_and_one_replication_has_no_interval() -> None:
    assert amounts.figure(None, "yen", "en") == "–"
    assert amounts.interval({"mean": 4.6, "half_width": None}, "s", "ja") == "4.6秒"


@pytest.mark.parametrize("background", [palette.LIGHT_BACKGROUND, palette.DARK_BACKGROUND])
def test_colours_stand_out_from_both_backgrounds(background: str) -> None:
    colours = {*palette.OUTCOME.values(), *palette.DIVISION.values(), *palette.CALL.values(), *palette.WORLD.values()}
    assert {colour: contrast(colour, background) for colour in colours if contrast(colour, background) < 3} == {}


def test_channels_stay_apart_without_red_or_green_receptors() -> None:
    channels = [palette.STORE, palette.APP, palette.EC]
    for matrix in (DEUTERANOPIA, PROTANOPIA):
        seen = [[sum(m * c for m, c in zip(row, linear(colour), strict=True)) for row in matrix] for colour in channels]
        for i, one in enumerate(seen):
            for other in seen[i + 1 :]:
                assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 > 0.12


# Machado, Oliveira and Fernandes, IEEE TVCG 15(6), 2009, severity 1.0
DEUTERANOPIA = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
PROTANOPIA = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))


def linear(colour: str) -> list[float]:
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio."""
    light = sorted(sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear(c), strict=True)) for c in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


def read_english(text: str) -> float:
    match = re.fullmatch(r"(−?)¥([\d,.]+)([kMB]?)", text)
    assert match, text
    return (-1 if match[1] else 1) * float(match[2].replace(",", "")) * {"": 1, "k": 1e3, "M": 1e6, "B": 1e9}[match[3]]


def read_japanese(text: str) -> float:
    match = re.fullmatch(r"(−?)(?:([\d,]+)億)?(?:([\d,.]+)万)?(?:([\d,]+))?円", text)
    assert match, text
    parts = [float((match[i] or "0").replace(",", "")) for i in (2, 3, 4)]
    return (-1 if match[1] else 1) * (parts[0] * 1e8 + parts[1] * 1e4 + parts[2])


def test_no_line_ends_inside_an_amount() -> None:
    keep = "\u2060"
    assert amounts.whole("gains +¥3.97M ± ¥1.2M (5.3 %)") == f"gains +{keep}¥3.97M ±\u00a0¥1.2M (5.3\u00a0%)"
    assert amounts.whole("within 63.4 ms, 2 most") == "within 63.4\u00a0ms, 2 most"
    assert amounts.whole("+1,284万円に") == f"+1,284{keep}万{keep}円に"
    assert amounts.whole("22億4,966万円") == f"22{keep}億{keep}4,966{keep}万{keep}円"
    for text in ("a shelf 3 stores", "p99 <= 1500", "2026-04-10", ""):
        assert amounts.whole(text) == text
