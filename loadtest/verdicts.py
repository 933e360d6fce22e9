"""Thresholds of a load run, and its verdicts and those of an audit as JUnit XML for a build server."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from loadtest.audit.verdict import Audit
from loadtest.baseline import compare
from loadtest.trace_schema import ACTIONS
from scenarios.errors import UsageError, hint

ALL: Final = "all"


@dataclass(frozen=True)
class Threshold:
    """`measure` (`p99_ms` or `error_share`) of `action`, or of all calls, must not exceed `limit`."""

    measure: str
    action: str
    limit: float

    @property
    def name(self) -> str:
        """As people say it: `p99_ms of pay <= 60`."""
        return f"{self.measure} of {self.action} <= {self.limit:g}"


@dataclass(frozen=True)
class Case:
    """One JUnit test case: it passed, or says why it failed or was not judged."""

    group: str
    name: str
    failure: str = ""
    skipped: str = ""


def thresholds(measure: str, option: str, texts: Sequence[str]) -> list[Threshold]:
    """What `LIMIT` (of all calls) and `ACTION=LIMIT` ask for. Raises UsageError that names `option`."""
    return [_threshold(measure, option, text) for text in texts]


def _threshold(measure: str, option: str, text: str) -> Threshold:
    action, _, number = text.rpartition("=")
    names = (ALL, *ACTIONS, "poll")
    if action and action not in names:
        raise UsageError(f"{option} {text}: no action {action!r}{hint(action, names)}")
    try:
        limit = float(number)
    except ValueError:
        limit = math.nan
    if not limit >= 0:
        raise UsageError(f"{option} {text}: wanted a number, or ACTION=NUMBER, such as 60 or pay=60")
    return Threshold(measure, action or ALL, limit)


def judged(result: Mapping[str, Any], asked: Sequence[Threshold]) -> list[dict[str, Any]]:
    """Each threshold with its `value` and whether it was `met`; of a run that is not valid, with neither."""
    return [_judged(result, threshold) for threshold in asked]


def _judged(result: Mapping[str, Any], asked: Threshold) -> dict[str, Any]:
    entry = {"measure": asked.measure, "action": asked.action, "limit": asked.limit, "name": asked.name}
    if not result["valid"]:
        return {**entry, "value": None, "met": None}
    table = result["latency_ms"] if asked.measure == "p99_ms" else result["errors"]
    found = table.get(asked.action, {}).get("p99" if asked.measure == "p99_ms" else "share")
    return {**entry, "value": found, "met": found is not None and found <= asked.limit}


def missed(verdicts: Sequence[Mapping[str, Any]]) -> list[str]:
    """The thresholds that were not met, in words."""
    return [_failure(verdict) for verdict in verdicts if verdict["met"] is False]


def _failure(verdict: Mapping[str, Any]) -> str:
    found = "no such call was measured" if verdict["value"] is None else f"it is {verdict['value']:.6g}"
    return f"{verdict['name']}: {found}"


def with_verdicts(
    result: Mapping[str, Any], directory: Path, asked: Sequence[Threshold], baseline: Path | None
) -> dict[str, Any]:
    """`result` with its `thresholds` and, where there is a baseline, the `comparison`; `load.json` is written anew."""
    whole = {**result, "thresholds": judged(result, asked)}
    if baseline:
        whole["comparison"] = compare(baseline, directory)
    if asked or baseline:
        (directory / "load.json").write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    return whole


def load_cases(result: Mapping[str, Any]) -> Iterator[Case]:
    """Validity of a load run, then its thresholds."""
    yield Case("load", "valid", failure="; ".join(result["reasons"]))
    for verdict in result.get("thresholds", ()):
        if verdict["met"] is None:
            yield Case("load.threshold", verdict["name"], skipped="the run is not valid")
        else:
            yield Case("load.threshold", verdict["name"], failure="" if verdict["met"] else _failure(verdict))


def audit_cases(audit: Audit) -> Iterator[Case]:
    """Validity of the load run, then each law of the audit; one that found nothing to look at was not judged."""
    yield Case("load", "valid", failure="; ".join(audit.invalid))
    for verdict in audit.verdicts:
        law, found = verdict.law, "\n".join(finding.what for finding in verdict.findings)
        if verdict.broken:
            yield Case("audit", law.name, failure=f"{law.about}: {verdict.broken} breaches\n{found}")
        else:
            why = f"target has no {verdict.lacks}" if verdict.lacks else "nothing to look at"
            yield Case("audit", law.name, skipped="" if verdict.checked else why)


def write_junit(path: Path, suite: str, cases: Sequence[Case]) -> None:
    """Write `cases` as one test suite."""
    failed, skipped = (sum(bool(getattr(case, what)) for case in cases) for what in ("failure", "skipped"))
    counts = {"tests": str(len(cases)), "failures": str(failed), "errors": "0", "skipped": str(skipped)}
    root = ElementTree.Element("testsuites", counts)
    place = ElementTree.SubElement(root, "testsuite", {"name": suite, **counts})
    for case in cases:
        entry = ElementTree.SubElement(place, "testcase", {"classname": case.group, "name": case.name})
        if case.failure:
            what, _, more = case.failure.partition("\n")
            ElementTree.SubElement(entry, "failure", {"message": what}).text = more or what
        elif case.skipped:
            ElementTree.SubElement(entry, "skipped", {"message": case.skipped})
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
