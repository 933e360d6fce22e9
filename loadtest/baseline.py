"""Two load runs side by side: what is better, what is worse, and what no difference can be seen in.

Intervals come from a bootstrap of blocks of time, not of calls: calls of the same second share its disturbances. The
resampled quantiles are those of all calls in the drawn blocks (Politis and Romano 1994 in its plain form of blocks
that do not overlap). They say how far chance inside each run reaches. What differs from one start of a system to the
next they cannot know: repeat a run before believing a small difference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from scenarios.errors import UsageError

SCHEMA: Final = "omo.load-comparison/1"
QUANTILES: Final = (0.5, 0.9, 0.99)
LEVEL: Final = 0.95
"""All intervals of a comparison hold together with this probability (Bonferroni)."""

RELEVANT: Final = 0.05
"""A difference below this share of the baseline's value is called none: nobody would act on it."""

_BLOCKS: Final = 60
_FEWEST: Final = 10
_DRAWS: Final = 2000

_CALLS: Final = """
    SELECT action, due_s, 1000 * (answered_s - due_s) AS latency_ms,
        outcome = 'unknown' OR status >= 500 AS failed
    FROM read_parquet(?)
    WHERE outcome <> 'skipped' AND due_s >= (SELECT min(due_s) FROM read_parquet(?)) + ?
    ORDER BY due_s
"""

Figures = NDArray[np.float64]


@dataclass(frozen=True)
class _Run:
    """A run's calls by action, `all` among them: block of time, latency in ms (NaN: no answer), failed or not."""

    result: Mapping[str, Any]
    calls: Mapping[str, tuple[NDArray[np.int64], Figures, NDArray[np.bool_]]]
    blocks: int


def check_baseline(directory: Path) -> None:
    """Raise UsageError where `directory` holds no load run that may be compared with."""
    path = directory / "load.json"
    if not path.is_file() or not (directory / "client_history.parquet").is_file():
        raise UsageError(f"--baseline {directory}: no load run there (wanted a directory from `omo load`)")
    result = json.loads(path.read_text(encoding="utf-8"))
    if not result["valid"]:
        raise UsageError(f"--baseline {directory}: that run is INVALID: {'; '.join(result['reasons'])}")


def compare(baseline: Path, candidate: Path) -> dict[str, Any]:
    """The comparison of two load directories as a document; `rows` is empty where one of the runs is not valid.

    Latency in ms from the intended start, shares of calls, by action and for all; `difference` is candidate less
    baseline with its interval. `verdict` is better, worse, no difference, or too short (fewer than 10 blocks).
    """
    runs = [_read(directory) for directory in (baseline, candidate)]
    valid = all(run.result["valid"] for run in runs)
    return {
        "schema": SCHEMA,
        "baseline": str(baseline),
        "candidate": str(candidate),
        "level": LEVEL,
        "relevant_share": RELEVANT,
        "valid": valid,
        "differs_in": _differs_in(runs[0].result, runs[1].result),
        "rows": list(_rows(*runs)) if valid else [],
    }


def _read(directory: Path) -> _Run:
    result = json.loads((directory / "load.json").read_text(encoding="utf-8"))
    path = str(directory / "client_history.parquet")
    with duckdb.connect() as db:
        found = db.execute(_CALLS, [path, path, result["warm_up_s"]]).fetchnumpy()
    due_s = np.asarray(found["due_s"], np.float64)
    length_s = float(due_s[-1] - due_s[0]) if len(due_s) else 0.0
    blocks = int(np.clip(length_s, 1, _BLOCKS))
    block = np.minimum(((due_s - due_s[:1]) / max(length_s, 1e-9) * blocks).astype(np.int64), blocks - 1)
    latency_ms = np.ma.filled(np.ma.asarray(found["latency_ms"], np.float64), np.nan)
    failed, actions = np.asarray(found["failed"], np.bool_), np.asarray(found["action"], str)
    calls = {name: (block[at], latency_ms[at], failed[at]) for name in np.unique(actions) for at in [actions == name]}
    return _Run(result, {"all": (block, latency_ms, failed), **calls}, blocks)


