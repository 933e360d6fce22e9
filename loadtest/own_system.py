"""Our own core with all it needs, as processes of a load run: PostgreSQL, provider, core. Each can be killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from loadtest import office
from loadtest.embedded_postgres import PostgresServer, postgres_server
from loadtest.servers import Faults, OmoServer, held_port, omo_server
from loadtest.targets.core_system import CoreSystem
from scenarios.errors import TargetUnreachable


@dataclass(frozen=True)
class Setup:
    """What is started. `keep`: folder of the data, the provider's book and the keys, for a run that is resumed."""

    provider: Faults = field(default_factory=Faults)
    database_url: str | None = None
    keep: Path | None = None
    psp_timeout_s: float = 2.0
    stock_guard: bool = True


@dataclass(frozen=True)
class OwnServers:
    """What was started; `postgres` is None where the database is somebody else's."""

    provider: Faults
    psp: OmoServer
    core: OmoServer
    postgres: PostgresServer | None

    def system(self) -> CoreSystem:
        """The core as a target."""
        ready = self.core.ready
        return CoreSystem(ready["url"], ready["keys"], ready["database_url"], self.psp.ready["url"])

    def psp_behaves(self, **settings: object) -> None:
        """Set how the provider behaves. Raises TargetUnreachable where it refuses."""
        url = f"{self.psp.ready['url']}/psp/faults"
        status, answer = office.call("POST", url, settings)
        if status != 200:
            raise TargetUnreachable(f"{url} answered {status}: {answer[:300].decode(errors='replace')}")


@contextmanager
def own_servers(setup: Setup, scratch: Path, log: Path, stopped: Callable[[], bool]) -> Iterator[OwnServers]:
    """Start them, each after what it needs, for the length of the `with` block.

    Restarted, the core has its port, keys and data again. Raises TargetUnreachable, UsageError, KeyboardInterrupt.
    """
    with ExitStack() as stack:
        postgres = None if setup.database_url else stack.enter_context(postgres_server(setup.keep))
        url = setup.database_url or (postgres.url if postgres else "")
        behaviour = setup.provider.arguments()
        journal = ["--journal", str(setup.keep / "psp.jsonl")] if setup.keep else []
        psp = stack.enter_context(omo_server(["psp", "serve", *behaviour, *journal], scratch, "psp", log, stopped))
        port = stack.enter_context(held_port())
        command = ["core", "serve", "--port", str(port), "--database-url", url, "--psp-url", psp.ready["url"]]
        command += ["--psp-timeout", str(setup.psp_timeout_s)]
        command += ["--keys-file", str((setup.keep or scratch) / "core-keys.json")]
        unsafe = {} if setup.stock_guard else {"OMO_CORE_UNSAFE_NO_STOCK_GUARD": "1"}
        core = stack.enter_context(omo_server(command, scratch, "core", log, stopped, unsafe))
        servers = OwnServers(setup.provider, psp, core, postgres)
        hook, secret = f"{core.ready['url']}/v1/psp/webhooks", core.ready["webhook_secret"]
        servers.psp_behaves(webhook_url=hook, webhook_secret=secret)
        yield servers
