"""Documents on stdout."""

from __future__ import annotations

import json
from typing import Any

import typer


def emit_json(document: dict[str, Any]) -> None:
    """Print a document on stdout."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1, default=str))
