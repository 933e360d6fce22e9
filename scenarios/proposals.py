"""Personal proposals: one more item, by the clerk's tablet at a contact or on the screen at an order.

What the retailer knows of the shopper decides how often it hits: nothing, the history in the channel at hand, or the
other channel's too. All hit rates are of one proposal and are kept low: the figures that circulate are vendors'.
"""

from __future__ import annotations

from scenarios.cited import ASSUMPTION, NotNegative, Share, Table, cited


class Proposals(Table):
    """How often one more item is taken because it was proposed."""

    screen: Share = cited(
        0.02, "assumption; scale from S201: +1.8 % of revenue", "hit rate at an online order, nothing known"
    )
    clerk: Share = cited(
        0.02, ASSUMPTION, "hit rate at a contact that ends in a purchase, nothing known; needs `shared_history`"
    )
    own_history: NotNegative = cited(
        0.01, "assumption; sign from S202", "added where one channel's history is known, online or in stores"
    )
    both_histories: NotNegative = cited(0.015, ASSUMPTION, "added where both are: `shared_history` on a `unified_id`")
    misses_annoy: Share = cited(0.01, ASSUMPTION, "proposals that miss and annoy, as advice does that does not fit")
