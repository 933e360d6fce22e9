"""Waterfall and Sankey in Plotly."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any, Final

import plotly.graph_objects as go

from dashboard.amounts import Scale, count, scale_of, yen
from dashboard.charts.palette import APP, COMPANY, DIVISION, LOST, NEUTRAL, OUTCOME, paper_of, translucent
from dashboard.charts.steps import Move, Step
from dashboard.words import Language, Words

_UPRIGHT: Final = 4
"""Bars that can stand beside each other on a phone with their names and figures; more lie below each other."""
_NAME_LETTERS: Final[dict[Language, int]] = {"en": 15, "ja": 8}
"""Of a line of a name beside a bar that lies."""


def waterfall(steps: Sequence[Step], names: Sequence[str], say: Words, font: str, ink: str) -> Any:
    """Bars from one step to the next, each labelled with its signed amount; the total has a pattern of its own.

    An amount stands below a bar that goes down, but above it where the zero line would strike it through.
    """
    scale = scale_of([step.change_yen for step in steps], "yen", say.language)
    amounts = [yen(step.change_yen, say.language, signed=True) for step in steps]
    base, bottoms = 0.0, []
    for step in steps:
        bottoms.append(0.0 if step.is_total else base)
        base += 0.0 if step.is_total else step.change_yen
    if len(steps) > _UPRIGHT:
        return _lying(steps, [bottom / scale.divisor for bottom in bottoms], names, scale, say, font, ink)
    figure = go.Figure(
        go.Bar(
            x=list(names),
            y=[step.change_yen / scale.divisor for step in steps],
            base=[bottom / scale.divisor for bottom in bottoms],
            text=amounts,
            textposition="none",
            marker={
                "color": [_colour(step) for step in steps],
                "pattern": {
                    "shape": ["/" if step.is_total else "" for step in steps],
                    "size": 6,
                    "fillmode": "replace",
                },
                "line": {"color": [_colour(step) for step in steps], "width": 1},
            },
            hovertemplate="%{x}<br>%{text}<extra></extra>",
        )
    )
    tops = [b + max(s.change_yen, 0) for b, s in zip(bottoms, steps, strict=True)]
    lows = [b + min(s.change_yen, 0) for b, s in zip(bottoms, steps, strict=True)]
    margin = 0.14 * ((max(tops) - min(*lows, 0)) or 1)
    gap = margin / 12
    under = [step.change_yen < 0 and not 0 <= low < margin for step, low in zip(steps, lows, strict=True)]
    figure.add_scatter(
        x=list(names),
        y=[
            (low - gap if below else top + gap) / scale.divisor
            for low, top, below in zip(lows, tops, under, strict=True)
        ],
        text=amounts,
        mode="text",
        textposition=["bottom center" if below else "top center" for below in under],
        textfont={"color": ink, "size": 14},
        cliponaxis=False,
        hoverinfo="skip",
    )
    figure.update_yaxes(
        title={"text": scale.unit, "font": {"color": ink}},
        showgrid=False,
        tickformat=",",
        zeroline=True,
        zerolinewidth=1,
        zerolinecolor=NEUTRAL,
        range=[(min(*lows, 0) - margin) / scale.divisor, (max(*tops, 0) + margin) / scale.divisor],
    )
    return _laid_out(figure, font, ink, 380)


def _lying(
    steps: Sequence[Step], bottoms: Sequence[float], names: Sequence[str], scale: Scale, say: Words, font: str, ink: str
) -> Any:
    """Bars below each other, names in short lines to their left, amounts in a column to their right."""
    rows = list(range(len(steps)))
    amounts = [yen(step.change_yen, say.language, signed=True) for step in steps]
    colours = [_colour(step) for step in steps]
    patterns = ["/" if step.is_total else "" for step in steps]
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=[step.change_yen / scale.divisor for step in steps],
            y=rows,
            base=list(bottoms),
            text=amounts,
            textposition="none",
            customdata=list(names),
            marker={
                "color": colours,
                "pattern": {"shape": patterns, "size": 6, "fillmode": "replace"},
                "line": {"color": colours, "width": 1},
            },
            hovertemplate="%{customdata}<br>%{text}<extra></extra>",
        )
    )
    beside = {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 6, "showarrow": False}
    for row, amount in zip(rows, amounts, strict=True):
        figure.add_annotation(text=amount, y=row, font={"color": ink, "size": 13}, **beside)
    letters = _NAME_LETTERS[say.language]
    lines = ["<br>".join(wrap(name, letters)) for name in names]
    figure = _laid_out(figure, font, ink, 46 * len(rows) + 70)
    room = max(sum(9 if letter.isascii() else 13 for letter in amount) for amount in amounts)
    figure.update_layout(margin={"r": 12 + room}, bargap=0.35)
    figure.update_yaxes(tickvals=rows, ticktext=lines, autorange="reversed", showgrid=False, zeroline=False)
    figure.update_xaxes(
        title={"text": scale.unit, "standoff": 6, "font": {"color": ink}},
        tickformat=",",
        nticks=5,
        zeroline=True,
        zerolinewidth=1,
        zerolinecolor=NEUTRAL,
    )
    return figure


def sankey(moves: Sequence[Move], say: Words, font: str, ink: str) -> Any:
    """Needs that ended differently: left as in A, right as in B, coloured by the channel they left."""
    sources = list(dict.fromkeys(move.source for move in moves))
    targets = list(dict.fromkeys(move.target for move in moves))
    left = {name: i for i, name in enumerate(sources)}
    right = {name: len(sources) + i for i, name in enumerate(targets)}
    labels = [
        *(f"{say(f'outcome.{name}')} {count(sum(m.needs for m in moves if m.source == name))}" for name in sources),
        *(f"{say(f'outcome.{name}')} {count(sum(m.needs for m in moves if m.target == name))}" for name in targets),
    ]
    figure = go.Figure(
        go.Sankey(
            arrangement="snap",
            textfont={"color": ink, "size": 13, "shadow": ", ".join([f"0 0 2px {paper_of(ink)}"] * 4)},
            node={
                "label": labels,
                "color": [OUTCOME[name] for name in [*sources, *targets]],
                "pad": 14,
                "thickness": 14,
                "line": {"width": 0},
                "hovertemplate": "%{label}<extra></extra>",
            },
            link={
                "source": [left[move.source] for move in moves],
                "target": [right[move.target] for move in moves],
                "value": [move.needs for move in moves],
                "color": [translucent(OUTCOME[move.source], 0.34) for move in moves],
                "customdata": [
                    [
                        say(f"outcome.{move.source}"),
                        say(f"outcome.{move.target}"),
                        count(move.needs),
                        yen(move.contribution_yen, say.language, signed=True),
                    ]
                    for move in moves
                ],
                "hovertemplate": "%{customdata[0]} → %{customdata[1]}<br>%{customdata[2]}<br>%{customdata[3]}"
                "<extra></extra>",
            },
        )
    )
    return _laid_out(figure, font, ink, 460)


def _colour(step: Step) -> str:
    if step.key in DIVISION:
        return DIVISION[step.key]
    return COMPANY if step.is_total else APP if step.change_yen >= 0 else LOST


def _laid_out(figure: Any, font: str, ink: str, height: int) -> Any:
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 16, "b": 8},
        font={"family": font, "size": 13},
        showlegend=False,
        dragmode=False,
        bargap=0.4,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(fixedrange=True, automargin=True, tickfont={"color": ink, "size": 13})
    figure.update_yaxes(fixedrange=True, automargin=True, tickfont={"color": ink})
    return figure
