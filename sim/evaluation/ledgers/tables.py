"""The books and the points of a run as tables on the terminal, in yen per replication."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from sim.evaluation.ledgers.points_document import BOTH
from sim.evaluation.ledgers.points_liability import PURSES, Liability, RollForward
from sim.evaluation.ledgers.siloed import OWNERS
from sim.evaluation.ledgers.waterfall import COMPANY, TOTAL

_WAYS = {
    "plain_yen": "all points outstanding, one yen each",
    "provision_yen": "those expected to be used (the ledger's provision)",
    "deferred_yen": "price of points deferred (ASBJ Guidance 30, example 22)",
    "released_yen": "  of that released by use",
    "contract_yen": "  contract liability",
}
_DEFINED = {
    "delivery": "what EC delivers",
    "and_home_pickup": "and what is ordered at home, collected in a store",
    "and_in_store": "and what is ordered on a screen in a store",
}


def print_ledgers(document: dict[str, Any]) -> None:
    """P/Ls, waterfalls, credit, EC-involved sales."""
    console = Console()
    console.print(_statement(document["statement"], f"{document['title']}: yen, {_basis(document)}"))
    console.print(_waterfall(document["waterfall"], "From the divisions' P/Ls to the company's contribution"))
    against = document["against"]
    if against is not None:
        console.print(_statement(against["statement"], f"Difference from {against['title']}, paired"))
        console.print(_waterfall(against["waterfall"], f"From {against['title']} to {document['title']}"))
    console.print(_credit(document))
    console.print(_involved(document["ec_involved"]))
    assistants = document["assistants"]
    orders, several = (assistants[key]["mean"] for key in ("orders", "orders_with_several"))
    console.print(
        f"Online orders with an assistant: {orders:,.0f}, {several:,.0f} of them with several (shared equally)."
    )


def print_points(document: dict[str, Any]) -> None:
    """Roll-forward by purse, and what is owed; two worlds side by side."""
    console, against = Console(), document["against"]
    worlds = [document] if against is None else [document, against]
    for world in worlds:
        use = "everywhere" if world["points_shared"] else "only in their own channel"
        table = Table("points", *PURSES, BOTH, title=f"{_name(world, worlds)}: roll-forward, usable {use}")
        for line in RollForward.__dataclass_fields__:
            row = world["roll_forward"]
            table.add_row(line.replace("_", " "), *(_yen(row[purse][line]) for purse in (*PURSES, BOTH)))
        console.print(table)
    breakage = document["breakage"]
    seen = breakage["observed"]["mean"]
    head = [_name(world, worlds) for world in worlds] + (["difference"] if against else [])
    table = Table("owed at the end [yen]", *head, title=f"Expected breakage now {breakage['now']:.1%}")
    for name in Liability.__dataclass_fields__:
        values = [world["liability"][name] for world in worlds] + ([against["difference"][name]] if against else [])
        table.add_row(_WAYS[name], *(_yen(value) for value in values))
    console.print(table)
    if seen is not None:
        console.print(f"Observed: {seen:.1%} of the points that ended had expired, the others had been used.")


def _name(world: dict[str, Any], worlds: list[dict[str, Any]]) -> str:
    """The title, with the run's hash where several worlds have it."""
    alike = sum(other["title"] == world["title"] for other in worlds) > 1
    return f"{world['title']} ({world['run'][-12:]})" if alike else str(world["title"])


def _statement(rows: list[dict[str, Any]], title: str) -> Table:
    table = Table("account", *OWNERS, COMPANY, title=title)
    for row in rows:
        if row["account"] == TOTAL:
            table.add_section()
        table.add_row(row["account"], *(_yen(row[owner]) for owner in (*OWNERS, COMPANY)))
    return table


def _waterfall(steps: list[dict[str, Any]], title: str) -> Table:
    table = Table("owner", "account", "yen", "so far", title=title)
    so_far = 0.0
    for step in steps:
        so_far = step["mean"] if step["account"] == TOTAL else so_far + step["mean"]
        table.add_row(step["owner"], step["account"], _yen(step), f"{so_far:,.0f}")
    return table


def _credit(document: dict[str, Any]) -> Table:
    sales = document["sales"]
    inflation = sales["inflation"]["mean"]
    factor = "-" if inflation is None else f"{inflation:.4f}"
    title = f"Sales that stand in whose books, and count for whose evaluation ({document['policy']}): factor {factor}"
    table = Table("whose", "accounting credit", "evaluation credit", title=title)
    for row in sales["credit"]:
        table.add_row(row["who"], _yen(row["accounting_yen"]), _yen(row["evaluation_yen"]))
    table.add_section()
    *_, twice, company = sales["claims"]
    table.add_row("counted twice", "", _yen(twice))
    table.add_row("company sales", _yen(company), _yen(company))
    return table


def _involved(document: dict[str, Any]) -> Table:
    share = document["of_company_sales"]["mean"]
    title = f"EC-involved sales: {share:.1%} of the company's; EC's share by what is said to be EC's"
    table = Table("EC is credited with", "yen added", "share of EC-involved sales", title=title)
    for (name, found), yen in zip(document["ec_share"].items(), document["yen"].values(), strict=True):
        table.add_row(_DEFINED[name], _yen(yen), "-" if found["mean"] is None else f"{found['mean']:.1%}")
    return table


def _yen(figure: dict[str, Any]) -> str:
    if figure["mean"] is None:
        return "-"
    half_width = figure["half_width"]
    return f"{figure['mean']:,.0f}" + (f" ± {half_width:,.0f}" if half_width else "")


def _basis(document: dict[str, Any]) -> str:
    return f"{document['days']} days, mean ± 95 % of {document['replications']} replication(s), {document['state']}"
