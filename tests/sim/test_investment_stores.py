"""Which stores to convert: the worlds that are compared, who lives where, verdicts, and the command on a small town."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from omo import app
from scenarios.errors import UsageError
from scenarios.loader import load
from scenarios.schema import Scenario
from sim.evaluation.investment.store_worlds import conversions, light_set, worlds
from sim.evaluation.investment.stores_document import document
from sim.experiment import run
from sim.log.run_directory import Request, list_runs, read_manifest, replication_path
from sim.rollout import NUMBERS, Open, open_today

PLACES = ["station", "mall", "riverside", "temple", "ec"]
SMALL = ["population.shoppers=400", "horizon.days=7"]


def has(scenario: Scenario, day: int = 0) -> dict[str, dict[str, float]]:
    """By place: the level of each capability on that day."""
    opened = open_today(scenario, day)
    names = [name for name in Open.__slots__ if name != "unfamiliar"]
    return {place: {name: getattr(opened, name)[at] for name in names} for at, place in enumerate(PLACES)}


FULL, NOTHING = (has(load(name).scenario)["mall"] for name in ("ward-omo", "ward-siloed"))


@pytest.mark.parametrize(
    ("world", "converted"),
    [
        (("all", ""), PLACES),
        (("none", ""), []),
        (("ec_alone", ""), ["ec"]),
        (("all_but", "temple"), ["station", "mall", "riverside", "ec"]),
        (("alone", "temple"), ["temple", "ec"]),
    ],
)
def test_who_is_converted_has_everything_and_who_is_not_has_nothing(
    world: tuple[str, str], converted: list[str]
) -> None:
    found = worlds(conversions(load("ward-omo"), "ward-siloed", newly=False), {})[world]
    expected = {place: FULL if place in converted else NOTHING for place in PLACES}
    assert has(found.scenario) == expected


def test_all_converted_is_the_scenario_itself() -> None:
    loaded = load("ward-omo")
    assert worlds(conversions(loaded, "siloed", newly=False), {})["all", ""] is loaded


def test_a_lighter_set_is_familiar_where_the_full_set_would_be() -> None:
    converted = conversions(load("ward-omo"), "ward-siloed", newly=False)
    sets = {name: light_set(name, converted) for name in ("omnichannel", "click_and_collect+pickup_counter")}
    found = worlds(converted, sets)
    there = has(found["click_and_collect+pickup_counter", "temple"].scenario)
    assert there["temple"] == NOTHING | {"click_and_collect": 1.0, "pickup_counter": 1.0}
    assert there["mall"] == there["ec"] == FULL
    omnichannel = has(load("ward-omnichannel").scenario)["mall"]
    assert has(found["omnichannel", "temple"].scenario)["temple"] == omnichannel


def test_newly_opened_has_to_be_learnt() -> None:
    found = worlds(conversions(load("ward-omo"), "ward-siloed", newly=True), {})
    new = has(found["all_but", "temple"].scenario)
    assert new["temple"] == NOTHING
    assert 0 < new["mall"]["scan_and_pay"] < 0.1
    later = has(found["all_but", "temple"].scenario, 50)
    assert later["mall"]["scan_and_pay"] > 0.9
    assert all(later["mall"][name] == FULL[name] for name in NUMBERS)


def test_a_rollout_goes_on_without_the_store_that_stays_out() -> None:
    found = worlds(conversions(load("ward-rollout"), "ward-siloed", newly=False), {})
    for day in (0, 27, 28, 56, 84, 111):
        whole, without = has(found["all", ""].scenario, day), has(found["all_but", "mall"].scenario, day)
        assert without == whole | {"mall": NOTHING}
        alone = has(found["alone", "mall"].scenario, day)
        assert alone == dict.fromkeys(PLACES, NOTHING) | {"mall": whole["mall"], "ec": whole["ec"]}


def test_what_cannot_be_asked_is_refused() -> None:
    converted = conversions(load("ward-omo"), "ward-siloed", newly=False)
    with pytest.raises(UsageError, match="did you mean click_and_collect"):
        light_set("click_and_colect", converted)
    with pytest.raises(UsageError, match="try ward-omo"):
        conversions(load("ward-siloed"), "ward-siloed", newly=False)
    with pytest.raises(UsageError, match="learn anyway"):
        conversions(load("ward-rollout"), "ward-siloed", newly=True)


def test_the_old_and_the_young_store_differ_in_their_neighbours_alone() -> None:
    scenario = load("ward-mixed-ages").scenario
    old, young = (scenario.stores[name].model_dump(exclude={"x_km", "y_km"}) for name in ("temple", "riverside"))
    assert old == young


def test_a_store_that_costs_more_than_it_can_bring_is_left_out(tmp_path: Path) -> None:
    """Running costs of 900,000 yen a month and store, in a town of 400 people: every verdict is known beforehand."""
    costly = "capability_costs.scan_and_pay.opex_yen_per_store_month=900000"
    found = _document(tmp_path, [*SMALL, costly], "ward-omo")
    for row in found["stores"]:
        assert row["verdict"] == "do not"
        assert row["gain"]["company"]["mean"] == pytest.approx(-900_000, rel=0.2)
        assert row["best"] != "full"


def test_of_what_makes_no_difference_nothing_is_said(tmp_path: Path) -> None:
    """A counter at the door changes nothing and costs nothing here. Every difference is 0: nothing to say."""
    found = _document(tmp_path, [*SMALL, "capabilities.door_counter=true", "capability_costs={}"], "ward-siloed")
    for row in found["stores"]:
        assert row["gain"]["company"]["per_replication"] == [0, 0]
        assert row["verdict"] == "cannot say"


def _document(out: Path, sets: list[str], name: str) -> dict[str, Any]:
    converted = conversions(load(name, sets), "ward-siloed", newly=False)
    asked = worlds(converted, {})
    runs = run([Request(world, 1, 2) for world in asked.values()], out, 1)
    return document(converted, {}, dict(zip(asked, runs, strict=True)))


def test_the_command_on_a_small_town_agrees_with_its_runs(tmp_path: Path) -> None:
    sets = [part for assignment in SMALL for part in ("--set", assignment)]
    command = ["stores", "ward-mixed-ages", "--light", "omnichannel", "--reps", "2", *sets]
    command += ["--jobs", "1", "--out", str(tmp_path)]
    shown = CliRunner().invoke(app, command)
    assert shown.exit_code == 0, shown.output
    runs = len(list_runs(tmp_path))
    found = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert len(list_runs(tmp_path)) == runs == 3 + 3 * 4
    assert found == json.loads(next(tmp_path.glob("stores-*.json")).read_text())
    by_world = {(row["world"], row["store"]): tmp_path / row["run"] for row in found["runs"]}
    months = found["days"] / found["month_days"]
    for row in found["stores"]:
        gain = row["gain"]
        parts = zip(*(gain[name]["per_replication"] for name in gain if name != "company"), strict=True)
        assert [sum(numbers) for numbers in parts] == pytest.approx(gain["company"]["per_replication"])
        for rep, yen in enumerate(gain["company"]["per_replication"]):
            whole, without = (
                _contribution(by_world[world], rep) for world in (("all", None), ("all_but", row["store"]))
            )
            assert yen * months == pytest.approx(whole - without)
        light = row["light"]["omnichannel"]
        assert light["less_base"]["mean"] - light["less_full"]["mean"] == pytest.approx(gain["company"]["mean"])
        assert sum(row["catchment"]["age_shares"].values()) == pytest.approx(1)
    near = {row["store"]: row["catchment"] for row in found["stores"]}
    assert sum(one["shoppers"] for one in near.values()) == 400
    assert near["temple"]["age_shares"]["70s_up"] > 2 * near["riverside"]["age_shares"]["70s_up"]
    assert near["temple"]["digital_affinity"] < near["riverside"]["digital_affinity"]


def _contribution(run_path: Path, replication: int) -> float:
    assert read_manifest(run_path)["state"] == "complete"
    summary = json.loads((replication_path(run_path, replication) / "summary.json").read_text())
    return float(summary["contribution_yen"])
