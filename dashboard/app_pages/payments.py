"""Payments: how people pay, what fails and when, when the money arrives, what it costs, and what is owed for points."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard import one_run, page
from dashboard.amounts import Scale, count, interval, quantity, scale_of, share, yen
from dashboard.charts import panels
from dashboard.charts.palette import COMPANY, EC, LOST, RIVAL, STORE, TENDER
from dashboard.charts.panels import Part, Ridge
from dashboard.payment_queries import FAILURES, QUERIES
from dashboard.run_list import RunEntry
from dashboard.run_tables import Answers, numbers
from dashboard.words import Words

_CHANNELS: Final = ("store", "app", "ec")
_FAILURE_COLOURS: Final = dict(zip(FAILURES, (EC, STORE, LOST, COMPANY), strict=True))
_ALL: Final = "all"
_CROWDED: Final = 6
"""Of up to so many payouts in a row the largest has its amount beside it; the others' are in tooltip and table."""


def draw() -> None:
    """The page."""
    say = page.say()
    page.heading(say("page.payments"), say("payments.lead"))
    sections = {
        say("payments.how"): (_mix,),
        say("payments.failing"): (_hours, _double),
        say("payments.money"): (_calendar, _fees),
        say("payments.back_office"): (_breaks, _months),
        say("payments.points"): (_points,),
    }
    none = say("payments.none"), say("payments.none_what")
    one_run.draw(QUERIES, sections, say, needs="mix", none=none)


def _tender(brand: str, say: Words) -> str:
    return say(f"player.brand_{brand}")


def _mix(found: Answers, run: RunEntry, say: Words) -> None:
    by_channel = {name: [row for row in found["mix"] if row.key[0] == name] for name in _CHANNELS}
    brands = [brand for brand in TENDER if any(row.key[1] == brand for row in found["mix"])]
    parts, rows = [], []
    for channel, lines in by_channel.items():
        total = sum(row.means[0] for row in lines)
        for row in lines:
            part = row.means[0] / (total or 1)
            name, amount = say(f"payments.channel_{channel}"), yen(row.means[0], say.language)
            parts.append(Part(name, _tender(row.key[1], say), 100 * part, f"{share(part)} · {amount}",
                              f"{100 * part:.0f} %"))  # fmt: skip
            amounts = [
                interval(value, unit, say.language) for value, unit in zip(row.values, ("yen", "count"), strict=True)
            ]
            rows.append([name, _tender(row.key[1], say), *amounts, share(part)])
    everything = sum(row.means[0] for row in found["mix"])
    cash = sum(row.means[0] for row in found["mix"] if row.key[1] == "cash")
    colours = {_tender(brand, say): TENDER[brand] for brand in brands}
    page.figure(
        "mix", panels.stacked(parts, colours, "%", page.ink()), say,
        finding=say("payments.mix_finding", share=share(1 - cash / (everything or 1)),
                    yen=yen(everything, say.language)),
        definition=say("payments.mix_what"), basis=one_run.basis(run, say),
        head=[say("payments.channel"), say("payments.tender"), say("payments.captured"), say("payments.number"),
              say("payments.share")],
        rows=rows, csv_head=["channel", "tender", "yen", "yen_half_width", "payments", "payments_half_width"],
        csv_rows=numbers(found["mix"]), words=2,
    )  # fmt: skip


def _hours(found: Answers, run: RunEntry, say: Words) -> None:
    brands = [brand for brand in TENDER if any(row.key[0] == brand for row in found["hours"])]
    brand = page.pick(
        "tender", say("payments.tender"), [_ALL, *brands],
        lambda name: say("payments.all_tenders") if name == _ALL else _tender(name, say),
    )  # fmt: skip
    hours = run.days * 24
    sums = [[0.0] * hours for _ in range(1 + len(FAILURES))]
    for row in found["hours"]:
        if brand in (_ALL, row.key[0]):
            for at, value in enumerate(row.means):
                sums[at][row.key[1]] += value
    attempts, failed = sums[0], [sum(values) for values in zip(*sums[1:], strict=True)]
    worst = max(range(hours), key=failed.__getitem__, default=0)
    ridges = [Ridge(_ridge_label("attempts", attempts, say), attempts, COMPANY)]
    ridges += [
        Ridge(_ridge_label(name, values, say), values, _FAILURE_COLOURS[name])
        for name, values in zip(FAILURES, sums[1:], strict=True)
        if sum(values)
    ]
    all_failed = sum(failed) / (sum(attempts) or 1)
    finding = say("payments.hours_finding", share=share(all_failed), at=_clock(worst, say),
                  worst=count(failed[worst]), n=count(attempts[worst]))  # fmt: skip
    if not sum(failed):
        finding = say("payments.hours_none", n=count(sum(attempts)))
    busy = [hour for hour in range(hours) if attempts[hour]]
    page.figure(
        f"hours-{brand}", panels.ridges(ridges, 1 / 24, say("payments.day_axis"), page.ink()), say,
        finding=finding, definition=say("payments.hours_what"), basis=one_run.basis(run, say),
        head=[say("payments.hour"), say("payments.attempts"), *(say(f"payments.{name}") for name in FAILURES)],
        rows=[[_clock(hour, say), *(count(values[hour]) for values in sums)] for hour in busy if failed[hour]],
        csv_head=["hour", "attempts", *FAILURES], csv_rows=[[hour, *(v[hour] for v in sums)] for hour in busy],
    )  # fmt: skip


