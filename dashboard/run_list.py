"""The runs in a folder as the pages list them: finished, cut short, failed, and those still being written."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

State = Literal["complete", "interrupted", "failed", "running", "abandoned", "unreadable"]

RUNS_VARIABLE: Final = "OMO_DASHBOARD_RUNS"
"""Environment variable that tells the pages where the runs are."""

_PARTIAL = ".partial"
_SILENT_S = 60.0
"""A run says twice a second how far it is; when it says nothing for so long, its process was killed."""


@dataclass(frozen=True)
class RunEntry:
    """One run. `name` is its stable id: the name of its directory. `done` and `total` are simulated days."""

    path: Path
    name: str
    state: State
    title: str
    days: int = 0
    seed: int = 0
    replications: int = 0
    finished: tuple[int, ...] = ()
    created: str = ""
    note: str = ""
    inputs_hash: str = ""
    scenario: str = ""
    """A digest of the resolved scenario: runs of one scenario have the same, however many replications they have."""

    @property
    def readable(self) -> bool:
        """Whether at least one replication can be shown."""
        return bool(self.finished)

    @property
    def reproduce(self) -> str:
        """The command that makes the same run again, from the scenario as it was resolved then."""
        return f"omo run {self.path / 'scenario.toml'} --seed {self.seed} --reps {self.replications} --out {_out(self)}"


def entries(root: Path) -> list[RunEntry]:
    """All runs in `root`, newest first; a run that cannot be read is listed as such."""
    folders = [path.parent for path in root.glob("*/manifest.json")]
    folders += list(root.glob(f".*{_PARTIAL}"))
    return sorted((entry(folder) for folder in folders), key=_made, reverse=True)


def entry(folder: Path) -> RunEntry:
    """One run by its directory."""
    if folder.name.endswith(_PARTIAL):
        scenario = folder.name.removeprefix(".").removesuffix(_PARTIAL).rpartition("-")[0]
        silent = time.time() - _age(folder) > _SILENT_S
        return RunEntry(folder, folder.name, "abandoned" if silent else "running", scenario)
    try:
        path = folder / "manifest.json"
        stat = path.stat()
        return _kept(folder, stat.st_mtime_ns, stat.st_size)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return RunEntry(folder, folder.name, "unreadable", folder.name, note=f"manifest.json: {error}")


@lru_cache(maxsize=2000)
def _kept(folder: Path, _mtime_ns: int, _size: int) -> RunEntry:
    """A run as its manifest says; read again only when the file has changed."""
    return _read(folder, json.loads((folder / "manifest.json").read_text(encoding="utf-8")))


def comparable(a: RunEntry, b: RunEntry) -> bool:
    """Whether two runs have the same shoppers over the same days, and a replication that both have finished."""
    return (a.seed, a.days) == (b.seed, b.days) and bool(set(a.finished) & set(b.finished))


def newest_pair(runs: Sequence[RunEntry]) -> tuple[int, int] | None:
    """Places in `runs`, newest first, of the newest two that can be compared, B second; of two scenarios if there are.

    A run compared with another of its own scenario differs in nothing.
    """
    pairs = [
        (first, second)
        for second, b in enumerate(runs)
        for first, a in enumerate(runs[second + 1 :], second + 1)
        if comparable(a, b)
    ]
    telling = (pair for pair in pairs if differ(runs[pair[0]], runs[pair[1]]))
    return next(telling, pairs[0] if pairs else None)


def differ(a: RunEntry, b: RunEntry) -> bool:
    """Whether two runs are of different scenarios."""
    return a.scenario != b.scenario


def progress(folder: Path) -> tuple[int, int] | None:
    """Simulated days done and in all, as the run itself says, or None before it has said anything."""
    try:
        document = json.loads((folder / "progress.json").read_text(encoding="utf-8"))
        return int(document["done"]), int(document["total"])
    except (OSError, ValueError, KeyError):
        return None


def when(created: str) -> str:
    """A manifest's time as people write it: `2026-11-21 22:53` (UTC)."""
    return created[:16].replace("T", " ")


def _read(folder: Path, manifest: dict[str, Any]) -> RunEntry:
    return RunEntry(
        path=folder,
        name=folder.name,
        state=manifest["state"],
        title=manifest["title"],
        days=int(manifest["days"]),
        seed=int(manifest["seed"]),
        replications=int(manifest["replications"]),
        finished=tuple(manifest["replications_finished"]),
        created=manifest["created"],
        note=manifest["note"],
        inputs_hash=manifest["inputs_hash"],
        scenario=_digest(folder / "scenario.toml"),
    )


def _digest(scenario: Path) -> str:
    try:
        return hashlib.sha256(scenario.read_bytes()).hexdigest()
    except OSError:
        return ""


def _made(run: RunEntry) -> tuple[str, float]:
    """When a run was made, as manifests write it; of one without a manifest, when it last said something."""
    age = _age(run.path)
    return run.created or datetime.fromtimestamp(age, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), age


def _out(run: RunEntry) -> Path:
    return run.path.parent


def _age(folder: Path) -> float:
    for name in ("manifest.json", "progress.json", "."):
        try:
            return (folder / name).stat().st_mtime
        except OSError:
            continue
    return 0.0
