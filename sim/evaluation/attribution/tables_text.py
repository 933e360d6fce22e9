"""Attribution documents as tables on the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from sim.evaluation.attribution.every_rule import LABELS
from sim.evaluation.tables_text import interval, number


def print_file(document: dict[str, Any]) -> None:
    """A user's own file: each channel's share of conversions by every rule, and the removal effects."""
    console = Console(highlight=False)
    rules, markov = document["rules"], document["markov"]
    counts = f"{document['conversions']:,g} conversions"
    if document["nulls"] is not None:
        counts += f", {document['nulls']:,g} paths without"
    if document["value"] is not None:
        counts += f", value {document['value']:,.0f}"
    table = Table("share of conversions", title=f"{document['file']}: {counts}")
    for rule in rules:
        table.add_column(LABELS[rule], justify="right")
    table.add_column(f"removal effect, order {markov['order']}", justify="right")
    for channel in document["channels"]:
        cells = [number(credits[channel]["share"], "share") for credits in rules.values()]
        table.add_row(channel, *cells, f"{markov['removal_effects'][channel]:.3f}")
    console.print(table)
    for note in document["notes"]:
        console.print(note)
    console.print(
        "Shapley on counts is linear attribution over unique channels. No rule knows what would have been sold"
    )
    console.print("without a channel: omo attribution ward-omo puts the rules beside that truth in a simulated town.")


def print_judged(document: dict[str, Any]) -> None:
    """The twin: what each rule credits beside the true effects, then how wrong each rule is and what it costs."""
    console = Console(highlight=False)
    view = document["company_view"]
    linked = number(view["linked_share_of_revenue"], "share")
    console.print(
        f"{document['title']}: {document['replications']} replications, {document['days']} days. The company sees "
        f"{view['paths']:,.0f} paths and {view['conversions']:,.0f} sales; for {linked} of the yen it can see what "
        "came before."
    )
    console.print(_effects_table(document))
    console.print(_scores_table(document))
    console.print("A ? marks a sign error within the noise: the effect's interval covers zero.")
    console.print(_verdict(document))


def _effects_table(document: dict[str, Any]) -> Table:
    truth = document["truth"]
    table = Table("touch", title="Credit by rule (thousand yen of net revenue) beside the true effects ± 95 %")
    for rule in document["rules"]:
        table.add_column(LABELS[rule], justify="right")
    for heading in ("true: Shapley", "true: without it", "true: contribution, Shapley"):
        table.add_column(heading, justify="right")
    for touch, described in document["touches"].items():
        credit = [number(rule["credit_yen"][touch]["mean"], "yen") for rule in document["rules"].values()]
        if described["key"] is None:
            table.add_row(described["label"], *credit, "-", "-", "-")
            continue
        revenue, gain = (truth[outcome]["touches"][touch] for outcome in ("net_revenue_yen", "contribution_yen"))
        effects = (revenue["shapley"], revenue["leave_one_out"], gain["shapley"])
        table.add_row(described["label"], *credit, *(interval(effect, "yen", signed=True) for effect in effects))
    return table


def _scores_table(document: dict[str, Any]) -> Table:
    table = Table(
        "rule",
        "of sales, to these touches",
        "share error",
        "rank (tau)",
        "rank in contribution",
        "sign errors in contribution",
        "regret: keep the best one",
        "regret: cut the last one",
        "regret: keep what has credit",
        title="Each rule against the Shapley values of net revenue; regret in contribution",
    )
    for rule, found in document["rules"].items():
        revenue, gain = (found["scores"][outcome]["shapley"] for outcome in ("net_revenue_yen", "contribution_yen"))
        decisions = found["decisions"]
        regrets = [decisions[at]["regret_yen"] for at in (0, max(len(decisions) - 2, 0), -1)]
        table.add_row(
            LABELS[rule],
            number(found["share_of_sales"], "share"),
            _decimal(revenue["share_error"]),
            _decimal(revenue["kendall_tau"], signed=True),
            _decimal(gain["kendall_tau"], signed=True),
            ", ".join(error["touch"] + ("" if error["certain"] else "?") for error in gain["sign_errors"]) or "none",
            *(interval(regret, "yen") for regret in regrets),
        )
    return table


def _decimal(value: float | None, signed: bool = False) -> str:
    return "-" if value is None else f"{value:{'+' if signed else ''}.2f}"


def _verdict(document: dict[str, Any]) -> str:
    truth, sales_yen = document["truth"]["net_revenue_yen"], document["company_view"]["net_revenue_yen"]
    shares = [rule["share_of_sales"] for rule in document["rules"].values()]
    return (
        f"Without any of these touches the company would sell {interval(truth['total'], 'yen')} yen less: "
        f"{number(truth['total']['mean'] / sales_yen, 'share')} of its sales. The rules credit them with "
        f"{number(min(shares), 'share')} to {number(max(shares), 'share')}. Leave-one-out effects sum to "
        f"{number(truth['sums']['leave_one_out'], 'yen', signed=True)}, Shapley values to the total."
    )
