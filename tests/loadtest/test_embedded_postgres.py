"""The private PostgreSQL server: durable, reachable only by us, gone when we are gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import psutil
import pytest
from core_harness import sql

from loadtest.embedded_postgres import embedded_postgres
from scenarios.errors import UsageError


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that an unprivileged server can reach also when the tests run as root (pytest's own is closed)."""
    with tempfile.TemporaryDirectory(prefix="omo-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def socket_folder(url: str) -> Path:
    return Path(unquote(url.partition("host=")[2]))


def wait_until_gone(process: int) -> None:
    """Gone or a zombie, which nobody may be there to bury."""
    deadline = time.monotonic() + 20
    while psutil.pid_exists(process) and psutil.Process(process).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_commits_durably_and_listens_on_no_network_port() -> None:
    with embedded_postgres() as url:
        settings = {row["name"]: row["setting"] for row in sql(url, "SELECT name, setting FROM pg_settings")}
        assert settings["fsync"] == settings["synchronous_commit"] == settings["full_page_writes"] == "on"
        assert settings["listen_addresses"] == ""
        assert int(settings["server_version_num"]) >= 150_000
        assert socket_folder(url).stat().st_mode & 0o077 == 0


def test_a_temporary_database_leaves_nothing_behind() -> None:
    with embedded_postgres() as url:
        folder = socket_folder(url)
        server = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(server, 0)
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def test_a_given_folder_keeps_the_data(open_folder: Path) -> None:
    with embedded_postgres(open_folder) as url:
        sql(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    with embedded_postgres(open_folder) as url:
        assert sql(url, "SELECT answer FROM kept") == [{"answer": 42}]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's parent-death signal is Linux only")
def test_the_server_ends_when_its_parent_is_killed(open_folder: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from loadtest.embedded_postgres import embedded_postgres\n"
        "with embedded_postgres(Path(sys.argv[1])) as url: print(url, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(open_folder)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline().startswith("postgresql://")
        server = int((open_folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        parent.send_signal(signal.SIGKILL)
    wait_until_gone(server)
    with embedded_postgres(open_folder) as url:  # and the data are good
        assert sql(url, "SELECT 1 AS one") == [{"one": 1}]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the server outlives a killed parent")
def test_what_a_killed_process_left_is_deleted_by_the_next_one() -> None:
    program = (
        "import time; from loadtest.embedded_postgres import embedded_postgres\n"
        "with embedded_postgres() as url: print(url, flush=True); time.sleep(60)"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=root) as killed:
        assert killed.stdout is not None
        left = socket_folder(killed.stdout.readline().strip())
        server = int((left / "data" / "postmaster.pid").read_text().splitlines()[0])
        killed.kill()
    wait_until_gone(server)
    assert left.exists()
    with embedded_postgres() as one, embedded_postgres() as other:
        assert not left.exists()
        assert socket_folder(one).exists()
        assert socket_folder(other).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server another user")
def test_a_folder_that_the_servers_user_cannot_reach_is_refused_by_name(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(UsageError, match="closed"), embedded_postgres(closed / "data"):
        pass
    assert closed.stat().st_mode & 0o777 == 0o700
