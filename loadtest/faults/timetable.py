"""The file of faults: what breaks, when and for how long. Read strictly, with every problem at once.

Seconds count from the replay's first step. A fault that needs no length of its own (`seconds` 0) ends as soon as the
process is back.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scenarios.errors import DataInvalid, UsageError, hint
from scenarios.positions import key_origins

SCHEMA: Final = "omo.faults/1"

Brand = Literal["cash", "card", "contactless", "qr", "wallet", "card_online", "konbini", "pay_later"]
Share = Annotated[float, Field(ge=0, le=1)]
Length = Annotated[float, Field(gt=0, le=86_400, description="how long it lasts, seconds")]

_HEADER: Final = re.compile(r"^\s*\[\[\s*faults\s*\]\]")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Fault(_Table):
    at_s: float = Field(ge=0, le=86_400, description="seconds after the replay's first step")


class PspSlow(_Fault):
    """The provider answers `factor` times slower; where that is longer than the core waits, charges come late."""

    action: Literal["psp_slow"]
    factor: float = Field(gt=0, le=10_000)
    seconds: Length
    brand: Brand | None = None


class PspDeclines(_Fault):
    """The provider declines this share of charges."""

    action: Literal["psp_declines"]
    share: Share
    seconds: Length
    brand: Brand | None = None


class PspTimeOuts(_Fault):
    """Shares of charges are never answered: `before` without effect, `after` captured all the same."""

    action: Literal["psp_time_outs"]
    before: Share = 0.0
    after: Share = 0.0
    seconds: Length
    brand: Brand | None = None


class PspOutage(_Fault):
    """The provider, or one brand of it, answers 503."""

    action: Literal["psp_outage"]
    seconds: Length
    brand: Brand | None = None


class PspWebhooks(_Fault):
    """Shares of webhooks are sent twice, or `delay_s` late and so out of order."""

    action: Literal["psp_webhooks"]
    duplicates: Share = 0.0
    delayed: Share = 0.0
    delay_s: float = Field(5.0, ge=0, le=600)
    seconds: Length


class KillCore(_Fault):
    """SIGKILL to the core; after `seconds` it is started again with its port, keys and data."""

    action: Literal["kill_core"]
    seconds: float = Field(0.0, ge=0, le=86_400)


class PauseCore(_Fault):
    """SIGSTOP to the core, SIGCONT after `seconds`: it keeps its connections and answers nothing."""

    action: Literal["pause_core"]
    seconds: Length


class KillPostgres(_Fault):
    """SIGKILL to all of PostgreSQL; after `seconds` it is started again and recovers from its log."""

    action: Literal["kill_postgres"]
    seconds: float = Field(0.0, ge=0, le=86_400)


AnyFault = PspSlow | PspDeclines | PspTimeOuts | PspOutage | PspWebhooks | KillCore | PauseCore | KillPostgres
_MODELS: Final[Mapping[str, type[_Fault]]] = {
    get_args(model.model_fields["action"].annotation)[0]: model for model in get_args(AnyFault)
}
ACTIONS: Final = tuple(_MODELS)


class Timetable(_Table):
    """A file of faults."""

    version: Literal["omo.faults/1"] = Field(alias="schema")
    about: str = ""
    faults: list[Annotated[AnyFault, Field(discriminator="action")]] = Field(min_length=1)


def read_timetable(path: Path) -> list[AnyFault]:
    """The faults of the file at `path`, by time.

    Raises DataInvalid with every problem as `file:line: faults.N.key: what`, UsageError where there is no such file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"--faults {path}: cannot be read ({error.strerror}); docs/contracts.md has an example"
        ) from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataInvalid([f"{path}: not TOML: {error}"]) from None
    return checked(values, text, path)


def checked(values: Mapping[str, Any], text: str, path: Path) -> list[AnyFault]:
    """The faults in `values`, which were read from `text`. Raises DataInvalid."""
    try:
        faults = list(Timetable.model_validate(values).faults)
    except ValidationError as error:
        problems = [_explained(problem) for problem in error.errors()]
    else:
        problems = list(_overlaps(faults))
    if problems:
        raise DataInvalid([f"{path}:{_line(keys, text, path)}: {'.'.join(keys)}: {what}" for keys, what in problems])
    return sorted(faults, key=lambda fault: fault.at_s)


def lane(fault: AnyFault) -> str:
    """What a fault takes hold of; two on one lane must not overlap. Faults of brands share one."""
    if isinstance(fault, KillCore | PauseCore):
        return "core"
    if isinstance(fault, KillPostgres):
        return "postgres"
    return "brands" if getattr(fault, "brand", None) else fault.action


def _overlaps(faults: Sequence[AnyFault]) -> Iterator[tuple[list[str], str]]:
    for (_, one), (index, other) in combinations(sorted(enumerate(faults), key=lambda each: each[1].at_s), 2):
        if lane(one) == lane(other) and other.at_s < one.at_s + one.seconds:
            until = one.at_s + one.seconds
            what = f"{one.action} of second {one.at_s:g} lasts until {until:g}; begin later, or shorten that one"
            yield ["faults", str(index), "at_s"], what


def _explained(problem: Any) -> tuple[list[str], str]:
    keys = [str(part) for part in problem["loc"] if part not in _MODELS]
    kind, got = problem["type"], json.dumps(problem.get("input"), default=str)
    if kind == "missing":
        return keys, "required, and not given"
    if kind == "extra_forbidden":
        model = _MODELS.get(str(problem["loc"][2])) if len(problem["loc"]) > 3 else Timetable
        known = [info.alias or name for name, info in (model or Timetable).model_fields.items()]
        return keys, "no such key" + hint(keys[-1], known)
    if kind == "union_tag_not_found":
        return [*keys, "action"], f"required, and not given; one of {', '.join(ACTIONS)}"
    if kind == "union_tag_invalid":
        return [*keys, "action"], "no such action" + hint(str(problem["ctx"]["tag"]), ACTIONS)
    return keys, f"{problem['msg'][0].lower()}{problem['msg'][1:]} (got {got[:60]})"


def _line(keys: Sequence[str], text: str, path: Path) -> int:
    """The line of a key; a table of the list is found by counting headers."""
    lines = text.splitlines()
    if keys[:1] == ["faults"] and len(keys) > 1:
        starts = [number for number, line in enumerate(lines) if _HEADER.match(line)]
        index = int(keys[1])
        if index < len(starts):
            end = starts[index + 1] if index + 1 < len(starts) else len(lines)
            found = key_origins("\n".join(lines[starts[index] : end]), path).get(".".join(["faults", *keys[2:3]]))
            return starts[index] + (found.line if found else 1)
    found = key_origins(text, path).get(keys[0] if keys else "")
    return found.line if found else 1