def _differs_in(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What was not the same in both runs, so that a difference may come from it."""
    pairs = {name: (before.get(name), after.get(name)) for name in ("target", "speed", "workers", "faults", "machine")}
    for name in ("run", "day", "from", "to", "steps", "offered_steps_per_s"):
        pairs[f"trace.{name}"] = (before["trace"].get(name), after["trace"].get(name))
    return [f"{name}: {first} and {second}" for name, (first, second) in pairs.items() if first != second]


def _rows(before: _Run, after: _Run) -> Iterator[dict[str, Any]]:
    actions = [name for name in before.calls if name in after.calls]
    tail = (1.0 - LEVEL) / (len(actions) * (len(QUANTILES) + 1)) / 2.0
    for action in actions:
        for measure, values in _drawn(before, after, action).items():
            (first, drawn_before), (second, drawn_after) = values
            low, high = np.quantile(drawn_after - drawn_before, [tail, 1.0 - tail]).tolist()
            short = min(len(np.unique(run.calls[action][0])) for run in (before, after)) < _FEWEST
            yield {
                "action": action,
                "measure": measure,
                "baseline": first,
                "candidate": second,
                "difference": second - first,
                "interval": [low, high],
                "verdict": "too short" if short else _verdict(low, high, first, second),
            }
    for name in ("offered_per_s", "achieved_per_s", "payments_per_s"):
        first, second = before.result[name], after.result[name]
        row = {"action": "all", "measure": name, "baseline": first, "candidate": second}
        yield {**row, "difference": second - first, "interval": None, "verdict": None}


def _verdict(low: float, high: float, first: float, second: float) -> str:
    if low <= 0.0 <= high or abs(second - first) < RELEVANT * first:
        return "no difference"
    return "worse" if low > 0.0 else "better"


def _drawn(before: _Run, after: _Run, action: str) -> dict[str, list[tuple[float, Figures]]]:
    """By measure, for each run: the value found and the values of resampled runs."""
    found: dict[str, list[tuple[float, Figures]]] = {}
    for run, seed in ((before, 1), (after, 2)):
        rng = np.random.default_rng(seed)
        weights = rng.multinomial(run.blocks, np.full(run.blocks, 1.0 / run.blocks), _DRAWS).astype(np.float64)
        block, latency_ms, failed = run.calls[action]
        for q, value, drawn in _quantiles(block, latency_ms, weights):
            found.setdefault(f"p{100 * q:g}_ms", []).append((value, drawn))
        counts = np.bincount(block, minlength=run.blocks), np.bincount(block[failed], minlength=run.blocks)
        shares = (weights @ counts[1]) / np.maximum(weights @ counts[0], 1.0)
        found.setdefault("error_share", []).append((float(failed.mean()), shares))
    return found


def _quantiles(
    block: NDArray[np.int64], latency_ms: Figures, weights: Figures
) -> Iterator[tuple[float, float, Figures]]:
    """Quantiles of the calls that were answered: the value found, exact, and those of the drawn blocks.

    Calls of a block that is drawn twice count twice; a histogram of each block, by value in steps of half a percent,
    saves going through the calls for each draw.
    """
    answered = ~np.isnan(latency_ms)
    block, exact = block[answered], np.sort(latency_ms[answered])
    if not len(exact):
        return
    steps = np.floor(np.log(np.maximum(latency_ms[answered], 1e-3)) / 0.005).astype(np.int64)
    values, column = np.unique(steps, return_inverse=True)
    counts = np.zeros((weights.shape[1], len(values)))
    np.add.at(counts, (block, column), 1.0)
    below = np.cumsum(weights @ counts, axis=1)
    for q in QUANTILES:
        at = np.argmax(below >= q * below[:, -1:], axis=1)
        yield q, float(exact[max(int(np.ceil(q * len(exact))) - 1, 0)]), np.exp(0.005 * (values[at] + 0.5))
