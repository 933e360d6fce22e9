"""Charts of `omo.drill/1` (promises beside what was seen) and `omo.conformance/1` (two sets of books)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dashboard.charts.chart import Chart, dot_chart
from dashboard.charts.dots import Dots, Series, Value
from dashboard.charts.palette import APP, INK_ON_LIGHT, LOST, NEUTRAL
from dashboard.charts.spoken import paragraph
from dashboard.words import Words

_MARKS: Final[dict[bool | None, tuple[str, str]]] = {True: ("✓", APP), False: ("✕", LOST), None: ("–", NEUTRAL)}


def drill_charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """The promises; and of a push checkout's latency at each pace, where the run counts."""
    found = [_promises(document, say)]
    if document["stages"] and document["valid"]:
        found.append(_stages(document, say))
    return found


def conformance_charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """Money by tender in both sets of books, and what leads from the core's stock to the world's."""
    return [_money(document, say), _stock(document, say)]


def promise_line(promise: Mapping[str, Any], say: Words) -> str:
    """A promise, what was promised and what was seen."""
    mark = say({True: "audit.kept", False: "audit.missed", None: "audit.not_judged"}[promise["kept"]])
    name = say.of_code("promise", promise["promise"], promise["promise"])
    promised, seen = promise_texts(promise, say)
    return f"{name}: {mark}. {say('audit.promised')}: {promised}. {say('audit.seen')}: {seen}"


def promise_texts(promise: Mapping[str, Any], say: Words) -> tuple[str, str]:
    """What was promised and what was seen; as the drill says it where its figures are not in the document by name."""
    promised, seen = (_in_words(kind, promise, say) for kind in ("promised", "seen"))
    return promised, seen


def _in_words(kind: str, promise: Mapping[str, Any], say: Words) -> str:
    figures = promise.get(f"{kind}_figures")
    pattern = "" if figures is None else say.of_code(kind, promise["promise"], "")
    return pattern.format(**figures) if pattern and figures is not None else str(promise[kind])


def drill_finding(document: Mapping[str, Any], say: Words) -> str:
    """How many promises were kept."""
    kept = [promise["kept"] for promise in document["promises"]]
    return say("audit.drill_finding", name=document["drill"], kept=kept.count(True), n=len(kept),
               open=kept.count(None))  # fmt: skip


def about(document: Mapping[str, Any], say: Words) -> str:
    """What happens in a drill."""
    return say.of_code("drill", document["drill"], document["about"])


def drill_basis(document: Mapping[str, Any], say: Words) -> str:
    """Scale, faults, and why nothing is said about time where the generator was late."""
    survived = document["faults_survived"].items()
    faults = ", ".join(f"{count} × {fault_name(name, say)}" for name, count in survived) or "–"
    told = say("audit.drill_basis", scale=f"{document['scale']:g}", faults=faults)
    return paragraph(say, told, *(say.reason(reason) for reason in document["reasons"]))


def fault_name(name: str, say: Words) -> str:
    """A fault, or what was survived of it, in words."""
    return say.of_code("fault", name, name.replace("_", " "))


def setting_name(key: str, say: Words) -> str:
    """A setting of a fault or of a replay, in words."""
    return say.of_code("setting", key, key.replace("_", " "))


def conformance_finding(document: Mapping[str, Any], say: Words) -> str:
    """Whether the two sets of books are the same."""
    figures = sum(document["compared"].values())
    if document["conforms"]:
        return say("audit.conforms", n=f"{figures:,}")
    return say("audit.differs", k=f"{document['differences_in_all']:,}", n=f"{figures:,}")


def _promises(document: dict[str, Any], say: Words) -> Chart:
    promises = document["promises"]

    def draw(sheet: Figure) -> None:
        axes = sheet.add_subplot()
        axes.set_axis_off()
        axes.set_xlim(0, 1)
        axes.set_ylim(len(promises), 0)
        for row, promise in enumerate(promises):
            _row(axes, row, promise, say)

    return Chart(
        name="promises",
        question=say("audit.drill_question", about=about(document, say)),
        answer=drill_finding(document, say),
        caption=drill_basis(document, say),
        figures=[promise_line(promise, say) for promise in promises],
        height_in=0.48 * len(promises),
        draw=draw,
    )


def _row(axes: Axes, row: int, promise: Mapping[str, Any], say: Words) -> None:
    mark, colour = _MARKS[promise["kept"]]
    axes.text(0.0, row + 0.45, mark, color=colour, fontsize=14, va="center")
    name = say.of_code("promise", promise["promise"], promise["promise"])
    axes.text(0.035, row + 0.28, name, fontsize=9.5, va="center", color=INK_ON_LIGHT)
    promised, seen = promise_texts(promise, say)
    told = f"{say('audit.promised')}: {promised}  ·  {say('audit.seen')}: {seen}"
    axes.text(0.035, row + 0.68, told, fontsize=8.5, va="center", color=INK_ON_LIGHT)
    axes.axhline(row + 1, color=NEUTRAL, linewidth=0.4, alpha=0.5)


def _stages(document: dict[str, Any], say: Words) -> Chart:
    stages = document["stages"]
    labels = [
        f"{_MARKS[stage['well']][0]} {say('audit.pace', per_s=format(stage['pushes_per_s'], ',.0f'))}"
        for stage in stages
    ]
    values = [Value(stage["p99_ms"]) for stage in stages]
    plot = Dots(labels, [Series("", values)], "number", axis=say("demand.p99_axis"))
    safe = document["safe_pushes_per_s"]
    answer = say("audit.safe_pace", per_s="–" if safe is None else f"{safe:,.0f}")
    return dot_chart("stages", plot, say, say("audit.stages_question"), answer, drill_basis(document, say))


def _money(document: dict[str, Any], say: Words) -> Chart:
    tenders = list(document["money"])
    series = [
        Series(say(f"audit.{side}"), [Value(document["money"][tender][side]["gross_yen"]) for tender in tenders])
        for side in ("core", "world")
    ]
    plot = Dots([say(f"player.brand_{tender}") for tender in tenders], series, "yen")
    return dot_chart("money", plot, say, say("audit.money_question", run=document["run"], day=document["day"]),
                      conformance_finding(document, say), conformance_basis(document, say))  # fmt: skip


def _stock(document: dict[str, Any], say: Words) -> Chart:
    stock = document["stock"]
    reasons = [say(f"audit.adjust_{reason}") for reason in stock["adjustments"]]
    labels = [say("audit.core"), *reasons, say("audit.world")]
    values = [stock["core"]["on_hand"], *(one["units"] for one in stock["adjustments"].values()),
              stock["world"]["on_hand"]]  # fmt: skip
    plot = Dots(labels, [Series("", [Value(value) for value in values])], "count", nothing=0.0)
    return dot_chart("stock", plot, say, say("audit.stock_question", run=document["run"], day=document["day"]),
                      conformance_finding(document, say), conformance_basis(document, say))  # fmt: skip


def conformance_basis(document: Mapping[str, Any], say: Words) -> str:
    """What was replayed."""
    told = {name: f"{document[name]:,}" for name in ("journeys", "orders", "requests")}
    return say("audit.conformance_basis", replication=document["replication"], **told)
