"""Measures of contacts with shoppers: through touchpoints, and over the app in stores, which servers have to bear."""

from __future__ import annotations

from typing import Final

from sim.evaluation.measure import Measure

_AT_HAND = "kind in ('scan', 'look_up') and place = 'floor'"

CONTACTS: Final[tuple[Measure, ...]] = (
    Measure(
        "contacts_sent",
        "count",
        "Contacts through touchpoints",
        "Messages, mail, posts and answers that reached a shopper, noticed or not; the app's push is not among them.",
        "select count(*) from contacts",
    ),
    Measure(
        "contacts_per_shopper",
        "number",
        "Contacts per shopper reached",
        "The same per shopper who had any, over the whole run.",
        "select count(*) / nullif(count(distinct shopper), 0) from contacts",
    ),
    Measure(
        "media_yen",
        "yen",
        "Media cost",
        "Touchpoints and advertising; it is part of contribution.",
        "select -sum(amount_yen) from ledger where account = 'media'",
    ),
    Measure(
        "app_sessions_peak",
        "count",
        "App sessions in stores at the peak",
        "Most shoppers at one moment who have scanned or looked something up with the app and are still in a store.",
        f"""with begun as (select need, min(time_s) as at_s from events where {_AT_HAND} group by 1),
             ended as (select need, min(time_s) as at_s from events join begun using (need)
               where kind = 'leave' and time_s >= at_s group by 1),
             steps as (select at_s, 1 as step from begun union all select at_s, -1 from ended)
           select max(sessions) from (select sum(step) over (order by at_s, step) as sessions from steps)""",
    ),
    Measure(
        "app_requests_busiest_hour",
        "count",
        "App requests in the busiest hour",
        "Scans and look-ups on the floors of all stores, and orders and payments in the app, in the hour with most.",
        f"""with requests as (select time_s from events where {_AT_HAND}
               union all select placed_s from orders where order_channel = 'app'
               union all select time_s from payments where channel = 'app' and outcome <> 'refunded')
           select max(n) from (select count(*) as n from requests group by floor(time_s / 3600))""",
    ),
)
