"""Yen that are split by shares: whole yen, and none lost."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def largest_remainder(yen: int, shares: Sequence[float | Fraction]) -> list[int]:
    """`yen` in whole parts proportional to `shares`, which need not sum to 1; the parts sum to `yen`.

    Hamilton's method: every part gets the whole yen of its quota, and those with the largest fractions one more each;
    of equal fractions the first goes first. Negative yen are split as positive ones, so that a refund undoes its sale.
    Shares are read as the decimals they are written as. Raises `ValueError` for a negative share, or none above 0.
    """
    exact = [share if isinstance(share, Fraction) else Fraction(str(share)) for share in shares]
    whole = sum(exact, Fraction(0))
    if not whole or min(exact) < 0:
        raise ValueError(f"shares {list(shares)}: none may be negative, and one must be above 0")
    quotas = [abs(yen) * share / whole for share in exact]
    parts = [int(quota) for quota in quotas]
    in_turn = sorted(range(len(parts)), key=lambda at: (parts[at] - quotas[at], at))
    for at in in_turn[: abs(yen) - sum(parts)]:
        parts[at] += 1
    return parts if yen >= 0 else [-part for part in parts]


def divide(yen: int, share: float) -> tuple[int, int]:
    """`share` of `yen`, and the rest; `share` is between 0 and 1."""
    if share in (0, 1):  # most often, and exact without fractions
        return (yen, 0) if share else (0, yen)
    exact = Fraction(str(share))
    part, rest = largest_remainder(yen, (exact, 1 - exact))
    return part, rest
