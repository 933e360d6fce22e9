"""Runs all worlds that a set of effects asks for, once each, and judges the effects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from scenarios.loader import load
from sim.experiment import Watcher, run
from sim.log.run_directory import Request, replication_path
from sim.verify.findings import Effect, Finding, Variant, judge


def judge_effects(
    effects: Sequence[Effect], seeds: int, root: Path, jobs: int | None, watch: Watcher | None = None
) -> list[Finding]:
    """Run every world in `seeds` replications below `root` (equal worlds once), then judge each effect."""
    requests = {variant: _request(variant, seeds) for variant in _variants(effects)}
    paths = dict(zip(requests, run(list(requests.values()), root, jobs, watch=watch), strict=True))
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(values_of, effect.id, _folders(effect, paths, seeds)) for effect in effects]
        return [judge(effect, found.result()) for effect, found in zip(effects, waiting, strict=True)]


def values_of(effect_id: str, folders: Sequence[Mapping[str, Path]]) -> list[float]:
    """The statistic of an effect in each seed; named by its id, since functions do not travel between processes."""
    from sim.verify.effects import EFFECTS

    effect = next(effect for effect in EFFECTS if effect.id == effect_id)
    return [effect.statistic(seed) for seed in folders]


def _variants(effects: Iterable[Effect]) -> list[Variant]:
    return list(dict.fromkeys(variant for effect in effects for variant in effect.worlds.values()))


def _request(variant: Variant, seeds: int) -> Request:
    loaded = load(variant.preset, variant.overrides)
    return Request(loaded, loaded.scenario.seed, seeds)


def _folders(effect: Effect, paths: Mapping[Variant, Path], seeds: int) -> list[dict[str, Path]]:
    return [
        {name: replication_path(paths[variant], seed) for name, variant in effect.worlds.items()}
        for seed in range(seeds)
    ]
