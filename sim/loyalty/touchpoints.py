"""Touchpoints: who is contacted through what today, who notices, what it costs, and how much it moves the next choice.

A contact never makes a need. It adds to the utility of coming to us when a need arises and fades within days. All
contacts that speak for the same journeys add up to x and are felt as u * (1 - exp(-x / u)), so each further channel
adds less to whom others reach already. They tire together with push messages: what is remembered of all of them lowers
the chance that the next one is noticed, makes some block the touchpoint, and annoys beyond a few.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from scenarios.schema import Scenario
from scenarios.touchpoints import Touchpoint
from sim.calendar import HOUR_S, Day
from sim.log.recorder import Recorder
from sim.log.rows import LEDGER
from sim.log.schema import Account, Channel
from sim.loyalty.push import Push
from sim.loyalty.satisfaction import Feeling, Loyalty
from sim.needs import Ints
from sim.population import Population
from sim.streams import Floats, Streams

_AT_S: Final = 8 * HOUR_S
"""When the day's contacts arrive: before anybody decides where to go (assumption)."""
_DAYS: Final = 4096
_DAYS_A_MONTH: Final = 365 / 12
_MEDIA, _TIRED = int(Account.MEDIA), int(Feeling.PUSHED_TOO_OFTEN)
_BOOKED_TO: Final = {"any": -1, "store": int(Channel.STORE), "ec": int(Channel.EC)}


def felt(contacts: Floats, most: float) -> Floats:
    """Utility that contacts worth `contacts` add up to: concave, and never more than `most`."""
    utility: Floats = -most * np.expm1(-contacts / most)
    return utility


def reached(
    table: Touchpoint, name: str, scenario: Scenario, streams: Streams, people: Population
) -> NDArray[np.bool_]:
    """Who can be reached through a touchpoint and lets it happen, shape (n_shoppers,)."""
    draws = streams.uniforms(f"touchpoint/{name}", np.arange(people.size), 2)
    by_age = np.array([table.reach_by_age.get(band, table.reach) for band in scenario.population.age_bands])
    with np.errstate(divide="ignore"):  # a reach of 0 or 1 is nobody or everybody, whatever the affinity
        probability = expit(logit(by_age[people.age_band]) + table.reach_affinity * (people.digital_affinity - 0.5))
    willing: NDArray[np.bool_] = (draws[:, 0] < probability) & (draws[:, 1] < table.opt_in)
    return willing & people.smartphone if table.smartphone else willing


@dataclass
class _Line:
    """One touchpoint at work; arrays of shape (n_shoppers,)."""

    code: int
    name: str
    table: Touchpoint
    willing: NDArray[np.bool_]
    phase: Floats
    warmth: Floats
    """Utility of what was noticed lately, before saturation."""

    def due(self, day: Day, known: NDArray[np.bool_]) -> Ints:
        """Whom it contacts today: evenly spread over the days, whole contacts by each shopper's own phase."""
        a_day = self.table.contacts_per_week / 7
        whole = np.floor((day.index + 1) * a_day + self.phase) > np.floor(day.index * a_day + self.phase)
        return np.flatnonzero(whole & self.willing & known)


class Touchpoints:
    """All touchpoints of a retailer, day by day."""

    def __init__(self, scenario: Scenario, streams: Streams, people: Population, push: Push, log: Recorder) -> None:
        everybody = np.arange(people.size)
        self.lines = [
            _Line(
                code=code,
                name=name,
                table=table,
                willing=reached(table, name, scenario, streams, people),
                phase=streams.uniform(f"touchpoint/{name}/phase", everybody),
                warmth=np.zeros(people.size),
            )
            for code, (name, table) in enumerate(scenario.touchpoints.items())
            if table.used
        ]
        self._most = scenario.saturation.utility
        self._everybody = everybody
        self._streams = streams
        self._push = push
        self._log = log

    def morning(self, day: Day, loyalty: Loyalty) -> None:
        """Today's contacts with those who know the retailer. All of them are met as tired as the night has left them,
        so the order of the touchpoints does not matter."""
        if not self.lines:
            return
        now_s = day.start_s + _AT_S
        recent = self._push.recent(self._everybody, now_s)
        tiring = np.zeros(len(recent))
        for line in self.lines:
            who = line.due(day, loyalty.awareness.aware)
            self._contact(line, who, day, recent[who], loyalty)
            tiring[who] += line.table.tires
            self._book(line.table, len(who), now_s)
        tired = np.flatnonzero(tiring)
        self._push.tire(tired, tiring[tired], now_s)

    def utility(self, favours: str) -> Floats:
        """Utility of visits to stores ("store") or of orders online ("ec") from contacts, shape (n_shoppers,)."""
        speaking = [line.warmth for line in self.lines if line.table.favours in ("any", favours)]
        return felt(np.sum(speaking, axis=0), self._most) if speaking else np.zeros(len(self._everybody))

    def _contact(self, line: _Line, who: Ints, day: Day, recent: Floats, loyalty: Loyalty) -> None:
        """Contact `who`, each of whom remembers so many contacts: some notice, some block it, some are annoyed."""
        table, rules = line.table, self._push.rules
        line.warmth *= np.exp(-1 / table.days)
        draws = self._streams.uniforms(f"touchpoint/{line.name}/contact", who * _DAYS + day.index, 3)
        eager = np.exp(-rules.fatigue * recent) if table.tires else 1.0
        noticed = draws[:, 0] < table.opened * eager
        blocked = draws[:, 1] < -np.expm1(-rules.opt_out * table.tires * recent)
        annoyed = (recent >= rules.too_often_from) & (draws[:, 2] < table.tires)
        line.warmth[who[noticed]] += table.response
        line.willing[who[blocked]] = False
        for shopper in who[blocked | annoyed].tolist():
            loyalty.feel(shopper, _TIRED)
        at_s = np.full(len(who), day.start_s + _AT_S)
        columns = {"time_s": at_s, "shopper": who, "touchpoint": np.full(len(who), line.code)}
        self._log.extend("contacts", {**columns, "noticed": noticed, "blocked": blocked})

    def _book(self, table: Touchpoint, contacts: int, now_s: float) -> None:
        """The day's media cost, booked to the channel that the touchpoint favours."""
        yen = round(table.cost_yen_per_contact * contacts + table.cost_yen_per_month / _DAYS_A_MONTH)
        if yen:
            channel = _BOOKED_TO[table.favours]
            self._log.ledger.extend(LEDGER(now_s, _MEDIA, -yen, channel, channel, -1, -1, -1, -1, -1))
