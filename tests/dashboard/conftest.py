"""A folder of small real runs, a load run measured from a made-up history, and its audit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from load_sample import write_load

from scenarios.loader import load
from sim.experiment import run
from sim.log.run_directory import Request

SMALL = ("population.shoppers=300", "horizon.days=3")


@pytest.fixture(scope="session")
def runs_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three worlds with the same shoppers, two replications each, a world with another seed, two load runs."""
    root = tmp_path_factory.mktemp("runs")
    worlds = [Request(load(name, SMALL), 1, 2) for name in ("ward-siloed", "ward-omnichannel", "ward-omo")]
    run([*worlds, Request(load("ward-omo", SMALL), 2, 1)], root, jobs=2)
    write_load(root / "load-valid", lag_s=0.001)
    write_load(root / "load-late", lag_s=0.4)
    return root


@pytest.fixture
def pair(runs_root: Path) -> tuple[Path, Path]:
    """The siloed world and the OMO world, with the same seed."""
    (siloed,) = runs_root.glob("ward-siloed-*")
    seed_1 = [p for p in runs_root.glob("ward-omo-*") if json.loads((p / "manifest.json").read_text())["seed"] == 1]
    return siloed, seed_1[0]


@pytest.fixture
def pages_root(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The pages look at `runs_root`."""
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(runs_root))
    return runs_root
