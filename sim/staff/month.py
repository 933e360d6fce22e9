"""The month's books on who earned what, kept from what the recorder has: every night the new rows are read.

Contacts are kept for the month, so that what a need brought can be laid beside what staff did in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.evaluation import Evaluation
from sim.log.recorder import Recorder
from sim.log.schema import Account, Channel, Fulfilment, StaffAction
from sim.needs import need_id
from sim.staff.pay import ACTIONS, ATTRIBUTED_SHARE, Accounts, empty
from sim.staff.people import Ints
from sim.streams import Floats

Rows = NDArray[Any]

_STORE, _APP, _EC = int(Channel.STORE), int(Channel.APP), int(Channel.EC)
_REVENUE, _REFUND = int(Account.REVENUE), int(Account.REFUND)
_NEEDS_PER_SHOPPER: Final = int(need_id(np.array([1]), 0, np.array([0]))[0])
_ENOUGH_CONTACTS: Final = 30
"""Contacts of a kind from which on a mean is worth comparing (assumption)."""


@dataclass
class Contacts:
    """The month's contacts in order of need; what each need brought since."""

    need: Ints
    staff: Ints
    action: Ints
    stocked_out: NDArray[np.bool_]
    contribution_yen: Floats
    online_yen: Floats
    till_yen: Floats

    @classmethod
    def of(cls, rows: Rows) -> Contacts:
        """Those in these rows of `staff_contacts`."""
        zeros = [np.zeros(len(rows)) for _ in range(3)]
        columns = [rows["need"], rows["staff"].astype(np.int64), rows["action"].astype(np.int64), rows["stocked_out"]]
        return cls(*columns, *zeros).sorted()

    def sorted(self) -> Contacts:
        """The same in order of need."""
        order = np.argsort(self.need, kind="stable")
        return Contacts(*(values[order] for values in vars(self).values()))

    def and_also(self, other: Contacts) -> Contacts:
        """Both together."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Contacts(*(np.concatenate(pair) for pair in pairs)).sorted()

    def index_of(self, need: Ints) -> Ints:
        """Row of each need, -1 where nobody was met in it."""
        if not len(self.need):
            return np.full(len(need), -1)
        at = np.minimum(np.searchsorted(self.need, need), len(self.need) - 1)
        return np.where(self.need[at] == need, at, -1)

    @property
    def advised(self) -> NDArray[np.bool_]:
        """Where the app was recommended in any way."""
        return (self.action > StaffAction.NOTHING) & (self.action < StaffAction.DEFLECT)


@dataclass
class Month:
    """What has happened since the last settlement, and how far the recorder has been read."""

    home_store: Ints
    """Store of each staff number."""
    nearest: Ints
    """Store near each shopper's home, -1 for none within the radius."""
    stores: int
    accounts: Accounts
    contacts: Contacts
    recruiter: Ints
    """Staff number that each shopper got the app from, -1 for none."""
    read: dict[str, int] = field(default_factory=lambda: {"ledger": 0, "staff_contacts": 0})
    left_unserved: Floats = field(default_factory=lambda: np.zeros(0))
    """Share of today's contacts of each person that ended without a sale; nan where nobody was met."""

    def read_today(self, recorder: Recorder, pay: Evaluation) -> None:
        """Take in what has been recorded since the last time."""
        contacts, self.read["staff_contacts"] = recorder.rows_since("staff_contacts", self.read["staff_contacts"])
        ledger, self.read["ledger"] = recorder.rows_since("ledger", self.read["ledger"])
        today = Contacts.of(contacts)
        self.contacts = self.contacts.and_also(today)
        np.add.at(self.accounts.sign_ups, contacts["staff"], contacts["signed_up"] | contacts["hollow"])
        of_needs = ledger.take(np.flatnonzero(ledger["need"] >= 0))
        self.accounts.company_yen += float(ledger["amount_yen"].sum())
        self._read_ledger(of_needs, pay)
        self._read_leavers(today, of_needs)

    def _read_ledger(self, rows: Rows, pay: Evaluation) -> None:
        accounts, contacts = self.accounts, self.contacts
        need, yen, channel = rows["need"], rows["amount_yen"].astype(float), rows["order_channel"]
        shopper = need // _NEEDS_PER_SHOPPER
        coded = rows["staff"] >= 0
        commission = (rows["account"] == Account.COMMISSION) & coded
        np.add.at(accounts.commission_yen, rows["staff"][commission], -yen[commission])
        recruiter = self.recruiter[shopper]
        recruited = recruiter >= 0
        np.add.at(accounts.recruits_yen, recruiter[recruited], yen[recruited])
        at = contacts.index_of(need)
        met = at >= 0
        np.add.at(contacts.contribution_yen, at[met], yen[met])
        sale = _is_sale(rows)
        online, till = sale & met & (channel != _STORE), sale & met & (channel == _STORE)
        np.add.at(contacts.online_yen, at[online], yen[online])
        np.add.at(contacts.till_yen, at[till], yen[till])
        credit, store = self._credits(rows, coded, shopper, pay)
        counted = sale & (store >= 0)
        np.add.at(accounts.credited_yen, store[counted], (credit * yen)[counted])

    def _credits(self, rows: Rows, coded: NDArray[np.bool_], shopper: Ints, pay: Evaluation) -> tuple[Floats, Ints]:
        """Share of each row that counts for a store, and which store; a code goes before the other rules."""
        channel, placed_at = rows["order_channel"], rows["store"].astype(np.int64)
        collected = rows["fulfilment"] == Fulfilment.COLLECT
        shipped = (channel == _EC) & (rows["fulfilment"] == Fulfilment.SHIP)
        cases = [channel == _STORE, coded, channel == _APP, collected, shipped]
        app = pay.app_sale_store_credit
        by_code = np.where(channel == _APP, max(app, pay.code_store_credit), pay.code_store_credit)
        one = np.ones(len(rows))
        shares = [one * pay.till_sale_store_credit, by_code, one * app]
        shares += [one * pay.collect_store_credit, one * pay.radius_store_credit]
        homes = np.full(len(rows), -1)
        homes[coded] = self.home_store[rows["staff"][coded]]
        stores = [placed_at, homes, placed_at, placed_at, self.nearest[shopper]]
        store = np.select(cases, stores, -1)
        return np.select(cases, shares, 0.0), np.where(store < self.stores, store, -1)

    def _read_leavers(self, today: Contacts, rows: Rows) -> None:
        """Who looked at goods that were there, asked, and bought nothing here today: what staff call showrooming."""
        sold = rows["need"][_is_sale(rows) & (rows["order_channel"] != _EC)]
        there = ~today.stocked_out
        left = there & ~_among(today.need, np.sort(sold))
        staff = len(self.home_store)
        asked = np.bincount(today.staff[there], minlength=staff).astype(float)
        gone = np.bincount(today.staff[left], minlength=staff)
        self.left_unserved = np.where(asked > 0, gone / np.maximum(asked, 1.0), np.nan)

    def close(self, pay: Evaluation) -> Accounts:
        """Add what can only be said of a month as a whole; returns its accounts and begins the next."""
        accounts, contacts, staff = self.accounts, self.contacts, len(self.home_store)
        accounts.till_sales_yen += np.bincount(contacts.staff, contacts.till_yen, minlength=staff)
        uplift, share = self._measured()
        advised = contacts.advised
        accounts.uplift_yen += np.bincount(contacts.staff[advised], uplift[advised], minlength=staff)
        by_rule = share if pay.attribution_rule == "shapley" else ATTRIBUTED_SHARE[pay.attribution_rule]
        accounts.attributed_yen += by_rule * np.bincount(contacts.staff, contacts.online_yen, minlength=staff)
        self.accounts = empty(self.stores, staff)
        self.contacts = Contacts.of(np.empty(0, _no_contacts()))
        return accounts

    def _measured(self) -> tuple[Floats, float]:
        """What advice made of a contact [yen], item there or not, and its Shapley share of online sales.

        The first is the difference of means between contacts with and without advice in the same situation. The
        second is that of two players, contact and channel, where the contact alone sells nothing online:
        v(both) = mean online sale with advice, v(channel) = without; share = (v(both) - v(channel)) / 2 v(both).
        """
        contacts, advised = self.contacts, self.contacts.advised
        uplift = np.zeros(len(contacts.need))
        for stocked_out in (False, True):
            here = contacts.stocked_out == stocked_out
            with_advice, without = here & advised, here & ~advised
            if min(with_advice.sum(), without.sum()) >= _ENOUGH_CONTACTS:
                paid = contacts.contribution_yen
                uplift[here] = paid[with_advice].mean() - paid[without].mean()
        if min(advised.sum(), (~advised).sum()) < _ENOUGH_CONTACTS:
            return uplift, ATTRIBUTED_SHARE["shapley"]
        both, channel = contacts.online_yen[advised].mean(), contacts.online_yen[~advised].mean()
        return uplift, max(0.0, float((both - channel) / (2 * both))) if both > 0 else 0.0

    def did(self) -> Floats:
        """How often each did what in which situation this month, shape (staff, actions, 2)."""
        counts = np.zeros((len(self.home_store), ACTIONS, 2))
        contacts = self.contacts
        np.add.at(counts, (contacts.staff, contacts.action, contacts.stocked_out.astype(np.int64)), 1.0)
        return counts


def _is_sale(rows: Rows) -> NDArray[np.bool_]:
    """Rows of the ledger that are revenue, or revenue given back."""
    account = rows["account"]
    sale: NDArray[np.bool_] = (account == _REVENUE) | (account == _REFUND)
    return sale


def _among(values: Ints, in_order: Ints) -> NDArray[np.bool_]:
    """Which of a few `values` are in a long sorted array: `np.isin` would sort both together."""
    at = np.searchsorted(in_order, values)
    found: NDArray[np.bool_] = np.append(in_order, -1)[at] == values
    return found


def _no_contacts() -> np.dtype[np.void]:
    return np.dtype([("need", "i8"), ("staff", "i4"), ("action", "i2"), ("stocked_out", "?")])


def begin(home_store: Ints, nearest: Ints, stores: int, shoppers: int) -> Month:
    """The first month."""
    nobody = Contacts.of(np.empty(0, _no_contacts()))
    recruiter = np.full(shoppers, -1, dtype=np.int64)
    return Month(home_store, nearest, stores, empty(stores, len(home_store)), nobody, recruiter)
