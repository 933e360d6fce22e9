"""Policies: which way of paying staff leaves the company most, what staff did under each, and how to divide a sale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import streamlit as st

from dashboard import asking, document_figures, kept, launch, page
from dashboard.amounts import number_of, roughly, whole, yen
from dashboard.charts import congruence, page_curves, policies, sweeps
from dashboard.charts.dots import Dots, Series, value_of
from dashboard.charts.palette import DIVISION
from dashboard.charts.spoken import named, paragraph
from dashboard.launch import Plan
from dashboard.words import Words
from scenarios.errors import OmoError
from scenarios.evaluation import POLICIES

_OFFERED: Final = ("fixed_wage", "siloed_pl", "commission", "home_store", "company_ltv", "incremental")
_STAFF: Final = ("recommendation_rate", "recommendation_rate_stock_out", "deflect_rate")
_DEFAULTS: Final = {"best": 10, "sweep": 6, "congruence": 5}
_STEPS: Final = 6
_WEEK: Final = 7


def draw() -> None:
    """The page."""
    say = page.say()
    page.heading(say("page.policies"), say("policies.lead"))
    _question("best", (_board, _charts, _staff), say)
    _question("sweep", (_curves,), say)
    _question("congruence", (_stakes,), say)


def _question(kind: str, parts: Sequence[Callable[[dict[str, Any], Words], None]], say: Words) -> None:
    """The answer to one kind of question, if a document has it, and the form to ask it."""
    page.section(say(f"policies.{kind}"), say(f"policies.{kind}_what"))
    one = document_figures.chosen(kind, kept.answers(page.root(), kind), say("policies.document"), say)
    if one is None:
        page.notice("empty", say(f"policies.no_{kind}"), say("policies.nothing_what", root=page.root()), say)
        _ask(kind, say)
        return
    document_figures.partial(one.document, say)
    try:
        for part in parts:
            part(one.document, say)
    except (KeyError, TypeError, ValueError) as error:
        page.notice("failed", say("documents.unreadable"), f"{one.name}: {type(error).__name__}: {error}", say)
    with st.expander(say("policies.ask_again"), icon=":material/replay:"):
        _ask(kind, say)


def _charts(document: dict[str, Any], say: Words) -> None:
    charts = {chart.name: chart for chart in policies.charts(document, say)}
    basis = paragraph(say, page.basis_of(document | {"replications": _replications(document)}, say),
                      say("policies.from", baseline=named("policy", document["baseline"], say)))  # fmt: skip
    gains = charts["gains"]
    document_figures.show_dots(
        "gains", gains.panels[0][1], say, finding=gains.answer, definition=gains.question,
        basis=paragraph(say, basis, say("plot.filled"), say("policies.early")),
    )  # fmt: skip
    books = charts["books"]
    plots = [(owner, plot.series[0].values) for owner, plot in books.panels]
    together = Dots(books.panels[0][1].labels, [Series(owner, values) for owner, values in plots], "yen", signed=True)
    document_figures.show_dots(
        "books", together, say, colours=[DIVISION[owner] for owner in ("store", "ec", "company")],
        finding=books.answer, definition=books.question, basis=paragraph(say, basis, say("plot.filled")),
    )  # fmt: skip
    for name in ("regret", "confirmation"):
        if name in charts:
            document_figures.show(name, charts[name], say)


def _board(document: dict[str, Any], say: Words) -> None:
    """The sentence for the board, in its language; the document has it in English."""
    board = document["board"]
    names = {key: named("policy", board[key], say) for key in ("policy", "baseline")}
    if board["policy"] == board["baseline"]:
        sentences = [say("policies.board_none", **names)]
    else:
        found = board["differences"]
        company = found["contribution_yen"]
        mean, half_width = company["mean"], company["half_width"]
        amounts = {name: yen(found[f"{name}_pl_yen"]["mean"], say.language, signed=True) for name in ("store", "ec")}
        amounts["company"] = yen(mean, say.language, signed=True)
        sentences = [say("policies.board", days=board["days"], **names, **amounts)]
        if half_width is None:
            sentences.append(say("policies.board_one"))
        else:
            low, high = (yen(mean + side * half_width, say.language, signed=True) for side in (-1, 1))
            basis = say("policies.fresh" if document["confirmation"] is not None else "policies.selected")
            sentences.append(say("policies.board_interval", low=low, high=high, n=company["n"], basis=basis))
            if abs(mean) <= half_width:
                sentences.append(say("policies.board_open"))
        if "ltv_yen" in found:
            sentences.append(say("policies.board_ltv", ltv=yen(found["ltv_yen"]["mean"], say.language, signed=True)))
    with st.container(border=True, key="board"):
        st.caption(say("policies.for_the_board"))
        st.markdown(f"#### {whole(sentences[0])}")
        st.markdown(whole(paragraph(say, *sentences[1:])))


def _staff(document: dict[str, Any], say: Words) -> None:
    """How often staff recommend and deflect under each policy."""
    entries = document["policies"]
    # A document of an earlier version has fewer measures.
    measures = [name for name in _STAFF if all(name in entry["measures"] for entry in entries)]
    if _STAFF[0] not in measures:
        return
    labels = [named("policy", entry["policy"], say) for entry in entries]
    series = [
        Series(say(f"policies.did_{name}"), [value_of(entry["measures"][name]) for entry in entries])
        for name in measures
    ]
    rates = [entry["measures"]["recommendation_rate"]["mean"] for entry in entries]
    most, least = rates.index(max(rates)), rates.index(min(rates))
    answer = say(
        "policies.staff_answer",
        most=labels[most], most_rate=f"{100 * rates[most]:.1f} %",
        least=labels[least], least_rate=f"{100 * rates[least]:.1f} %",
    )  # fmt: skip
    document_figures.show_dots(
        "staff", Dots(labels, series, "share"), say, finding=answer, definition=say("policies.staff"),
        basis=page.basis_of(document | {"replications": _replications(document)}, say),
    )  # fmt: skip


def _replications(document: dict[str, Any]) -> str:
    """How many the policies have: those that were given up early have fewer."""
    n = {entry["n"] for entry in document["policies"]}
    return f"{min(n)}–{max(n)}" if len(n) > 1 else str(min(n))


def _curves(document: dict[str, Any], say: Words) -> None:
    for chart in sweeps.sweep_charts(document, say):
        if chart.name != "curve":
            document_figures.show(chart.name, chart, say)
            continue
        lines = [line.rpartition(": ")[::2] for line in chart.figures]
        rows = page_curves.curve_rows(document)
        page.figure(
            "curve", page_curves.curve(document, say, page.ink()), say,
            finding=chart.answer, definition=chart.question, basis=chart.caption,
            head=[say("policies.point"), say("ledgers.difference")], rows=lines,
            csv_head=["at", "mean", "low", "high"],
            csv_rows=[[row[key] for key in ("at", "mean", "low", "high")] for row in rows],
        )  # fmt: skip


def _stakes(document: dict[str, Any], say: Words) -> None:
    """On which share of the value that staff make or lose their pay points the company's way, under each policy."""
    (chart,) = congruence.charts(document, say)
    head = [say("policies.policy"), say("policies.pay")]
    head += [say(f"plot_congr.{kind}") for kind in ("agree", "against", "no_stake")]
    document_figures.show(
        "stakes", chart, say, drawn=page_curves.stakes(document, say, page.ink()), head=head,
        rows=page_curves.stakes_rows(document, say),
    )  # fmt: skip


