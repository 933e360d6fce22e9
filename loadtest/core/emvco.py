"""The payload of a merchant-presented QR code, after EMVCo's "QR Code Specification for Payment Systems", v1.1.

Fields are tag (two digits), length (two digits), value; the last one is a CRC over everything before its value.
"""

from __future__ import annotations

from typing import Final

_DYNAMIC: Final = "12"
_YEN: Final = "392"  # ISO 4217
_MERCHANT_CATEGORY: Final = "5311"  # ISO 18245: department stores
_SCHEME: Final = "jp.omotwin.pay"


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, not reflected (ISO/IEC 13239 without final XOR)."""
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


def field(tag: int, value: str) -> str:
    """One field. Raises ValueError for a value longer than 99 characters."""
    if len(value) > 99:
        raise ValueError(f"field {tag:02} is longer than 99 characters")
    return f"{tag:02}{len(value):02}{value}"


def dynamic_qr(*, merchant: str, brand: str, reference: str, amount_yen: int) -> str:
    """The payload that a till or an app shows for one payment: amount and reference are inside, it is used once."""
    account = field(0, _SCHEME) + field(1, _plain(brand)[:25]) + field(2, merchant[:25])
    extra = field(5, reference[:25])
    payload = field(0, "01") + field(1, _DYNAMIC) + field(26, account) + field(52, _MERCHANT_CATEGORY)
    payload += field(53, _YEN) + field(54, str(amount_yen)) + field(58, "JP") + field(59, merchant[:25])
    payload += field(60, "Tokyo") + field(62, extra) + "6304"
    return f"{payload}{crc16(payload.encode()):04X}"


def parse(payload: str) -> dict[str, str]:
    """Tag -> value of the top level. Raises ValueError for a broken length or a wrong CRC."""
    if f"{crc16(payload[:-4].encode()):04X}" != payload[-4:]:
        raise ValueError("wrong CRC")
    fields: dict[str, str] = {}
    at = 0
    while at < len(payload):
        tag, length = payload[at : at + 2], int(payload[at + 2 : at + 4])
        value = payload[at + 4 : at + 4 + length]
        if len(value) != length:
            raise ValueError(f"field {tag} is cut off")
        fields[tag] = value
        at += 4 + length
    return fields


def _plain(text: str) -> str:
    """The alphanumeric part of the format allows ASCII only."""
    return "".join(character if character.isascii() and character.isprintable() else "?" for character in text)
