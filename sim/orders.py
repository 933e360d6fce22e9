"""Orders and the money they move. Each function writes the ledger rows of one event, each yen once."""

from __future__ import annotations

from dataclasses import dataclass, field

from scenarios.fulfilment import Fulfilment
from sim.errand import Errand
from sim.log.recorder import Recorder
from sim.log.rows import LEDGER, ORDER
from sim.log.schema import Account, OrderState
from sim.loyalty.points import Points
from sim.payments.tenders import Settlement, refund

_REVENUE = int(Account.REVENUE)
_COST = int(Account.COST_OF_GOODS)
_FEE = int(Account.PAYMENT_FEE)
_PARCEL = int(Account.PARCEL)
_PICKING = int(Account.PICKING)
_COMMISSION = int(Account.COMMISSION)
_REFUND = int(Account.REFUND)
_RETURN_HANDLING = int(Account.RETURN_HANDLING)
_CONTACT_CENTRE = int(Account.CONTACT_CENTRE)
_COUPON = int(Account.COUPON)
_TRANSFER = int(Account.TRANSFER)
_POINTS = int(Account.POINTS)

ORDERS_PER_NEED = 8


def shipping_fee_yen(rules: Fulfilment, goods_yen: int) -> int:
    """What the shopper pays for having goods of this worth shipped; it is part of the order's net revenue."""
    return rules.shipping_fee_yen if goods_yen < rules.free_shipping_from_yen else 0


@dataclass(slots=True)
class Order:
    """An order from the moment it is placed. `store` is where it was placed or will be collected, -1 for none."""

    id: int
    errand: Errand
    placed_s: float
    order_channel: int
    pay_channel: int
    fulfilment: int
    store: int
    ships_from: int
    lines: list[tuple[int, int]]
    net_yen: int
    cost_yen: int
    staff: int = -1
    settlement: Settlement | None = None
    refunded_yen: int = 0
    identified: bool = True
    """Whether the company knows whose order it is."""
    returned_to: int = -1
    """Location to which the goods come back, -1 for none."""
    phantoms: list[tuple[int, int]] = field(default_factory=list)
    """Lines that the record promised and the shelf does not hold."""
    elsewhere: dict[int, int] = field(default_factory=dict)
    """SKU -> location, for lines that do not come from `ships_from`."""

    def place_of(self, sku: int) -> int:
        """The location from whose stock the line of `sku` comes."""
        return self.elsewhere.get(sku, self.ships_from)

    def held_lines(self) -> list[tuple[int, int]]:
        """Lines whose goods are set aside."""
        return [line for line in self.lines if line not in self.phantoms]


def new_order_id(errand: Errand) -> int:
    """The next order id of a need; ids depend on the need alone."""
    order = errand.need * ORDERS_PER_NEED + errand.orders
    errand.orders += 1
    return order


def units_of(lines: list[tuple[int, int]]) -> int:
    """Items in `lines` together."""
    units = 0
    for _, quantity in lines:
        units += quantity
    return units


def _book(log: Recorder, order: Order, now_s: float, account: int, amount_yen: int, division: int = -1) -> None:
    """One row of the ledger; `division` is the `Channel` that it belongs to where that is not the order's own."""
    if amount_yen == 0:
        return
    errand = order.errand
    errand.contribution_yen += amount_yen
    log.ledger.extend(
        LEDGER(
            now_s,
            account,
            amount_yen,
            order.order_channel if division < 0 else division,
            order.pay_channel,
            order.fulfilment,
            order.store,
            order.staff,
            errand.need,
            order.id,
        )
    )


def book_sale(log: Recorder, order: Order, now_s: float, commission_percent: float) -> None:
    """Payment has been captured: revenue, cost of goods, the provider's fee, commission to the staff code.

    Revenue is gross; a coupon costs its funder, points cost as `sim.loyalty.points` says.
    """
    settlement = order.settlement
    assert settlement is not None
    order.errand.net_yen += order.net_yen
    _book(log, order, now_s, _REVENUE, order.net_yen)
    _book(log, order, now_s, _COST, -order.cost_yen)
    if settlement.fee_yen:
        _book(log, order, now_s, _FEE, -settlement.fee_yen)
    if settlement.coupon_yen:
        _book(log, order, now_s, _COUPON, -settlement.coupon_yen, settlement.funder)
    if settlement.points_cost_yen:
        _book(log, order, now_s, _POINTS, -settlement.points_cost_yen)
    if order.staff >= 0 and commission_percent > 0:
        _book(log, order, now_s, _COMMISSION, -_commission(order.net_yen, commission_percent))


