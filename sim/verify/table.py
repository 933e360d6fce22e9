"""All checks together, and the table that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, get_args

from rich.table import Table

from sim.experiment import Watcher
from sim.verify.checks import CHECKS, sample_of
from sim.verify.closed_forms import CONFIDENCE, NEGLIGIBLE, WIDEST
from sim.verify.counts_of_needs import LEAST_P
from sim.verify.effects import EFFECTS, RESTS_ON
from sim.verify.findings import SHARE_OF_SEEDS, SMALL, Finding, Group
from sim.verify.laws_of_runs import RUN_LAWS
from sim.verify.run import judge_effects
from sim.verify.trials import answer_trials

GROUPS: Final[tuple[Group, ...]] = get_args(Group)
"""In the order of the table."""


def collect(
    seeds: int, only: Sequence[str], root: Path, jobs: int | None, watch: Watcher | None = None
) -> list[Finding]:
    """Every check whose id begins with one of `only` (all when empty), in the order of the table.

    `watch` is told how many pieces of work are done: first seeds of closed forms, laws and reason, then days of worlds.
    """
    found = answer_trials(CHECKS, sample_of, partial(_wanted, only=only), seeds, jobs, watch)
    effects = [effect for effect in EFFECTS if _wanted(effect.id, only)]
    if effects:
        worlds = {variant for effect in effects for variant in effect.worlds.values()}
        found += judge_effects(effects, seeds, root, jobs, watch)
        found = [_also_there(finding, len(worlds) * seeds) for finding in found]
    return sorted(found, key=_place)


def _also_there(finding: Finding, replications: int) -> Finding:
    """A conservation law held in the worlds of the published findings too, or their runs would have failed."""
    if finding.source not in RUN_LAWS:
        return finding
    return replace(finding, found=f"{finding.found}; nor in {replications:,} of published findings")


def _place(finding: Finding) -> int:
    return GROUPS.index(finding.group)


def _wanted(name: str, only: Sequence[str]) -> bool:
    return not only or any(name.startswith(prefix) for prefix in only)


def shown(findings: Sequence[Finding]) -> Table:
    """The table for a terminal."""
    table = Table("id", "what", "target", "found", "seeds", "sign", "verdict", title=summary(findings))
    for row in findings:
        verdict = row.verdict if not row.reason else f"{row.verdict}: {row.reason}"
        last = row is findings[-1] or _place(row) != _place(findings[findings.index(row) + 1])
        table.add_row(
            row.id, row.what, row.target, row.found, str(row.seeds or ""), _sign(row), verdict, end_section=last
        )
    return table


def _sign(row: Finding) -> str:
    return "" if row.share_of_seeds is None or not row.seeds else f"{row.share_of_seeds:.0%}"


def summary(findings: Sequence[Finding]) -> str:
    """How many hold, and how many published findings do in all their parts: in sign, and in size where there is one."""
    in_sign: dict[str, bool] = {}
    in_size: dict[str, bool] = {}
    for row in findings:
        if row.group == "published":
            name = row.id.rstrip("abcdefgh")
            in_sign[name] = in_sign.get(name, True) and (row.share_of_seeds or 0.0) >= SHARE_OF_SEEDS
            in_size[name] = in_size.get(name, True) and row.verdict == "holds"
    hold = sum(row.verdict == "holds" for row in findings)
    text = f"{hold} of {len(findings)} checks hold"
    if in_sign:
        text += f"; of {len(in_sign)} published findings {sum(in_sign.values())} hold in sign, "
        text += f"{sum(in_size.values())} also in size, in all their parts"
    return text


def markdown(findings: Sequence[Finding], seeds: int) -> str:
    """The table as a document."""
    head = [
        "# Validation",
        "",
        f"Written by `omo verify --seeds {seeds} --table docs/validation.md`; not edited by hand.",
        "",
        f"{summary(findings)}.",
        "",
        f"Published findings are looked for in a small town (`{' '.join(SMALL)}` unless the finding needs another) on "
        f"{seeds} seeds: the same shoppers in each world of a seed. A finding holds when its sign does in "
        f"{SHARE_OF_SEEDS:.0%} of seeds and, where a size was published, the mean lies in the band. "
        "± is the half-width of a 95 % interval over seeds. Source ids are those of `docs/sources.md`.",
        "",
        f"Closed forms (CF): the {CONFIDENCE:.0%} interval covers the closed form and is no wider than ± {WIDEST:.0%} "
        f"of it, or the mean is within {NEGLIGIBLE:.1%}; counts by chi-square tests at {LEAST_P:.0%}. Laws (LAW) and "
        "reason (RE) hold in every seed; `sign` is the share of seeds in which a row holds by itself.",
        "",
        "| id | what | source | target | found | seeds | sign | verdict |",
        "|---|---|---|---|---|---|---|---|",
    ]
    rows = []
    for row in findings:
        verdict = row.verdict if not row.reason else f"**misses**: {row.reason}"
        cells = (row.id, row.what, row.source, row.target, row.found, str(row.seeds or ""), _sign(row), verdict)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    rests_on = [
        f"- **{name}**: {text}." for name, text in RESTS_ON.items() if any(r.id.startswith(name) for r in findings)
    ]
    foot = ["", "## What the published findings rest on", "", *rests_on] if rests_on else []
    return "\n".join([*head, *rows, *foot, ""])
