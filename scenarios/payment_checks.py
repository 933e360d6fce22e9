"""What must hold between the keys of [payments], and of the outages that name them; on plain tables.

Like `scenarios.checks` it works on tables that may be wrong in other respects and passes over what has not the
expected type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from scenarios.errors import hint
from scenarios.settlement import Brand

Problem = tuple[str, str]
"""A dotted key and what is wrong with it."""


def payment_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Problems of [payments] and of the events that concern it."""
    payments = _table(values, "payments")
    if not payments:
        return
    yield from _tenders(payments)
    yield from _calendars(payments)
    yield from _routes(payments)
    providers = list(_tables(payments, "providers"))
    for name, event in _tables(values, "events").items():
        provider = event.get("provider")
        if event.get("kind") == "psp_outage" and provider and provider not in providers:
            yield (
                f"events.{name}.provider",
                f"no provider {provider} in [payments.providers]{hint(provider, providers)}",
            )


def _tenders(payments: Mapping[str, Any]) -> Iterator[Problem]:
    tenders = _tables(payments, "tenders")
    if not tenders:
        return
    cash_share = payments.get("cash_share")
    used = {(tender.get("channel"), tender.get("brand") == "cash") for tender in tenders.values() if _in_use(tender)}
    for name, tender in tenders.items():
        if tender.get("brand") == "cash" and tender.get("channel") == "online":
            yield f"payments.tenders.{name}.channel", "cash cannot be paid online"
        if tender.get("brand") == "konbini" and tender.get("channel") == "store":
            yield f"payments.tenders.{name}.channel", "a slip for the convenience store is for online orders"
    if not any(channel == "online" and not cash for channel, cash in used):
        yield "payments.tenders", 'no tender has channel = "online", but the EC shop is always open'
    elif all(t.get("brand") == "konbini" for t in tenders.values() if t.get("channel") == "online" and _in_use(t)):
        yield "payments.tenders", "online there are only slips, and goods carried out of a store cannot wait for one"
    if not isinstance(cash_share, (int, float)):
        return
    if cash_share > 0 and ("store", True) not in used:
        yield "payments.cash_share", f'{cash_share:g} of till payments are cash, but no tender has brand = "cash"'
    if cash_share < 1 and ("store", False) not in used:
        yield (
            "payments.cash_share",
            f"{1 - cash_share:g} of till payments are not cash, but no store tender is for them",
        )


def _calendars(payments: Mapping[str, Any]) -> Iterator[Problem]:
    calendars = list(_tables(payments, "calendars"))
    for table in ("tenders", "providers"):
        for name, entry in _tables(payments, table).items():
            calendar = entry.get("calendar", "twice_monthly" if table == "tenders" else "")
            if isinstance(calendar, str) and calendar and calendar not in calendars:
                what = f"no calendar {calendar} in [payments.calendars]{hint(calendar, calendars)}"
                yield f"payments.{table}.{name}.calendar", what
    for brand in _table(payments, "latency_profile"):
        if brand not in get_args(Brand):
            yield f"payments.latency_profile.{brand}", f"no such brand{hint(brand, get_args(Brand))}"


def _routes(payments: Mapping[str, Any]) -> Iterator[Problem]:
    carried = [
        (channel, provider.get("brands") or get_args(Brand))
        for provider in _tables(payments, "providers").values()
        for channel in provider.get("channels", [])
    ]
    for name, tender in _tables(payments, "tenders").items():
        brand, channel = tender.get("brand"), tender.get("channel")
        if brand == "cash" or not _in_use(tender):
            continue
        if not any(side == channel and brand in brands for side, brands in carried):
            yield f"payments.tenders.{name}", f"no provider of [payments.providers] carries {brand} ({channel})"


def _in_use(tender: Mapping[str, Any]) -> bool:
    return tender.get("weight") != 0


def _table(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = values.get(key)
    return found if isinstance(found, Mapping) else {}


def _tables(values: Mapping[str, Any], key: str) -> dict[str, Mapping[str, Any]]:
    return {name: table for name, table in _table(values, key).items() if isinstance(table, Mapping)}
