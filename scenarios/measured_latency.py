"""A measured latency profile (`omo.latency-profile/1`, from `omo capacity`) as keys of a scenario."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from scenarios.errors import UsageError

SCHEMA: Final = "omo.latency-profile/1"
AT_THE_TILL: Final = ("order", "pay")
"""The calls that a payer waits for, one after the other."""


def read_profile(path: Path) -> dict[str, Any]:
    """The profile in `path`; UsageError where it is none, or has no load with the calls that a payer waits for."""
    try:
        profile = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: no latency profile ({error}); `omo capacity` writes one") from None
    if not isinstance(profile, dict) or profile.get("schema") != SCHEMA:
        got = profile.get("schema") if isinstance(profile, dict) else None
        raise UsageError(f"{path}: schema {got!r}, wanted {SCHEMA!r}; `omo capacity` writes one")
    if not any("pay" in load["endpoints"] for load in profile["loads"]):
        raise UsageError(f"{path}: no load at which `pay` was measured")
    return profile


def core_under_load(profile: Mapping[str, Any], copies: float = 1.0, times: float = 1.0) -> dict[str, Any]:
    """`[payments.core]` of a scenario.

    `copies`: towns like the scenario's that share the core. `times`: how much bigger the core is than the measured
    one; it is as slow at `times` the load. Latency counts from the least measured load, which the tenders' own
    latency contains. The quantiles of order and payment are added, as if slow ones met.
    """
    loads = sorted((load for load in profile["loads"] if "pay" in load["endpoints"]), key=lambda x: x["payments_per_s"])
    by_rate = {load["payments_per_s"]: _till_ms(load["endpoints"], len(profile["quantiles"])) for load in loads}
    rates = sorted(by_rate)
    idle = by_rate[rates[0]]
    return {
        "per_s": [rate * times for rate in rates],
        "quantiles": list(profile["quantiles"]),
        "added_s": [
            [max(0.0, ms - least) / 1000 for ms, least in zip(by_rate[rate], idle, strict=True)] for rate in rates
        ],
        "capacity_per_s": profile["capacity"]["payments_per_s"] * times,
        "copies": copies,
    }


def assignment(core: Mapping[str, Any]) -> str:
    """`core` as the `--set` that puts it into a scenario."""
    return f"payments.core={{{', '.join(f'{key} = {json.dumps(value)}' for key, value in core.items())}}}"


def _till_ms(endpoints: Mapping[str, Any], quantiles: int) -> list[float]:
    rows = [endpoints[name]["ms"] for name in AT_THE_TILL if name in endpoints]
    return [sum(row[at] for row in rows) for at in range(quantiles)]
