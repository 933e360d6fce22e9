"""The price file: what capacity costs, to be edited by its user."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from scenarios.cited import NotNegative, Positive, Share, Table
from scenarios.errors import DataInvalid, UsageError


class Pod(Table):
    """One process of the core with its machine."""

    yen_per_hour: NotNegative
    measured_share: Positive
    contention: Share
    coherence: NotNegative
    database_connections: Annotated[int, Field(gt=0)]


class Database(Table):
    """The one database that all pods share. Bytes are per payment, with all that belongs to it."""

    yen_per_hour: NotNegative
    connections_at_most: Annotated[int, Field(gt=0)]
    commits_per_s: Positive
    bytes_per_payment: Positive
    yen_per_gb_month: NotNegative
    years_kept: Positive


class Plan(Table):
    """How much is bought, and how often the scenario's days come."""

    headroom: Annotated[float, Field(ge=1)]
    hours_per_year: Annotated[float, Field(gt=0, le=8784)]
    times_per_year: Positive


class Prices(Table):
    """A price file, `omo.prices/1`."""

    schema_: Literal["omo.prices/1"] = Field(alias="schema")
    pod: Pod
    database: Database
    plan: Plan


def shipped() -> str:
    """The text of the price file that omotwin ships: assumptions, marked as such."""
    return (files("loadtest.sizing") / "prices.toml").read_text(encoding="utf-8")


def read_prices(path: Path | None) -> Prices:
    """The prices in `path`, or the shipped ones; DataInvalid names every problem, UsageError a missing file."""
    try:
        text = shipped() if path is None else path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; `omo size --new-prices {path}` writes one to edit") from None
    try:
        return Prices.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise DataInvalid([f"{path}: not TOML: {error}"]) from None
    except ValidationError as error:
        keys = ((".".join(map(str, problem["loc"])), problem["msg"]) for problem in error.errors())
        raise DataInvalid([f"{path}: {key}: {what}" for key, what in keys]) from None


def write_prices(path: Path) -> None:
    """Write the shipped price file to `path` for editing; UsageError where there is one already."""
    if path.exists():
        raise UsageError(f"{path} is there already; choose another name")
    path.write_text(shipped(), encoding="utf-8")
