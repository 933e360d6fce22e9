"""`omo trace`, `omo load`, `omo audit`: cut a trace from a run, replay it open loop, and check the books."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from scenarios import options
from scenarios.errors import ObjectiveMissed


def register(app: typer.Typer) -> None:
    """Add the load test's commands, and those of the core and the provider that ship with it."""
    from loadtest.bench.commands import register as register_bench
    from loadtest.capacity.commands import register as register_capacity
    from loadtest.conformance.commands import register as register_conformance
    from loadtest.core.commands import register as register_core
    from loadtest.demand.commands import register as register_demand
    from loadtest.faults.commands import register as register_faults
    from loadtest.psp.commands import register as register_psp
    from loadtest.sizing.commands import register as register_sizing
    from loadtest.targets.commands import register as register_target

    app.command()(trace)
    app.command()(load)
    app.command()(audit)
    register_bench(app)
    register_demand(app)
    register_capacity(app)
    register_sizing(app)
    register_conformance(app)
    register_core(app)
    register_faults(app)
    register_psp(app)
    register_target(app)


def trace(
    reference: options.Run,
    day: options.Day = 0,
    from_: Annotated[str, typer.Option("--from", help="Start of the window, HH:MM or HH:MM:SS.")] = "11:45",
    to: Annotated[str, typer.Option("--to", help="End of the window, HH:MM or HH:MM:SS.")] = "12:15",
    copies: Annotated[int, typer.Option(min=1, help="Independent copies laid over each other: more shoppers.")] = 1,
    rep: options.Rep = 0,
    out: Annotated[Path | None, typer.Option(file_okay=False, help="Where to write it.")] = None,
    runs: options.Runs = options.RUNS,
    as_json: options.Json = False,
) -> None:
    """Cut a window out of a run and write it as a trace: journeys of time-stamped API steps.

    Example: omo trace launch-day --day 1 --from 11:45 --to 12:15 --copies 4 --out lunch
    """
    from loadtest.show import show_trace
    from loadtest.trace import Window, clock_time, cut_trace
    from loadtest.trace_schema import write_trace
    from sim.log.run_directory import find_run

    run = find_run(reference, runs)
    window = Window(day, clock_time(from_, "--from"), clock_time(to, "--to"))
    cut = cut_trace(run, window, rep, copies)
    directory = out or Path(f"{run.name}-d{day}-{from_}-{to}-x{copies}".replace(":", ""))
    write_trace(cut, directory)
    if as_json:
        typer.echo(json.dumps({**cut.header, "directory": str(directory)}))
    else:
        show_trace(cut.header, directory)


