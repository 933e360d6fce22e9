"""The provider's merchants: how big each is, and where its customers pay.

The numbers of merchants, payments and yen are those of GMO Payment Gateway (September 2025, figures for a year).
What it does not publish is assumed here: sizes are log-normal, two merchants in five sell in stores only, two in EC
only, one in both, and a store takes no more payments a day than an ordinary supermarket.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from scenarios.payments import Payments
from scenarios.places import Tills, Traffic
from sim.streams import Floats, Streams

Ints = NDArray[np.int64]

MERCHANTS: Final = 163_890
PAYMENTS_PER_DAY: Final = 7.22e9 / 365
YEN_PER_PAYMENT: Final = 21e12 / 7.22e9

LEAVING: Final = 0.003
"""Share of payers who leave a queue, as measured: so many more come, so that `PAYMENTS_PER_DAY` is what is paid."""
SIZE_SIGMA: Final = 2.0
"""Of the log-normal payments a day of a merchant (assumption): the biggest hundredth takes 37 % of all payments."""
YEN_SIGMA: Final = 1.0
"""Of the log-normal amount of a payment (assumption)."""
STORES_ONLY: Final = 0.4
EC_ONLY: Final = 0.4
"""Shares of merchants (assumption); the rest sells half in stores, half in EC."""
CUSTOMERS_PER_STORE: Final = 1_670
"""A day, cash included: a supermarket of 1,200 to 1,600 square metres (2021 supermarket statistics)."""
YEN_PER_ITEM: Final = 229
"""What decides the seconds of scanning: the supermarkets' price per item (2025 survey), used for all stores."""
TILLS_BUSY: Final = 0.8
"""In the busiest hour a store opens as many tills as keep them no busier than this (assumption)."""


@dataclass(frozen=True)
class PayPoints:
    """Where people pay, one row per store and per EC shop, in order of merchant.

    `store` is the store's number inside its merchant, -1 for an EC shop. `payers` is the mean number a day; `tills`
    is 0 for an EC shop, where nobody queues.
    """

    merchant: Ints
    store: Ints
    payers: Floats
    tills: Ints


def payers_a_day(streams: Streams) -> Floats:
    """Mean payers a day of each of the provider's merchants, by merchant id, for `PAYMENTS_PER_DAY` over all."""
    size: Floats = np.exp(SIZE_SIGMA * ndtri(streams.uniform("merchant size", np.arange(MERCHANTS))))
    return np.asarray(size * (PAYMENTS_PER_DAY / (1 - LEAVING) / size.sum()))


def pay_points(streams: Streams, merchants: Ints, payers: Floats, till_load_s: float) -> PayPoints:
    """Stores and EC shops of `merchants`, with `payers` a day each and `till_load_s` seconds of a till per payer."""
    kind = streams.uniform("merchant kind", merchants)
    in_stores = np.where(kind < STORES_ONLY, 1.0, np.where(kind < STORES_ONLY + EC_ONLY, 0.0, 0.5)) * payers
    most = CUSTOMERS_PER_STORE * (1 - Payments().cash_share)
    stores = np.ceil(in_stores / most).astype(np.int64)
    shops = (in_stores < payers).astype(np.int64)
    row = np.repeat(np.arange(len(merchants)), stores + shops)
    number = np.arange(len(row)) - np.repeat(np.cumsum(stores + shops) - (stores + shops), stores + shops)
    store = np.where(number < stores[row], number, -1)
    mean = np.where(store >= 0, in_stores[row] / np.maximum(stores[row], 1), (payers - in_stores)[row])
    hours = np.array(Traffic().store_weekday_hours, dtype=float)
    busiest = mean * hours.max() / hours.sum() * till_load_s / 3600
    tills = np.where(store >= 0, np.maximum(np.ceil(busiest / TILLS_BUSY), 1), 0).astype(np.int64)
    return PayPoints(merchants[row], store, mean, tills)


def mean_scanning_s(tills: Tills) -> float:
    """Expected seconds of scanning: the published regression on items, which are the amount over a price per item."""
    power = tills.staffed_log_per_log_item
    log_items = log(YEN_PER_PAYMENT / YEN_PER_ITEM) - YEN_SIGMA**2 / 2
    spread = (power * YEN_SIGMA) ** 2 + tills.staffed_log_sigma**2
    return exp(tills.staffed_log_mean + power * log_items + spread / 2)
