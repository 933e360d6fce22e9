"""The PSP simulator: its fates, its book, its journal."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from core_harness import Provider, process, provider
from hypothesis import given
from hypothesis import strategies as st

from loadtest.psp.book import Book, Charge
from loadtest.psp.fate import Faults, fate_of, uniforms
from scenarios.errors import DataInvalid


@pytest.fixture(scope="module")
def psp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with provider(tmp_path_factory.mktemp("psp")) as running:
        yield running


@pytest.fixture(autouse=True)
def _well(psp: Provider) -> None:
    psp.well()


def charge(psp: Provider, name: str, amount_yen: int = 100, kind: str = "card", timeout_s: float = 5) -> httpx.Response:
    body = {"merchant_payment_id": name, "brand": "acme", "amount_yen": amount_yen, "kind": kind}
    return httpx.post(f"{psp.url}/psp/charges", json=body, timeout=timeout_s)


def refund(psp: Provider, name: str, of: str, amount_yen: int) -> httpx.Response:
    body = {"merchant_refund_id": name, "merchant_payment_id": of, "amount_yen": amount_yen}
    return httpx.post(f"{psp.url}/psp/refunds", json=body)


def test_a_charge_is_made_once_per_merchant_id(psp: Provider) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = [answer.json() for answer in pool.map(lambda _: charge(psp, "once"), range(8))]
    assert all(answer == answers[0] for answer in answers)
    assert len([e for e in psp.book() if e["merchant_payment_id"] == "once"]) == 1
    assert charge(psp, "once", 101).status_code == 409


def test_a_merchant_id_with_any_characters_is_found_again(psp: Provider) -> None:
    name = "till:run 1/copy=2?ü#3"
    assert charge(psp, name).status_code == 201
    with httpx.Client(base_url=psp.url) as client:
        path = "/psp/charges/" + "".join(f"%{byte:02X}" for byte in name.encode())
        assert client.get(path).json()["amount_yen"] == 100


@pytest.mark.parametrize(("fault", "effect"), [("timeout_before", False), ("timeout_after", True)])
def test_a_call_can_be_lost_before_and_after_its_effect(psp: Provider, fault: str, effect: bool) -> None:
    psp.faults(**{fault: 1})
    with pytest.raises(httpx.ReadTimeout):
        charge(psp, fault, timeout_s=0.3)
    answer = httpx.get(f"{psp.url}/psp/charges/{fault}")
    assert answer.status_code == (200 if effect else 404)
    assert (psp.charge_of(fault) is not None) == effect


def test_refunds_are_made_once_and_stay_within_the_capture(psp: Provider) -> None:
    charge(psp, "refundable")
    assert refund(psp, "r1", "refundable", 60).json() == refund(psp, "r1", "refundable", 60).json()
    assert refund(psp, "r1", "refundable", 61).status_code == 409
    assert refund(psp, "r2", "refundable", 41).status_code == 409
    assert refund(psp, "r3", "refundable", 40).json()["state"] == "refunded"
    assert httpx.get(f"{psp.url}/psp/charges/refundable").json()["refunded_yen"] == 100
    assert refund(psp, "r4", "nothing", 1).status_code == 404


def test_unknown_faults_and_shares_above_one_are_refused(psp: Provider) -> None:
    for wrong in ({"declne": 0.5}, {"decline": 1.5}, {"latency_ms": -1}):
        assert httpx.post(f"{psp.url}/psp/faults", json=wrong).status_code == 400


def test_the_book_survives_a_kill(tmp_path: Path) -> None:
    journal = ("--journal", str(tmp_path / "book.jsonl"), "--customer-delay-ms", "300")
    quiet = ("--latency-ms", "0", "--decline", "0", "--timeout-before", "0", "--timeout-after", "0")
    with process(tmp_path, "psp", "serve", *quiet, *journal) as (child, ready):
        first = Provider(ready["url"])
        charge(first, "kept")
        refund(first, "r1", "kept", 30)
        assert charge(first, "code", kind="dynamic_qr").json()["state"] == "pending_customer"
        before = first.book()
        child.send_signal(signal.SIGKILL)
        child.wait()
    with (tmp_path / "book.jsonl").open("ab") as file:
        file.write(b'{"entry":"charge","merch')  # the line that was being written
    with process(tmp_path, "psp", "serve", *quiet, *journal) as (_, ready):
        second = Provider(ready["url"])
        assert [e for e in second.book() if e["merchant_payment_id"] == "kept"] == [
            e for e in before if e["merchant_payment_id"] == "kept"
        ]
        with httpx.Client(base_url=second.url) as client:
            deadline = time.monotonic() + 10
            while client.get("/psp/charges/code").json()["state"] != "captured":
                assert time.monotonic() < deadline
                time.sleep(0.05)


def test_a_journal_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "book.jsonl").write_text('{"entry":"charge"}\n')
    with pytest.raises(DataInvalid, match=r"book\.jsonl:1"):
        Book(tmp_path / "book.jsonl")


def test_book_lines_add_up(tmp_path: Path) -> None:
    book = Book(tmp_path / "book.jsonl")
    for number in range(5):
        book.charge(Charge(0, f"c{number}", "acme", "card", 100, "captured"))
        book.refund(f"r{number}", f"c{number}", 10 * number + 1)
    book.close()
    entries = [json.loads(line) for line in book.lines()]
    refunded = {e["merchant_payment_id"]: e["amount_yen"] for e in entries if e["entry"] == "refund"}
    assert {e["merchant_payment_id"]: e["refunded_yen"] for e in entries if e["entry"] == "charge"} == refunded
    again = Book(tmp_path / "book.jsonl")
    assert list(again.lines()) == list(book.lines())
    again.close()


FAULTS = Faults(latency_ms=20, decline=0.2, timeout_before=0.1, timeout_after=0.05, duplicate_webhooks=0.3)


@given(st.integers(-(2**63), 2**63 - 1), st.text(max_size=40))
def test_a_fate_depends_on_seed_and_name_alone(seed: int, name: str) -> None:
    assert fate_of(FAULTS, seed, "acme", name) == fate_of(FAULTS, seed, "acme", name)


def test_shares_and_median_come_out_as_asked() -> None:
    """20,000 hashed fates; bounds are five standard errors."""
    fates = [fate_of(FAULTS, 7, "acme", f"payment {n}") for n in range(20_000)]
    for share, seen in (
        (0.2, sum(f.declined for f in fates)),
        (0.1, sum(f.lost == "before" for f in fates)),
        (0.05, sum(f.lost == "after" for f in fates)),
        (0.3, sum(f.webhook_twice for f in fates)),
    ):
        assert abs(seen / len(fates) - share) < 5 * (share * (1 - share) / len(fates)) ** 0.5
    median_s = 0.020 * (0.5 + uniforms(7, "brand acme", 1)[0])
    below = sum(f.latency_s < median_s for f in fates)
    assert abs(below / len(fates) - 0.5) < 5 * 0.5 / len(fates) ** 0.5


def test_another_seed_has_other_fates_and_a_higher_share_keeps_the_declined_declined() -> None:
    names = [f"payment {n}" for n in range(500)]
    assert [fate_of(FAULTS, 1, "acme", n).declined for n in names] != [
        fate_of(FAULTS, 2, "acme", n).declined for n in names
    ]
    more = Faults(decline=0.4)
    for name in names:
        if fate_of(FAULTS, 1, "acme", name).declined:
            assert fate_of(more, 1, "acme", name).declined
