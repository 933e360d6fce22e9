"""What the client does next depends on the answers alone; every step is either sent or recorded as skipped."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from loadtest.api import Answer, Body, Call, Outcome, is_retryable, leaves_doubt
from loadtest.journey import run_journey
from loadtest.script import Line, Step
from loadtest.targets.core import POLLS

COLLECT = ["reserve", "order", "pay", "ready", "collect"]


def steps_of(actions: list[str], brand: str = "card") -> list[Step]:
    lines = (Line(7, 2, 300),)
    return [
        Step(5, 0, number, float(number), action, "app", "station", 42, lines, 600, "ec", "collect", brand)
        for number, action in enumerate(actions)
    ]


def answer(call: Call) -> Answer:
    """A target that does all it is asked."""
    body = {
        "reserve": Body(reservation=3, state="held"),
        "order": Body(order=4, state="pending_payment"),
        "payment_code": Body(code="secret"),
        "pay": Body(payment=6, order=4, state="captured"),
    }.get(call.action, Body(order=4, state=call.action))
    return Answer("ok", 201, body)


def play(
    actions: list[str], target: Callable[[Call], Answer] = answer, brand: str = "card"
) -> tuple[list[Call], dict[str, str]]:
    sent: list[Call] = []
    skipped: dict[str, str] = {}

    def send(call: Call) -> Answer:
        sent.append(call)
        return target(call)

    run_journey("run", steps_of(actions, brand), send, lambda step, reason: skipped.update({step.action: reason}))
    return sent, skipped


def failing(action: str, outcome: Outcome, body: Body | None = None) -> Callable[[Call], Answer]:
    def target(call: Call) -> Answer:
        return Answer(outcome, 409, body or Body()) if call.action == action else answer(call)

    return target


def test_ids_that_were_answered_go_into_later_requests() -> None:
    sent, skipped = play(COLLECT)
    assert [call.action for call in sent] == COLLECT
    assert skipped == {}
    assert json.loads(sent[1].request.body)["reservation"] == 3
    assert json.loads(sent[2].request.body) == {"order": 4, "amount_yen": 600, "method": "card", "brand": "card"}
    assert sent[3].request.path == "/v1/orders/4/ready"


def test_each_step_has_its_own_key_and_a_repeated_journey_the_same_ones() -> None:
    first, second = ([call.request.key for call in play(COLLECT)[0]] for _ in range(2))
    assert first == second
    assert len(set(first)) == len(COLLECT)


def test_refused_reservation_ends_the_journey_and_says_why_for_each_step_left() -> None:
    sent, skipped = play(COLLECT, failing("reserve", "rejected"))
    assert [call.action for call in sent] == ["reserve"]
    assert skipped == dict.fromkeys(COLLECT[1:], "reserve rejected")


def test_declined_payment_is_tried_again_with_the_next_brand() -> None:
    declined = iter([Body(payment=6, state="failed"), Body(payment=7, state="captured")])

    def target(call: Call) -> Answer:
        return Answer("ok", 201, next(declined)) if call.action == "pay" else answer(call)

    sent, skipped = play(["order", "pay", "pay", "ready"], target)
    assert [call.action for call in sent] == ["order", "pay", "pay", "ready"]
    assert skipped == {}


def test_payment_declined_for_good_cancels_the_order() -> None:
    sent, skipped = play(COLLECT, failing("pay", "ok", Body(payment=6, state="failed")))
    assert [call.action for call in sent] == ["reserve", "order", "pay", "cancel"]
    assert sent[-1].request.path == "/v1/orders/4/cancel"
    assert sent[-1].client == "back_office"
    assert skipped == {"ready": "payment rejected", "collect": "payment rejected"}


def test_second_attempt_is_skipped_when_the_first_was_captured() -> None:
    sent, skipped = play(["order", "pay", "pay"])
    assert [call.action for call in sent] == ["order", "pay"]
    assert skipped == {"pay": "already paid"}


def test_unknown_payment_is_polled_until_it_is_captured() -> None:
    states = iter(["unknown", "unknown", "captured"])

    def target(call: Call) -> Answer:
        if call.action in ("pay", "poll"):
            return Answer("ok", 200, Body(payment=6, state=next(states)))
        return answer(call)

    sent, skipped = play(COLLECT, target)
    assert [call.action for call in sent] == ["reserve", "order", "pay", "poll", "poll", "ready", "collect"]
    assert {call.pause_s for call in sent if call.action == "poll"} == {1.0}
    assert skipped == {}


@pytest.mark.parametrize("outcome", ["ok", "unknown"])
def test_payment_that_stays_unknown_is_neither_cancelled_nor_paid_again(outcome: Outcome) -> None:
    def target(call: Call) -> Answer:
        if call.action in ("pay", "poll"):
            return Answer(outcome, 0, Body(payment=6, state="unknown") if outcome == "ok" else Body())
        return answer(call)

    sent, skipped = play(["order", "pay", "pay", "ready"], target)
    polls = POLLS if outcome == "ok" else 0
    assert [call.action for call in sent] == ["order", "pay", *["poll"] * polls]
    assert skipped == {"pay": "payment unknown", "ready": "payment unknown"}


def test_qr_payment_shows_the_code_it_was_given_and_is_skipped_without_one() -> None:
    sent, _ = play(["order", "payment_code", "pay"], brand="qr")
    assert json.loads(sent[-1].request.body)["code"] == "secret"
    sent, skipped = play(["order", "payment_code", "pay"], failing("payment_code", "unknown"), brand="qr")
    assert [call.action for call in sent] == ["order", "payment_code"]
    assert skipped == {"pay": "no payment code"}


def test_look_ups_never_stop_a_journey() -> None:
    sent, skipped = play(["product", "scan", "order"], failing("scan", "unknown"))
    assert [call.action for call in sent] == ["product", "scan", "order"]
    assert skipped == {}


def test_only_answers_that_say_nothing_about_the_effect_are_repeated() -> None:
    assert [is_retryable(status, None) for status in (0, 500, 502, 503, 504)] == [True] * 5
    assert is_retryable(409, "in_flight")
    assert not any(
        is_retryable(status, error) for status, error in [(201, None), (409, "insufficient_stock"), (422, "")]
    )
    assert not leaves_doubt(503, "overloaded")
    assert leaves_doubt(0, None)
