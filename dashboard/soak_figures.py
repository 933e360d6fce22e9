"""Soaks as the pages show them: how far it got, every kill and its recovery, and what was survived."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import document_figures, page
from dashboard.amounts import count, seconds
from dashboard.charts import page_soak, soaks
from dashboard.charts.drills import fault_name
from dashboard.kept import Kept
from dashboard.words import Words


def soak_figures(found: Sequence[Kept], say: Words) -> None:
    """The soaks in the folder of the runs; nothing where there is none."""
    readable = {one.name: one for one in found if not one.problem}
    if not readable:
        return
    page.section(say("soak.title"), say("soak.what"))
    name = page.pick("soak", say("soak.choose"), list(readable), str) if len(readable) > 1 else next(iter(readable))
    document = readable[name].document
    if document["state"] != "complete":
        page.notice("partial", say("documents.partial"), say("soak.partial_what"), say,
                    commands=[_again(readable[name])])  # fmt: skip
    if document["clean"]:
        st.success(soaks.finding(document, say), icon=":material/verified:")
    else:
        page.notice("failed", soaks.finding(document, say), "\n".join(map(say.reason, document["problems"])), say)
    charts = {chart.name: chart for chart in soaks.charts(document, say)}
    killed = soaks.kills(document)
    progress = charts.pop("progress")
    page.figure(
        "soak-progress", page_soak.progress(document, say, page.ink()), say,
        finding=progress.answer, definition=progress.question, basis=progress.caption,
        head=[say("audit.fault"), say("soak.seconds"), say("soak.journeys"), say("soak.recovery_axis")],
        rows=[[fault_name(fault["action"], say), f"{fault['began_s']:,.1f}",
               count(fault["settings"]["after_payments"]),
               seconds(fault["ended_s"] - fault["began_s"], say.language)] for fault in killed],
        csv_head=["fault", "began_s", "ended_s", "after_payments", "outcome"],
        csv_rows=[[fault["action"], fault["began_s"], fault["ended_s"], fault["settings"]["after_payments"],
                   fault["outcome"]] for fault in killed],
    )  # fmt: skip
    for name, chart in charts.items():
        document_figures.show(f"soak-{name}", chart, say)


def _again(soak: Kept) -> str:
    """The command that goes on with it."""
    asked = soak.document
    return f"omo soak --payments {asked['payments']} --kills {asked['kills']} --out {soak.path.parent}"
