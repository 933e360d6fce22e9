"""Checks that are not published findings: something is tried in many seeds, and questions are answered from it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sim.experiment import Watcher
from sim.fan_out import as_finished, processes
from sim.verify.findings import Finding, Group

Sample = Mapping[str, float]
"""What one seed gave, by name."""


@dataclass(frozen=True)
class Answer:
    """What came out over all seeds; `share_of_seeds` as in `Finding`."""

    target: str
    found: str
    holds: bool
    share_of_seeds: float | None
    values: Sequence[float] = ()
    reason: str = ""
    """Why not, where it does not hold."""


@dataclass(frozen=True)
class Question:
    """One row of the table, answered from the samples of a trial."""

    id: str
    what: str
    source: str
    answer: Callable[[Sequence[Sample]], Answer]


@dataclass(frozen=True)
class Trial:
    """Something tried once per seed. `at_least` and `at_most` bound the seeds whatever is asked for: a queue by itself
    is cheap and noisy, an exact equality of two worlds needs few."""

    group: Group
    sample: Callable[[int], Sample]
    """From the number of a replication; runs in a process of its own."""
    questions: tuple[Question, ...]
    at_least: int = 1
    at_most: int = 1000


SampleOf = Callable[[str, int], Sample]
"""One seed of the trial that answers a question first; by the question's id, since trials do not travel."""


def answer_trials(
    trials: Sequence[Trial],
    sample_of: SampleOf,
    wanted: Callable[[str], bool],
    seeds: int,
    jobs: int | None,
    watch: Watcher | None = None,
) -> list[Finding]:
    """Try whatever a wanted question needs, in `jobs` processes, and answer: one row each, in the order given.

    `sample_of` finds the trials by name in those processes, so it must be a module's own function.
    """
    asked = [trial for trial in trials if any(wanted(question.id) for question in trial.questions)]
    samples = _samples(asked, sample_of, seeds, jobs, watch)
    return [
        _finding(trial, question, found)
        for trial, found in zip(asked, samples, strict=True)
        for question in trial.questions
        if wanted(question.id)
    ]


def _samples(
    trials: Sequence[Trial], sample_of: SampleOf, seeds: int, jobs: int | None, watch: Watcher | None
) -> list[list[Sample]]:
    """The samples of each trial, in order of seed; Ctrl-C waits for what has begun."""
    counts = [min(max(seeds, trial.at_least), trial.at_most) for trial in trials]
    found: list[list[Sample]] = [[{}] * count for count in counts]
    pieces = [(number, seed) for number, count in enumerate(counts) for seed in range(count)]
    if not pieces:
        return found
    with processes(jobs or os.cpu_count() or 1, len(pieces)) as pool:
        futures = {
            pool.executor.submit(sample_of, trials[number].questions[0].id, seed): piece
            for piece, (number, seed) in enumerate(pieces)
        }

        def tick() -> None:
            if watch is not None:
                watch(len(pieces) - len(futures), len(pieces))

        try:
            for piece, future in as_finished(futures, tick):
                number, seed = pieces[piece]
                found[number][seed] = future.result()
        except BaseException:
            pool.stop()
            raise
    return found


def _finding(trial: Trial, question: Question, samples: Sequence[Sample]) -> Finding:
    answer = question.answer(samples)
    return Finding(
        question.id,
        trial.group,
        question.what,
        question.source,
        answer.target,
        answer.found,
        len(samples),
        answer.share_of_seeds,
        "holds" if answer.holds else "misses",
        "" if answer.holds else answer.reason or "see what was found",
        tuple(answer.values),
    )
