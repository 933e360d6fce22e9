"""Charts of `omo.best/1`: gains after and before bonus, three books side by side, confirmation, regret."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from matplotlib.figure import Figure

from dashboard.amounts import yen
from dashboard.charts import dots
from dashboard.charts.chart import Chart, dot_chart
from dashboard.charts.dots import Dots, Series, Value, told, value_of
from dashboard.charts.grids import Grid, draw_grid
from dashboard.charts.spoken import basis, named, paragraph
from dashboard.words import Words

GAIN: Final = "contribution_yen"
BEFORE_BONUS: Final = "contribution_before_bonus_yen"
_STATUS: Final = {"best": "*", "contender": "o", "eliminated": "X"}
_BOOKS: Final = (("store", "store_pl_yen"), ("ec", "ec_pl_yen"), ("company", GAIN))


def charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """All charts that the document has figures for."""
    found = [_gains(document, say), _books(document, say)]
    if document["confirmation"] is not None:
        found.append(_confirmation(document, say))
    found.append(_states(document, say) if document["states"] else _regret(document, say))
    return found


def _gains(document: dict[str, Any], say: Words) -> Chart:
    entries = document["policies"]
    standing = {entry["policy"]: entry["status"] for entry in entries}
    labels = [f"{named('policy', policy, say)} ({say(f'plot_best.{status}')})" for policy, status in standing.items()]
    after = [value_of(_difference(entry, GAIN), _STATUS[entry["status"]]) for entry in entries]
    before = [value_of(_difference(entry, BEFORE_BONUS)) for entry in entries]
    series = [Series(say("plot_best.after_bonus"), after), Series(say("plot_best.before_bonus"), before)]
    plot = Dots(labels, series, "yen", signed=True)
    return _dots_chart("gains", plot, _gains_answer(document, say), document, say)


def _gains_answer(document: dict[str, Any], say: Words) -> str:
    best, baseline = document["best"], document["baseline"]
    rest = [policy for policy in document["contenders"] if policy != best]
    texts = {"best": named("policy", best, say), "baseline": named("policy", baseline, say)}
    if best == baseline:
        answer = say("plot_best.gains_baseline", **texts)
    else:
        entry = next(entry for entry in document["policies"] if entry["policy"] == best)
        gain = told(value_of(_difference(entry, GAIN)), "yen", say, signed=True)
        answer = say("plot_best.gains_answer", gain=gain, days=document["days"], **texts)
    if rest and not document["decided"]:
        others = say("plot.and").join(named("policy", policy, say) for policy in rest)
        return paragraph(say, answer, say("plot_best.gains_open", others=others))
    return answer


def _books(document: dict[str, Any], say: Words) -> Chart:
    """Store P/L, EC P/L and company, each with its own axis: whom each division would choose."""
    entries = document["policies"]
    labels = [named("policy", entry["policy"], say) for entry in entries]
    panels = []
    for owner, name in _BOOKS:
        means = [entry["measures"][name]["difference"]["mean"] for entry in entries]
        top = means.index(max(means))
        values = [value_of(_difference(e, name), "*" if i == top else None) for i, e in enumerate(entries)]
        panels.append((say(f"ledgers.division_{owner}"), labels[top], Dots(labels, [Series("", values)], "yen", True)))

    def draw(figure: Figure) -> None:
        grid = figure.subplots(1, len(panels), sharey=True)
        for at, (axes, (owner, _, plot)) in enumerate(zip(grid, panels, strict=True)):
            dots.draw(axes, plot, say, beside=False, names=at == 0)
            axes.set_title(owner, fontsize=10, loc="left")
        grid[0].set_yticks(range(len(labels)), labels)

    store, ec, company = (top for _, top, _ in panels)
    return Chart(
        name="books",
        question=say("plot_best.books"),
        answer=say("plot_best.books_answer", store=store, ec=ec, company=company),
        caption=_caption(document, say, say("plot_best.books_caption")),
        figures=[f"{owner}, {line}" for owner, _, plot in panels for line in dots.figures(plot, say)],
        height_in=0.42 * len(labels) + 0.9,
        draw=draw,
        panels=[(owner, plot) for owner, _, plot in panels],
    )


def _confirmation(document: dict[str, Any], say: Words) -> Chart:
    found = document["confirmation"]
    labels = [say("plot_best.against", policy=named("policy", lead["against"], say)) for lead in found["leads"]]
    series = [
        Series(say(f"plot_best.{kind}"), [value_of(lead[kind]) for lead in found["leads"]])
        for kind in ("selected", "confirmed", "winners_curse")
    ]
    first = found["leads"][0]
    confirmed = value_of(first["confirmed"])
    kind = "confirmation_holds" if confirmed.settled and (confirmed.mean or 0) > 0 else "confirmation_open"
    answer = say(
        f"plot_best.{kind}",
        best=named("policy", document["best"], say),
        against=named("policy", first["against"], say),
        lead=told(confirmed, "yen", say, signed=True),
    )
    extra = say("plot_best.confirmation_caption", seed=found["seed"], n=found["n"])
    return _dots_chart("confirmation", Dots(labels, series, "yen", True), answer, document, say, extra)


def _regret(document: dict[str, Any], say: Words) -> Chart:
    entries = sorted(document["policies"], key=lambda entry: float(entry["regret"]["mean"]))
    labels = [named("policy", entry["policy"], say) for entry in entries]
    series = [
        Series(say("plot_best.regret_mean"), [value_of(entry["regret"]) for entry in entries]),
        Series(say("plot_best.regret_worst"), [Value(entry["regret"]["worst"]) for entry in entries]),
    ]
    last = entries[-1]
    answer = say(
        "plot_best.regret_answer",
        least=labels[0],
        mean=yen(entries[0]["regret"]["mean"], say.language),
        most=labels[-1],
        lost=yen(last["regret"]["mean"], say.language),
    )
    n = last["regret"]["n"]
    caption = paragraph(say, say("plot_best.regret_caption", n=n), basis(document, say, n))
    return dot_chart("regret", Dots(labels, series, "yen"), say, say("plot_best.regret"), answer, caption)


def _states(document: dict[str, Any], say: Words) -> Chart:
    """Regret by policy and state of nature as a table; the row whose largest regret is least is marked."""
    found = document["states"]
    entries = sorted(found["policies"], key=lambda entry: float(entry["largest_regret_yen"]))
    names = found["names"]
    grid = Grid(
        rows=[_marked(entry["policy"], found["minimax_regret"], say) for entry in entries],
        columns=[*names, say("plot_best.largest")],
        values=[[*(entry["regret_yen"][name] for name in names), entry["largest_regret_yen"]] for entry in entries],
        unit="yen",
    )
    chosen = next(entry for entry in entries if entry["policy"] == found["minimax_regret"])
    answer = say(
        "plot_best.states_answer",
        policy=named("policy", chosen["policy"], say),
        regret=yen(chosen["largest_regret_yen"], say.language),
        won=f"{100 * chosen['resamples_won']:.0f} %",
    )
    return Chart(
        name="regret",
        question=say("plot_best.states"),
        answer=answer,
        caption=say("plot_best.states_caption", n=found["n"], seed=document["seed"], days=document["days"]),
        figures=grid.figures(say),
        height_in=0.34 * len(entries) + 0.8,
        draw=lambda figure: draw_grid(figure.add_subplot(), grid, say),
        grid=grid,
    )


def _marked(policy: str, chosen: str, say: Words) -> str:
    name = named("policy", policy, say)
    return f"→ {name}" if policy == chosen else name


def _dots_chart(
    name: str, plot: Dots, answer: str, document: dict[str, Any], say: Words, extra: str | None = None
) -> Chart:
    caption = _caption(document, say, say("plot_best.gains_caption") if extra is None else extra)
    return dot_chart(name, plot, say, say(f"plot_best.{name}"), answer, caption)


def _caption(document: dict[str, Any], say: Words, extra: str) -> str:
    n = [entry["n"] for entry in document["policies"]]
    baseline = say("plot_best.baseline", baseline=named("policy", document["baseline"], say))
    return paragraph(say, basis(document, say, _range(n)), baseline, extra)


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low}–{high}"


def _difference(entry: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = entry["measures"][name]["difference"]
    return found
