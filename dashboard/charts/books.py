"""Charts of `omo.ledgers/1` and `omo.points/1`: from the divisions' books to the company's, credit, points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from matplotlib.figure import Figure

from dashboard.charts import ladders
from dashboard.charts.chart import Chart, dot_chart
from dashboard.charts.dots import Dots, Series, told, value_of
from dashboard.charts.spoken import basis, paragraph
from dashboard.charts.steps import Step
from dashboard.words import Words

_SHARES: Final = ("delivery", "and_home_pickup", "and_in_store")
_ROLL: Final = ("opening", "issued", "used", "expired", "taken_back", "closing")
_LIABILITY: Final = ("plain_yen", "provision_yen", "contract_yen", "deferred_yen", "released_yen")
_DIVISIONS: Final = frozenset({"store", "ec", "unallocated", "company"})
_TOTAL: Final = "total"


def ledger_charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """Waterfalls of one world and between two, sales credit, EC's share by definition."""
    found = [_waterfall(document, say)]
    if document["against"] is not None:
        found.append(_change(document, say))
    return [*found, _credit(document, say), _ec_share(document, say)]


def point_charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """Both purses rolled forward, and what is owed by three ways of accounting."""
    return [_roll_forward(document, say), _liability(document, say)]


def _waterfall(document: dict[str, Any], say: Words) -> Chart:
    """From the stores' total over EC's accounts to the company's total."""
    rows = document["waterfall"]
    steps = [Step(row["account"], row["mean"], row["half_width"], row["account"] == _TOTAL) for row in rows]
    names = [_step_name(row, say) for row in rows]
    first, last = (told(value_of(rows[at]), "yen", say) for at in (0, -1))
    answer = say("plot_books.waterfall_answer", first=first, last=last)
    return _ladder("waterfall", steps, names, answer, document, say)


def _step_name(row: Mapping[str, Any], say: Words) -> str:
    owner, account = row["owner"], row["account"]
    division = say(f"ledgers.division_{owner}")
    return division if account == _TOTAL else f"{division}: {say(f'account.{account}')}"


def _change(document: dict[str, Any], say: Words) -> Chart:
    """The company's change from the other world's contribution to this one's, account by account."""
    against = document["against"]
    before, *rows, after = against["waterfall"]
    total = next(row["company"] for row in against["statement"] if row["account"] == _TOTAL)
    steps = [Step(row["account"], row["mean"], row["half_width"]) for row in rows]
    steps.append(Step(_TOTAL, total["mean"], total["half_width"], is_total=True))
    accounts = [row["account"] for row in rows]
    names = [*(say(f"account.{account}") for account in accounts), say("ledgers.division_company")]
    first, last = (told(value_of(row), "yen", say) for row in (before, after))
    answer = say("plot_books.change_answer", first=first, last=last)
    return _ladder("change", steps, names, answer, document, say)


def _ladder(
    name: str, steps: Sequence[Step], names: Sequence[str], answer: str, document: dict[str, Any], say: Words
) -> Chart:
    before = document["against"]["title"] if document["against"] else ""
    titles = {"title": say.title(document["title"]), "before": say.title(before)}
    return Chart(
        name=name,
        question=say(f"plot_books.{name}", **titles),
        answer=answer,
        caption=paragraph(say, say("plot_books.waterfall_caption"), basis(document, say)),
        figures=ladders.figures(steps, names, say),
        height_in=ladders.height_in(steps),
        draw=lambda figure: ladders.draw(figure.add_subplot(), steps, names, say),
    )


def _credit(document: dict[str, Any], say: Words) -> Chart:
    """Whose P/L has a sale, and whose evaluation counts it."""
    sales = document["sales"]
    labels = [_who(row["who"], say) for row in sales["credit"]]
    series = [
        Series(say(f"plot_books.{kind}"), [value_of(row[f"{kind}_yen"]) for row in sales["credit"]])
        for kind in ("accounting", "evaluation")
    ]
    counted = told(value_of(sales["counted_twice_yen"]), "yen", say)
    share = told(value_of({"mean": sales["inflation"]["mean"] - 1, "half_width": None}), "share", say)
    answer = say("plot_books.credit_answer", counted=counted, share=share)
    caption = paragraph(say, say("plot_books.credit_caption"), basis(document, say))
    return dot_chart("credit", Dots(labels, series, "yen"), say, say("plot_books.credit"), answer, caption)


def _who(who: str, say: Words) -> str:
    if who == "no_store":
        return say("plot_books.no_store")
    return say(f"ledgers.division_{who}") if who in _DIVISIONS else who


def _ec_share(document: dict[str, Any], say: Words) -> Chart:
    found = document["ec_involved"]["ec_share"]
    values = [value_of(found[name]) for name in _SHARES]
    labels = [say(f"plot_books.share_{name}") for name in _SHARES]
    low, high = (told(values[at], "share", say) for at in (0, -1))
    caption = paragraph(say, say("plot_books.ec_share_caption"), basis(document, say))
    answer = say("plot_books.ec_share_answer", low=low, high=high)
    plot = Dots(labels, [Series("", values)], "share")
    return dot_chart("ec-share", plot, say, say("plot_books.ec_share"), answer, caption)


def _roll_forward(document: dict[str, Any], say: Words) -> Chart:
    names = [say(f"plot_points.{line}") for line in _ROLL]
    panels = []
    for purse in ("store", "ec"):
        found = document["roll_forward"][purse]
        totals = ("opening", "closing")
        steps = [Step(line, found[line]["mean"], found[line]["half_width"], line in totals) for line in _ROLL]
        panels.append((say(f"plot_points.{purse}"), steps))

    def draw(figure: Figure) -> None:
        grid = figure.subplots(1, 2, sharey=True)
        for at, (axes, (title, steps)) in enumerate(zip(grid, panels, strict=True)):
            ladders.draw(axes, steps, names, say)
            axes.set_title(title, fontsize=9.5, loc="left")
            axes.tick_params(labelleft=at == 0)

    both = document["roll_forward"]["both"]
    ends = {line: told(value_of(both[line]), "yen", say) for line in ("opening", "closing")}
    return Chart(
        name="roll-forward",
        question=say("plot_points.roll_forward"),
        answer=say("plot_points.roll_forward_answer", **ends),
        caption=paragraph(say, say("plot_points.roll_forward_caption"), basis(document, say)),
        figures=[f"{title}, {line}" for title, steps in panels for line in ladders.figures(steps, names, say)],
        height_in=ladders.height_in(panels[0][1]) + 0.25,
        draw=draw,
    )


def _liability(document: dict[str, Any], say: Words) -> Chart:
    against = document["against"]
    labels = [say(f"plot_points.{name}") for name in _LIABILITY]
    here = Series(say.title(document["title"]), [value_of(document["liability"][name]) for name in _LIABILITY])
    series = [here]
    if against is not None:
        series.append(Series(say.title(against["title"]), [value_of(against["liability"][n]) for n in _LIABILITY]))
    plain, contract = (told(here.values[at], "yen", say) for at in (0, 2))
    breakage = document["breakage"]
    shares = {"at_issue": f"{100 * breakage['at_issue']:g} %", "now": f"{100 * breakage['now']:g} %"}
    observed = told(value_of(breakage["observed"]), "share", say)
    caption = paragraph(say, say("plot_points.liability_caption", observed=observed, **shares), basis(document, say))
    answer = say("plot_points.liability_answer", plain=plain, contract=contract)
    return dot_chart("liability", Dots(labels, series, "yen"), say, say("plot_points.liability"), answer, caption)
