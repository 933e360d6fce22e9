"""Coupons in shoppers' hands: valid in stores for some days, used once, paid for by whoever issued them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from scenarios.schema import Scenario
from sim.calendar import DAY_S, Day
from sim.log.recorder import Recorder
from sim.log.rows import LEDGER
from sim.log.schema import Account, Channel
from sim.loyalty.word_of_mouth import Awareness
from sim.streams import Floats

FUNDERS: Final = {"store": int(Channel.STORE), "ec": int(Channel.EC), "company": -1}
"""Whose ledger rows a coupon's cost joins: the stores', EC's, or (-1) wherever the sale itself is booked."""

_MEDIA = int(Account.MEDIA)


@dataclass(frozen=True, slots=True)
class Coupon:
    """A discount (share of the price) valid in stores between two moments."""

    discount: float
    from_s: float
    until_s: float
    funder: int


class Coupons:
    """The coupon that each shopper holds, at most one."""

    def __init__(self, scenario: Scenario, shoppers: int) -> None:
        self.rules = scenario.coupons
        self.held: dict[int, Coupon] = {}
        self._shoppers = shoppers

    def value(self, day: Day) -> Floats:
        """Discount that each shopper can use in stores some time on `day`, shape (n_shoppers,); 0 for none."""
        value = np.zeros(self._shoppers)
        for shopper, coupon in self.held.items():
            if coupon.from_s < day.start_s + DAY_S and coupon.until_s > day.start_s:
                value[shopper] = coupon.discount
        return value

    def give(self, shopper: int, coupon: Coupon) -> None:
        """Hand out a coupon; a better one that is still valid then is kept instead."""
        has = self.held.get(shopper)
        if has is None or has.until_s <= coupon.from_s or has.discount <= coupon.discount:
            self.held[shopper] = coupon

    def of(self, shopper: int, now_s: float) -> Coupon | None:
        """The coupon that the shopper can use now."""
        coupon = self.held.get(shopper)
        return coupon if coupon is not None and coupon.from_s <= now_s < coupon.until_s else None

    def redeem(self, shopper: int, now_s: float, net_yen: int) -> tuple[int, int]:
        """Use the coupon up: (discount in yen, funder); (0, -1) where there is none."""
        coupon = self.of(shopper, now_s)
        if coupon is None:
            return 0, -1
        del self.held[shopper]
        return round(net_yen * coupon.discount), coupon.funder

    def welcome(self, day: Day, awareness: Awareness, log: Recorder) -> None:
        """Those whom advertising has reached today get its coupon; the stores pay for the media."""
        tomorrow_s = day.start_s + DAY_S
        for name, reached in awareness.reached.items():
            event = awareness.marketing[name]
            until_s = tomorrow_s + self.rules.welcome_days * DAY_S
            coupon = Coupon(event.welcome_discount, tomorrow_s, until_s, FUNDERS["store"])
            if coupon.discount:
                for shopper in reached.tolist():
                    self.give(shopper, coupon)
            media_yen = round(event.cost_yen_per_reached * len(reached))
            if media_yen:
                store = int(Channel.STORE)
                log.ledger.extend(LEDGER(tomorrow_s, _MEDIA, -media_yen, store, store, -1, -1, -1, -1, -1))
