"""What a trainee has answered, in a small file beside the runs: a page can be reloaded, and a class be looked at.

`<root>/.learn/<session>.json`, named by the `trainee` in the page's URL.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from sim.log.run_directory import write_json

_ID: Final = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True)
class Answer:
    """One exercise as it was answered; points as they were given."""

    world: str
    predicted: float
    prediction_points: int
    decision_points: int

    @property
    def points(self) -> int:
        """Out of 100."""
        return self.prediction_points + self.decision_points


@dataclass(frozen=True)
class Steered:
    """A day that was steered: what was ordered for each hour so far, and at its end what came of it.

    `hours` are (to_tills, to_orders, advising). Yen are differences from the undisturbed day, None before the end.
    """

    policy: str
    hours: tuple[tuple[int, int, str], ...] = ()
    contribution_yen: float | None = None
    bonus_yen: float | None = None


@dataclass(frozen=True)
class Session:
    """Everything that one trainee, or one group, has done."""

    id: str
    name: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    steered: Steered | None = None

    @property
    def points(self) -> int:
        """Over all exercises."""
        return sum(answer.points for answer in self.answers.values())


def new_id() -> str:
    """A name for a session that nobody has yet."""
    return secrets.token_hex(4)


def is_id(text: str | None) -> bool:
    """Whether `text` can be a session's name."""
    return text is not None and _ID.fullmatch(text) is not None


def session(root: Path, name: str) -> Session:
    """What has been kept under a session's name; an empty session where there is nothing, or nothing readable."""
    return _read(_folder(root) / f"{name}.json") or Session(name)


def keep(root: Path, kept: Session) -> None:
    """Write a session."""
    folder = _folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / f"{kept.id}.json", asdict(kept))


def sessions(root: Path) -> list[Session]:
    """All sessions with anything in them, the most points first."""
    found = [kept for path in sorted(_folder(root).glob("*.json")) if (kept := _read(path)) is not None]
    return sorted((kept for kept in found if kept.answers or kept.steered), key=lambda kept: -kept.points)


def _folder(root: Path) -> Path:
    return root / ".learn"


def _read(path: Path) -> Session | None:
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        answers = {name: Answer(**answer) for name, answer in values["answers"].items()}
        return Session(values["id"], values["name"], answers, _steered(values["steered"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _steered(values: dict[str, Any] | None) -> Steered | None:
    if values is None:
        return None
    hours = tuple((int(tills), int(orders), str(advising)) for tills, orders, advising in values["hours"])
    return Steered(**{**values, "hours": hours})
