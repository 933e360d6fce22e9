"""Charts of `omo.soak/1`: payments over the time with every kill, how long each recovery took, what was survived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dashboard.amounts import count, seconds
from dashboard.charts.chart import Chart, dot_chart
from dashboard.charts.dots import Dots, Series, Value, above, number_axis
from dashboard.charts.drills import fault_name
from dashboard.charts.palette import EC, LOST, NEUTRAL, STORE
from dashboard.charts.spoken import paragraph
from dashboard.words import Words

LOOKS: Final[dict[str, tuple[str, str]]] = {"kill_core": ("X", LOST), "kill_postgres": ("D", STORE)}
"""Marker and colour of what is killed."""


def charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """All charts that the document has figures for."""
    found = [_progress(document, say)]
    if kills(document):
        found.append(_recoveries(document, say))
    if document["survived"]:
        found.append(_survived(document, say))
    return found


def finding(document: Mapping[str, Any], say: Words) -> str:
    """How many journeys were paid, and whether the books are clean."""
    told = {name: count(document[name]) for name in ("done", "captured", "refused", "given_up")}
    clean = say("soak.clean") if document["clean"] else say("soak.not_clean", laws=", ".join(document["broken"]) or "–")
    return paragraph(say, say("soak.finding", **told), clean)


def basis(document: Mapping[str, Any], say: Words) -> str:
    """How much was asked for, and that a closed loop paid."""
    told = {"payments": count(document["payments"]), "sessions": document["sessions"]}
    time = seconds(document["seconds"], say.language)
    asked = say("soak.basis", kills=document["kills"], time=time, **told)
    return paragraph(say, asked, *map(say.reason, document["problems"]))


def kills(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The kills that were carried out, those that failed too, in order of time."""
    begun = [fault for fault in document["faults"] if fault["began_s"] is not None and fault["ended_s"] is not None]
    return sorted(begun, key=lambda fault: float(fault["began_s"]))


def progress(document: Mapping[str, Any]) -> list[tuple[float, int]]:
    """Second and journeys that had ended by then: at the start, at each kill, at the end; between them is not known."""
    at_kills = {float(fault["began_s"]): int(fault["settings"]["after_payments"]) for fault in kills(document)}
    return [(0.0, 0), *sorted(at_kills.items()), (float(document["seconds"]), int(document["done"]))]


def _progress(document: dict[str, Any], say: Words) -> Chart:
    points, killed = progress(document), kills(document)

    def draw(sheet: Figure) -> None:
        axes = sheet.add_subplot()
        x, y = zip(*points, strict=True)
        axes.plot(x, y, ":", color=EC, linewidth=1.6, label=say("soak.ended"))
        for action in dict.fromkeys(fault["action"] for fault in killed):
            _marks(axes, action, killed, say)
        axes.set_xlabel(say("soak.seconds"))
        axes.set_ylabel(say("soak.journeys"))
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        for axis in (axes.xaxis, axes.yaxis):
            number_axis(axis)
        axes.grid(axis="y", color=NEUTRAL, linewidth=0.5, alpha=0.3)
        above(axes, 3)

    figures = [f"{fault_name(fault['action'], say)}: {_moment(fault, say)}" for fault in killed]
    figures.append(say("soak.at_the_end", time=seconds(points[-1][0], say.language), done=count(points[-1][1])))
    return Chart(
        name="progress",
        question=say("soak.progress"),
        answer=finding(document, say),
        caption=paragraph(say, say("soak.progress_caption"), basis(document, say)),
        figures=figures,
        height_in=2.9,
        draw=draw,
    )


def _marks(axes: Axes, action: str, killed: list[Mapping[str, Any]], say: Words) -> None:
    marker, colour = LOOKS.get(action, ("o", NEUTRAL))
    of_action = [fault for fault in killed if fault["action"] == action]
    x = [fault["began_s"] for fault in of_action]
    y = [fault["settings"]["after_payments"] for fault in of_action]
    axes.plot(x, y, marker, color=colour, markersize=7, label=fault_name(action, say), zorder=5)


def _moment(fault: Mapping[str, Any], say: Words) -> str:
    """When a kill was: second and journeys."""
    after = count(fault["settings"]["after_payments"])
    return say("soak.moment", time=seconds(fault["began_s"], say.language), after=after)


def _recoveries(document: dict[str, Any], say: Words) -> Chart:
    killed = kills(document)
    labels = [f"{number}. {fault_name(fault['action'], say)}" for number, fault in enumerate(killed, 1)]
    values = [
        Value(fault["ended_s"] - fault["began_s"], marker=LOOKS.get(fault["action"], ("o", ""))[0]) for fault in killed
    ]
    plot = Dots(labels, [Series("", values)], "s", axis=say("soak.recovery_axis"))
    longest = ", ".join(
        f"{fault_name(action, say)} {seconds(longest_s, say.language)}"
        for action, longest_s in document["recovery_s"].items()
    )
    answer = say("soak.recoveries_answer", n=len(killed), longest=longest)
    return dot_chart("recoveries", plot, say, say("soak.recoveries"), answer, basis(document, say))


def _survived(document: dict[str, Any], say: Words) -> Chart:
    survived = document["survived"]
    labels = [fault_name(name, say) for name in survived]
    plot = Dots(labels, [Series("", [Value(float(times)) for times in survived.values()])], "count",
                axis=say("soak.times"))  # fmt: skip
    most = max(survived, key=lambda name: int(survived[name]))
    answer = say("soak.survived_answer", name=fault_name(most, say), n=count(survived[most]))
    return dot_chart("survived", plot, say, say("soak.survived"), answer, basis(document, say))
