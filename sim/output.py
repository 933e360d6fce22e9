"""Documents on stdout, and where they are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer


def emit_json(document: dict[str, Any]) -> None:
    """Print a document on stdout."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1, default=str))


def keep(path: Path, document: dict[str, Any]) -> None:
    """Write a document to `path` and say so, on a terminal only."""
    from rich.console import Console

    from sim.log.run_directory import write_json

    write_json(path, document)
    console = Console(stderr=True)
    if console.is_terminal:
        console.print(kept_in(path), highlight=False, soft_wrap=True)


def kept_in(path: Path) -> str:
    """Where a document is, and the command that draws it."""
    return f"kept in {path}; charts: omo plot {path}"
