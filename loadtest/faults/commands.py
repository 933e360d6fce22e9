"""`omo drill`, `omo soak`: rehearse what goes wrong, and pay a million times while everything is being killed."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add `omo drill` and `omo soak`."""
