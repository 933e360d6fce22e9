"""The analyst's lifetime values from a run's own receipts, beside the truth of the same shoppers.

The analyst sees what the company sees: completed orders whose buyer is known. Who was lost, and what unknown buyers
bought, only the twin knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
from scipy.stats import spearmanr

from scenarios.errors import UsageError
from scenarios.loader import load
from scenarios.schema import Scenario
from sim.calendar import DAY_S
from sim.evaluation.lifetime_value.document import Analysis, Question, analysed
from sim.evaluation.lifetime_value.receipts import WEEK, Receipts, receipts_of
from sim.evaluation.lifetime_value.truth import BUYING, Lifetimes, lifetimes
from sim.evaluation.statistics import t_interval
from sim.evaluation.tables import opened
from sim.log.run_directory import read_manifest, replication_path
from sim.log.schema import quoted
from sim.needs import Ints
from sim.streams import Floats
from sim.theory.bg_nbd import probability_alive

_BEST: Final = 0.2
_BINS: Final = 10


@dataclass(frozen=True)
class _Found:
    """One replication: its document, its figures, and what a chart needs."""

    analysis: Analysis
    figures: dict[str, float]
    alive: list[dict[str, Any]]
    came: list[int]


def twin_values(run: Path, question: Question) -> dict[str, Any]:
    """`omo.ltv/1` of the first finished replication, with `twin`: figures against the truth, over all of them."""
    manifest = read_manifest(run)
    finished = manifest["replications_finished"]
    if not finished:
        raise UsageError(f"{run}: no replication is finished; run it again")
    scenario = load(str(run / "scenario.toml")).scenario
    source = f"{manifest['title']}: receipts with a known buyer"
    found = [_compared(replication_path(run, replication), scenario, source, question) for replication in finished]
    return found[0].analysis.document | {
        "run": run.name,
        "seed": manifest["seed"],
        "twin": {
            "replications": len(found),
            "intervals": "95 %, t over replications",
            "figures": {name: _interval([one.figures[name] for one in found]) for name in found[0].figures},
            "alive": found[0].alive,
            "holdout_really_came": found[0].came,
        },
    }


def receipts_of_run(db: duckdb.DuckDBPyConnection, scenario: Scenario) -> Receipts:
    """What the company's systems know of a replication: completed orders inside the horizon with a known buyer."""
    days = scenario.horizon.days
    rows = db.execute(
        f"""select shopper, floor(placed_s / {DAY_S})::int as day, net_yen from orders
            where identified and state = 'completed' and placed_s < {days * DAY_S}"""
    ).fetchnumpy()
    if not len(rows["day"]):
        raise UsageError("no order has a buyer whom the company knows: nothing to fit")
    return receipts_of(rows["shopper"], rows["day"], rows["net_yen"], scenario.horizon.start, days - 1)


def _compared(directory: Path, scenario: Scenario, source: str, question: Question) -> _Found:
    with opened(directory) as db:
        truth = lifetimes(db, scenario, question.years, question.discount)
        receipts = receipts_of_run(db, scenario)
        bought = _days_bought(db, scenario)
    analysis = analysed(receipts, source, question)
    row = np.searchsorted(truth.shopper, analysis.known.customer)
    chance = probability_alive(analysis.model, *_history(analysis))
    there = ~truth.gone[row]
    figures = _alive_figures(chance, there) | _value_figures(analysis, truth, row)
    figures["purchases_seen_share"] = len(receipts.day) / max(1, len(bought))
    figures["customers_seen_share"] = len(row) / max(1, int(np.count_nonzero(truth.purchases)))
    came: list[int] = []
    held_out = analysis.document["holdout"]
    if held_out is not None:
        came = _really_came(receipts, bought, question, held_out["weeks"])
        figures |= _holdout_figures(held_out, came[-1])
    return _Found(analysis, figures, _calibration(chance, there), came)


def _history(analysis: Analysis) -> tuple[Ints, Floats, Floats]:
    return analysis.known.x, analysis.known.t_x, analysis.known.observed


def _days_bought(db: duckdb.DuckDBPyConnection, scenario: Scenario) -> Ints:
    """Shopper and day of everything that was bought, known or not, shape (n, 2)."""
    rows = db.execute(
        f"""select distinct shopper, floor(time_s / {DAY_S})::int as day from needs
            where outcome in ({quoted(BUYING)}) and time_s < {scenario.horizon.days * DAY_S}"""
    ).fetchnumpy()
    return np.column_stack([rows["shopper"], rows["day"]]).astype(np.int64)


def _alive_figures(chance: Floats, there: Any) -> dict[str, float]:
    """How well P(alive) says who has been lost: mean against share, Brier score against that of the bare share."""
    share = float(there.mean())
    return {
        "mean_p_alive": float(chance.mean()),
        "really_alive": share,
        "brier": float(np.mean((chance - there) ** 2)),
        "brier_of_the_bare_share": share * (1 - share),
    }


def _value_figures(analysis: Analysis, truth: Lifetimes, row: Ints) -> dict[str, float]:
    """The next years by the receipts and in truth: purchases, order of customers, best fifth; same customers."""
    by_receipts, value = analysis.residual_amount, truth.residual_yen[row]
    best = max(1, round(_BEST * len(row)))
    found, really = (set(np.argsort(-each, kind="stable")[:best].tolist()) for each in (by_receipts, value))
    return {
        "purchases_to_come": analysis.document["residual"]["purchases"],
        "purchases_to_come_in_truth": float(truth.purchases_to_come[row].sum()),
        "amount_to_come": float(by_receipts.sum()),
        "contribution_to_come_in_truth": float(value.sum()),
        "customer_equity_of_the_town": truth.equity_yen,
        "rank_correlation_of_value": float(spearmanr(by_receipts, value).statistic),
        "best_fifth_found": len(found & really) / best,
    }


def _really_came(receipts: Receipts, bought: Ints, question: Question, weeks: list[float]) -> list[int]:
    """Cumulative purchases in the hold-out of the customers known before it, those with unknown buyer included."""
    until = int(question.calibration_share * receipts.last_day)
    known = np.unique(receipts.customer[receipts.day <= until])
    later = bought[np.isin(bought[:, 0], known) & (bought[:, 1] > until), 1]
    return [int(np.count_nonzero((later - until) / WEEK <= week)) for week in weeks]


def _holdout_figures(held_out: dict[str, Any], came: int) -> dict[str, float]:
    expected = held_out["expected"]["value"]
    return {
        "holdout_expected": expected,
        "holdout_with_known_buyer": float(held_out["actual"]),
        "holdout_really_came": float(came),
        "holdout_relative_error": expected / max(1, held_out["actual"]) - 1,
    }


def _calibration(chance: Floats, there: Any) -> list[dict[str, Any]]:
    """Customers by tenth of P(alive): mean said, share really there."""
    tenth = np.minimum((chance * _BINS).astype(np.int64), _BINS - 1)
    return [
        {
            "from": number / _BINS,
            "to": (number + 1) / _BINS,
            "customers": int(np.count_nonzero(tenth == number)),
            "mean_p_alive": float(chance[tenth == number].mean()),
            "really_alive": float(there[tenth == number].mean()),
        }
        for number in np.unique(tenth).tolist()
    ]


def _interval(values: list[float]) -> dict[str, float | None]:
    found = t_interval(values)
    numbers = {"mean": found.mean, "half_width": found.half_width}
    return {name: number if np.isfinite(number) else None for name, number in numbers.items()}
