"""API keys: one per kind of client, each route names the kinds that may call it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Final

import msgspec

from scenarios.errors import UsageError

KINDS: Final = ("till", "app", "back_office", "psp")


class Keys(msgspec.Struct, frozen=True):
    """The keys of a core and the secret that signs the PSP's webhooks."""

    till: str
    app: str
    back_office: str
    psp: str
    webhook_secret: str

    def by_kind(self) -> dict[str, str]:
        """Client kind -> key."""
        return {kind: getattr(self, kind) for kind in KINDS}


def make_keys() -> Keys:
    """New keys that cannot be guessed."""
    return Keys(*(secrets.token_urlsafe(24) for _ in range(5)))


def load_keys(path: Path | None) -> Keys:
    """The keys in a JSON file; a missing file is written (readable by its owner only), None: new keys, not kept."""
    if path is None:
        return make_keys()
    if not path.exists():
        keys = make_keys()
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.encode(keys))
        return keys
    try:
        return msgspec.json.decode(path.read_bytes(), type=Keys)
    except msgspec.DecodeError as error:
        raise UsageError(f"{path}: not a keys file ({error}): delete it and a new one is written") from None


def digests(keys: Keys) -> dict[bytes, str]:
    """Digest of a key -> client kind; looked up by digest so that timing tells nothing about a key."""
    return {hashlib.sha256(key.encode()).digest(): kind for kind, key in keys.by_kind().items()}


def client_of(authorization: str | None, known: dict[bytes, str]) -> str | None:
    """The client kind behind an `Authorization` header, None when it is missing or unknown."""
    if authorization is None or not authorization.startswith("Bearer "):
        return None
    return known.get(hashlib.sha256(authorization[7:].encode()).digest())


def signature(secret: str, body: bytes) -> str:
    """HMAC-SHA256 of a webhook's body, in hex."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_signed(secret: str, body: bytes, given: str | None) -> bool:
    """Whether `given` is the body's signature, compared in constant time."""
    return given is not None and hmac.compare_digest(signature(secret, body), given)


def member_token(keys: Keys, shopper: int, until_s: int) -> str:
    """A token with which `shopper` may see themselves until `until_s` (seconds since 1970)."""
    claim = f"m.{shopper}.{until_s}"
    return f"{claim}.{signature('member of ' + keys.app, claim.encode())}"


def member_of(authorization: str | None, keys: Keys, now_s: float) -> int | None:
    """The shopper behind a member's `Authorization` header; None when it is none of ours, or its time is over."""
    if authorization is None or not authorization.startswith("Bearer m."):
        return None
    claim, _, given = authorization[7:].rpartition(".")
    if not given.isascii() or not is_signed("member of " + keys.app, claim.encode(), given):
        return None
    _, shopper, until_s = claim.split(".")
    return int(shopper) if now_s < int(until_s) else None
