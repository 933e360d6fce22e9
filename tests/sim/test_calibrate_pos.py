"""Calibration against files whose true profile is known."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from scipy.integrate import quad
from typer.testing import CliRunner

from scenarios.errors import OmoError
from scenarios.loader import PRESETS, load
from sim.calibrate.commands import register
from sim.calibrate.plot import held_out_figure
from sim.calibrate.pos import calibrate, read_inputs, repeated_days
from sim.calibrate.tables import read_transactions

MONDAY = date(2025, 6, 2)
HOURS = np.array([0] * 8 + [20, 40, 80, 100, 90, 60, 50, 50, 70, 110, 90, 60, 30, 10] + [0] * 2, dtype=float)
SUNDAY_HOURS = np.array([0] * 9 + [40, 100, 120, 80, 60, 60, 80, 100, 40] + [0] * 6, dtype=float)
LEVEL = np.array([800.0, 700, 650, 750, 900, 1100, 600])
ITEM_COUNTS = {1: (6, 2), 2: (3, 3), 5: (1, 4), 60: (0.5, 0.5)}
"""items -> baskets paid in cash, not in cash; in each open hour of each day."""


def expected_counts(day: date) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The true profile; weeks differ by 0.001 %, as equal days would be taken for copies."""
    shape = SUNDAY_HOURS if day.weekday() == 6 else HOURS
    return LEVEL[day.weekday()] * shape / shape.sum() * (1 + 1e-5 * (day.toordinal() // 7 % 10))


def write_store(
    folder: Path,
    days: int = 21,
    first: date = MONDAY,
    counts: Callable[[date], Sequence[float]] = expected_counts,
) -> tuple[Path, Path]:
    transactions, baskets = ["time,transactions"], ["time,items,tender,transactions"]
    for number in range(days):
        day = first + timedelta(days=number)
        for hour, count in enumerate(counts(day)):
            time = datetime(day.year, day.month, day.day, hour, 30)
            transactions.append(f"{time},{float(count)!r}")
            if count:
                for items, (cash, other) in ITEM_COUNTS.items():
                    baskets += [f"{time},{items},cash,{cash}", f"{time},{items},non-cash,{other}"]
    files = folder / "till.csv", folder / "baskets.csv"
    for path, lines in zip(files, (transactions, baskets), strict=True):
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return files


def run(folder: Path, *more: str) -> tuple[int, str]:
    """Exit code and output of `omo calibrate pos` on the files in a folder."""
    app = typer.Typer(pretty_exceptions_enable=False)
    register(app)
    files = ["--transactions", str(folder / "till.csv"), "--baskets", str(folder / "baskets.csv")]
    result = CliRunner().invoke(app, ["calibrate", "pos", *files, "--out", str(folder / "out.toml"), *more])
    if isinstance(result.exception, OmoError):
        return result.exception.exit_code, result.output + str(result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def document_of(folder: Path, *more: str) -> dict[str, Any]:
    code, output = run(folder, "--json", *more)
    assert code == 0, output
    document: dict[str, Any] = json.loads(output[output.index("{") :])
    return document


def test_a_known_profile_is_found_again_and_foretells_the_held_out_week(tmp_path: Path) -> None:
    write_store(tmp_path)
    week = document_of(tmp_path)["held_out_week"]
    fragment = tomllib.loads((tmp_path / "out.toml").read_text(encoding="utf-8"))
    traffic = fragment["traffic"]
    assert np.allclose(
        np.array(traffic["store_weekday_hours"]) / sum(traffic["store_weekday_hours"]), HOURS / HOURS.sum(), atol=1e-4
    )
    assert np.allclose(
        np.array(traffic["store_holiday_hours"]) / sum(traffic["store_holiday_hours"]),
        SUNDAY_HOURS / SUNDAY_HOURS.sum(),
        atol=1e-4,
    )
    assert np.allclose(traffic["weekday_index"], LEVEL / LEVEL.mean(), atol=6e-4)
    assert fragment["baskets"]["item_shares"] == [0.4, 0.3, 0, 0, 0.25] + [0] * 34 + [0.05]
    assert fragment["payments"]["cash_share"] == pytest.approx(10.5 / 20)
    assert week["hourly_mape"] == 0
    assert week["mean_error_per_hour"] == 0
    assert week["hours"] == 6 * 14 + 9


def test_a_held_out_week_with_twice_the_customers_shows_half_of_them_missing(tmp_path: Path) -> None:
    last_week = MONDAY + timedelta(days=14)
    write_store(tmp_path, counts=lambda day: expected_counts(day) * (2 if day >= last_week else 1))
    week = document_of(tmp_path)["held_out_week"]
    assert week["hourly_mape"] == pytest.approx(0.5)
    assert week["mean_error_per_hour"] == pytest.approx(-LEVEL.sum() / week["hours"], abs=0.01)


@pytest.mark.parametrize("name", ["pos-store1", "pos-store2"])
def test_the_shipped_fragments_come_out_of_files_made_from_them(name: str, tmp_path: Path) -> None:
    shipped = tomllib.loads((PRESETS / f"{name}.toml").read_text(encoding="utf-8"))
    profile, level = shipped["traffic"], np.array(shipped["traffic"]["weekday_index"]) * 1000

    def counts(day: date) -> Any:
        shape = np.array(profile["store_holiday_hours" if day.weekday() == 6 else "store_weekday_hours"])
        return level[day.weekday()] * shape / shape.sum() * (1 + 1e-5 * (day.toordinal() // 7 % 10))

    write_store(tmp_path, counts=counts)
    cash, shares = shipped["payments"]["cash_share"], shipped["baskets"]["item_shares"]
    rows = [
        f"2025-06-02 12:30:00,{items},{tender},{share * 1e6 * part!r}"
        for items, share in enumerate(shares, start=1)
        for tender, part in (("cash", cash), ("non-cash", 1 - cash))
    ]
    (tmp_path / "baskets.csv").write_text(
        "time,items,tender,transactions\n"
        + "\n".join([*rows, *(row.replace("2025-06-02", "2025-06-17") for row in rows)]),
        encoding="utf-8",
    )
    run(tmp_path)
    again = tomllib.loads((tmp_path / "out.toml").read_text(encoding="utf-8"))
    assert again["baskets"]["item_shares"] == pytest.approx(shares, abs=1e-5)
    assert again["payments"]["cash_share"] == pytest.approx(cash, abs=1e-4)
    assert again["traffic"]["weekday_index"] == pytest.approx(profile["weekday_index"], abs=1e-3)
    for key in ("store_weekday_hours", "store_holiday_hours"):
        mine, theirs = (np.array(part[key]) / sum(part[key]) for part in (again["traffic"], profile))
        assert np.allclose(mine, theirs, atol=2e-4)


def test_points_of_a_rate_give_the_area_under_them(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    inner = np.sort(generator.uniform(0, 24, 40))
    hours = np.union1d(np.arange(25.0), inner)[:-1]
    rates = generator.uniform(5, 50, len(hours)).round(3)
    times = [datetime(2025, 6, 2) + timedelta(hours=hour) for hour in hours]
    lines = [f"{time},{rate}" for time, rate in zip(times, rates, strict=True)]
    path = tmp_path / "till.csv"
    path.write_text("\n".join(["time,transactions", *lines, lines[3], lines[0]]), encoding="utf-8")
    table, problems = read_transactions(path)
    exact = [
        quad(lambda at: np.interp(at, hours, rates), hour, hour + 1, points=inner[(inner > hour) & (inner < hour + 1)])[
            0
        ]
        for hour in range(23)
    ]
    assert problems == []
    assert table.form == "points of a rate"
    assert table.notes == ["2 points are given twice with the same value, which leaves the rate as it is"]
    assert np.allclose(table.counts[0, :23], exact, rtol=1e-9)
    assert np.isnan(table.counts[0, 23])


def test_a_copied_day_is_named_and_kept_out_of_the_fit(tmp_path: Path) -> None:
    feast, copy = MONDAY + timedelta(days=17), MONDAY + timedelta(days=3)
    special = np.roll(HOURS, -1) * 3

    def counts(day: date) -> Any:
        return special if day in (feast, copy) else expected_counts(day)

    write_store(tmp_path, counts=counts)
    table, _ = read_transactions(tmp_path / "till.csv")
    assert (copy, feast) in repeated_days(table)
    document = document_of(tmp_path)
    assert any(str(copy) in warning and str(feast) in warning for warning in document["warnings"])
    without = document_of(tmp_path, "--exclude-day", str(feast))
    assert without["held_out_week"]["hourly_mape"] == 0
    assert without["weekday_index"] == pytest.approx((LEVEL / LEVEL.mean()).tolist(), abs=1e-3)


def test_days_of_few_customers_are_not_taken_for_copies(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    write_store(tmp_path, days=200, counts=lambda _: generator.poisson(0.5, 24) * (HOURS > 0))
    table, _ = read_transactions(tmp_path / "till.csv")
    equal = sum((one == other).all() for row, one in enumerate(table.counts) for other in table.counts[row + 1 :])
    assert equal > 0
    assert repeated_days(table) == []


def test_copies_do_not_flatter_the_held_out_week(tmp_path: Path) -> None:
    """Random noise in the last week, and its Thursday pasted over the two before it."""
    noise = np.random.default_rng(5).uniform(0.5, 1.5, (7, 24))

    def counts(day: date) -> Any:
        source = MONDAY + timedelta(days=17) if day.weekday() == 3 else day
        number = (source - MONDAY).days
        return expected_counts(source) * (noise[number % 7] if number >= 14 else 1)

    write_store(tmp_path, counts=counts)
    inputs = read_inputs(tmp_path / "till.csv", tmp_path / "baskets.csv", None)
    result = calibrate(inputs, 40, [], [])
    used_before = [day for day, used in zip(inputs.transactions.days[:14], result.used, strict=False) if used]
    assert not [day for day in used_before if day.weekday() == 3]
    assert result.fit is not None
    assert result.fit.mape > 0.1


def test_public_holidays_take_the_profile_and_the_level_of_sundays(tmp_path: Path) -> None:
    holidays = (date(2025, 4, 29), date(2025, 5, 3))

    def counts(day: date) -> Any:
        return expected_counts(date(2025, 5, 11)) * (1 + 1e-6 * day.day) if day in holidays else expected_counts(day)

    write_store(tmp_path, first=date(2025, 4, 14), counts=counts)
    as_tuesday, as_holiday = document_of(tmp_path), document_of(tmp_path, "--holidays", "JP")
    assert as_holiday["held_out_week"]["hourly_mape"] == 0
    assert as_tuesday["held_out_week"]["hourly_mape"] > 0.02
    assert as_holiday["weekday_index"] == pytest.approx((LEVEL / LEVEL.mean()).tolist(), abs=1e-3)


def test_cashiers_go_into_a_comment_and_not_into_a_roster(tmp_path: Path) -> None:
    write_store(tmp_path)
    lines = [f"{datetime(2025, 6, 2) + timedelta(hours=hour)},{3 if hour % 24 == 9 else 0}" for hour in range(21 * 24)]
    (tmp_path / "staff.csv").write_text("time,cashiers_starting\n" + "\n".join(lines), encoding="utf-8")
    assert run(tmp_path, "--cashiers", str(tmp_path / "staff.csv"))[0] == 0
    text = (tmp_path / "out.toml").read_text(encoding="utf-8")
    assert "# Mon-Sat [0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0" in text
    assert set(tomllib.loads(text)) == {"traffic", "baskets", "payments"}


def test_the_picture_shows_the_held_out_counts_and_what_was_expected(tmp_path: Path) -> None:
    write_store(tmp_path)
    inputs = read_inputs(tmp_path / "till.csv", tmp_path / "baskets.csv", None)
    result = calibrate(inputs, 40, [], [])
    panels = held_out_figure(inputs.transactions, result).axes
    assert len(panels) == 7
    for number, panel in enumerate(panels):
        counted = [bar.get_height() for bar in panel.patches]
        assert np.allclose(counted, expected_counts(MONDAY + timedelta(days=14 + number)))
        assert np.allclose(np.asarray(panel.lines[0].get_ydata(), dtype=float), counted, rtol=1e-4)
    assert run(tmp_path, "--plot", str(tmp_path / "week.png"))[0] == 0
    assert (tmp_path / "week.png").read_bytes().startswith(b"\x89PNG")


def test_the_fragment_extends_a_scenario_and_shows_its_source(tmp_path: Path) -> None:
    write_store(tmp_path)
    assert run(tmp_path, "--source", "own till 2025")[0] == 0
    text = (tmp_path / "out.toml").read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert text.count("own till 2025") == 5
    (tmp_path / "town.toml").write_text('extends = ["ward-omo", "out.toml"]\n', encoding="utf-8")
    assert load(tmp_path / "town.toml").scenario.payments.cash_share == pytest.approx(0.525)


def test_less_than_two_weeks_give_a_fit_without_a_judgement(tmp_path: Path) -> None:
    write_store(tmp_path, days=9)
    document = document_of(tmp_path, "--plot", str(tmp_path / "week.png"))
    assert document["held_out_week"] is None
    assert any("too few to hold out a week" in warning for warning in document["warnings"])
    assert not (tmp_path / "week.png").exists()


def test_a_store_without_sundays_uses_its_weekday_profile_and_says_so(tmp_path: Path) -> None:
    write_store(tmp_path, counts=lambda day: expected_counts(day) * (day.weekday() != 6))
    document = document_of(tmp_path)
    assert document["store_holiday_hours"] == document["store_weekday_hours"]
    assert any("no usable Sunday or holiday" in warning for warning in document["warnings"])
    assert any("no transaction all day" in warning for warning in document["warnings"])


BAD_ROWS: dict[str, tuple[str, int, str, str]] = {
    "negative": ("till.csv", 14, "2025-06-02 12:30:00,-4", "transactions: must be zero or more (got -4)"),
    "no number": ("till.csv", 14, "2025-06-02 12:30:00,many", "transactions: wanted a number (got 'many')"),
    "missing": ("till.csv", 14, "2025-06-02 12:30:00,", "transactions: missing"),
    "not a number": ("till.csv", 14, "2025-06-02 12:30:00,nan", "transactions: must be zero or more (got nan)"),
    "no time": ("till.csv", 14, "noon,4", "time: wanted a local time such as"),
    "time zone": ("till.csv", 14, "2025-06-02T12:30:00+09:00,4", "time: write local time without a zone"),
    "hour twice": ("till.csv", 14, "2025-06-02 11:30:00,4", "the hour 2025-06-02 11:00 was given in line 13"),
    "off the hour": ("till.csv", 14, "2025-06-02 12:17:00,4", "is not 30 min 0 s past the hour"),
    "too many fields": ("till.csv", 14, "2025-06-02 12:30:00,4,5", "wanted 2 fields"),
    "too few fields": ("till.csv", 14, "2025-06-02 12:30:00", "wanted 2 fields"),
    "hour missing": ("till.csv", 13, "", "the hour 2025-06-02 11:00 is missing after this row"),
    "strange tender": (
        "baskets.csv",
        5,
        "2025-06-02 08:30:00,2,card,4",
        "tender: wanted cash or non-cash (got 'card')",
    ),
    "no items": ("baskets.csv", 5, "2025-06-02 08:30:00,0,cash,4", "items: wanted a whole number from 1 (got 0)"),
    "half an item": ("baskets.csv", 5, "2025-06-02 08:30:00,1.5,cash,4", "items: wanted a whole number from 1"),
    "basket twice": ("baskets.csv", 5, "2025-06-02 08:30:00,1,cash,4", "same hour, items and tender as in line 2"),
    "negative baskets": ("baskets.csv", 5, "2025-06-02 08:30:00,2,non-cash,-1", "transactions: must be zero or more"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_stops_the_work_with_its_line_and_can_be_left_out(case: str, tmp_path: Path) -> None:
    name, line, row, message = BAD_ROWS[case]
    write_store(tmp_path)
    path = tmp_path / name
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[line - 1] = row
    path.write_text("\n".join(lines), encoding="utf-8")
    code, seen = run(tmp_path)
    told = [text for text in seen.splitlines() if message in text]
    at = line - 1 if case == "hour missing" else line
    assert code == 3
    assert [text.startswith(f"{path}:{at}: ") for text in told] == [True], seen
    assert not (tmp_path / "out.toml").exists()
    code, seen = run(tmp_path, "--skip-bad-rows")
    assert (code, message in seen, "left out" in seen) == (0, True, True)
    found = tomllib.loads((tmp_path / "out.toml").read_text(encoding="utf-8"))["traffic"]["weekday_index"]
    assert found == pytest.approx((LEVEL / LEVEL.mean()).tolist(), abs=1e-3)


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (None, 2, "till.csv: no such file"),
        (b"", 3, "till.csv:1: header lacks time, transactions"),
        (b"time;transactions\n", 3, "till.csv:1: header lacks time, transactions (wanted time,transactions; got"),
        (b"time,transactions\n", 3, "till.csv:1: no rows that can be read"),
        ("時刻,transactions\n".encode("shift_jis"), 3, "till.csv:1: not UTF-8"),
        (b"time,transactions\nx,1\n", 3, "till.csv:2: time: wanted a local time"),
        (
            b"time,transactions\n2025-06-02 01:00:00,1\n2025-06-02 01:20:00,2\n2025-06-02 01:00:00,3\n",
            3,
            "till.csv:4: time: 2025-06-02 01:00:00 has another value in line 2",
        ),
        (
            b"time,transactions\n2025-06-02 01:00:00,1\n2025-06-02 01:20:00,2\n2025-06-02 03:10:00,3\n",
            3,
            "till.csv:3: no point for more than an hour after this row",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_told(content: bytes | None, code: int, message: str, tmp_path: Path) -> None:
    till, _ = write_store(tmp_path)
    till.unlink()
    if content is not None:
        till.write_bytes(content)
    got, seen = run(tmp_path)
    assert (got, message in seen) == (code, True), seen


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--exclude-day", "yesterday"], "write days as 2018-02-08"),
        (["--exclude-day", "1999-01-01"], "not in the file, which has 2025-06-02 to 2025-06-22"),
        (["--holidays", "XX"], "give a code such as JP"),
        (["--out", "no/such/folder/x.toml"], "cannot be written"),
        (["--plot", "week.nonsense"], "cannot be drawn"),
        (["--cashiers", "nobody.csv"], "nobody.csv: no such file"),
    ],
)
def test_options_that_make_no_sense_are_told(options: list[str], message: str, tmp_path: Path) -> None:
    write_store(tmp_path)
    code, seen = run(tmp_path, *options)
    assert (code, message in seen) == (2, True), seen


def test_all_bad_rows_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    till, baskets = write_store(tmp_path)
    for path, row in ((till, "x,1"), (baskets, "x,1,cash,1")):
        path.write_text(f"{path.read_text(encoding='utf-8')}{row}\n", encoding="utf-8")
    code, seen = run(tmp_path)
    assert code == 3
    assert seen.count("time: wanted a local time") == 2
    assert "2 problems; mend them" in seen
