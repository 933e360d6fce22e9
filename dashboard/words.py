"""The texts that users see, by language: nothing on a page or in the report is written anywhere else."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, get_args

from sim.evaluation.measures import BY_NAME

Language = Literal["en", "ja"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

FROM_CODE: Final = "from_code."
"""Texts whose English stands in the code that owns them (measures, laws, titles); only translations have them."""


@dataclass(frozen=True)
class Words:
    """The texts of one language. Calling it with a dotted key gives the text, with its `{placeholders}` filled in."""

    language: Language
    texts: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        return self.texts[key].format(**values)

    def of_code(self, kind: str, name: str, english: str) -> str:
        """The translation of a text that some other package owns, or its English."""
        return self.texts.get(f"{FROM_CODE}{kind}.{name}", english)

    def label(self, measure: str) -> str:
        """Short name of a measure."""
        return self.of_code("measure", f"{measure}.label", BY_NAME[measure].label)

    def definition(self, measure: str) -> str:
        """What a measure counts."""
        return self.of_code("measure", f"{measure}.definition", BY_NAME[measure].definition)

    def title(self, english: str) -> str:
        """A scenario's title; those of the presets are translated."""
        return self.of_code("title", english, english)

    def store(self, name: str) -> str:
        """A store; those of the presets are translated."""
        return self.of_code("store", name, name)

    def law(self, name: str, english: str) -> str:
        """What a law of the audit says."""
        return self.of_code("law", name, english)

    def reason(self, english: str) -> str:
        """Why a load run is invalid; its sentence is translated by the pattern that it fits."""
        prefix, suffix = f"{FROM_CODE}reason.", ".pattern"
        for key, pattern in self.texts.items():
            if key.startswith(prefix) and key.endswith(suffix) and (match := re.fullmatch(pattern, english)):
                return self.texts[key.removesuffix(suffix) + ".say"].format(*match.groups())
        return english


@cache
def words(language: Language) -> Words:
    """The texts of `language`."""
    text = files("dashboard").joinpath("locales", f"{language}.toml").read_text(encoding="utf-8")
    return Words(language, _flat(tomllib.loads(text)))


def as_language(text: str | None) -> Language | None:
    """`text` when it names a language we have."""
    return next((language for language in LANGUAGES if language == text), None)


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = str(value)
    return found
