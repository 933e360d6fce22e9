"""Customers of both channels: the premium that a manager sees, and what linking the channels causes.

The naive premium compares people who differ. Whoever needs much comes often, and whoever comes often is sooner or
later seen in both channels; so there is a premium in a world without any links, too. The causal uplift puts the same
shoppers, on the same needs, through both worlds. Intention to treat counts everybody, whether or not they came to use
both channels; picking those who did would select on the outcome again (it is shown beside it).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import UsageError
from scenarios.loader import load
from sim.evaluation.comparison import common_replications
from sim.evaluation.lifetime_value.channel_use import ChannelUse, Worth, lifetime_premium, naive_premium, uplift, worth
from sim.evaluation.statistics import t_interval
from sim.log.run_directory import read_manifest, replication_path

PUBLISHED: Final = {"naive_spend_ratio": 2.5, "band": [2.0, 3.5], "source": "UNITED ARROWS [S148]"}

_AFFINITIES: Final = ("no smartphone", "lower third", "middle third", "upper third")

Pair = tuple[Worth, Worth]
Mask = NDArray[np.bool_]
Groups = Callable[[ChannelUse], dict[str, Mask]]


def cross_channel_document(off: Path, on: Path) -> dict[str, Any]:
    """`omo.cross-channel/1`: `on` has the links, `off` has not; both must share seed and horizon."""
    manifests = [read_manifest(run) for run in (off, on)]
    for key in ("seed", "days"):
        if manifests[0][key] != manifests[1][key]:
            raise UsageError(f"{off.name} and {on.name} have different {key}: only equal ones give the same shoppers")
    common = common_replications((off, on))
    without, having = (load(run / "scenario.toml").scenario for run in (off, on))
    pairs = [(worth(replication_path(off, r), without), worth(replication_path(on, r), having)) for r in common]
    if any(not np.array_equal(a.shopper, b.shopper) for a, b in pairs):
        raise UsageError(f"{off.name} and {on.name} have different shoppers: compare worlds of one town")
    return {
        "schema": "omo.cross-channel/1",
        "off": {"run": off.name, "title": manifests[0]["title"]},
        "on": {"run": on.name, "title": manifests[1]["title"]},
        "seed": manifests[0]["seed"],
        "days": manifests[0]["days"],
        "replications": len(common),
        "confidence": 0.95,
        "published": PUBLISHED,
        "naive": _naive(pairs),
        "causal": {
            "intention_to_treat": _treated(pairs, _everybody),
            "those_who_use_both_in_on": _treated(pairs, lambda use: use.both),
        },
        "cohorts": {"age_band": _cohorts(pairs, _age_bands), "digital_affinity": _cohorts(pairs, _affinities)},
    }


def _naive(pairs: Sequence[Pair]) -> dict[str, Any]:
    return {
        "spend_ratio": _over(pairs, lambda _, on: naive_premium(on)),
        "spend_ratio_without_links": _over(pairs, lambda off, _: naive_premium(off)),
        "lifetime_ratio": _over(pairs, lambda _, on: lifetime_premium(on)),
        "orders_ratio": _over(pairs, lambda _, on: on.orders[on.both].mean() / on.orders[on.store_only].mean()),
        "customers_of_both": _over(pairs, lambda _, on: on.both.sum(), "count"),
        "store_only_customers": _over(pairs, lambda _, on: on.store_only.sum(), "count"),
        "spend_of_both_yen": _over(pairs, lambda _, on: on.ordered_yen[on.both].mean(), "yen"),
        "spend_of_store_only_yen": _over(pairs, lambda _, on: on.ordered_yen[on.store_only].mean(), "yen"),
    }


def _treated(pairs: Sequence[Pair], group: Callable[[ChannelUse], Mask]) -> dict[str, Any]:
    """The same shoppers in both worlds; who belongs to the group is read from the world `on`."""
    return {
        "shoppers": _over(pairs, lambda _, on: group(on).sum(), "count"),
        "spend_uplift": _over(pairs, lambda off, on: uplift(off, on, group(on)), "share"),
        "spend_yen_per_shopper": _over(pairs, lambda a, b: (b.net_yen - a.net_yen)[group(b)].mean(), "yen"),
        "contribution_yen_per_shopper": _over(
            pairs, lambda a, b: (b.contribution_yen - a.contribution_yen)[group(b)].mean(), "yen"
        ),
        "lifetime_uplift": _over(
            pairs, lambda a, b: b.lifetime_yen[group(b)].sum() / a.lifetime_yen[group(b)].sum() - 1, "share"
        ),
        "lifetime_yen_per_shopper": _over(
            pairs, lambda a, b: (b.lifetime_yen - a.lifetime_yen)[group(b)].mean(), "yen"
        ),
    }


def _cohorts(pairs: Sequence[Pair], groups: Groups) -> list[dict[str, Any]]:
    """Premium and intention to treat in each group of shoppers; groups rest on what no world changes."""
    names = [name for name in groups(pairs[0][1]) if all(groups(on)[name].any() for _, on in pairs)]
    return [_cohort(pairs, name, groups) for name in names]


def _cohort(pairs: Sequence[Pair], name: str, groups: Groups) -> dict[str, Any]:
    return {
        "cohort": name,
        "naive_spend_ratio": _over(pairs, lambda _, on: naive_premium(on, groups(on)[name])),
        **_treated(pairs, lambda use: groups(use)[name]),
    }


def _everybody(use: ChannelUse) -> Mask:
    return np.ones(len(use.shopper), dtype=np.bool_)


def _age_bands(use: ChannelUse) -> dict[str, Mask]:
    return {str(band): use.age_band == band for band in np.unique(use.age_band)}


def _affinities(use: ChannelUse) -> dict[str, Mask]:
    """Thirds of those with a smartphone by their digital affinity; the others have none."""
    affinity = use.digital_affinity
    digital = affinity > 0
    edges = np.quantile(affinity[digital], [1 / 3, 2 / 3]) if digital.any() else np.zeros(2)
    third = np.where(digital, 1 + np.searchsorted(edges, affinity, side="right"), 0)
    return {name: third == number for number, name in enumerate(_AFFINITIES)}


def _over(pairs: Sequence[Pair], of: Callable[[Worth, Worth], Any], unit: str = "ratio") -> dict[str, Any]:
    """`of` (off, on) in each replication: mean and half-width; null where a replication cannot say."""
    found = t_interval([float(of(off, on)) for off, on in pairs])
    numbers = {"mean": found.mean, "half_width": found.half_width}
    return {"unit": unit} | {name: number if np.isfinite(number) else None for name, number in numbers.items()}
