"""The moments of a day at which capacity is searched: each with its own mix of requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loadtest.capacity.run import Moment
from loadtest.capacity.slices import rate_of
from loadtest.demand.busiest import busiest_minute
from loadtest.demand.count import ENDPOINTS, Polling, busiest_day, count_day
from loadtest.show import progress
from loadtest.trace import DAY_S, Window, clock_time, cut_trace
from loadtest.trace_schema import read_trace
from scenarios.errors import UsageError
from scenarios.loader import load
from sim.log.run_directory import find_run


def moments_of(
    source: str, runs: Path, day: int | None, at: list[str], window: float, stores: int | None
) -> tuple[list[Moment], dict[str, Any]]:
    """The moments that `omo capacity` was asked for, and where they come from. `window` is in minutes.

    A run's moment expects what comes to `stores` stores; a trace expects itself.
    """
    if (Path(source) / "trace.json").is_file():
        if at or day is not None or stores is not None:
            raise UsageError("--day, --at and --stores are for runs; this is a trace, which has its own window")
        trace = read_trace(Path(source))
        return [Moment("trace", trace, rate_of(trace))], {"kind": "trace", "name": source, **_origin(trace.header)}
    return _moments_of_run(source, runs, day, at, window, stores)


def _moments_of_run(
    source: str, runs: Path, day: int | None, at: list[str], window: float, stores: int | None
) -> tuple[list[Moment], dict[str, Any]]:
    run = find_run(source, runs)
    own = len(load(run / "scenario.toml").scenario.stores)
    chosen = busiest_day(run) if day is None else day
    middles = [clock_time(text, "--at") for text in at]
    if not middles:
        with progress("counting replications") as tell:
            middles = [60.0 * busiest_minute(count_day(run, chosen, Polling(), tell).of(ENDPOINTS))]
    copies = 1.0 if stores is None else stores / own
    moments = []
    for middle_s in middles:
        from_s = min(max(middle_s - 30 * window, 0.0), DAY_S - 60 * window)
        trace = cut_trace(run, Window(chosen, from_s, from_s + 60 * window))
        name = f"{int(middle_s) // 3600:02}:{int(middle_s) % 3600 // 60:02}"
        moments.append(Moment(name, trace, rate_of(trace) * copies))
    return moments, {"kind": "run", "name": run.name, "day": chosen, "stores": stores or own, "stores_of_run": own}


def _origin(header: Any) -> dict[str, Any]:
    return {key: header[key] for key in ("run", "day", "copies") if key in header}
