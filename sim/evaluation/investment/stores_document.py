"""From finished worlds to the document `omo.stores/1`. Money is yen a month of the company's contribution."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sim.evaluation.capabilities.contributions import described_numbers
from sim.evaluation.comparison import common_replications
from sim.evaluation.holm import holm, paired_p_value
from sim.evaluation.investment.catchments import catchments
from sim.evaluation.investment.flows import MONTH_DAYS
from sim.evaluation.investment.orders import Values, values_of
from sim.evaluation.investment.store_worlds import EC, Conversions, World
from sim.evaluation.kept import path_of
from sim.evaluation.tables import opened
from sim.log.run_directory import read_manifest, replication_path

ALPHA: Final = 0.05
_BY_PLACE: Final = "select coalesce(store::varchar, ''), sum(amount_yen)::bigint from ledger group by 1"

ByPlace = list[dict[str, float]]
"""By replication: yen a month by store, `ec`, and `` for what has no place."""


def document(converted: Conversions, lights: Mapping[str, Values], runs: Mapping[World, Path]) -> dict[str, Any]:
    """`omo.stores/1`, from the run of each world."""
    manifest = read_manifest(runs["all", ""])
    common = common_replications(list(runs.values()))
    scenario = converted.loaded.scenario
    months = manifest["days"] / MONTH_DAYS
    found = {world: [_by_place(replication_path(run, r), months) for r in common] for world, run in runs.items()}
    near = catchments(scenario, [replication_path(runs["all", ""], r) for r in common])
    rows = [
        _store(store, scenario.stores, found, list(lights)) | {"catchment": near[store]} for store in scenario.stores
    ]
    _judge(rows)
    return {
        "schema": "omo.stores/1",
        "scenario": converted.loaded.name,
        "title": scenario.title,
        "base": values_of(converted.base),
        "newly_opened": converted.newly,
        "seed": manifest["seed"],
        "days": manifest["days"],
        "replications": len(common),
        "confidence": 0.95,
        "alpha": ALPHA,
        "month_days": MONTH_DAYS,
        "unit": "yen per month",
        "sets": dict(lights),
        "company": {
            "all_less_none": _difference(found["all", ""], found["none", ""]),
            "ec_alone_less_none": _difference(found["ec_alone", ""], found["none", ""]),
        },
        "stores": rows,
        "runs": [{"world": kind, "store": store or None, "run": run.name} for (kind, store), run in runs.items()],
    }


def kept_path(found: Mapping[str, Any], out: Path) -> Path:
    """Where the document is kept in `out`."""
    inputs = [[row["world"], row["store"], row["run"]] for row in found["runs"]]
    return path_of("stores", inputs, out)


def _by_place(directory: Path, months: float) -> dict[str, float]:
    with opened(directory) as db:
        return {place: yen / months for place, yen in db.execute(_BY_PLACE).fetchall()}


def _store(
    store: str, stores: Collection[str], found: Mapping[World, ByPlace], lights: Sequence[str]
) -> dict[str, Any]:
    everything, without = found["all", ""], found["all_but", store]
    options = {"base": without, "full": everything} | {name: found[name, store] for name in lights}
    best = max(options, key=lambda name: sum(_company(options[name])))
    return {
        "store": store,
        "gain": {
            "company": _difference(everything, without),
            "at_the_store": _difference(everything, without, {store}),
            "at_other_stores": _difference(everything, without, {*stores} - {store}),
            "ec_and_shared": _difference(everything, without, {EC, ""}),
        },
        "alone": _difference(found["alone", store], found["ec_alone", ""]),
        "light": {
            name: {
                "less_base": _difference(found[name, store], without),
                "less_full": _difference(found[name, store], everything),
            }
            for name in lights
        },
        "best": best,
        "best_less_full": _difference(options[best], everything),
        "best_less_base": _difference(options[best], without),
    }


def _judge(rows: Sequence[dict[str, Any]]) -> None:
    """`convert`, `do not` or `cannot say`, with Holm's correction for looking at all stores at once."""
    each = [row["gain"]["company"]["per_replication"] for row in rows]
    raw = [paired_p_value(differences) for differences in each]
    sayable = all(p == p for p in raw)
    for row, p, adjusted in zip(rows, raw, holm(raw) if sayable else raw, strict=True):
        gain = row["gain"]["company"]["mean"]
        sure = sayable and adjusted < ALPHA
        row["p"], row["p_holm"] = (p, adjusted) if sayable else (None, None)
        row["verdict"] = ("convert" if gain > 0 else "do not") if sure else "cannot say"


def _company(world: ByPlace) -> list[float]:
    return [sum(places.values()) for places in world]


def _difference(a: ByPlace, b: ByPlace, places: Collection[str] | None = None) -> dict[str, Any]:
    """`a` less `b`, replication by replication, over `places`, or all."""
    return described_numbers([_sum(x, places) - _sum(y, places) for x, y in zip(a, b, strict=True)])


def _sum(yen: Mapping[str, float], places: Collection[str] | None) -> float:
    return sum(amount for place, amount in yen.items() if places is None or place in places)
