"""What a server is asked and what it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

JSON: Final = ("content-type", "application/json")

Headers = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Head:
    """A request before its body. `headers` by name in lower case; of a repeated one the last."""

    method: str
    path: str
    query: str
    headers: dict[bytes, bytes]

    def header(self, name: bytes) -> str | None:
        """The value of a header, None when it was not sent."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


@dataclass(slots=True)
class Reply:
    """What to answer."""

    status: int
    body: bytes
    headers: Headers = (JSON,)


class Admitted(NamedTuple):
    """A request that may send its body, of at most `limit_bytes`; `answer` gets it whole."""

    limit_bytes: int
    answer: Callable[[bytes], Awaitable[Reply]]


App = Callable[[Head], Admitted | Reply]
"""An application: judges a request by its head. A refusal is answered without waiting for the body."""


def json_reply(status: int, document: object, *headers: tuple[str, str]) -> Reply:
    """A reply with `document` as JSON."""
    return Reply(status, msgspec.json.encode(document), (JSON, *headers))


def error_reply(status: int, code: str, message: str, *headers: tuple[str, str]) -> Reply:
    """A reply in the form that every error has."""
    return json_reply(status, {"error": code, "message": message}, *headers)
