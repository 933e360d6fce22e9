"""Where a run lives: its name, its manifest, its progress, and how it becomes complete.

A run is written under a hidden name and renamed when it is finished, so that whatever has its final name is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Literal

from scenarios.errors import UsageError
from scenarios.loader import Loaded, inputs_hash, to_toml
from sim.log.schema import SCHEMA_VERSION

State = Literal["complete", "interrupted", "failed"]

_ABANDONED_AFTER_S: Final = 10.0
"""A run tells its progress twice a second: one that has been silent for so long is nobody's."""

_PACKAGES: Final = ("simpy", "numpy", "scipy", "pyarrow")


@dataclass(frozen=True)
class Request:
    """What is to be run."""

    loaded: Loaded
    seed: int
    replications: int

    @property
    def hash(self) -> str:
        """Digest of everything that can change the result: what makes its replications, and how many there are."""
        return hashlib.sha256(f"{self.replication_hash}/{self.replications}".encode()).hexdigest()

    @property
    def replication_hash(self) -> str:
        """Digest of everything that can change a replication: scenario, seed, tables and code."""
        parts = [inputs_hash(self.loaded.scenario), str(self.seed), str(SCHEMA_VERSION), _code_digest()]
        return hashlib.sha256("/".join(parts).encode()).hexdigest()

    @property
    def name(self) -> str:
        """Name of the run's directory."""
        return f"{self.loaded.name}-{self.hash[:12]}"


_SOURCES: Final = Path(__file__).resolve().parents[1]
_ASIDE: Final = {"calibrate", "theory", "bench", "verify", "commands.py", "launching.py"}
_MEASURES: Final = ("measure*.py", "tables.py", "ledgers/rounding.py", "ledgers/siloed.py", "lifetime_value/truth.py")


def code_of_replications() -> list[Path]:
    """The sources that decide what a replication's files hold; questions asked of finished runs are not among them."""
    world = (path for path in _SOURCES.rglob("*.py") if path.relative_to(_SOURCES).parts[0] not in _ASIDE)
    evaluation = _SOURCES / "evaluation"
    measures = (path for pattern in _MEASURES for path in evaluation.glob(pattern))
    return sorted({*(path for path in world if evaluation not in path.parents), *measures})


@cache
def _code_digest() -> str:
    """Digest of the world's own sources: another version of the code is another input."""
    digest = hashlib.sha256()
    for path in code_of_replications():
        digest.update(path.read_bytes())
    return digest.hexdigest()


def working_path(root: Path, request: Request) -> Path:
    """Where a run is written until it is finished."""
    return root / f".{request.name}.partial"


def begin(root: Path, request: Request) -> Path:
    """An empty working directory with the resolved scenario in it; `UsageError` while another process writes it."""
    path = working_path(root, request)
    if _age_s(path / "progress.json") < _ABANDONED_AFTER_S:
        raise UsageError(f"{path}: another process is running exactly this; wait for it, or stop it first")
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    (path / "scenario.toml").write_text(to_toml(request.loaded.scenario), encoding="utf-8")
    return path


def finish(root: Path, request: Request, state: State, replications: Sequence[int], note: str = "") -> Path:
    """Write the manifest and give the run its final name; an earlier one under that name is replaced.

    A complete run also replaces what was kept of it when it was interrupted.
    """
    path = working_path(root, request)
    manifest = {
        "schema": "omo.run/1",
        "tables_version": SCHEMA_VERSION,
        "state": state,
        "note": note,
        "name": request.loaded.name,
        "title": request.loaded.scenario.title,
        "inputs_hash": request.hash,
        "replication_hash": request.replication_hash,
        "seed": request.seed,
        "replications": request.replications,
        "replications_finished": list(replications),
        "days": request.loaded.scenario.horizon.days,
        "first_day": request.loaded.scenario.horizon.start.isoformat(),
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "versions": versions(),
        "files": {str(file.relative_to(path)): _describe(file) for file in sorted(path.rglob("*.parquet"))},
    }
    write_json(path / "manifest.json", manifest)
    final = root / (request.name if state == "complete" else f"{request.name}.{state}")
    for earlier in (final, root / f"{request.name}.interrupted") if state == "complete" else (final,):
        shutil.rmtree(earlier, ignore_errors=True)
    path.rename(final)
    return final


