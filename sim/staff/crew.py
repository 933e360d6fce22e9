"""All floor staff of the company: what a contact asks of them, and the night in which they learn, earn, leave."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import numpy as np

from scenarios.schema import Scenario
from sim.calendar import DAY_S
from sim.log.recorder import Recorder
from sim.log.rows import LEDGER
from sim.log.schema import Account, StaffAction
from sim.staff.beliefs import USUAL_RATE, first_beliefs, learn, stakes_yen, utilities
from sim.staff.gaming import code_shares, hollow_shares, pull
from sim.staff.month import begin
from sim.staff.pay import IN_STOCK, STOCKED_OUT, Component, pay_slips, promised_yen
from sim.staff.people import Ints, gain_experience, hire, training_effect, turn_over
from sim.streams import Floats, Streams

Weights = tuple[float, float, float, float]
_ASKED: Final = [
    StaffAction.RECOMMEND,
    StaffAction.RECOMMEND_JOINING,
    StaffAction.RECOMMEND_SCAN_AND_PAY,
    StaffAction.DEFLECT,
]
_CLOSED: Final = StaffAction.RECOMMEND_SCAN_AND_PAY
_MEAN_SKILL: Final = 0.7
_MEAN_THREAT: Final = 0.525


class Crew:
    """Lists by staff number for contacts, plain floats; arrays for the night."""

    def __init__(self, scenario: Scenario, streams: Streams, km: Floats) -> None:
        self._scenario, self._streams = scenario, streams
        self._size = [max(store.floor_staff) for store in scenario.stores.values()]
        self._first = [sum(self._size[:at]) for at in range(len(self._size))]
        staff, rules, pay = sum(self._size), scenario.staff, scenario.evaluation
        self.busy = [False] * staff
        self._people = hire(rules, streams, staff)
        self._home = np.repeat(np.arange(len(self._size)), self._size)
        promises = [promised_yen(rules, pay, max(1, size), max(1, staff)) for size in self._size]
        self._promise = np.array(promises)[self._home]
        self._beliefs = first_beliefs(rules, pay, staff)
        self._impression = np.full(staff, rules.showrooming_usual)
        self._peers = np.full(staff, USUAL_RATE)
        self._slips: list[tuple[int, Floats, Floats]] = []
        nearest = np.where(km.min(axis=1) <= pay.radius_km, km.argmin(axis=1), -1)
        self._month = begin(self._home, nearest, len(self._size), len(km))
        self.weights: list[tuple[Weights, Weights, Weights]] = []
        """By staff: item there, there and scanning open, not there."""
        self.time_factor: list[float] = []
        self.persuasion: list[float] = []
        """Logits added to the shopper's following the advice."""
        self.code_share: list[float] = []
        self.hollow_share: list[float] = []
        self._make_up_minds()

    def somebody_free(self, store: int, need: int) -> int:
        """Whom a shopper meets: any of the store's staff who is not busy, by the need's own number."""
        size, first = self._size[store], self._first[store]
        turn = (need * 2654435761 >> 16) % size
        for step in range(size):
            staff = first + (turn + step) % size
            if not self.busy[staff]:
                return staff
        return first + turn

    def talking(self, store: int) -> int:
        """How many of the store's staff are with a shopper."""
        first = self._first[store]
        return sum(self.busy[first : first + self._size[store]])

    def recruited(self, shopper: int, staff: int) -> None:
        """The shopper got the app from this member of the staff."""
        self._month.recruiter[shopper] = staff

    def overnight(self, day: int, recorder: Recorder) -> None:
        """After closing: read what the day brought, learn, leave; at the end of a month, settle."""
        scenario, rules, people = self._scenario, self._scenario.staff, self._people
        self._month.read_today(recorder, scenario.evaluation)
        left = self._month.left_unserved
        weight = 1 - np.exp(-1 / rules.threat_days)
        self._impression += np.where(np.isnan(left), 0.0, weight * (left - self._impression))
        gain_experience(people, rules)
        now_s = (day + 1) * DAY_S
        if day == 0:
            self._book_training(recorder, now_s, np.arange(len(self.busy)))
        novices = turn_over(people, rules, self._streams, day)
        if len(novices):
            fresh = first_beliefs(rules, scenario.evaluation, len(self.busy))
            self._beliefs[novices] = fresh[novices]
            self._impression[novices] = rules.showrooming_usual
            self._book_training(recorder, now_s, novices)
        if (scenario.horizon.start + timedelta(days=day + 1)).day == 1:
            self.settle(day, recorder)
        while self._slips and self._slips[0][0] <= day:
            _, slips, promised = self._slips.pop(0)
            learn(rules, self._beliefs, slips, promised)
        self._make_up_minds()

    def earned(self, recorder: Recorder) -> Floats:
        """Yen that each would be paid if the month ended now, commission included, shape (staff,). Ends the month."""
        pay = self._scenario.evaluation
        self._month.read_today(recorder, pay)
        slips = pay_slips(pay, self._month.close(pay), self._home, np.maximum(1, np.array(self._size)))
        total: Floats = slips.sum(axis=0)
        return total

    def settle(self, day: int, recorder: Recorder) -> None:
        """Close the month's books and pay; the slip is read later. Commission has been booked with each order."""
        pay, did = self._scenario.evaluation, self._month.did()
        accounts = self._month.close(pay)
        slips = pay_slips(pay, accounts, self._home, np.maximum(1, np.array(self._size)))
        promised = np.einsum("scax,sax->sc", np.maximum(self._promise, 0.0), did)
        self._slips.append((day + self._scenario.staff.pay_delay_days, slips, promised))
        self._peers = self._recommending(did)
        owed = np.rint(slips.sum(axis=0) - slips[Component.COMMISSION]).astype(np.int64)
        for staff in np.flatnonzero(owed).tolist():
            self._book(recorder, (day + 1) * DAY_S, Account.BONUS, staff, -int(owed[staff]))

    def _recommending(self, did: Floats) -> Floats:
        """Share of the month's contacts of each one's store, item there, at which the app was recommended."""
        stores = len(self._size)
        here = did[:, :, IN_STOCK]
        asked = np.bincount(self._home, here.sum(axis=1), minlength=stores)
        advised = np.bincount(self._home, here[:, _ASKED[:3]].sum(axis=1), minlength=stores)
        rate: Floats = np.where(asked > 0, advised / np.maximum(asked, 1.0), USUAL_RATE)[self._home]
        return rate

    def _threat(self) -> Floats:
        """How far each sees EC as a threat today, 0 to 1: a view that showrooming feeds and training softens."""
        rules = self._scenario.staff
        seen = rules.threat_per_showrooming * (self._impression - rules.showrooming_usual)
        threat: Floats = np.clip((self._people.threat + seen) * (1 - training_effect(rules)), 0.0, 1.0)
        return threat

    def _make_up_minds(self) -> None:
        rules, pay, people = self._scenario.staff, self._scenario.evaluation, self._people
        threat = self._threat()
        stakes = stakes_yen(self._beliefs, self._promise)
        weight = np.exp(utilities(rules, pay, people, stakes, threat, self._peers))
        by_situation = []
        for situation, scan_open in ((IN_STOCK, False), (IN_STOCK, True), (STOCKED_OUT, False)):
            table = weight[:, :, situation].copy()
            if not scan_open:
                table[:, _CLOSED] = 0.0
            by_situation.append([tuple(row) for row in table[:, _ASKED].tolist()])
        self.weights = list(zip(*by_situation, strict=True))
        self.time_factor = (1 + rules.unskilled_time * (_MEAN_SKILL - people.skill)).tolist()
        paid = pull(rules, np.maximum(stakes[:, StaffAction.RECOMMEND, IN_STOCK], 0.0))
        self.persuasion = (rules.accept_threat * (threat - _MEAN_THREAT) + rules.accept_paid * paid).tolist()
        self.code_share = code_shares(rules, pay, self._beliefs).tolist()
        self.hollow_share = hollow_shares(rules, pay, self._beliefs).tolist()

    def _book_training(self, recorder: Recorder, now_s: float, who: Ints) -> None:
        hours, wage = self._scenario.staff.training_hours, self._scenario.fulfilment.wage_yen_per_hour
        if hours:
            for staff in who.tolist():
                self._book(recorder, now_s, Account.TRAINING, staff, -round(hours * wage))

    def _book(self, recorder: Recorder, now_s: float, account: Account, staff: int, yen: int) -> None:
        """A row of the store that the person works in, without a need."""
        store = int(self._home[staff])
        recorder.ledger.extend(LEDGER(now_s, int(account), yen, -1, -1, -1, store, staff, -1, -1))