def book_parcel(log: Recorder, order: Order, now_s: float, parcel_yen: int) -> None:
    """A parcel has been handed to the carrier."""
    _book(log, order, now_s, _PARCEL, -parcel_yen)


def book_transfer(log: Recorder, order: Order, now_s: float, yen: int) -> None:
    """Goods have been sent to the store where the order will be collected."""
    _book(log, order, now_s, _TRANSFER, -yen)


def book_picking(log: Recorder, order: Order, now_s: float, minutes: float, wage_yen_per_hour: int) -> None:
    """Somebody has picked the order."""
    _book(log, order, now_s, _PICKING, -round(minutes * wage_yen_per_hour / 60))


def book_return(log: Recorder, order: Order, now_s: float, handling_yen: int, parcel_yen: int) -> None:
    """Goods have come back: the labour of taking them and, where the company pays it, the parcel."""
    _book(log, order, now_s, _RETURN_HANDLING, -handling_yen)
    _book(log, order, now_s, _PARCEL, -parcel_yen)


def book_inquiry(log: Recorder, order: Order, now_s: float, yen: int) -> None:
    """Somebody in the contact centre has dealt with a question about the order."""
    _book(log, order, now_s, _CONTACT_CENTRE, -yen)


def book_refund(
    log: Recorder, points: Points, order: Order, now_s: float, net_yen: int, cost_yen: int, commission_percent: float
) -> None:
    """Money goes back for goods that stay with the retailer: a no-show, or goods that were not there.

    The provider's fee is not returned; commission is taken back, and so are the points that were earned.
    """
    settlement = order.settlement
    assert settlement is not None
    order.errand.net_yen -= net_yen
    _book(log, order, now_s, _REFUND, -net_yen)
    _book(log, order, now_s, _COST, cost_yen)
    if order.staff >= 0 and commission_percent > 0:
        kept = order.net_yen - order.refunded_yen
        back = _commission(kept, commission_percent) - _commission(kept - net_yen, commission_percent)
        _book(log, order, now_s, _COMMISSION, back)
    before, after = _refunded(order, order.refunded_yen), _refunded(order, order.refunded_yen + net_yen)
    money_yen, coupon_yen, used, earned = (b - a for a, b in zip(before, after, strict=True))
    order.refunded_yen += net_yen
    _book(log, order, now_s, _COUPON, coupon_yen, settlement.funder)
    who = (now_s, order.errand.shopper, order.errand.need, order.id, order.order_channel)
    _book(log, order, now_s, _POINTS, -points.give_back(*who, used) - points.take_back(*who, earned))
    if money_yen:
        row = (settlement.payment, order.id, order.errand.need, 0.0, settlement.brand, order.pay_channel, 0)
        refund(log, row, now_s, -money_yen)


def _refunded(order: Order, net_yen: int) -> tuple[int, int, int, int]:
    """How a refund of `net_yen` in all is made up: (money, coupon, points used, points earned).

    The coupon counts in proportion; money comes back before points do.
    """
    settlement = order.settlement
    assert settlement is not None
    coupon_yen = settlement.coupon_yen * net_yen // order.net_yen
    money_yen = min(net_yen - coupon_yen, order.net_yen - settlement.coupon_yen - settlement.points_used)
    earned = settlement.points_earned * net_yen // order.net_yen
    return money_yen, coupon_yen, net_yen - coupon_yen - money_yen, earned


def _commission(net_yen: int, percent: float) -> int:
    return round(net_yen * percent / 100)


def close_order(log: Recorder, order: Order, now_s: float, state: OrderState) -> None:
    """The order has reached its end; writes its row."""
    log.orders.extend(
        ORDER(
            order.id,
            order.errand.need,
            order.errand.shopper,
            order.placed_s,
            now_s,
            order.order_channel,
            order.pay_channel,
            order.fulfilment,
            order.store,
            order.place_of(order.lines[0][0]),
            units_of(order.lines),
            order.net_yen,
            order.cost_yen,
            order.staff,
            int(state),
            order.identified,
        )
    )
