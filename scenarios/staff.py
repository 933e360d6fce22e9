"""What floor staff do at a contact."""

from __future__ import annotations

from scenarios.cited import ASSUMPTION, NotNegative, Positive, Share, Table, cited


class Staff(Table):
    """Whether a member of the floor staff recommends the app or the EC shop at a contact (logit).

    The two intercepts reproduce a survey of 882 sales staff: 11.2 % do or rather do recommend EC, 32.1 % when the
    item is out of stock; the commission slope is one company's +63 % activity after paying 3 %.
    """

    intercept: float = cited(-2.07, "S117", "logit of recommending under siloed pay, item in stock")
    stock_out: float = cited(1.32, "S117", "added when the item is out of stock")
    per_commission_percent: float = cited(0.19, "S119", "added per percent of commission to the staff code", ge=0)
    store_credit: float = cited(1.0, ASSUMPTION, "added when the store is credited with all app sales", ge=0)
    company_bonus: float = cited(0.4, ASSUMPTION, "added when pay follows the company's contribution", ge=0)
    per_person_queueing: float = cited(-0.03, ASSUMPTION, "per person in the till queue", le=0)
    contact_median_s: Positive = cited(90.0, ASSUMPTION, "length of a contact")
    contact_sigma: NotNegative = cited(0.5, ASSUMPTION, "sigma of the log-normal of that time")
    recommending_s: NotNegative = cited(45.0, ASSUMPTION, "added by recommending")
    accept_in_stock: float = cited(-1.5, ASSUMPTION, "logit of following the advice, affinity 0, in stock")
    accept_stock_out: float = cited(-0.5, ASSUMPTION, "the same in front of an empty shelf")
    accept_digital_affinity: float = cited(2.5, ASSUMPTION, "affinity 1 against 0", ge=0)
    annoyed: Share = cited(0.04, ASSUMPTION, "shoppers without a smartphone who leave when the app is pushed")
