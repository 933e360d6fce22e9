"""Columns as text that a page can carry: differences, compressed, in base64."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dashboard.player.scene import Columns

_LEVEL: Final = 6
_DELTAS: Final = frozenset({"t"})
"""Columns of which differences from row to row are written: neighbours are alike, and compress better."""


def pack(groups: Mapping[str, Columns]) -> tuple[list[list[Any]], str]:
    """The layout `[group, column, type, length, differences]` in order, and all columns as base64 of one zlib stream.

    Types are those of JavaScript's typed arrays, little-endian: `u1`, `u2`, `i2`, `i4`. Wider ones come first, so that
    each column begins at a multiple of its size.
    """
    layout: list[list[Any]] = []
    parts: list[tuple[int, list[Any], bytes]] = []
    for group, columns in groups.items():
        for name, column in columns.items():
            values = np.asarray(column, dtype=np.int64)
            if name in _DELTAS:
                values = np.diff(values, prepend=0)
            packed, kind = _narrowest(values)
            parts.append((packed.itemsize, [group, name, kind, len(values), name in _DELTAS], packed.tobytes()))
    parts.sort(key=lambda part: -part[0])
    layout = [entry for _, entry, _ in parts]
    stream = zlib.compress(b"".join(data for _, _, data in parts), _LEVEL)
    return layout, base64.b64encode(stream).decode("ascii")


def _narrowest(values: NDArray[np.int64]) -> tuple[NDArray[Any], str]:
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    for kind in ("u1", "u2", "i2", "i4"):
        limits = np.iinfo(kind)
        if limits.min <= low and high <= limits.max:
            return values.astype(f"<{kind}"), kind
    raise ValueError(f"{low} to {high} does not fit into 32 bits")
