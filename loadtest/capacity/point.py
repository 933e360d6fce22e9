"""One load step as it was measured, and whether the system carried it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

QUANTILES: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)
"""Of the latencies kept for each endpoint; a profile interpolates between them."""

Verdict = Literal["passed", "failed", "invalid"]


@dataclass(frozen=True)
class Limits:
    """When a step passes. Latency is that of all calls, from their intended start."""

    p99_ms: float = 100.0
    errors: float = 0.001
    achieved: float = 0.99
    drain_s: float = 5.0


@dataclass(frozen=True)
class Endpoint:
    """Latency of one kind of call: `ms` has one value for each of `QUANTILES`."""

    calls: int
    mean_ms: float
    ms: tuple[float, ...]

    def quantile(self, share: float) -> float:
        """One of `QUANTILES`, in ms."""
        return self.ms[QUANTILES.index(share)]


@dataclass(frozen=True)
class Point:
    """A load step. Rates are per second, `cpu` is in cores by part of the system, `drain_s` from the last due step.

    `invalid_because` is the generator's fault: the step says nothing of the target.
    """

    asked_per_s: float
    offered_per_s: float
    achieved_per_s: float
    payments_per_s: float
    everything: Endpoint
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    error_share: float = 0.0
    drain_s: float = 0.0
    lag_p99_ms: float = 0.0
    audit_clean: bool = True
    broken_laws: tuple[str, ...] = ()
    invalid_because: tuple[str, ...] = ()
    cpu: dict[str, float] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def in_flight(self) -> float:
        """Calls in flight, by Little's law: achieved rate times mean latency."""
        return self.achieved_per_s * self.everything.mean_ms / 1000


def shortfalls(point: Point, limits: Limits) -> list[str]:
    """Why the target did not carry the step; empty where it did."""
    p99_ms = point.everything.quantile(0.99)
    found = [
        (p99_ms > limits.p99_ms, f"p99 {p99_ms:.0f} ms > {limits.p99_ms:g} ms"),
        (point.error_share > limits.errors, f"{point.error_share:.2%} errors > {limits.errors:.2%}"),
        (
            point.achieved_per_s < limits.achieved * point.offered_per_s,
            f"achieved {point.achieved_per_s:.0f}/s of {point.offered_per_s:.0f}/s",
        ),
        (point.drain_s > limits.drain_s, f"queue not drained after {limits.drain_s:g} s ({point.drain_s:.1f} s)"),
        (not point.audit_clean, f"audit: {', '.join(point.broken_laws) or 'nothing could be checked'}"),
    ]
    return [why for holds, why in found if holds]


def verdict_of(point: Point, limits: Limits) -> Verdict:
    """A late generator makes a step invalid, but books that are broken are broken however they were asked."""
    if not point.audit_clean:
        return "failed"
    if point.invalid_because:
        return "invalid"
    return "failed" if shortfalls(point, limits) else "passed"


def as_document(point: Point, limits: Limits) -> dict[str, Any]:
    """The step for JSON."""
    fields = asdict(point)
    names = {name: fields.pop(name) for name in ("everything", "endpoints", "interrupted")}
    return {
        **fields,
        "verdict": verdict_of(point, limits),
        "shortfalls": shortfalls(point, limits),
        "in_flight": point.in_flight,
        "p50_ms": point.everything.quantile(0.5),
        "p99_ms": point.everything.quantile(0.99),
        "mean_ms": point.everything.mean_ms,
        "endpoints": names["endpoints"],
    }