def load(
    trace: Annotated[Path, typer.Argument(help="Trace directory, from `omo trace`.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="Where the results go; a new directory.")] = Path("load"),
    target: Annotated[
        str,
        typer.Option(help="`core` starts our own; or a core's URL, a target file FILE.toml, package.module:Class."),
    ] = "core",
    base_url: Annotated[str | None, typer.Option(help="Address of the system of a target file or class.")] = None,
    keys_file: Annotated[Path | None, typer.Option(dir_okay=False, exists=True, help="API keys of that core.")] = None,
    psp_url: Annotated[str | None, typer.Option(help="Its payment provider, to compare the books.")] = None,
    database_url: Annotated[
        str | None,
        typer.Option(help="PostgreSQL of the core, for its books; without it our own core uses a private one."),
    ] = None,
    psp_seed: Annotated[int, typer.Option(help="Decides which charges fail.")] = 1,
    psp_latency_ms: Annotated[float, typer.Option(min=0, help="Median time of the provider.")] = 20.0,
    psp_decline: Annotated[float, typer.Option(min=0, max=1, help="Share of charges declined.")] = 0.01,
    psp_timeout_before: Annotated[float, typer.Option(min=0, max=1, help="Share lost before any effect.")] = 0.003,
    psp_timeout_after: Annotated[float, typer.Option(min=0, max=1, help="Share captured and never answered.")] = 0.003,
    psp_duplicate_webhooks: Annotated[float, typer.Option(min=0, max=1, help="Share of webhooks sent twice.")] = 0.02,
    faults: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Timetable of faults (TOML): kills, pauses, outages of our own core."),
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Generator processes beside a master; 0: one does it all.")] = 0,
    warm_up: Annotated[float, typer.Option(min=0, help="Seconds at the start that are not measured.")] = 0.0,
    speed: Annotated[float, typer.Option(help="Compress time; better: more copies of the trace.")] = 1.0,
    web_ui: Annotated[int | None, typer.Option(min=1, max=65535, help="Show Locust's page on this port.")] = None,
    baseline: Annotated[
        Path | None, typer.Option(file_okay=False, help="An earlier load directory to compare this run with.")
    ] = None,
    max_p99_ms: Annotated[
        list[str] | None,
        typer.Option(metavar="[ACTION=]MS", help="p99 that must not be exceeded; repeat it: 100, or pay=60."),
    ] = None,
    max_error_share: Annotated[
        list[str] | None,
        typer.Option(metavar="[ACTION=]SHARE", help="Share of calls that may fail or stay unknown; repeat it."),
    ] = None,
    junit: Annotated[Path | None, typer.Option(dir_okay=False, help="Write the verdicts as JUnit XML.")] = None,
    unsafe_no_stock_guard: Annotated[bool, typer.Option("--unsafe-no-stock-guard", hidden=True)] = False,
    as_json: options.Json = False,
) -> None:
    """Replay a trace open loop against our core or another system; measure from the intended start of each step.

    Starts a payment provider with faults, the core and a private PostgreSQL, seeds them, replays, reconciles, and
    keeps the books for `omo audit`. Exits with 4 when the run is not valid or misses a threshold. Ctrl-C keeps what
    was measured.

    Examples: omo load lunch --out load-1 && omo audit load-1
    omo load lunch --target shop.toml --base-url http://127.0.0.1:8000 --out load-2
    omo load lunch --faults faults.toml --out load-3   (kills and restarts on a timetable; see docs/contracts.md)
    omo load lunch --out load-4 --baseline load-1 --max-p99-ms 100 --max-p99-ms pay=60 --junit load.xml
    """
    from loadtest.baseline import check_baseline
    from loadtest.faults.timetable import read_timetable
    from loadtest.load import Options, run_load
    from loadtest.servers import Faults
    from loadtest.show import progress, show_load
    from loadtest.verdicts import load_cases, missed, thresholds, with_verdicts, write_junit

    asked = thresholds("p99_ms", "--max-p99-ms", max_p99_ms or [])
    asked += thresholds("error_share", "--max-error-share", max_error_share or [])
    if baseline:
        check_baseline(baseline)
    provider = Faults(
        psp_seed, psp_latency_ms, psp_decline, psp_timeout_before, psp_timeout_after, psp_duplicate_webhooks
    )
    load_options = Options(
        trace=trace,
        out=out,
        target=target,
        base_url=base_url,
        keys_file=keys_file,
        psp_url=psp_url,
        database_url=database_url,
        faults=provider,
        timetable=read_timetable(faults) if faults else (),
        workers=workers,
        warm_up_s=warm_up,
        speed=speed,
        web_port=web_ui,
        stock_guard=not unsafe_no_stock_guard,
    )
    with progress("replaying") as tell:
        result = with_verdicts(run_load(load_options, tell), out, asked, baseline)
    if junit:
        write_junit(junit, "omo load", list(load_cases(result)))
    if as_json:
        typer.echo(json.dumps(result))
    else:
        show_load(result, out)
    if result["state"] == "interrupted":
        sys.exit(130)
    if not result["valid"]:
        raise ObjectiveMissed(f"{out}: INVALID run, do not quote its figures: {'; '.join(result['reasons'])}")
    if failures := missed(result["thresholds"]):
        raise ObjectiveMissed(f"{out}: {'; '.join(failures)}")


def audit(
    load: Annotated[Path, typer.Argument(help="Load directory, from `omo load`.")],
    junit: Annotated[Path | None, typer.Option(dir_okay=False, help="Write each law's verdict as JUnit XML.")] = None,
    as_json: options.Json = False,
) -> None:
    """Check the books of a load run against every law; exits with 4 when one is broken.

    Compares the core's tables, the client's history and the provider's own book: money, exactly once, stock, states.

    Example: omo audit load-1
    """
    from loadtest.audit.verdict import as_document
    from loadtest.audit.verdict import audit as run_audit
    from loadtest.faults.course import read_survived
    from loadtest.faults.show import show_survived
    from loadtest.show import show_audit
    from loadtest.verdicts import audit_cases, write_junit

    result = run_audit(load)
    document = as_document(result)
    if (survived := read_survived(load)) is not None:
        document["faults_survived"] = survived
    (load / "audit.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    if junit:
        write_junit(junit, "omo audit", list(audit_cases(result)))
    if as_json:
        typer.echo(json.dumps(document))
    else:
        show_audit(result)
        show_survived(survived)
    if not result.is_clean():
        broken = [verdict.law.name for verdict in result.verdicts if verdict.broken]
        raise ObjectiveMissed(f"{load}: not clean: {', '.join(broken) or 'nothing could be checked'}")
