"""What binds shoppers to the retailer over weeks: satisfaction, word of mouth, points, coupons, push messages."""

from __future__ import annotations

from pydantic import Field

from scenarios.cited import ASSUMPTION, NotNegative, Positive, Share, Table, cited


class Feelings(Table):
    """What one experience adds to a shopper's satisfaction."""

    served: NotNegative = cited(0.015, ASSUMPTION, "got what was wanted")
    long_wait: float = cited(-0.05, ASSUMPTION, "waited longer than irritates", le=0)
    queue_left: float = cited(-0.15, ASSUMPTION, "left because of the queue", le=0)
    stock_out: float = cited(-0.075, ASSUMPTION, "did not find what was wanted", le=0)
    payment_failed: float = cited(-0.125, ASSUMPTION, "could not pay", le=0)
    charged_twice: float = cited(-0.25, ASSUMPTION, "was charged twice", le=0)
    order_cancelled: float = cited(-0.2, ASSUMPTION, "paid for what the retailer then did not have", le=0)
    inconsistent: float = cited(-0.125, ASSUMPTION, "was told one thing here and another there", le=0)
    confused: float = cited(-0.075, ASSUMPTION, "did not find the way through something new", le=0)
    wrong_advice: float = cited(-0.1, ASSUMPTION, "was given advice that does not fit", le=0)
    annoyed: float = cited(-0.2, ASSUMPTION, "was pressed to use an app without having a smartphone", le=0)
    false_reminder: float = cited(-0.1, ASSUMPTION, "was reminded of something bought already", le=0)
    pushed_too_often: float = cited(-0.05, ASSUMPTION, "got more messages than wanted", le=0)
    return_easy: NotNegative = cited(0.025, ASSUMPTION, "returned goods where it suits")
    return_hard: float = cited(-0.1, ASSUMPTION, "could not return goods where it suits", le=0)
    helped: NotNegative = cited(0.025, ASSUMPTION, "got missing goods another way")


class Loyalty(Table):
    """Satisfaction, and what it does to the next purchase and to staying a customer.

    Satisfaction starts at 0, adds what is felt, fades, and stays within -1 and 1. Dropping out has the form of the
    BG/NBD model (Fader, Hardie and Lee 2005): each shopper has an own probability p ~ Beta(a, b) of being lost after a
    purchase.
    """

    satisfaction: NotNegative = cited(0.6, ASSUMPTION, "utility of full satisfaction, for all our journeys")
    memory_days: Positive = cited(60.0, ASSUMPTION, "days after which satisfaction has faded to 37 %")
    fit_spread: NotNegative = cited(
        0.3, ASSUMPTION, "standard deviation over shoppers of how well the retailer suits them: a lasting utility"
    )
    feelings: Feelings = Field(default_factory=Feelings)
    drop_out_a: NotNegative = cited(0.5, ASSUMPTION, "a of Beta(a, b); 0: nobody drops out (CDNOW: .793)")
    drop_out_b: Positive = cited(400.0, ASSUMPTION, "b of Beta(a, b) (CDNOW: 2.426)")
    drop_out_attachment: NotNegative = cited(
        1.0, ASSUMPTION, "k: the probability of dropping out is multiplied by exp(-k * (satisfaction + fit))"
    )


class WordOfMouth(Table):
    """How those who do not know the retailer come to know it."""

    aware_share: Share = cited(1.0, ASSUMPTION, "share of the town that knows the retailer on day 0")
    talk: NotNegative = cited(
        0.15, ASSUMPTION, "rate of becoming aware per good experience that an acquaintance has in a day"
    )
    enthusiasm: NotNegative = cited(
        1.0, ASSUMPTION, "good experiences are told exp(this * (satisfaction + fit)) times: the attached tell more"
    )
    bad_weight: NotNegative = cited(2.0, ASSUMPTION, "a bad experience takes back as much as this many good ones give")
    homophily: Share = cited(0.8, ASSUMPTION, "share of acquaintances alike in age, area and taste; the rest: anybody")
    store_per_day: NotNegative = cited(0.01, ASSUMPTION, "rate of noticing a store next door, per day and store")
    store_km: Positive = cited(1.0, ASSUMPTION, "distance at which that rate has fallen to 37 %")


class Points(Table):
    """Points: earned on identified purchases, used like money, one yen each."""

    earn: Share = cited(0.01, ASSUMPTION, "points per yen of net sales")
    breakage: Share = cited(0.06, "S62 S63", "points expected to expire: no cost is provided for them")
    expiry_days: Positive = cited(365.0, ASSUMPTION, "days without a purchase after which points expire")
    opening_mean_yen: NotNegative = cited(100.0, ASSUMPTION, "mean balance of a member on day 0")
    use: Share = cited(0.3, ASSUMPTION, "probability of paying with points when the balance is worth it")
    use_from_yen: int = cited(100, ASSUMPTION, "smallest balance that somebody bothers to use", ge=1)


class Coupons(Table):
    """Coupons of push campaigns (stores only) and welcome coupons of marketing."""

    remembered: Share = cited(
        0.9, "S96", "coupons shown at the till by those who have one; with the member barcode all apply by themselves"
    )
    welcome_days: Positive = cited(30.0, ASSUMPTION, "days for which a welcome coupon is valid")


class Push(Table):
    """Push messages of the app, and how people tire of them."""

    opt_in: Share = cited(0.33, "S93", "share of app owners who take push messages")
    open_rate: Share = cited(0.05, ASSUMPTION, "messages opened by somebody who had none lately")
    fatigue: NotNegative = cited(0.15, ASSUMPTION, "the open rate is multiplied by exp(-fatigue * recent messages)")
    memory_days: Positive = cited(14.0, ASSUMPTION, "days after which a message counts 37 % of a recent one")
    opt_out: NotNegative = cited(0.01, ASSUMPTION, "rate of opting out at a message, per recent message")
    too_often_from: NotNegative = cited(3.0, ASSUMPTION, "recent messages beyond which the next one annoys")
