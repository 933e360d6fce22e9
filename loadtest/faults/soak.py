"""The soak: very many payments while the provider times out and repeats itself and everything is being killed.

A closed-loop client (`driver`) pays; kills are spread over the payments, core and PostgreSQL in turn and now and then
both at once. Then come reconciliation and the full audit. Everything is kept in one directory, so a soak that was
interrupted goes on where it stopped.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
import pyarrow as pa

from loadtest.audit.verdict import as_document, audit
from loadtest.faults.course import Happened, survived, write_faults
from loadtest.faults.driver import LOCATIONS, PRICES_YEN, SCARCE, Driver, Tally
from loadtest.load import until_interrupted
from loadtest.own_system import OwnServers, Setup, own_servers
from loadtest.result import Setting, measure
from loadtest.servers import Faults
from loadtest.spool import Row, Spool, to_parquet
from loadtest.trace_schema import CATALOGUE, STEPS, STOCK, Trace
from scenarios.errors import OmoError, UsageError

SCHEMA: Final = "omo.soak/1"
_STATE: Final = "soak-state.json"
_SHOPPERS: Final = 48
_LOOK_S: Final = 0.05
_CLOSED_LOOP: Final = "a closed loop: its latencies and rates say nothing"
_PROVIDER: Final = Faults(
    seed=7,
    latency_ms=4.0,
    decline=0.01,
    timeout_before=0.002,
    timeout_after=0.002,
    duplicate_webhooks=0.3,
    delayed_webhooks=0.2,
    webhook_delay_ms=1500.0,
)

Tell = Callable[[float, float], None]


@dataclass(frozen=True)
class Options:
    """What `omo soak` was asked to do. `max_s` bounds the paying; what is left can be done by the same call again."""

    out: Path
    payments: int
    kills: int
    max_s: float = float("inf")


class State(msgspec.Struct):
    """What survives the client: the journeys that have ended and the faults that are over."""

    payments: int
    kills: int
    whole: int = 0
    captured: int = 0
    refused: int = 0
    given_up: int = 0
    seconds: float = 0.0
    sessions: int = 0
    faults: list[Happened] = []


def run_soak(options: Options, tell: Tell) -> dict[str, Any]:
    """Begin or continue the soak in `options.out` and return its document, which is written to `soak.json` too.

    The first Ctrl-C ends the paying; what was done is audited all the same. Raises UsageError, TargetUnreachable.
    """
    state = _begin(options)
    with until_interrupted() as interrupted:
        with (
            tempfile.TemporaryDirectory(prefix="omo-soak-") as scratch,
            ThreadPoolExecutor(2, "fault") as pool,  # outlives PostgreSQL, which ends with the thread that starts it
            own_servers(
                Setup(_PROVIDER, keep=options.out, psp_timeout_s=0.5),
                Path(scratch),
                options.out / "servers.log",
                interrupted.is_set,
            ) as servers,
        ):
            system = servers.system()
            if not state.sessions:
                system.seed(goods(options.payments), options.out)
            state.sessions += 1
            _pay(options, state, servers, pool, interrupted, tell)
            problems = system.keep_books(options.out)
        return _finish(options, state, problems)


def _begin(options: Options) -> State:
    path = options.out / _STATE
    if path.is_file():
        state = msgspec.json.decode(path.read_bytes(), type=State)
        if (state.payments, state.kills) != (options.payments, options.kills):
            raise UsageError(
                f"{options.out}: a soak of {state.payments:,} payments and {state.kills} kills was begun here; "
                "continue it with the same numbers, or give --out a new directory"
            )
        _forget_what_is_repeated(options.out / "spool" / f"{state.sessions:03d}.jsonl", state.whole)
        return state
    if options.out.exists() and any(options.out.iterdir()):
        raise UsageError(f"{options.out} is not empty and holds no soak; give --out a new directory")
    options.out.mkdir(parents=True, exist_ok=True)
    return State(options.payments, options.kills)


def _forget_what_is_repeated(spool: Path, whole: int) -> None:
    """Leave out the rows of journeys that had not ended when the client died: they are carried out again.

    Under the same keys they get the same answers, which are then in the history once.
    """
    if not spool.is_file():
        return
    decoder = msgspec.json.Decoder(Row)
    partial = spool.with_suffix(".partial")
    with spool.open("rb") as lines, partial.open("wb") as kept:
        kept.writelines(line for line in lines if line.endswith(b"\n") and decoder.decode(line).journey < whole)
    partial.replace(spool)


def goods(payments: int) -> Trace:
    """Enough of everything; the scarce item sells out after about a tenth of the journeys that want it."""
    goods = [
        {"sku": sku, "name": f"item {sku}", "price_yen": price, "rating": None, "reviews": 0}
        for sku, price in PRICES_YEN.items()
    ]
    units = dict.fromkeys(PRICES_YEN, payments + 100) | {SCARCE: max(payments // 1000, 3)}
    stock = [{"location": at, "sku": sku, "on_hand": units[sku]} for at in LOCATIONS for sku in PRICES_YEN]
    return Trace({}, STEPS.empty_table(), pa.Table.from_pylist(goods, CATALOGUE), pa.Table.from_pylist(stock, STOCK))


def planned_kills(payments: int, kills: int) -> list[tuple[int, tuple[str, ...]]]:
    """After how many payments what is killed: `kills` times each, every third time both together."""
    moments: list[tuple[str, ...]] = []
    for number in range(kills):
        both = number % 3 == 2
        moments += [("kill_core", "kill_postgres")] if both else [("kill_core",), ("kill_postgres",)]
    step = payments / (len(moments) + 1)
    return [(round(step * (index + 1)), what) for index, what in enumerate(moments)]


def _pay(
    options: Options,
    state: State,
    servers: OwnServers,
    pool: ThreadPoolExecutor,
    interrupted: threading.Event,
    tell: Tell,
) -> None:
    began, before = time.monotonic(), state.seconds
    tally = Tally(state.whole)
    counted = (state.captured, state.refused, state.given_up)
    spool = Spool(options.out / "spool" / f"{state.sessions:03d}.jsonl")

    def stopped() -> bool:
        return interrupted.is_set() or time.monotonic() - began > options.max_s

    def keep() -> None:
        """The history first, then the state that says it is there."""
        spool.flush()
        state.whole, state.seconds = tally.whole, before + time.monotonic() - began
        state.captured, state.refused, state.given_up = (
            count + more for count, more in zip(counted, (tally.captured, tally.refused, tally.given_up), strict=True)
        )
        partial = options.out / f".{_STATE}.partial"
        partial.write_bytes(msgspec.json.encode(state))
        partial.replace(options.out / _STATE)
        tell(state.whole, options.payments)

    async def session() -> None:
        ready = servers.core.ready
        driver = Driver(ready["url"], ready["keys"], "soak", spool, tally, stopped)
        paying = asyncio.create_task(driver.drive(state.whole, options.payments, _SHOPPERS))
        killing = asyncio.create_task(_kill(options, state, servers, pool, tally, paying, began - before))
        while not paying.done():
            keep()
            await asyncio.wait({paying}, timeout=1.0)
        await asyncio.gather(paying, killing)

    with asyncio.Runner() as runner:
        runner.run(session())
    keep()
    spool.close()


async def _kill(
    options: Options,
    state: State,
    servers: OwnServers,
    pool: ThreadPoolExecutor,
    tally: Tally,
    paying: asyncio.Task[None],
    zero: float,
) -> None:
    """Kill what is planned when so much is paid, and start it again; until nobody pays any more."""
    loop = asyncio.get_running_loop()
    done = sum(1 for each in state.faults if each.outcome == "over")
    for after, actions in planned_kills(options.payments, options.kills):
        if done >= len(actions):
            done -= len(actions)
            continue
        while tally.whole < after:
            if paying.done():
                return
            await asyncio.sleep(_LOOK_S)
        works = [loop.run_in_executor(pool, _killed, servers, action, after, zero) for action in actions]
        state.faults += await asyncio.gather(*works)


def _killed(servers: OwnServers, action: str, after: int, zero: float) -> Happened:
    began_s = time.monotonic() - zero
    try:
        if action == "kill_core":
            servers.core.kill()
            servers.core.restart()
        else:
            assert servers.postgres is not None
            servers.postgres.kill()
            servers.postgres.recover()
    except (OmoError, OSError) as error:
        ended_s = time.monotonic() - zero
        return Happened(action, {"after_payments": after}, began_s, began_s, ended_s, "failed", str(error)[:300])
    return Happened(action, {"after_payments": after}, began_s, began_s, time.monotonic() - zero, "over")


def _finish(options: Options, state: State, problems: Sequence[str]) -> dict[str, Any]:
    out = options.out
    to_parquet(sorted((out / "spool").glob("*.jsonl")), out / "client_history.parquet")
    write_faults(state.faults, out)
    complete = state.whole >= options.payments
    failed = [f"{each.action} failed: {each.why}" for each in state.faults if each.outcome == "failed"]
    reasons = [*problems, *failed]
    load = {
        "schema": "omo.load/1",
        "state": "complete" if complete else "interrupted",
        "target": "core (own, embedded)",
        **measure(out, Setting(0, 0.0, 0, interrupted=not complete, disturbed=True)),
        "valid": False,
        "reasons": [_CLOSED_LOOP, *reasons],
        "history_complete": True,
        "books": (out / "books" / "books.json").is_file(),
    }
    (out / "load.json").write_text(json.dumps(load, indent=2) + "\n", encoding="utf-8")
    verdict = as_document(audit(out))
    (out / "audit.json").write_text(json.dumps(verdict, indent=2) + "\n", encoding="utf-8")
    result = {
        "schema": SCHEMA,
        "state": "complete" if complete else "partial",
        "payments": options.payments,
        "kills": options.kills,
        "done": state.whole,
        "captured": state.captured,
        "refused": state.refused,
        "given_up": state.given_up,
        "seconds": round(state.seconds, 1),
        "sessions": state.sessions,
        "survived": {**survived(state.faults), **_survived_by_clients(out)},
        "recovery_s": _recovery_s(state.faults),
        "problems": reasons,
        "clean": verdict["clean"] and not reasons,
        "broken": [law["law"] for law in verdict["laws"] if law["broken"]],
        "faults": [asdict(each) for each in state.faults],
    }
    (out / "soak.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return result


def _survived_by_clients(out: Path) -> dict[str, int]:
    """Faults that show in the books: by client history and the core's inbox."""
    queries = {
        "calls_repeated": "SELECT count(*) FROM history WHERE attempts > 1",
        "requests_lost_or_refused": "SELECT coalesce(sum(attempts - 1), 0) FROM history",
        "psp_time_outs": "SELECT count(*) FROM history WHERE action = 'pay' AND detail = 'unknown'",
        "webhooks_received_again": "SELECT coalesce(sum(deliveries - 1), 0) FROM inbox",
        "late_captures_refunded": "SELECT count(*) FROM payments WHERE late AND state = 'refunded'",
        "refused_for_want_of_stock": "SELECT count(*) FROM history WHERE detail = 'insufficient_stock'",
    }
    with duckdb.connect() as db:
        for name, path in (
            ("history", out / "client_history.parquet"),
            ("inbox", out / "books" / "webhook_inbox.parquet"),
            ("payments", out / "books" / "payments.parquet"),
        ):
            if path.is_file():
                db.read_parquet(str(path)).create_view(name)
        known = {row[0] for row in db.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()}
        return {
            name: int(db.execute(query).fetchall()[0][0])
            for name, query in queries.items()
            if any(f"FROM {view} " in f"{query} " for view in known)
        }


def _recovery_s(faults: Sequence[Happened]) -> dict[str, float]:
    """Action -> the longest time from the kill until the process was ready again, seconds."""
    longest: dict[str, float] = {}
    for each in faults:
        if each.began_s is not None and each.ended_s is not None:
            longest[each.action] = max(longest.get(each.action, 0.0), round(each.ended_s - each.began_s, 2))
    return longest
