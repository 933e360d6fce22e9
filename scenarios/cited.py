"""Defaults that say where they come from, and the base of all scenario models."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

ASSUMPTION: Final = "assumption"


class Table(BaseModel):
    """A table of a scenario file: unknown keys, infinity and NaN are errors, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def cited(default: Any, source: str, description: str, **constraints: Any) -> Any:
    """A field with a default and the place where the default was found.

    `source` is a source id of docs/sources.md such as "S29", several of them, or "assumption".
    """
    if isinstance(default, (list, dict)):
        constraints["default_factory"] = lambda: type(default)(default)
    else:
        constraints["default"] = default
    return Field(description=description, json_schema_extra={"source": source}, **constraints)


Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
HourProfile = Annotated[list[NotNegative], Field(min_length=24, max_length=24)]
WeekProfile = Annotated[list[Positive], Field(min_length=7, max_length=7)]
