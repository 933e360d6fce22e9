"""All checks together, and the table that they make."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from sim.experiment import Watcher
from sim.verify.effects import EFFECTS
from sim.verify.findings import SHARE_OF_SEEDS, SMALL, Finding
from sim.verify.run import judge_effects


def collect(
    seeds: int, only: Sequence[str], root: Path, jobs: int | None, watch: Watcher | None = None
) -> list[Finding]:
    """Every check whose id begins with one of `only` (all when empty), in the order of the table."""
    effects = [effect for effect in EFFECTS if _wanted(effect.id, only)]
    return judge_effects(effects, seeds, root, jobs, watch)


def _wanted(name: str, only: Sequence[str]) -> bool:
    return not only or any(name.startswith(prefix) for prefix in only)


def shown(findings: Sequence[Finding]) -> Table:
    """The table for a terminal."""
    table = Table("id", "what", "target", "found", "seeds", "sign", "verdict", title=summary(findings))
    for row in findings:
        share = f"{row.share_of_seeds:.0%}" if row.seeds else ""
        verdict = row.verdict if not row.reason else f"{row.verdict}: {row.reason}"
        table.add_row(row.id, row.what, row.target, row.found, str(row.seeds or ""), share, verdict)
    return table


def summary(findings: Sequence[Finding]) -> str:
    """How many hold, and of the published ones how many findings show in all their parts."""
    published: dict[str, bool] = {}
    for row in findings:
        if row.group == "published":
            name = row.id.rstrip("abcdefgh")
            published[name] = published.get(name, True) and row.verdict == "holds"
    hold = sum(row.verdict == "holds" for row in findings)
    text = f"{hold} of {len(findings)} checks hold"
    return text + (
        f"; {sum(published.values())} of {len(published)} published findings in all parts" if published else ""
    )


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
        "| id | what | source | target | found | seeds | sign | verdict |",
        "|---|---|---|---|---|---|---|---|",
    ]
    rows = []
    for row in findings:
        share = f"{row.share_of_seeds:.0%}" if row.seeds else ""
        verdict = row.verdict if not row.reason else f"**misses**: {row.reason}"
        cells = (row.id, row.what, row.source, row.target, row.found, str(row.seeds or ""), share, verdict)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([*head, *rows, ""])