def _ask(kind: str, say: Words) -> None:
    """The form of a question: scenario, length, replications, policies; what it costs, and the button."""
    root, default = page.root(), _DEFAULTS[kind]
    names = launch.scenarios_in(root)
    columns = st.columns([2, 1, 1])
    with columns[0]:
        scenario = page.pick(
            f"{kind}_of",
            say("policies.scenario"),
            names,
            lambda name: launch.name_of(name, say),
            names.index("ward-omo"),
        )
    with columns[1]:
        days = page.number(f"{kind}_days", say("policies.days"), 1, 3 * 365, 2 * _WEEK)
    with columns[2]:
        replications = page.number(f"{kind}_reps", say("run.replications"), 2, 100, default)
    chosen: list[str] = []
    if kind != "sweep":
        chosen = page.pick_several(
            f"{kind}_among", say("policies.among"), list(POLICIES), lambda name: named("policy", name, say), _OFFERED
        )
        if len(set(chosen) - {asking.BASELINE if kind == "best" else ""}) < (1 if kind == "best" else 2):
            page.notice("invalid", say("policies.too_few"), say("policies.too_few_what"), say)
            return
    try:
        plan = _plan(kind, scenario, chosen, days, replications, say)
    except OmoError as error:
        page.notice("invalid", say("scenario.invalid"), str(error), say)
        return
    _launch(kind, plan, say)


def _plan(kind: str, scenario: str, chosen: list[str], days: int, replications: int, say: Words) -> Plan:
    root = page.root()
    if kind == "best":
        return asking.best_policy(root, scenario, chosen, days, replications, say)
    if kind == "sweep":
        return asking.credit_curve(root, scenario, _STEPS, days, replications, say)
    return asking.stakes(root, scenario, chosen, days, replications, say)


def _launch(kind: str, plan: Plan, say: Words) -> None:
    root = page.root()
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(say(f"policies.start_{kind}"), key=f"start_{kind}", type="primary", icon=":material/play_arrow:"):
            launch.begin(root, plan)
            st.switch_page("app_pages/run.py", query_params={"lang": say.language})
        time = roughly(launch.seconds_for(root, plan.visits), say.language)
        st.caption(say("policies.cost", visits=number_of(round(plan.visits), say.language), time=time))
    st.code(" ".join(["omo", *plan.commands[0]]), language="bash", wrap_lines=True)


draw()
