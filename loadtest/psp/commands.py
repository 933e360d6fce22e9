"""`omo psp`: a payment service provider that declines, times out and repeats itself, by seed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `omo psp serve`."""
    psp = typer.Typer(no_args_is_help=True, help="A payment service provider to test against.")
    psp.callback()(lambda: None)  # keeps `serve` a subcommand though it is the only one
    psp.command()(serve)
    app.add_typer(psp, name="psp")


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes any free one.")] = 0,
    seed: Annotated[int, typer.Option(help="Decides, with each charge's id, what happens to it.")] = 1,
    latency_ms: Annotated[
        float, typer.Option(min=0, help="Median time to answer; brands differ by up to half.")
    ] = 20.0,
    decline: Annotated[float, typer.Option(min=0, max=1, help="Share of charges declined.")] = 0.01,
    timeout_before: Annotated[float, typer.Option(min=0, max=1, help="Share never answered, without effect.")] = 0.003,
    timeout_after: Annotated[
        float, typer.Option(min=0, max=1, help="Share never answered, captured all the same.")
    ] = 0.003,
    duplicate_webhooks: Annotated[float, typer.Option(min=0, max=1, help="Share of webhooks sent twice.")] = 0.02,
    delayed_webhooks: Annotated[float, typer.Option(min=0, max=1, help="Share of webhooks that come late.")] = 0.02,
    webhook_delay_ms: Annotated[float, typer.Option(min=0, help="How late a late webhook is.")] = 5000.0,
    customer_delay_ms: Annotated[
        float, typer.Option(min=0, help="Until a shopper has paid a QR code, on average.")
    ] = 500.0,
    webhook_url: Annotated[
        str | None, typer.Option(help="Where to tell the merchant: http://<core>/v1/psp/webhooks.")
    ] = None,
    webhook_secret: Annotated[str, typer.Option(help="Signs the webhooks.")] = "",
    journal: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Keep the book here, so that it survives a restart.")
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the address here once requests are accepted.")
    ] = None,
) -> None:
    """Serve the PSP simulator until Ctrl-C. Prints one JSON line with its address when it is ready.

    Only outcomes that the caller was not told are sent as webhooks: paid QR codes and charges after a time-out.
    Example: omo psp serve --port 9200 --seed 7 --decline 0.02 --journal psp.jsonl
    """
    from loadtest.psp.fate import Faults
    from loadtest.psp.server import Options, run

    faults = Faults(
        latency_ms=latency_ms,
        decline=decline,
        timeout_before=timeout_before,
        timeout_after=timeout_after,
        duplicate_webhooks=duplicate_webhooks,
        delayed_webhooks=delayed_webhooks,
        webhook_delay_ms=webhook_delay_ms,
        customer_delay_ms=customer_delay_ms,
    )
    run(
        Options(
            host=host,
            port=port,
            seed=seed,
            faults=faults,
            webhook_url=webhook_url,
            webhook_secret=webhook_secret,
            journal=journal,
            ready_file=ready_file,
        ),
        typer.echo,
    )
