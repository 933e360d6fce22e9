"""`omo core`: the payment and inventory core that load tests run against."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add `omo core serve | openapi`."""
    core = typer.Typer(no_args_is_help=True, help="The payment and inventory core that ships with omotwin.")
    core.command()(serve)
    core.command()(openapi)
    app.add_typer(core, name="core")


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes any free one.")] = 0,
    database_url: Annotated[
        str | None, typer.Option(help="An empty PostgreSQL >= 15; without it a private one is started.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(file_okay=False, help="Keep the private database here; without it, it is deleted.")
    ] = None,
    psp_url: Annotated[str | None, typer.Option(help="The payment provider, as printed by `omo psp serve`.")] = None,
    psp_timeout: Annotated[float, typer.Option(min=0.01, help="Seconds to wait for the provider.")] = 2.0,
    order_hold: Annotated[float, typer.Option(min=0.01, help="Seconds an unpaid order keeps its units.")] = 900.0,
    keys_file: Annotated[
        Path | None, typer.Option(dir_okay=False, help="API keys (JSON); written with new ones where it is missing.")
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write address and keys here once requests are accepted.")
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, max=8, help="Core processes that share address and database; one for each spare CPU.")
    ] = 1,
) -> None:
    """Serve the core until Ctrl-C. Prints one JSON line with its address and keys when it is ready.

    One of several processes that is killed is reported, the others go on.
    Example: omo psp serve --port 9200 & omo core serve --psp-url http://127.0.0.1:9200 --ready-file core.json
    """
    if database_url is not None and data_dir is not None:
        raise UsageError("--data-dir is for the private database: leave it out, or leave out --database-url")
    from loadtest.core.logs import log_to_stderr
    from loadtest.core.server import Options, run

    log_to_stderr()
    run(
        Options(
            host=host,
            port=port,
            database_url=database_url,
            data_directory=data_dir,
            psp_url=psp_url,
            psp_timeout_s=psp_timeout,
            order_hold_s=order_hold,
            keys_file=keys_file,
            ready_file=ready_file,
            processes=processes,
        ),
        typer.echo,
    )


def openapi(
    write: Annotated[
        Path | None, typer.Option("--write", dir_okay=False, help="Write it to this file, usually docs/openapi.json.")
    ] = None,
) -> None:
    """Print the OpenAPI document of the core, as `GET /openapi.json` answers it.

    Example: omo core openapi --write docs/openapi.json
    """
    import json

    from loadtest.core.openapi import document
    from loadtest.core.routes import routes

    text = json.dumps(document(routes()), indent=2)
    if write is None:
        typer.echo(text)
    else:
        write.write_text(text + "\n", encoding="utf-8")
