"""From finished worlds to the document `omo.investment/1`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from scenarios.loader import Loaded
from sim.evaluation.capabilities.contributions import described_numbers
from sim.evaluation.comparison import common_replications
from sim.evaluation.investment.flows import MONTH_DAYS, Days, daily_contribution
from sim.evaluation.investment.orders import Opened, Plan, spending
from sim.evaluation.investment.outcomes import Terms, outcomes
from sim.evaluation.kept import path_of
from sim.log.run_directory import read_manifest, replication_path


def document(
    planned: Plan, base: tuple[Loaded, Path], opened: Sequence[tuple[Opened, Path]], terms: Terms
) -> dict[str, Any]:
    """`omo.investment/1`, from the run of the base and of each order."""
    base_world, base_run = base
    manifest = read_manifest(base_run)
    common = common_replications([base_run, *(run for _, run in opened)])
    before = _daily(base_run, common)
    found = []
    for one, run in opened:
        after = _daily(run, common)
        gains = [b.yen - a.yen for a, b in zip(before, after, strict=True)]
        capex = spending(one.world.scenario, base_world.scenario, terms.capex_yen)
        beyond = [b.after_yen - a.after_yen for a, b in zip(before, after, strict=True)]
        found.append(
            _head(one, run, capex)
            | {"gain_simulated_yen": described_numbers([float(gain.sum()) for gain in gains])}
            | {"gain_after_horizon_yen": described_numbers(beyond)}
            | outcomes(gains, capex, terms)
        )
    _against_best(found)
    return {
        "schema": "omo.investment/1",
        "scenario": planned.loaded.name,
        "title": planned.loaded.scenario.title,
        "base": planned.base,
        "base_run": base_run.name,
        "goal": planned.goal,
        "seed": manifest["seed"],
        "days": manifest["days"],
        "replications": len(common),
        "confidence": 0.95,
        "years": terms.years,
        "discount_percent": terms.discount_percent,
        "wards": terms.wards,
        "capex_yen": terms.capex_yen,
        "month_days": MONTH_DAYS,
        "steady_days": terms.steady_days,
        "simulated_months": manifest["days"] / MONTH_DAYS,
        "orders": found,
        "training": _training(found),
        "notes": list(dict.fromkeys(note for one, _ in opened for note in one.order.notes)),
    }


def kept_path(found: Mapping[str, Any], out: Path) -> Path:
    """Where the document is kept in `out`."""
    terms = [found[key] for key in ("years", "discount_percent", "wards", "capex_yen", "steady_days")]
    inputs = [terms, found["base_run"], [[one["name"], one["run"]] for one in found["orders"]]]
    return path_of("investment", inputs, out)


def _daily(run: Path, replications: Sequence[int]) -> list[Days]:
    manifest = read_manifest(run)
    first_day = date.fromisoformat(manifest["first_day"])
    return [daily_contribution(replication_path(run, rep), manifest["days"], first_day) for rep in replications]


def _head(one: Opened, run: Path, capex: Mapping[int, float]) -> dict[str, Any]:
    waves = sorted(one.order.waves.values(), key=lambda wave: wave.day)
    return {
        "name": one.order.name,
        "order": one.order.text,
        "training": one.training,
        "training_hours": one.world.scenario.staff.training_hours,
        "learning_days": one.world.scenario.learning.days,
        "run": run.name,
        "steps": [{"day": wave.day, "stores": wave.stores, "opens": wave.values()} for wave in waves],
        "spent": [{"day": day, "yen": yen} for day, yen in sorted(capex.items())],
    }


def _against_best(found: Sequence[dict[str, Any]]) -> None:
    """Each order's net present value less that of the best, replication by replication."""
    best = max(found, key=lambda one: one["npv_yen"]["mean"])["npv_yen"]["per_replication"]
    for one in found:
        each = zip(one["npv_yen"]["per_replication"], best, strict=True)
        one["npv_less_best_yen"] = described_numbers([mine - its for mine, its in each])


def _training(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What skipping the training does to each order; empty where it was not asked."""
    pairs = []
    for name in dict.fromkeys(one["name"] for one in found):
        by = {one["training"]: one for one in found if one["name"] == name}
        if {"trained", "untrained"} <= by.keys():
            pairs.append({"name": name} | _less(by["untrained"], by["trained"]))
    return pairs


def _less(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    def less(x: Mapping[str, Any], y: Mapping[str, Any]) -> dict[str, Any]:
        each = zip(x["per_replication"], y["per_replication"], strict=True)
        return described_numbers([first - second for first, second in each])

    return {
        "npv_untrained_less_trained_yen": less(a["npv_yen"], b["npv_yen"]),
        "gain_simulated_untrained_less_trained_yen": less(a["gain_simulated_yen"], b["gain_simulated_yen"]),
        "dip_untrained_less_trained_yen": less(a["dip"]["depth_yen"], b["dip"]["depth_yen"]),
    }
