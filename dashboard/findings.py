"""What a comparison means in sentences that a board understands."""

from __future__ import annotations

from typing import Any, Literal

from dashboard.amounts import yen
from dashboard.words import Words

Sign = Literal["up", "down", "open"]


def sign_of(difference: dict[str, float | None]) -> Sign:
    """Whether an interval `{mean, half_width}` lies above zero, below it, or cannot tell."""
    mean, half_width = difference["mean"], difference["half_width"]
    if mean is None or half_width is None or abs(mean) <= half_width:
        return "open"
    return "up" if mean > 0 else "down"


def headline(document: dict[str, Any], say: Words) -> str:
    """One sentence: what B instead of A does to the company, with its interval."""
    difference = document["measures"]["contribution_yen"]["difference"]
    values = {"a": say.title(document["a"]["title"]), "b": say.title(document["b"]["title"])}
    values |= {"days": document["days"], "n": document["replications"]}
    mean, half_width = difference["mean"], difference["half_width"]
    if half_width is None:
        return say("finding.one_replication", company=yen(mean, say.language, signed=True), **values)
    low, high = (yen(mean + side * half_width, say.language, signed=True) for side in (-1, 1))
    sign = sign_of(difference)
    amount = yen(mean, say.language, signed=True) if sign == "open" else yen(abs(mean), say.language)
    return say(f"finding.company_{sign}", company=amount, low=low, high=high, **values)


def ledgers_sentence(document: dict[str, Any], say: Words) -> str:
    """What the same change looks like in the books of the two divisions, and where they would vote wrongly."""
    measures = document["measures"]
    store, ec, company = (measures[name]["difference"] for name in ("store_pl_yen", "ec_pl_yen", "contribution_yen"))
    amounts = {
        "store": yen(store["mean"], say.language, signed=True),
        "ec": yen(ec["mean"], say.language, signed=True),
    }
    return say("finding.divisions", **amounts) + say("finding.join") + say(f"finding.vote_{_vote(store, ec, company)}")


def _vote(store: dict[str, float | None], ec: dict[str, float | None], company: dict[str, float | None]) -> str:
    """Which division, judging by its own books, would vote against the company's interest."""
    truth = sign_of(company)
    if truth == "open":
        return "open"
    wrong = {"up": "down", "down": "up"}[truth]
    against = [name for name, difference in (("store", store), ("ec", ec)) if sign_of(difference) == wrong]
    if not against:
        return "agree"
    return f"{'both' if len(against) == 2 else against[0]}_wrong_{truth}"