@dataclass(frozen=True)
class Inheritance:
    """Replications of another run that need not be run again."""

    run: Path
    replications: list[int]


def inheritance(root: Path, request: Request) -> Inheritance:
    """The run in `root` that has most of the replications asked for: fewer, more, or interrupted before the end."""
    best = Inheritance(root, [])
    for run in list_runs(root):
        manifest = read_manifest(run)
        if manifest.get("replication_hash") == request.replication_hash:
            found = [number for number in manifest["replications_finished"] if number < request.replications]
            if len(found) > len(best.replications):
                best = Inheritance(run, found)
    return best


def inherit(root: Path, request: Request, left: Inheritance) -> None:
    """Link what another run left into the working directory."""
    for number in left.replications:
        target = replication_path(working_path(root, request), number)
        shutil.copytree(replication_path(left.run, number), target, copy_function=_link)


def complete_run(root: Path, request: Request) -> Path | None:
    """The finished run of equal inputs, if there is one."""
    path = root / request.name
    return path if (path / "manifest.json").is_file() else None


def read_manifest(run: Path) -> dict[str, Any]:
    """The manifest of a run; `UsageError` when the path is not one."""
    path = run / "manifest.json"
    if not path.is_file():
        raise UsageError(f"{run}: not a run (no manifest.json); `omo runs` lists runs, `omo run SCENARIO` makes one")
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def named_run(reference: str, root: Path) -> Path | None:
    """The run that `reference` names by its path, or by its name in `root`."""
    for candidate in (Path(reference), root / reference):
        if (candidate / "manifest.json").is_file():
            return candidate
    return None


def find_run(reference: str, root: Path) -> Path:
    """A run by path, by name in `root`, or the newest of a scenario."""
    named = named_run(reference, root)
    if named is not None:
        return named
    matching = [path for path in list_runs(root) if path.name.startswith(f"{reference}-")]
    if matching:
        return matching[0]
    raise UsageError(f"{reference}: no such run in {root}/; `omo runs` lists them, `omo run {reference}` makes one")


def list_runs(root: Path) -> list[Path]:
    """All runs in `root`, newest first; finished before partial ones of the same moment."""
    runs = [path.parent for path in root.glob("*/manifest.json") if not path.parent.name.startswith(".")]
    return sorted(runs, key=lambda run: (run / "manifest.json").stat().st_mtime, reverse=True)


def replication_path(run: Path, replication: int) -> Path:
    """The folder of one replication."""
    return run / f"rep-{replication:03d}"


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Replace a JSON file atomically."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)


def write_progress(path: Path, done: int, total: int, phase: str) -> None:
    """Tell whoever watches the run how far it is, in simulated days over all replications."""
    write_json(path / "progress.json", {"done": done, "total": total, "phase": phase, "at": time.time()})


def _age_s(progress: Path) -> float:
    """Seconds since a run last said how far it is; infinite where it never did."""
    try:
        return time.time() - float(json.loads(progress.read_text(encoding="utf-8"))["at"])
    except (OSError, ValueError, KeyError):
        return float("inf")


def versions() -> dict[str, str]:
    """Of omotwin, Python and the libraries that decide a run's bytes."""
    try:
        own = metadata.version("omotwin")
    except metadata.PackageNotFoundError:
        own = "source"
    return {"omotwin": own, "python": platform.python_version()} | {p: metadata.version(p) for p in _PACKAGES}


def _link(source: str, target: str) -> None:
    """A second name for the same file, or a copy where the disk has no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _describe(path: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq

    return {"rows": pq.read_metadata(path).num_rows, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
