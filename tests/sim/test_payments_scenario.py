"""Mistakes in [payments] are told by key, with what was probably meant."""

from __future__ import annotations

from typing import Any

import pytest
from till_rolls import company

ONLY_CARDS = {"channels": ["store", "online"], "brands": ["card", "card_online", "contactless", "wallet"]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"payments__tenders__qr__calendar": "montly"},
            r"payments\.tenders\.qr\.calendar: no calendar montly .*did you mean monthly",
        ),
        (
            {"payments__providers__online_psp__calendar": "weekly"},
            r"payments\.providers\.online_psp\.calendar: no calendar weekly",
        ),
        ({"payments__providers": {"cards": ONLY_CARDS}}, r"payments\.tenders\.qr: no provider .* carries qr \(store\)"),
        (
            {"payments__latency_profile": {"qrr": {"per_s": [0], "factor": [1]}}},
            r"latency_profile\.qrr: no such brand \(did you mean qr\?",
        ),
        ({"payments__latency_profile": {"qr": {"per_s": [0, 1], "factor": [1]}}}, "one for each of per_s"),
        (
            {"payments__tenders__konbini__channel": "store", "payments__tenders__konbini__weight": 1},
            r"konbini\.channel: a slip for the convenience store is for online orders",
        ),
        (
            {
                f"payments__tenders__{name}__weight": int(name == "konbini")
                for name in ("wallet", "card_online", "konbini")
            },
            r"payments\.tenders: online there are only slips",
        ),
        (
            {f"payments__tenders__{name}__weight": 0 for name in ("wallet", "card_online")},
            r'payments\.tenders: no tender has channel = "online"',
        ),
    ],
)
def test_a_mistake_is_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        company(**changes)


def test_a_provider_that_nobody_uses_need_not_carry_everything() -> None:
    company(payments__providers__corner={"channels": ["store"], "brands": ["qr"]})
