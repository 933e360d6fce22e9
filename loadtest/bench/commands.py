"""`omo bench core | endtoend | generator | freeze`: the load test's part of `omo bench`."""

from __future__ import annotations

from collections.abc import Callable

import typer


def register(app: typer.Typer) -> None:
    """Add the load test's benchmarks to the `bench` group of `app`."""
    bench = next(group.typer_instance for group in app.registered_groups if group.name == "bench")
    commands: dict[str, Callable[..., None]] = {}
    for name, command in commands.items():
        bench.command(name)(command)
