"""What floor staff do at a contact, who they are, and how they learn."""

from __future__ import annotations

from scenarios.cited import ASSUMPTION, NotNegative, Positive, Share, Table, cited

FITTED = "S117 S119, fitted by sim/staff/calibration.py"


class Staff(Table):
    """Floor staff: a multinomial logit among doing nothing, three kinds of advice, and deflecting from the app.

    `intercept`, `stock_out` and `money` reproduce, over the mix of people below, the survey of 882 sales staff (11.2 %
    recommend EC, 32.1 % when the item is out of stock) and one company's +63 % activity after paying 3 %.
    """

    intercept: float = cited(-2.270, FITTED, "utility of recommending an order in the app, item in stock")
    stock_out: float = cited(1.373, FITTED, "added when the item is out of stock")
    money: NotNegative = cited(0.898, FITTED, "utility of own bonus, as the stake grows without bound")
    money_half_yen: Positive = cited(18.0, ASSUMPTION, "stake per contact at which half of that is reached")
    joining: float = cited(-1.5, ASSUMPTION, "utility of recommending to get the app, against recommending an order")
    scan_and_pay: float = cited(-1.2, ASSUMPTION, "utility of recommending to scan and pay, likewise, where it is open")
    deflect: float = cited(-4.2, ASSUMPTION, "utility of talking the shopper out of the app, nothing at stake")
    identification: float = cited(
        0.8, ASSUMPTION, "added when pay follows the company's contribution, full identification with it", ge=0
    )
    ec_kpi: NotNegative = cited(2.0, "assumption; sign from S165", "added when EC's share of sales is the target")
    threat: NotNegative = cited(
        1.0, "assumption; sign from S118", "taken off by EC seen as a threat, when its sales count nothing here"
    )
    deflect_threat: NotNegative = cited(1.0, ASSUMPTION, "added to deflecting by the same")
    skill: NotNegative = cited(0.6, ASSUMPTION, "added by full digital skill")
    peer: NotNegative = cited(0.8, ASSUMPTION, "per share of contacts at which colleagues of the store recommend")
    per_person_queueing: float = cited(-0.03, ASSUMPTION, "per person in the till queue", le=0)

    taste_sigma: NotNegative = cited(0.7, ASSUMPTION, "spread of people's liking to recommend")
    money_sigma: NotNegative = cited(0.5, ASSUMPTION, "sigma of the log-normal of people's sensitivity to money")
    turnover_per_month: Share = cited(0.015, ASSUMPTION, "staff who leave in a month and are replaced by novices")
    novice_skill: Share = cited(0.4, ASSUMPTION, "a novice's digital skill against what they reach")
    skill_days: Positive = cited(60.0, ASSUMPTION, "days in which a novice makes up 63 % of that")
    training_hours: NotNegative = cited(0.0, ASSUMPTION, "hours of training for everybody, and for each novice")
    training_half_hours: Positive = cited(12.0, ASSUMPTION, "hours that make up half of what skill lacks")
    showrooming_usual: Share = cited(0.2, ASSUMPTION, "contacts without a sale that staff think nothing of")
    threat_per_showrooming: NotNegative = cited(
        0.5, "assumption; sign from S164", "threat added when every contact ends without a sale"
    )
    threat_days: Positive = cited(30.0, ASSUMPTION, "days over which such impressions are averaged")

    prior_sale_yen: Positive = cited(4000.0, ASSUMPTION, "what staff think a recommended order is worth")
    prior_followed: Share = cited(0.3, ASSUMPTION, "share of advice that staff think is followed")
    prior_ltv_yen: NotNegative = cited(1500.0, ASSUMPTION, "what staff think a new app user contributes by pay day")
    new_policy_trust: Share = cited(0.65, "assumption to meet S119", "how far pay that was never seen yet is believed")
    belief_smoothing: Share = cited(0.6, ASSUMPTION, "weight of the newest pay slip in what is believed")
    pay_delay_days: int = cited(25, ASSUMPTION, "days from the end of a month to the pay slip for it", ge=0)
    code_gaming: Share = cited(
        0.15, ASSUMPTION, "app orders without advice that get a code all the same, stake without bound"
    )
    join_gaming: Share = cited(0.5, ASSUMPTION, "refusals turned into sign-ups that nobody uses, likewise")

    hold_back_units: NotNegative = cited(
        2.0, "assumption; sign from S123", "units of an item that managers keep from collection orders, at worst"
    )

    usual_bonus_percent: Positive = cited(
        0.5, ASSUMPTION, "of till sales, to the store's staff: the pay at which the appeal of stores is as given"
    )
    prior_margin: Share = cited(0.35, ASSUMPTION, "what staff think the company keeps of a yen sold")
    prior_served: Share = cited(0.25, ASSUMPTION, "share of till sales that follow a contact, as the ward's do")
    company_as_own: Share = cited(
        0.5,
        "assumption; sign from S166",
        "how far pay for the company's contribution moves a store's staff as pay "
        "for their own sales does: the mean of their identification with it",
    )

    contact_median_s: Positive = cited(90.0, ASSUMPTION, "length of a contact")
    contact_sigma: NotNegative = cited(0.5, ASSUMPTION, "sigma of the log-normal of that time")
    recommending_s: NotNegative = cited(45.0, ASSUMPTION, "added by recommending")
    unskilled_time: NotNegative = cited(0.4, ASSUMPTION, "added to both without any skill, against full skill")
    accept_in_stock: float = cited(-1.5, ASSUMPTION, "logit of following the advice, affinity 0, in stock")
    accept_stock_out: float = cited(-0.5, ASSUMPTION, "the same in front of an empty shelf")
    accept_digital_affinity: float = cited(2.5, ASSUMPTION, "affinity 1 against 0", ge=0)
    accept_threat: float = cited(
        -0.5, "assumption; sign from S164", "advice from somebody who sees EC as a threat, 1 against 0", le=0
    )
    accept_paid: float = cited(
        -0.6,
        "assumption to meet S119: sales +32 % where activity rose by 63 %",
        "advice given for the money alone",
        le=0,
    )
    annoyed: Share = cited(0.04, ASSUMPTION, "shoppers without a smartphone who leave when the app is pushed")
    annoyed_per_person_queueing: Share = cited(
        0.01, ASSUMPTION, "the same for others who decline, per person in the till queue"
    )
