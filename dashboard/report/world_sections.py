"""Sections of the report about the worlds: ledgers, waterfall, shift, staff, waits, all measures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dashboard import findings
from dashboard.amounts import NOTHING, count, figure, interval, yen
from dashboard.charts import printed
from dashboard.charts.steps import division_steps, group_steps, matrix, moves, stayed
from dashboard.report import markup
from dashboard.statement import COMPANY, Line, owners, shown_accounts, sums_among
from dashboard.words import Words
from sim.evaluation.measures import MEASURES
from sim.evaluation.statistics import Interval

WAITS: Final = (
    "lost_sales_yen",
    "lost_sales_with_network_stock_yen",
    "stock_out_rate",
    "till_wait_s",
    "renege_rate",
    "pickup_wait_s",
    "pickup_ready_s",
    "buying_needs",
)
_DIVISIONS: Final = (("store", "store_pl_yen"), ("ec", "ec_pl_yen"), (COMPANY, "contribution_yen"))


def pair_head(document: dict[str, Any], say: Words) -> str:
    """The finding, in sentences and in three cards."""
    cards = []
    for division, name in _DIVISIONS:
        measure = document["measures"][name]
        change = interval(measure["difference"], "yen", say.language, signed=True)
        levels = f"{yen(measure['a']['mean'], say.language)} → {yen(measure['b']['mean'], say.language)}"
        cards.append(markup.card(say(f"ledgers.division_{division}"), change, levels))
    sentences = (
        markup.element("p", findings.headline(document, say), "headline"),
        markup.element("p", findings.ledgers_sentence(document, say), "sub"),
    )
    return "\n".join((*sentences, f'<div class="cards">{"".join(cards)}</div>'))


def single_head(document: dict[str, Any], say: Words) -> str:
    """The level of one run in a sentence and three cards."""
    measures, title = document["measures"], say.title(document["title"])
    store, ec, company = (yen(measures[name]["mean"], say.language) for _, name in _DIVISIONS)
    headline = say("report.headline_single", title=title, company=company, days=document["days"])
    sub = say("report.sub_single", store=store, ec=ec, n=document["replications"])
    cards = [
        markup.card(say(f"ledgers.division_{division}"), interval(measures[name], "yen", say.language))
        for division, name in _DIVISIONS
    ]
    head = markup.element("p", headline, "headline") + markup.element("p", sub, "sub")
    return f'{head}<div class="cards">{"".join(cards)}</div>'


def ledgers(lines: Sequence[Line], titles: dict[str, str], say: Words) -> str:
    """The statement of both divisions and the company, for each world, and the difference."""
    parts = [markup.element("p", say("report.ledgers_what")), _statement(lines, "a", titles["a"], say)]
    if any(line.b is not None for line in lines):
        parts += [
            _statement(lines, "b", titles["b"], say),
            _statement(lines, "difference", say("ledgers.difference"), say, signed=True),
        ]
    return markup.section(say("report.ledgers"), *parts)


def waterfalls(document: dict[str, Any], lines: Sequence[Line], say: Words) -> str:
    """From the divisions' changes to the company's, then the company's by account."""
    steps = division_steps(document)
    amounts = {s.key: yen(s.change_yen, say.language, signed=True) for s in steps}
    alt = say("report.waterfall_alt", store=amounts["store"], ec=amounts["ec"], company=amounts[COMPANY])
    names = [say(f"ledgers.division_{step.key}") for step in steps]
    groups = group_steps(lines)
    group_names = [say(f"account.{step.key}") for step in groups]
    what = say("ledgers.waterfall_accounts_what")
    return markup.section(
        say("ledgers.waterfall"),
        markup.figure(printed.waterfall(steps, names, alt, say), say("ledgers.waterfall_what")),
        markup.element("h3", say("ledgers.waterfall_accounts")),
        markup.figure(printed.waterfall(groups, group_names, say("ledgers.waterfall_accounts"), say), what),
    )


