"""The errors a user can cause, each with the exit code that the command line returns for it.

OmoError (1)
├── UsageError (2)            arguments that make no sense together, a missing file
├── ScenarioInvalid (3)       a scenario file, with every problem at once
├── DataInvalid (3)           a user's CSV file, with every problem at once
├── ObjectiveMissed (4)       an audit or a threshold that failed
├── TargetUnreachable (5)     the system under test does not answer
└── LawViolated (1)           a conservation law of the world does not hold: our own bug, with its rows
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class OmoError(Exception):
    """Base of all errors that the command line reports as a message instead of a traceback."""

    exit_code = 1


class UsageError(OmoError):
    """The command cannot be carried out as asked; the message says what to do instead."""

    exit_code = 2


class ManyProblems(OmoError):
    """An input with several problems; `problems` holds one `file:line: ...` line each."""

    exit_code = 3

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class ScenarioInvalid(ManyProblems):
    """A scenario that cannot be run."""


class DataInvalid(ManyProblems):
    """A data file of the user's that cannot be read as it should."""


class ObjectiveMissed(OmoError):
    """The work was done and its result is below what was asked for."""

    exit_code = 4


class TargetUnreachable(OmoError):
    """The system under test, or a service it needs, does not answer."""

    exit_code = 5


class LawViolated(OmoError):
    """A conservation law does not hold in a finished run; the message names the rows."""


def hint(word: str, known: Iterable[str]) -> str:
    """What an unknown word may have been meant to be, or what there is to choose from, to end a message with."""
    names = list(known)
    guess = difflib.get_close_matches(word, names, n=1)
    return f" (did you mean {guess[0]}?)" if guess else f" (there are: {', '.join(names)})"
