"""The QR payload against the published check value and a second reader."""

from __future__ import annotations

import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.core.emvco import crc16, dynamic_qr, field, parse


def test_the_crc_has_the_published_check_value() -> None:
    assert crc16(b"123456789") == 0x29B1


@given(st.binary(max_size=200))
def test_the_crc_agrees_with_another_implementation(data: bytes) -> None:
    assert crc16(data) == binascii.crc_hqx(data, 0xFFFF)


def test_the_payload_carries_amount_currency_and_reference() -> None:
    fields = parse(dynamic_qr(merchant="omotwin", brand="acme", reference="4711", amount_yen=1980))
    assert fields["00"] == "01"
    assert fields["01"] == "12"  # dynamic: used once
    assert fields["53"] == "392"  # yen
    assert fields["54"] == "1980"
    assert fields["58"] == "JP"
    assert fields["62"] == "05044711"
    assert list(fields)[-1] == "63"


@given(st.text(min_size=1, max_size=64), st.integers(1, 10**12))
def test_any_brand_and_amount_make_a_readable_payload(brand: str, amount_yen: int) -> None:
    payload = dynamic_qr(merchant="omotwin", brand=brand, reference="1", amount_yen=amount_yen)
    assert payload.isascii()
    assert int(parse(payload)["54"]) == amount_yen


def test_a_changed_digit_is_noticed() -> None:
    payload = dynamic_qr(merchant="omotwin", brand="acme", reference="1", amount_yen=1980)
    with pytest.raises(ValueError, match="CRC"):
        parse(payload.replace("1980", "1981"))


def test_a_value_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="99"):
        field(0, "x" * 100)
