"""Who works on the floor: people differ in what moves them, learn with time, and leave.

Those who are there from the start are a Latin hypercube sample (McKay, Beckman and Conover, 1979): each trait is spread
evenly over them, so that a town of fifteen staff is as mixed as the survey, and a comparison of policies is not one of
who happens to work there. Who comes later is drawn freely.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

import scenarios.staff
from sim.streams import Floats, Streams

Ints = NDArray[np.int64]

TRAITS: Final = 5
_DAYS_PER_MONTH: Final = 30.0
_SEES_A_THREAT: Final = 0.905
"""Power of a uniform that makes 53.5 % of staff lie above one half: the share that calls EC a threat [S118]."""


@dataclass
class People:
    """Arrays of shape (n,), row = staff number."""

    generation: Ints
    """How many people have left this place before."""
    taste: Floats
    """Liking to recommend, in logits, mean 0."""
    money: Floats
    """Sensitivity to money, median 1."""
    identification: Floats
    """With the company, 0 to 1."""
    threat: Floats
    """How far EC is seen as a threat on joining, 0 to 1."""
    talent: Floats
    """Digital skill that comes with experience, 0.5 to 0.9."""
    skill: Floats
    """Digital skill today."""


def traits(rules: scenarios.staff.Staff, u: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Taste, money, identification, threat and talent, from uniforms of shape (n, 5)."""
    return (
        rules.taste_sigma * ndtri(u[:, 0]),
        np.exp(rules.money_sigma * ndtri(u[:, 1])),
        u[:, 2],
        u[:, 3] ** _SEES_A_THREAT,
        0.5 + 0.4 * u[:, 4],
    )


def hire(rules: scenarios.staff.Staff, streams: Streams, staff: int) -> People:
    """Those who work there when the run begins: experienced, and trained as the scenario says."""
    draws = streams.uniforms("staff traits", np.arange(staff), TRAITS)
    ranks = draws.argsort(axis=0).argsort(axis=0)
    return experienced(rules, (ranks + 0.5) / max(1, staff))


def experienced(rules: scenarios.staff.Staff, u: Floats) -> People:
    """People who have reached the skill they can reach, from uniforms of shape (n, 5)."""
    taste, money, identification, threat, talent = traits(rules, u)
    skill = talent + (1 - talent) * training_effect(rules)
    return People(np.zeros(len(u), dtype=np.int64), taste, money, identification, threat, talent, skill)


def training_effect(rules: scenarios.staff.Staff) -> float:
    """Share of what is lacking that the training makes up."""
    return rules.training_hours / (rules.training_hours + rules.training_half_hours)


def turn_over(people: People, rules: scenarios.staff.Staff, streams: Streams, day: int) -> Ints:
    """Replace those who leave tonight by novices; returns their staff numbers."""
    n = len(people.generation)
    nightly = 1 - (1 - rules.turnover_per_month) ** (1 / _DAYS_PER_MONTH)
    leaves = streams.uniform("staff leaving", day * n + np.arange(n)) < nightly
    gone = np.flatnonzero(leaves)
    if len(gone):
        people.generation[gone] += 1
        new = traits(rules, streams.uniforms("novice traits", gone + n * people.generation[gone], TRAITS))
        for values, drawn in zip(
            (people.taste, people.money, people.identification, people.threat, people.talent), new, strict=True
        ):
            values[gone] = drawn
        untrained = rules.novice_skill * people.talent[gone]
        people.skill[gone] = untrained + (1 - untrained) * training_effect(rules)
    return gone


def gain_experience(people: People, rules: scenarios.staff.Staff) -> None:
    """A day on the floor brings skill nearer to what the person reaches."""
    lacking = np.maximum(people.talent - people.skill, 0.0)
    people.skill += lacking * (1 - np.exp(-1 / rules.skill_days))
