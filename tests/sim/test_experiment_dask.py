"""Replications on a Dask cluster: the bytes of local processes, and clear words when it is not there."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster
from towns import small
from typer.testing import CliRunner

import omo
from scenarios.errors import TargetUnreachable, UsageError
from sim import experiment
from sim.experiment import Interrupted, run
from sim.log.run_directory import Request, read_manifest, replication_path


def local_cluster(workers: int) -> LocalCluster:
    """A scheduler and its workers, all in threads of this process, without pages."""
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
    )


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Address of a scheduler with two workers."""
    with local_cluster(2) as workers:
        yield workers.scheduler_address


def test_the_files_are_the_same_to_the_byte_and_not_made_twice(tmp_path: Path, cluster: str) -> None:
    request = Request(small(sets=["horizon.days=2"]), 1, 3)
    told: list[tuple[int, int]] = []
    (here,) = run([request], tmp_path / "here", jobs=1)
    (there,) = run([request], tmp_path / "there", watch=lambda done, total: told.append((done, total)), dask=cluster)
    assert told[-1] == (6, 6)
    files = sorted(path.relative_to(here) for path in here.glob("rep-*/*"))
    assert len(files) > 30
    assert files == sorted(path.relative_to(there) for path in there.glob("rep-*/*"))
    for file in files:
        assert (here / file).read_bytes() == (there / file).read_bytes(), file
    assert read_manifest(here)["files"] == read_manifest(there)["files"]
    created = read_manifest(there)["created"], (there / "manifest.json").stat().st_ino
    run([request], tmp_path / "there", dask=cluster)
    assert (read_manifest(there)["created"], (there / "manifest.json").stat().st_ino) == created


def test_an_interrupt_keeps_the_replications_that_came_back(tmp_path: Path, cluster: str) -> None:
    request = Request(small(sets=["horizon.days=1"]), 1, 12)

    def interrupt_after_two(done: int, _total: int) -> None:
        if done >= 2:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as stopped:
        run([request], tmp_path, watch=interrupt_after_two, dask=cluster)
    (kept,) = stopped.value.paths
    manifest = read_manifest(kept)
    assert manifest["state"] == "interrupted"
    assert 2 <= len(manifest["replications_finished"]) < 12
    for replication in manifest["replications_finished"]:
        assert (replication_path(kept, replication) / "summary.json").is_file()


def test_a_worker_with_another_version_is_refused(
    tmp_path: Path, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["what the client has"])
    monkeypatch.setattr(experiment, "_fingerprint", lambda _: next(answers, "what the worker has"))
    with pytest.raises(UsageError, match="another version of omotwin"):
        run([Request(small(sets=["horizon.days=1"]), 1, 1)], tmp_path, dask=cluster)


def test_no_scheduler_at_the_address_is_said_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.fan_out._ANSWERS_WITHIN_S", 1.0)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(TargetUnreachable, match=f"{address}: no Dask scheduler answers"):
            run([Request(small(), 1, 1)], tmp_path, dask=address)
    assert not list(tmp_path.iterdir())


def test_a_scheduler_without_workers_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.fan_out._ANSWERS_WITHIN_S", 1.0)
    with local_cluster(0) as none, pytest.raises(TargetUnreachable, match="has no worker"):
        run([Request(small(), 1, 1)], tmp_path, dask=none.scheduler_address)


def test_the_command_line_ends_with_the_code_of_an_unreachable_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.fan_out._ANSWERS_WITHIN_S", 1.0)
    outcome = CliRunner().invoke(omo.app, ["run", "ward-omo", "--dask", "tcp://127.0.0.1:1", "--out", str(tmp_path)])
    assert isinstance(outcome.exception, TargetUnreachable)
    assert outcome.exception.exit_code == 5


def test_without_dask_the_mend_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'omotwin\[cluster\]'"):
        run([Request(small(), 1, 1)], tmp_path, dask="tcp://127.0.0.1:8786")


def test_an_address_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="an address looks like"):
        run([Request(small(), 1, 1)], tmp_path, dask="carrier-pigeon://roof")
