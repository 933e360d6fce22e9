"""The search for the best policy: on worlds whose truth is known, and on a small town through the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from omo import app
from scenarios.errors import UsageError
from scenarios.evaluation import POLICIES, Evaluation
from scenarios.loader import load
from sim.evaluation.policies.best import Plan, indifference_yen, precision, search
from sim.evaluation.policies.document import Evidence, document
from sim.evaluation.policies.worlds import OWN, candidates, pure, refuse_sets, set_aside
from sim.evaluation.worlds import Found, Stopped
from sim.log.run_directory import list_runs

TRUTH = {"siloed_pl": 0.0, "split": 900.0, "hybrid": 1000.0, "join_fee": -400.0, "ltv": 100.0}
ABOUT = {"scenario": "town", "title": "Town", "seed": 1, "days": 14, "set_aside": {}}


class Town:
    """Worlds of known means: shoppers in common, noise of 50 yen for each policy; notes what was run."""

    def __init__(self, truth: dict[str, float], stop_after: int = 10**6, noise: float = 50.0) -> None:
        rng = np.random.default_rng(1)
        self.calls: list[tuple[list[str], int]] = []
        self.stop_after = stop_after
        shoppers = rng.normal(100_000, 2000, 1000)
        self.outcomes = {name: shoppers + mean + rng.normal(0, noise, 1000) for name, mean in truth.items()}

    def measure(self, policies: Sequence[str], replications: int) -> Found:
        self.calls.append((list(policies), replications))
        if replications > self.stop_after:
            raise Stopped(self.found(policies, self.stop_after))
        return self.found(policies, replications)

    def found(self, policies: Sequence[str], replications: int) -> Found:
        return {policy: [self.summary(policy, r) for r in range(replications)] for policy in policies}

    def summary(self, policy: str, replication: int) -> dict[str, float]:
        contribution = float(self.outcomes[policy][replication])
        return {
            "contribution_yen": contribution,
            "net_revenue_yen": 400_000.0,
            "bonus_yen": 500.0 if policy == "split" else 0.0,
            "store_pl_yen": contribution / 4,
            "ec_pl_yen": contribution * 3 / 4,
        }


def test_whoever_cannot_be_best_stops_and_the_baseline_goes_on() -> None:
    town, found = Town(TRUTH), {}
    now = search(Plan(list(TRUTH), "siloed_pl", replications=20, indifference_yen=50.0), town.measure, found)
    assert now.best == "hybrid"
    assert now.selection.decided
    assert {policy: len(summaries) for policy, summaries in found.items()} == {
        "siloed_pl": 20,
        "hybrid": 20,
        "split": 10,
        "join_fee": 10,
        "ltv": 10,
    }
    assert town.calls[0] == (list(TRUTH), 10)


def test_contenders_that_are_not_separated_are_named() -> None:
    found: Found = {}
    town = Town(TRUTH | {"shapley": 1001.0})
    plan = Plan([*TRUTH, "shapley"], "siloed_pl", replications=15, indifference_yen=5.0)
    now = search(plan, town.measure, found)
    assert not now.selection.decided
    assert set(now.contenders) >= {"hybrid", "shapley"}
    result = document(plan, now, Evidence(found, {}, 9, {}), ABOUT, complete=True)
    statuses = {entry["policy"]: entry["status"] for entry in result["policies"]}
    assert statuses["join_fee"] == "eliminated"
    assert {"hybrid", "shapley"} <= {policy for policy, status in statuses.items() if status != "eliminated"}


def test_it_goes_on_until_the_lead_is_known_as_well_as_was_asked() -> None:
    plan = Plan(["siloed_pl", "hybrid"], "siloed_pl", 10, 50.0, until_half_width_yen=15.0)
    town, found = Town(TRUTH), {}
    now = search(plan, town.measure, found)
    (known,) = precision(plan, now, found)
    assert known.against == "siloed_pl"
    assert known.half_width_yen <= 15.0
    assert known.replications == known.replications_needed == len(found["hybrid"]) > 10
    lead = np.mean(town.outcomes["hybrid"][: known.replications] - town.outcomes["siloed_pl"][: known.replications])
    assert abs(lead - 1000.0) < 30.0
    result = document(plan, now, Evidence(found, {}, 9, {}), ABOUT, True)
    company = result["board"]["differences"]["contribution_yen"]
    assert company["half_width"] == known.half_width_yen
    assert (company["mean"], company["n"]) == (pytest.approx(lead), known.replications)


def test_the_zone_is_a_thousandth_of_revenue_unless_it_is_given() -> None:
    baseline = Town(TRUTH).found(["siloed_pl"], 10)["siloed_pl"]
    assert indifference_yen(Plan(["siloed_pl", "split"], "siloed_pl"), baseline) == 400.0
    assert indifference_yen(Plan(["siloed_pl", "split"], "siloed_pl", indifference_yen=7.0), baseline) == 7.0


def test_the_document_adds_up() -> None:
    town, found = Town(TRUTH), {}
    plan = Plan(list(TRUTH), "siloed_pl", indifference_yen=50.0)
    now = search(plan, town.measure, found)
    fresh = {p: summaries[10:] for p, summaries in town.found(["hybrid", "split", "siloed_pl"], 30).items()}
    result = document(plan, now, Evidence(found, fresh, 77, {"rain": town.found(list(TRUTH), 10)}), ABOUT, True)
    first, *_, last = result["policies"]
    assert (first["policy"], last["policy"]) == ("hybrid", "join_fee")
    assert result["runner_up"] == "split"
    split = next(entry for entry in result["policies"] if entry["policy"] == "split")["measures"]
    after, before = (
        split[name]["difference"]["mean"] for name in ("contribution_yen", "contribution_before_bonus_yen")
    )
    assert before - after == pytest.approx(500.0)
    assert split["contribution_yen"]["variance_reduction"] > 100
    assert split["store_pl_yen"]["mean"] + split["ec_pl_yen"]["mean"] == pytest.approx(
        split["contribution_yen"]["mean"]
    )
    assert result["price_of_siloing"]["mean"] == pytest.approx(1000.0, abs=60.0)
    assert [lead["against"] for lead in result["confirmation"]["leads"]] == ["siloed_pl", "split"]
    for lead in result["confirmation"]["leads"]:
        curse = lead["selected"]["mean"] - lead["confirmed"]["mean"]
        assert lead["winners_curse"]["mean"] == pytest.approx(curse)
    assert result["states"]["minimax_regret"] == "hybrid"
    assert result["board"]["basis"] == "fresh seeds"
    json.dumps(result, allow_nan=False)


def test_what_was_finished_before_ctrl_c_is_in_the_hands_of_the_caller() -> None:
    found: Found = {}
    with pytest.raises(Stopped):
        search(Plan(list(TRUTH), "siloed_pl", 30, 50.0), Town(TRUTH, stop_after=12).measure, found)
    assert {len(found[policy]) for policy in ("hybrid", "siloed_pl")} == {12}
    assert len(found["ltv"]) == 10


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_runs_pure_and_keeps_the_booking(policy: str) -> None:
    loaded = load("ward-omo", ["evaluation.booking.returns=return_channel", "evaluation.radius_km=3"])
    world = pure(loaded, policy).scenario
    assert world.evaluation == Evaluation(policy=policy, booking=loaded.scenario.evaluation.booking)
    assert world.evaluation.booking.returns == "return_channel"
    assert world.model_copy(update={"evaluation": None, "title": ""}) == loaded.scenario.model_copy(
        update={"evaluation": None, "title": ""}
    )


def test_ones_own_table_can_compete_and_what_is_set_aside_is_told() -> None:
    loaded = load("ward-omo")
    assert pure(loaded, OWN).scenario.evaluation == loaded.scenario.evaluation
    assert set_aside(loaded) == {"policy": "company_ltv", "commission_percent": 3.0}


def test_policies_are_named_with_the_baseline_among_them() -> None:
    assert candidates("all", "siloed_pl") == list(POLICIES)
    assert candidates("split, own,split", "till_only") == ["split", "own", "till_only"]
    with pytest.raises(UsageError, match="did you mean hybrid"):
        candidates("hybird", "siloed_pl")
    with pytest.raises(UsageError, match="nothing to choose"):
        candidates("siloed_pl", "siloed_pl")


def test_an_override_that_nobody_would_use_is_refused() -> None:
    with pytest.raises(UsageError, match="add own"):
        refuse_sets(["evaluation.commission_percent=2"], ["split", "siloed_pl"])
    refuse_sets(["evaluation.commission_percent=2"], ["split", "own"])
    refuse_sets(["evaluation.booking.returns=sale", "staff.intercept=-1"], ["split"])


def test_the_command_on_a_small_town(tmp_path: Path) -> None:
    command = ["best", "ward-omo", "--policies", "split", "--reps", "2", "--confirm", "2", "--under", "ward-elderly"]
    command += ["--set", "population.shoppers=400", "--set", "horizon.days=2", "--jobs", "1", "--out", str(tmp_path)]
    shown = CliRunner().invoke(app, command)
    assert shown.exit_code == 0, shown.output
    assert "set aside: policy = company_ltv, commission_percent = 3.0" in " ".join(shown.output.split())
    runs = len(list_runs(tmp_path))
    again = CliRunner().invoke(app, [*command, "--json"])
    found = json.loads(again.stdout)
    assert len(list_runs(tmp_path)) == runs
    assert found == json.loads(next(tmp_path.glob("best-*.json")).read_text())
    assert {entry["policy"] for entry in found["policies"]} == {"siloed_pl", "split"}
    for entry in found["policies"]:
        books = [entry["measures"][name]["mean"] for name in ("store_pl_yen", "ec_pl_yen", "contribution_yen")]
        assert books[0] + books[1] == pytest.approx(books[2])
    assert found["states"]["names"] == ["ward-omo", "ward-elderly"]
    assert found["confirmation"]["seed"] != found["seed"]
