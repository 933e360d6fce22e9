"""A calibration as a piece of a scenario file, each key with its source."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.calibrate.pos import Calibration
from sim.calibrate.tables import Floats

INDEX_DIGITS = 3
SHARE_DIGITS = 5


def to_toml(calibration: Calibration, source: str, period: str) -> str:
    """The scenario fragment: `[traffic]`, `[baskets]` and `[payments]`. `source` goes behind each key."""
    profile, baskets = calibration.profile, calibration.baskets
    lumped = f", {len(baskets.item_shares)} or more in the last" if baskets.largest > len(baskets.item_shares) else ""
    lines = [
        f"# Fitted by `omo calibrate pos` to {period}.",
        *(f"# {line}" for line in _header(calibration)),
        "",
        "[traffic]  # transactions per hour of the day, from midnight; only the shape counts",
        _key("store_weekday_hours", _list(profile.weekday_hours, 1), f"{source}; Monday to Saturday"),
        _key("store_holiday_hours", _list(profile.holiday_hours, 1), f"{source}; Sundays and holidays"),
        _key("weekday_index", _list(profile.day_level / profile.day_level.mean(), INDEX_DIGITS), f"{source}; mean 1"),
        "",
        "[baskets]",
        _key("item_shares", _list(_rounded_shares(baskets.item_shares), SHARE_DIGITS), f"{source}; by items{lumped}"),
        "",
        "[payments]",
        _key("cash_share", f"{baskets.cash_share:.4f}", f"{source}; by count"),
    ]
    return "\n".join(lines) + "\n"


def _header(calibration: Calibration) -> list[str]:
    lines = []
    if (fit := calibration.fit) is not None:
        lines.append(
            f"Last week, not seen by a fit on the days before: hourly error {fit.mape:.1%} (mean absolute), "
            f"{fit.weighted_ape:.1%} weighted by transactions,"
        )
        lines.append(f"mean error {fit.mean_error:+.1f} an hour, over {fit.hours} hours. The figures below: all days.")
    lines += [*calibration.notes, *(f"Fit on all days: {warning}" for warning in calibration.profile.warnings)]
    if calibration.cashiers is not None:
        lines.append("Cashiers starting work, mean by hour; not a roster, as the data do not say how long they stay:")
        lines.append(f"Mon-Sat {_list(calibration.cashiers.weekday_hours, 1)}")
        lines.append(f"Sun     {_list(calibration.cashiers.holiday_hours, 1)}")
    return lines


def _rounded_shares(shares: Floats) -> Floats:
    rounded = shares.round(SHARE_DIGITS)
    rounded[int(np.argmax(rounded))] += 1 - rounded.sum()
    return np.trim_zeros(rounded, "b")


def _list(values: Floats | Sequence[float], digits: int) -> str:
    return "[" + ", ".join(f"{value:.{digits}f}".rstrip("0").rstrip(".") or "0" for value in values) + "]"


def _key(name: str, value: str, comment: str) -> str:
    line = f"{name} = {value}  # {comment}"
    if len(line) <= 120 or not value.startswith("["):
        return line
    rows = [f"{name} = [  # {comment}"]
    row = "   "
    for number in value.strip("[]").split(", "):
        if len(row) + len(number) > 116:
            rows.append(row)
            row = "   "
        row += f" {number},"
    return "\n".join([*rows, row, "]"])
