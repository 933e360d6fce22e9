"""`omo calibrate`: a retailer's own data to numbers of a scenario."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scenarios import options
from scenarios.errors import UsageError

if TYPE_CHECKING:
    from sim.calibrate.pos import Calibration
    from sim.calibrate.tables import Hourly

JSON_SCHEMA = "omo.calibration-pos/1"


def register(app: typer.Typer) -> None:
    """Add `omo calibrate`."""
    calibrate = typer.Typer(no_args_is_help=True, help="Fit parts of a scenario to a retailer's own data.")
    calibrate.command("pos")(pos)
    app.add_typer(calibrate, name="calibrate")


def pos(
    transactions: Annotated[Path, typer.Option(help="CSV: time,transactions. Hourly counts, or points of a rate.")],
    baskets: Annotated[Path, typer.Option(help="CSV: time,items,tender,transactions; tender is cash or non-cash.")],
    out: Annotated[Path, typer.Option(help="The scenario fragment to write.")],
    cashiers: Annotated[Path | None, typer.Option(help="CSV: time,cashiers_starting. Goes into a comment.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Picture of the held-out week (.png, .svg, .pdf).")] = None,
    source: Annotated[str, typer.Option(help="Where the data come from, written behind each key.")] = "",
    exclude_day: Annotated[list[str] | None, typer.Option(help="A day to leave out: 2018-02-08; repeatable.")] = None,
    holidays: Annotated[str, typer.Option(help="Country whose public holidays count as Sundays, such as JP.")] = "",
    items_max: Annotated[int, typer.Option(min=1, max=1000, help="Larger baskets are counted as this size.")] = 40,
    skip_bad_rows: Annotated[bool, typer.Option("--skip-bad-rows", help="Go on without rows that are wrong.")] = False,
    as_json: options.Json = False,
) -> None:
    """Turn hourly till data into traffic, basket sizes and the cash share of a scenario.

    The last week is held out: the days before are fitted, and the hourly error on the week that the fit has not seen
    is shown. The fragment then holds the fit on all days. Bad rows are listed with their line and stop the work.

    Example: omo calibrate pos --transactions till.csv --baskets baskets.csv --out my-store.toml --plot my-store.png,
    then begin a scenario with: extends = ["ward-base", "my-store.toml"]
    """
    from sim.calibrate.fragment import to_toml
    from sim.calibrate.pos import calibrate, read_inputs

    inputs = read_inputs(transactions, baskets, cashiers, skip_bad_rows)
    days = inputs.transactions.days
    result = calibrate(inputs, items_max, _dates(exclude_day or []), _holidays(holidays, days))
    if inputs.left_out:
        typer.echo("\n".join([*inputs.left_out, f"{len(inputs.left_out)} problems left out"]), err=True)
    period = f"{days[0]} to {days[-1]} ({transactions.name}, {inputs.transactions.form})"
    _write(out, to_toml(result, source or f"own data, {transactions.name} and {baskets.name}", period))
    drawn = plot is not None and _plot(inputs.transactions, result, plot)
    document = _document(inputs.transactions, result, len(inputs.left_out), out, plot if drawn else None)
    typer.echo(json.dumps(document, indent=2) if as_json else _text(document))


def _dates(texts: list[str]) -> list[date]:
    try:
        return [date.fromisoformat(text) for text in texts]
    except ValueError:
        raise UsageError(f"--exclude-day {' '.join(texts)}: write days as 2018-02-08") from None


def _holidays(country: str, days: list[date]) -> set[date]:
    if not country:
        return set()
    import holidays

    try:
        return set(holidays.country_holidays(country, years={day.year for day in days}))
    except NotImplementedError:
        raise UsageError(f"--holidays {country}: no such country; give a code such as JP, PL or DE") from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from None


def _plot(hourly: Hourly, result: Calibration, path: Path) -> bool:
    from sim.calibrate.plot import save

    if not result.held_out.any():
        typer.echo(f"{path}: not drawn, there is no held-out week", err=True)
        return False
    try:
        save(hourly, result, path)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be drawn ({error})") from None
    return True


def _document(hourly: Hourly, result: Calibration, left_out: int, out: Path, plot: Path | None) -> dict[str, Any]:
    profile, baskets = result.profile, result.baskets
    document: dict[str, Any] = {
        "schema": JSON_SCHEMA,
        "first_day": str(hourly.days[0]),
        "last_day": str(hourly.days[-1]),
        "form": hourly.form,
        "days_used": int(result.used.sum()),
        "bad_rows_left_out": left_out,
        "warnings": [*result.notes, *profile.warnings],
        "held_out_week": None,
        "store_weekday_hours": profile.weekday_hours.round(2).tolist(),
        "store_holiday_hours": profile.holiday_hours.round(2).tolist(),
        "weekday_index": (profile.day_level / profile.day_level.mean()).round(4).tolist(),
        "mean_items": round(baskets.mean_items, 4),
        "cash_share": round(baskets.cash_share, 4),
        "largest_basket": baskets.largest,
        "out": out.name,
        "plot": plot.name if plot else None,
    }
    if result.fit and result.baskets_before and result.baskets_held_out:
        fit = result.fit
        naive = None if math.isnan(fit.week_before_mape) else round(fit.week_before_mape, 4)
        document["held_out_week"] = {
            "hours": fit.hours,
            "hourly_mape": round(fit.mape, 4),
            "hourly_mape_weighted": round(fit.weighted_ape, 4),
            "mean_error_per_hour": round(fit.mean_error, 2),
            "hourly_mape_of_week_before": naive,
            "mean_items": [round(part.mean_items, 3) for part in (result.baskets_before, result.baskets_held_out)],
            "cash_share": [round(part.cash_share, 4) for part in (result.baskets_before, result.baskets_held_out)],
        }
    return document


def _text(document: dict[str, Any]) -> str:
    lines = [
        f"{document['first_day']} to {document['last_day']}, {document['form']}, {document['days_used']} days used",
        *(f"warning: {warning}" for warning in document["warnings"]),
    ]
    week = document["held_out_week"]
    if week is not None:
        naive = week["hourly_mape_of_week_before"]
        rows = [
            ("hours scored", f"{week['hours']}"),
            ("hourly error, mean absolute", f"{week['hourly_mape']:.1%}"),
            ("the same, weighted by transactions", f"{week['hourly_mape_weighted']:.1%}"),
            ("mean error, expected - counted", f"{week['mean_error_per_hour']:+.1f} an hour"),
            ("error of `same as a week before`", "no pair of days" if naive is None else f"{naive:.1%}"),
            ("items in a basket, fit and week", "{:.2f}, {:.2f}".format(*week["mean_items"])),
            ("cash share, fit and week", "{:.1%}, {:.1%}".format(*week["cash_share"])),
        ]
        lines += ["", "held-out last week", *(f"  {name:<36}{value:>18}" for name, value in rows)]
    wrote = document["out"] + (f" and {document['plot']}" if document["plot"] else "")
    return "\n".join([*lines, "", f"wrote {wrote}"])
