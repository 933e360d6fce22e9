"""Core, PostgreSQL, and both, killed in mid-load: every call is answered in the end and the books are whole."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest

from loadtest.audit.verdict import Audit, audit
from loadtest.faults.course import Course, Happened, survived
from loadtest.faults.driver import Driver, Tally
from loadtest.faults.soak import goods
from loadtest.faults.timetable import AnyFault, KillCore, KillPostgres
from loadtest.own_system import OwnServers, Setup, own_servers
from loadtest.servers import Faults
from loadtest.spool import Spool, to_parquet

SCENES: dict[str, list[AnyFault]] = {
    "core": [KillCore(action="kill_core", at_s=0.4)],
    "postgres": [KillPostgres(action="kill_postgres", at_s=0.4)],
    "both": [
        KillPostgres(action="kill_postgres", at_s=0.4, seconds=0.3),
        KillCore(action="kill_core", at_s=0.5),
    ],
}
AFTER_S = 0.3


@dataclass(frozen=True)
class Scene:
    """What became of the clients and of the processes."""

    tally: Tally
    happened: list[Happened]
    pids_before: tuple[int, int]
    pids_after: tuple[int, int]


@dataclass(frozen=True)
class Stormy:
    """All scenes, and the audit of what they left behind."""

    scenes: dict[str, Scene]
    problems: list[str]
    audit: Audit
    history: list[dict[str, Any]]


def pids(servers: OwnServers) -> tuple[int, int]:
    assert servers.core.process is not None
    assert servers.postgres is not None
    return servers.core.process.pid, servers.postgres.process.pid


def play(number: int, name: str, servers: OwnServers, pool: ThreadPoolExecutor, folder: Path) -> Scene:
    """Shoppers pay until the faults have come and gone and a while longer."""
    before = pids(servers)
    course = Course(SCENES[name], servers, pool)
    well_again: list[float] = []

    def stopped() -> bool:
        if course.is_over() and not well_again:
            well_again.append(time.monotonic())
        return bool(well_again) and time.monotonic() > well_again[0] + AFTER_S

    first = 100_000 * number
    spool, tally = Spool(folder / "spool" / f"{name}.jsonl"), Tally(first)
    driver = Driver(servers.core.ready["url"], servers.core.ready["keys"], "kills", spool, tally, stopped)
    course.begin(time.time())
    asyncio.run(driver.drive(first, first + 50_000, 8))
    happened = course.end()
    spool.close()
    return Scene(tally, happened, before, pids(servers))


@pytest.fixture(scope="module")
def stormy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stormy]:
    folder = tmp_path_factory.mktemp("kills")
    provider = Faults(latency_ms=2, timeout_before=0.005, timeout_after=0.005, duplicate_webhooks=0.5)
    with (
        ThreadPoolExecutor(4) as pool,
        own_servers(Setup(provider, psp_timeout_s=0.3), folder, folder / "log", lambda: False) as servers,
    ):
        system = servers.system()
        system.seed(goods(5_000), folder)
        scenes = {name: play(number, name, servers, pool, folder) for number, name in enumerate(SCENES)}
        started = pids(servers)
        problems = system.keep_books(folder)
    to_parquet(sorted((folder / "spool").glob("*.jsonl")), folder / "client_history.parquet")
    (folder / "load.json").write_text(json.dumps({"history_complete": True, "reasons": []}))
    yield Stormy(scenes, problems, audit(folder), pq.read_table(folder / "client_history.parquet").to_pylist())
    assert not any(psutil.pid_exists(pid) for pid in started)


@pytest.mark.parametrize("name", SCENES)
def test_clients_get_their_answer_under_the_same_key_once_all_is_up_again(stormy: Stormy, name: str) -> None:
    scene = stormy.scenes[name]
    assert survived(scene.happened) == {fault.action: 1 for fault in SCENES[name]}
    assert scene.tally.captured > 0
    assert scene.tally.given_up == 0
    changed = {
        "kill_core": scene.pids_before[0] != scene.pids_after[0],
        "kill_postgres": scene.pids_before[1] != scene.pids_after[1],
    }
    assert changed == {action: action in survived(scene.happened) for action in changed}


def test_the_kills_hit_calls_that_were_under_way(stormy: Stormy) -> None:
    assert sum(row["attempts"] > 1 for row in stormy.history) >= len(SCENES)
    assert {row["outcome"] for row in stormy.history} <= {"ok", "rejected"}


def test_afterwards_no_yen_and_no_unit_is_missing(stormy: Stormy) -> None:
    assert stormy.problems == []
    assert [verdict.law.name for verdict in stormy.audit.verdicts if verdict.broken] == []
    checked = {verdict.law.name: verdict.checked for verdict in stormy.audit.verdicts}
    captured = sum(scene.tally.captured for scene in stormy.scenes.values())
    assert checked["captures_booked"] >= captured > 0
    assert checked["psp_captures"] > 0
    assert stormy.audit.is_clean()


def test_faults_end_at_the_times_that_are_written_down(stormy: Stormy) -> None:
    for name, scene in stormy.scenes.items():
        for fault, happened in zip(SCENES[name], scene.happened, strict=True):
            assert happened.began_s is not None
            assert happened.ended_s is not None
            assert happened.planned_s == fault.at_s <= happened.began_s
            assert happened.ended_s - happened.began_s >= fault.seconds