def _ridge_label(name: str, values: list[float], say: Words) -> str:
    most = max(range(len(values)), key=values.__getitem__, default=0)
    return say("payments.ridge", name=say(f"payments.{name}"), n=count(sum(values)), most=count(values[most]),
               at=_clock(most, say))  # fmt: skip


def _clock(hour: int, say: Words) -> str:
    return say("payments.clock", day=hour // 24 + 1, hour=hour % 24)


def _double(found: Answers, _run: RunEntry, say: Words) -> None:
    number, amount, repaired = found["double"][0].values
    share_back = (repaired["mean"] or 0.0) / (number["mean"] or 1.0)
    page.cards(
        [
            (say("payments.late"), interval(number, "count", say.language), ""),
            (say("payments.late_yen"), interval(amount, "yen", say.language), ""),
            (say("payments.repaired"), interval(repaired, "count", say.language),
             share(share_back) if number["mean"] else ""),
        ]
    )  # fmt: skip
    st.caption(say("payments.double_what"))


def _calendar(found: Answers, run: RunEntry, say: Words) -> None:
    rows = found["calendar"]
    if not rows:
        page.notice("partial", say("payments.no_settlements"), say("payments.no_settlements_what"), say)
        return
    waits = {row.key[0]: row.means[0] for row in found["days_to_cash"]}
    brands = [brand for brand in TENDER if any(row.key[1] == brand for row in rows)]
    names = {brand: _with_wait(brand, waits, say) for brand in brands}
    largest = {brand: max(row.means[0] for row in rows if row.key[1] == brand) for brand in brands}
    cells = []
    for row in rows:
        crowded = sum(other.key[1] == row.key[1] for other in rows) > _CROWDED
        amount = yen(row.means[0], say.language)
        label = amount if row.means[0] == largest[row.key[1]] and not crowded else ""
        cells.append((names[row.key[1]], float(row.key[0] + 1), row.means[0], label, amount))
    total = sum(row.means[0] for row in rows)
    later = sum(row.means[0] for row in rows if row.key[0] >= run.days)
    page.figure(
        "calendar",
        panels.calendar(cells, {names[b]: TENDER[b] for b in brands}, say("payments.payout_day"), page.ink()), say,
        finding=say("payments.calendar_finding", share=share(later / (total or 1)), yen=yen(total, say.language),
                    last=max(row.key[0] for row in rows) + 1, days=run.days),
        definition=say("payments.calendar_what"), basis=one_run.basis(run, say),
        head=[say("payments.payout_day"), say("payments.tender"), say("payments.net"), say("payments.fee"),
              say("payments.items")],
        rows=[[f"{row.key[0] + 1}", _tender(row.key[1], say), *(yen(v, say.language) for v in row.means[:2]),
               count(row.means[2])] for row in rows],
        csv_head=["payout_day", "tender", "net_yen", "fee_yen", "items"],
        csv_rows=[[*row.key, *row.means] for row in rows], words=2,
    )  # fmt: skip


def _with_wait(brand: str, waits: dict[str, float], say: Words) -> str:
    if brand not in waits:
        return _tender(brand, say)
    return say("payments.with_wait", tender=_tender(brand, say), days=f"{waits[brand]:.0f}")


def _fees(found: Answers, run: RunEntry, say: Words) -> None:
    rows = found["fees"]
    fees, turnover = (sum(row.means[i] for row in rows) for i in (0, 1))
    scale = scale_of([row.means[0] for row in rows], "yen", say.language)
    name, parts, totals = say("payments.fee"), [], {}
    for row in rows:
        tender = _tender(row.key[0], say)
        amount = yen(row.means[0], say.language)
        parts.append(Part(tender, name, row.means[0] / scale.divisor, amount))
        totals[tender] = f"{amount} · {share(row.means[2])}"
    page.figure(
        "fees", panels.stacked(parts, {name: EC}, scale.unit, page.ink(), totals), say,
        finding=say("payments.fees_finding", yen=yen(fees, say.language), share=share(fees / (turnover or 1))),
        definition=say("payments.fees_what"), basis=one_run.basis(run, say),
        head=[say("payments.tender"), name, say("payments.captured"), say("payments.share")],
        rows=[[_tender(row.key[0], say), interval(row.values[0], "yen", say.language),
               interval(row.values[1], "yen", say.language), share(row.means[2])] for row in rows],
        csv_head=["tender", *(f"{n}{end}" for n in ("fee_yen", "captured_yen", "share")
                              for end in ("", "_half_width"))],
        csv_rows=numbers(rows),
    )  # fmt: skip


def _breaks(found: Answers, run: RunEntry, say: Words) -> None:
    rows = found["breaks"]
    if not rows:
        st.caption(f"○ {say('payments.no_breaks')}")
        return
    to_file, to_clear = say("payments.until_found"), say("payments.until_cleared")
    parts, totals = [], {}
    for row in rows:
        number, amount, until, then = row.means
        name = say(f"payments.break_{row.key[0]}")
        parts += [Part(name, to_file, until, _days(until, say), f"{until:.0f}"),
                  Part(name, to_clear, then, _days(then, say), f"{then:.0f}")]  # fmt: skip
        totals[name] = say("payments.break_total", n=count(number), yen=yen(amount, say.language))
    page.figure(
        "breaks", panels.stacked(parts, {to_file: EC, to_clear: STORE}, say("payments.days_axis"), page.ink(), totals),
        say, finding=say("payments.breaks_finding", n=count(sum(row.means[0] for row in rows)),
                         days=f"{max(row.means[2] + row.means[3] for row in rows):.0f}"),
        definition=say("payments.breaks_what"), basis=one_run.basis(run, say),
        head=[say("payments.break_kind"), say("payments.number"), say("payments.amount"), to_file, to_clear],
        rows=[[say(f"payments.break_{row.key[0]}"), interval(row.values[0], "count", say.language),
               interval(row.values[1], "yen", say.language), *(_days(v, say) for v in row.means[2:])] for row in rows],
        csv_head=["kind", *(f"{n}{end}" for n in ("items", "yen", "days_until_found", "days_until_cleared")
                            for end in ("", "_half_width"))],
        csv_rows=numbers(rows),
    )  # fmt: skip


def _days(value: float, say: Words) -> str:
    return quantity(value, "days", say.language)


def _months(found: Answers, run: RunEntry, say: Words) -> None:
    rows = found["months"]
    if not rows:
        return
    files, breaks = say("payments.file_hours"), say("payments.break_hours")
    parts, totals, table = [], {}, []
    for row in rows:
        covered, items, broken, in_files, in_breaks, _overtime, closed, cost = row.means
        name = say("payments.month", end=row.key[0] + 1, covered=f"{covered:.0f}")
        parts += [Part(name, files, in_files, quantity(in_files, "hours", say.language)),
                  Part(name, breaks, in_breaks, quantity(in_breaks, "hours", say.language))]  # fmt: skip
        totals[name] = say("payments.closed", day=f"{closed + 1:.0f}")
        hours = [interval(row.values[i], "hours", say.language) for i in (3, 4, 5)]
        table.append([name, count(items), count(broken), *hours, f"{closed + 1:.0f}", yen(cost, say.language)])
    hours_all = sum(row.means[3] + row.means[4] for row in rows)
    page.figure(
        "months", panels.stacked(parts, {files: EC, breaks: STORE}, say("unit.hours"), page.ink(), totals), say,
        finding=say("payments.months_finding", hours=quantity(hours_all, "hours", say.language),
                    overtime=quantity(sum(row.means[5] for row in rows), "hours", say.language)),
        definition=say("payments.months_what"), basis=one_run.basis(run, say),
        head=[say("payments.month_end"), say("payments.items"), say("payments.breaks"), files, breaks,
              say("payments.overtime"), say("payments.closed_day"), say("payments.cost")],
        rows=table, csv_head=["month_end_day", *(f"{n}{end}" for n in (
            "days_covered", "items", "breaks", "file_hours", "break_hours", "overtime_hours", "closed_day",
            "accounting_yen") for end in ("", "_half_width"))],
        csv_rows=numbers(rows),
    )  # fmt: skip


def _points(found: Answers, run: RunEntry, say: Words) -> None:
    by_purse: dict[str, list[tuple[float, float]]] = {}
    for row in found["points"]:
        by_purse.setdefault(row.key[0], []).append((row.key[1] + 1, row.means[0]))
    if not by_purse:
        st.caption(f"○ {say('payments.no_points')}")
        return
    scale: Scale = scale_of([value for points in by_purse.values() for _, value in points], "yen", say.language)
    series = {
        say(f"payments.purse_{name}"): [(day, value / scale.divisor) for day, value in points]
        for name, points in by_purse.items()
    }
    colours = [{"store": STORE, "ec": EC}.get(name, RIVAL) for name in by_purse]
    moves = {row.key[0]: row.means[0] for row in found["point_moves"]}
    told = {name: yen(abs(moves.get(name, 0.0)), say.language) for name in ("opening", "issued", "used", "expired")}
    last = sum(points[-1][1] for points in by_purse.values())
    page.figure(
        "points", panels.lines(series, colours, say("stock.day"), scale.unit), say,
        finding=say("payments.points_finding", last=yen(last, say.language), **told),
        definition=say("payments.points_what"), basis=one_run.basis(run, say),
        head=[say("payments.purse"), say("stock.day"), say("payments.points_owed")],
        rows=[[say(f"payments.purse_{name}"), f"{day:g}", yen(value, say.language)]
              for name, points in by_purse.items() for day, value in points],
        csv_head=["purse", "day", "points"],
        csv_rows=[[name, day, value] for name, points in by_purse.items() for day, value in points], words=2,
    )  # fmt: skip
    st.caption(say("figure.on_terminal"))
    st.code(f"omo points {run.path}", language="bash", wrap_lines=True)


draw()