def shift(document: dict[str, Any], say: Words) -> str:
    """The channel-shift matrix whose total is the company's difference, and the largest flows."""
    found, exact = matrix(document), document["shift"]
    head = [say("ledgers.shift_from"), *(say(f"outcome.{name}") for name in found.columns), say("ledgers.total")]
    rows = []
    for row in found.rows:
        values = [found.cells.get((row, column)) for column in found.columns]
        rows.append(
            [say(f"outcome.{row}"), *(_change(v, say) for v in values), _change(sum(v or 0 for v in values), say)]
        )
    gaps = [""] * len(found.columns)
    rows.append([say("ledgers.unallocated"), *gaps, _change(found.unallocated_yen, say)])
    sums = [sum(found.cells.get((row, column), 0) for row in found.rows) for column in found.columns]
    rows.append([say("ledgers.total"), *(_change(value, say) for value in sums), _change(found.total_yen, say)])
    cells = sum(cell["contribution_difference_yen"] for cell in exact["cells"])
    sentence = say(
        "ledgers.shift_exact",
        n=exact["replications"],
        cells=f"{cells:+,}",
        unallocated=f"{exact['unallocated_yen']:+,}",
        total=f"{exact['total_yen']:+,}",
    )
    alike, everything = stayed(document)
    table = markup.table(head, rows, say("ledgers.shift_table_what"), last_is_total=True)
    return markup.section(
        say("ledgers.shift"),
        markup.element("p", say("ledgers.shift_what", stayed=count(round(alike)), all=count(round(everything)))),
        _flows(document, say),
        f'<div class="matrix">{table}</div>',
        markup.element("p", sentence, "note"),
    )


def staff(document: dict[str, Any], titles: dict[str, str], say: Words) -> str:
    """How often staff recommended the app in both worlds."""
    svg = printed.recommendation(document, titles, say("report.recommend_alt"), say)
    return markup.section(say("ledgers.recommend"), markup.figure(svg, say("ledgers.recommend_what")))


def waits(document: dict[str, Any], titles: dict[str, str], say: Words) -> str:
    """Waits and lost sales."""
    return markup.section(say("report.waits"), _measures(document, WAITS, titles, say))


def everything(document: dict[str, Any], titles: dict[str, str], say: Words) -> str:
    """All measures; for two runs with the plot of their differences."""
    names = [measure.name for measure in MEASURES if measure.name in document["measures"]]
    plots = []
    if "shift" in document:
        plots = [markup.element("p", say("ledgers.forest_what"))]
        for unit, svg in printed.forests(document, say):
            caption = say("report.forest_caption", unit=say(f"compare.unit_{unit}"), n=document["replications"])
            plots.append(markup.figure(svg, caption))
    return markup.section(say("ledgers.all_measures"), *plots, _measures(document, names, titles, say))


def definitions(document: dict[str, Any], say: Words) -> str:
    """What each measure counts."""
    names = [measure.name for measure in MEASURES if measure.name in document["measures"]]
    return markup.section(
        say("report.definitions"), markup.definitions((say.label(name), say.definition(name)) for name in names)
    )


def _statement(lines: Sequence[Line], side: str, caption: str, say: Words, signed: bool = False) -> str:
    by_key: dict[tuple[str, str], Interval] = {(line.owner, line.account): getattr(line, side) for line in lines}
    accounts = shown_accounts(lines)
    head = [say("ledgers.account"), *(say(f"ledgers.division_{owner}") for owner in owners(lines))]
    rows = []
    for account in accounts:
        values = [by_key[owner, account] for owner in owners(lines)]
        rows.append([say(f"account.{account}"), *(_interval(value, say, signed) for value in values)])
    return markup.table(head, rows, caption, last_is_total=True, sums=sums_among(accounts))


def _interval(value: Interval, say: Words, signed: bool) -> str:
    if not value.mean and not value.half_width:
        return NOTHING
    half_width = None if value.half_width != value.half_width else value.half_width
    return interval({"mean": value.mean, "half_width": half_width}, "yen", say.language, signed)


def _flows(document: dict[str, Any], say: Words) -> str:
    head = [say("ledgers.shift_from"), say("ledgers.shift_to"), say("ledgers.shift_needs")]
    head.append(say("ledgers.contribution_change"))
    rows = [
        [
            say(f"outcome.{m.source}"),
            say(f"outcome.{m.target}"),
            count(round(m.needs)),
            _change(m.contribution_yen, say),
        ]
        for m in moves(document)[:10]
    ]
    return markup.table(head, rows, say("report.flows_caption"), words=2)


def _change(value: float | None, say: Words) -> str:
    return NOTHING if value is None else yen(value, say.language, signed=True)


def _measures(document: dict[str, Any], names: Sequence[str], titles: dict[str, str], say: Words) -> str:
    if "shift" not in document:
        rows = [
            [say.label(name), interval(document["measures"][name], document["measures"][name]["unit"], say.language)]
            for name in names
        ]
        return markup.table([say("ledgers.measure"), say("runs.value")], rows, say("report.measures_caption"))
    rows = []
    for name in names:
        found = document["measures"][name]
        levels = [figure(found[world]["mean"], found["unit"], say.language) for world in "ab"]
        difference = interval(found["difference"], found["unit"], say.language, signed=True)
        rows.append([say.label(name), *levels, difference])
    head = [say("ledgers.measure"), titles["a"], titles["b"], say("ledgers.difference")]
    return markup.table(head, rows, say("report.measures_caption"))
