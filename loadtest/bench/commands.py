"""`omo bench core | endtoend | generator | freeze`: the load test's part of `omo bench`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from scenarios import options


def register(app: typer.Typer) -> None:
    """Add the load test's benchmarks to the `bench` group of `app`."""
    bench = next(group.typer_instance for group in app.registered_groups if group.name == "bench")
    assert bench is not None
    commands: dict[str, Callable[..., None]] = {
        "core": core,
        "generator": generator,
        "endtoend": endtoend,
        "freeze": freeze,
    }
    for name, command in commands.items():
        bench.command(name)(command)


def core(
    rounds: Annotated[int, typer.Option(min=1, help="The two take turns this many times.")] = 3,
    seconds: Annotated[float, typer.Option(min=1, help="Length of each turn.")] = 3.0,
    processes: Annotated[int, typer.Option(min=1, max=8, help="Processes of the core.")] = 1,
    as_json: options.Json = False,
) -> None:
    """Measure durable payments a second of the core, through HTTP, beside pgbench on the same PostgreSQL.

    Ours: orders paid in cash, for 10,000 items and for one hot item, with keys, guards and all books. The peer: one
    call of a function per payment, which writes the payment, two ledger lines and a guarded stock update; and once
    more with the same books as ours, by the core's own function, one payment a call. Ratios are medians of the ratios
    inside a round; those per CPU second count every process of either side and hold on a busy
    machine too. Takes about a minute. Example: omo bench core --json
    """
    from loadtest.bench.core import measure_core
    from sim.bench.show import progress, show

    with progress("turns") as watch:
        figures = measure_core(rounds, seconds, processes, watch)
    show("core", figures, as_json)


def generator(
    rounds: Annotated[int, typer.Option(min=1, help="The two take turns this many times.")] = 5,
    seconds: Annotated[float, typer.Option(min=1, help="Length of our turns; the peer sends as many requests.")] = 5.0,
    rate: Annotated[float, typer.Option(min=1, help="Sales a second that our replay offers; each is 3 requests.")] = (
        2500.0
    ),
    as_json: options.Json = False,
) -> None:
    """Measure requests per CPU second of the load generator, beside a Locust FastHttpUser written by hand.

    Both send the same sales (look up, order, pay) to the same trivial server, in turns, and both are busy: the peer
    runs closed loop and goes as fast as it can, ours replays open loop at --rate, with latency from the intended start,
    and writes the history that the audit needs. At a lower rate ours wakes up for each request by itself, and each
    costs more: `lag_p99_ms` says whether the rate is still carried.
    """
    from loadtest.bench.generator import measure_generator
    from sim.bench.show import progress, show

    with progress("rounds") as watch:
        figures = measure_generator(rounds, seconds, rate, watch)
    show("generator", figures, as_json)


def endtoend(
    rate: Annotated[
        list[float] | None, typer.Option(help="Payments a second, ascending; repeat it. Default: 500 1000 2000 3000.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="Measured length of each step.")] = 10.0,
    workers: Annotated[int, typer.Option(min=0, help="Generator processes beside a master; 0: one does it all.")] = 0,
    as_json: options.Json = False,
) -> None:
    """Measure durable payments a second on this machine, end to end: replayed trace, core, PostgreSQL.

    Each step replays sales in cash (order, payment) at a fixed rate against a core of its own. It is steady when the
    load run is valid, p99 is below 60 ms from the intended start, and the audit is clean. Ends with the first step
    that is not.
    """
    from loadtest.bench.endtoend import measure_endtoend
    from sim.bench.show import progress, show

    with progress("steps") as watch:
        figures = measure_endtoend(sorted(rate or (500.0, 1000.0, 2000.0, 3000.0)), seconds, workers, watch)
    show("endtoend", figures, as_json)
    if any(step["interrupted"] for step in figures["steps"]):
        raise typer.Exit(130)


def freeze(
    freeze_s: Annotated[float, typer.Option("--freeze", min=0.1, help="Seconds for which the core is stopped.")] = 2.0,
    seconds: Annotated[float, typer.Option(min=6, help="Length of the run; the freeze is in its middle.")] = 20.0,
    rate: Annotated[float, typer.Option(min=1, help="Sales a second that our replay offers.")] = 50.0,
    as_json: options.Json = False,
) -> None:
    """Stop the core for two seconds under load: who sees it?

    Our open-loop replay counts from the intended start of each call and has it in its p99. A plain Locust user in a
    closed loop, at the same core at the same time, waits with its next call and has it in a handful of thousands.
    """
    from loadtest.bench.freeze import measure_freeze
    from loadtest.show import progress
    from sim.bench.show import show

    with progress("freeze") as tell:
        figures = measure_freeze(freeze_s, seconds, rate, tell)
    show("freeze", figures, as_json)
