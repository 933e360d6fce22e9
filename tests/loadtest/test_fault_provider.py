"""Faults of the provider: they hold while they last, for the brand they name, and leave nothing behind."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from synthetic_trace import synthetic_trace

from loadtest import office
from loadtest.faults.course import Course, Happened, problems, read_survived, write_faults
from loadtest.faults.timetable import AnyFault, KillPostgres, PauseCore, PspDeclines, PspOutage, PspSlow, PspTimeOuts
from loadtest.load import Options, run_load
from loadtest.own_system import OwnServers
from loadtest.psp.fate import BrandFaults, fate_of
from loadtest.psp.fate import Faults as Behaviour
from loadtest.servers import Faults, omo_server
from loadtest.trace_schema import write_trace
from scenarios.errors import UsageError

PROVIDER = Faults(latency_ms=1.0, decline=0.0, timeout_before=0.0, timeout_after=0.0)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServers]:
    """A provider alone; it stands in for the core, whose faults are tried elsewhere."""
    folder = tmp_path_factory.mktemp("psp")
    with omo_server(["psp", "serve", *PROVIDER.arguments()], folder, "psp", folder / "log", lambda: False) as psp:
        yield OwnServers(PROVIDER, psp, psp, None)


def behaviour(servers: OwnServers) -> Any:
    status, answer = office.call("POST", f"{servers.psp.ready['url']}/psp/faults", {})
    assert status == 200
    return json.loads(answer)


def charge(servers: OwnServers, brand: str, name: str) -> int:
    body = {"merchant_payment_id": name, "brand": brand, "amount_yen": 100, "kind": "card"}
    return office.call("POST", f"{servers.psp.ready['url']}/psp/charges", body)[0]


def test_settings_hold_while_a_fault_lasts_and_are_as_before_afterwards(servers: OwnServers) -> None:
    before = behaviour(servers)
    faults: list[AnyFault] = [
        PspSlow(action="psp_slow", at_s=0, seconds=60, factor=7),
        PspDeclines(action="psp_declines", at_s=0, seconds=60, share=0.4),
        PspOutage(action="psp_outage", at_s=0, seconds=60, brand="qr"),
        PspTimeOuts(action="psp_time_outs", at_s=3600, seconds=60, after=1.0),
    ]
    with ThreadPoolExecutor(len(faults)) as pool:
        course = Course(faults, servers, pool)
        course.begin(time.time())
        deadline = time.monotonic() + 20
        while (now := behaviour(servers)) and (now["latency_ms"], now["decline"], len(now["brands"])) != (7.0, 0.4, 1):
            assert time.monotonic() < deadline
        assert now["timeout_after"] == 0.0  # its hour has not come
        assert charge(servers, "qr", "during") == 503
        assert charge(servers, "wallet", "other brand") == 201
        happened = course.end()
    assert behaviour(servers) == before
    assert charge(servers, "qr", "after") == 201
    assert [each.outcome for each in happened] == ["cut_short"] * 3 + ["not_reached"]


def test_a_frozen_process_answers_when_it_is_thawed(servers: OwnServers) -> None:
    with ThreadPoolExecutor(1) as pool:
        course = Course([PauseCore(action="pause_core", at_s=0, seconds=0.6)], servers, pool)
        course.begin(time.time())
        while not course.is_over():
            behaviour(servers)
        happened = course.end()[0]
    assert happened.outcome == "over"
    assert happened.began_s is not None
    assert happened.ended_s is not None
    assert happened.ended_s - happened.began_s >= 0.6


def test_a_brand_has_time_outs_of_its_own() -> None:
    behaviour = Behaviour(timeout_before=0.0, brands={"qr": BrandFaults(timeout_before=0.25, timeout_after=0.75)})
    lost = [fate_of(behaviour, 1, "qr", f"charge {number}").lost for number in range(2000)]
    assert abs(lost.count("before") - 500) < 4 * (2000 * 0.25 * 0.75) ** 0.5
    assert lost.count("before") + lost.count("after") == 2000
    assert {fate_of(behaviour, 1, "card", f"charge {number}").lost for number in range(200)} == {""}


def test_what_did_not_come_back_makes_the_run_invalid(tmp_path: Path) -> None:
    happened = [
        Happened("kill_core", {}, 1.0, 1.0, 2.0, "over"),
        Happened("kill_core", {}, 5.0, 5.0, 65.0, "failed", "no room on the disk"),
        Happened("psp_outage", {}, 9.0),
    ]
    write_faults(happened, tmp_path)
    assert read_survived(tmp_path) == {"kill_core": 1}
    assert problems(happened) == ["kill_core planned for second 5 failed: no room on the disk"]


def test_nothing_is_killed_that_was_not_started_for_the_run(tmp_path: Path) -> None:
    write_trace(synthetic_trace(3, 10.0), tmp_path / "trace")
    kill = KillPostgres(action="kill_postgres", at_s=1)
    with pytest.raises(UsageError, match="database of our own"):
        run_load(Options(tmp_path / "trace", tmp_path / "l", database_url="postgresql://x", timetable=[kill]), print)
    with pytest.raises(UsageError, match="only what this command started"):
        run_load(Options(tmp_path / "trace", tmp_path / "l", "shop.toml", timetable=[kill]), print)
