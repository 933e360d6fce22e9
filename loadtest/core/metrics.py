"""Counters in the text format of Prometheus."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


@dataclass
class Metrics:
    """Requests by route and status, their time by route, and what is going on now."""

    in_flight: int = 0
    answered: dict[tuple[str, int], int] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)  # route -> count per bucket, +Inf, then the sum
    psp_time_outs: int = 0

    def record(self, route: str, status: int, took_s: float) -> None:
        """Count one answered request."""
        self.answered[route, status] = self.answered.get((route, status), 0) + 1
        series = self.seconds.get(route)
        if series is None:
            series = self.seconds[route] = [0.0] * (len(_BOUNDS_S) + 2)
        series[bisect_left(_BOUNDS_S, took_s)] += 1
        series[-1] += took_s

    def text(self, waiting_for_database: int, batches: Mapping[str, tuple[int, int, int]]) -> str:
        """All of it, one sample a line. `batches`: by kind of command, how many went to the database, with how many
        commands, and how many commands are waiting now."""
        lines = ["# TYPE omo_core_requests_total counter"]
        for (route, status), count in sorted(self.answered.items()):
            lines.append(f'omo_core_requests_total{{route="{route}",status="{status}"}} {count}')
        lines.append("# TYPE omo_core_request_seconds histogram")
        for route, series in sorted(self.seconds.items()):
            lines += _histogram(route, series)
        for name, value in (
            ("omo_core_in_flight", self.in_flight),
            ("omo_core_waiting_for_database", waiting_for_database),
        ):
            lines += [f"# TYPE {name} gauge", f"{name} {value}"]
        for place, name in enumerate(("batches_total counter", "batched_total counter", "batch_waiting gauge")):
            lines.append(f"# TYPE omo_core_{name}")
            lines += [
                f'omo_core_{name.split()[0]}{{kind="{kind}"}} {counts[place]}' for kind, counts in batches.items()
            ]
        lines += ["# TYPE omo_core_psp_time_outs_total counter", f"omo_core_psp_time_outs_total {self.psp_time_outs}"]
        return "\n".join(lines) + "\n"


def _histogram(route: str, series: list[float]) -> list[str]:
    lines = []
    total = 0
    for bound, count in zip((*map(str, _BOUNDS_S), "+Inf"), series[:-1], strict=True):
        total += int(count)
        lines.append(f'omo_core_request_seconds_bucket{{route="{route}",le="{bound}"}} {total}')
    lines.append(f'omo_core_request_seconds_sum{{route="{route}"}} {series[-1]:.6f}')
    lines.append(f'omo_core_request_seconds_count{{route="{route}"}} {total}')
    return lines
