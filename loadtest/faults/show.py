"""Tables on the terminal for faults, drills and the soak."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console


def show_survived(counts: Mapping[str, int] | None) -> None:
    """What a run survived; nothing where it was run without faults."""
    if counts is not None:
        told = ", ".join(f"{count:,} x {action}" for action, count in counts.items()) or "none was reached"
        Console().print(f"faults survived: {told}", highlight=False)
