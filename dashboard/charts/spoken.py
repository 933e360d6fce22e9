"""What all charts say alike: how sure the figures are, and names that the documents keep as identifiers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dashboard.words import Words

_KEY_LETTERS: Final = 36


def basis(document: Mapping[str, Any], say: Words, replications: object = None) -> str:
    """Kind of interval, replications, days, seed; the document has `seed` and `days`."""
    n = document["replications"] if replications is None else replications
    return say("plot.basis", n=n, days=document["days"], seed=document["seed"])


def paragraph(say: Words, *sentences: str) -> str:
    """Sentences one after the other; empty ones are left out."""
    return say("finding.join").join(sentence for sentence in sentences if sentence)


def named(kind: str, name: str, say: Words) -> str:
    """A policy, capability, touch or rule: as it is written in scenarios, or its translation; `a+b` in parts."""
    return " + ".join(say.of_code(kind, part, part) for part in name.split("+"))


def cohort(name: str, say: Words) -> str:
    """A group of shoppers."""
    return say.of_code("cohort", name, name.replace("_", " "))


def parameter(name: str, say: Words) -> str:
    """What a sweep varies: a scenario's keys, or what moves them, in words where there are any."""
    return say.of_code("parameter", name, short(name))


def short(keys: str, letters: int = _KEY_LETTERS) -> str:
    """A scenario's key; of keys that move together (`a+b+c`) the first and how many more; the end of a long one."""
    first, *more = keys.split("+")
    name = first if len(first) <= letters else f"…{first[-letters:]}"
    return f"{name} +{len(more)}" if more else name
