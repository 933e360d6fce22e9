"""`omo ltv` and `omo cross-channel` on worlds: consistent with the runs' tables, and with themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from small_ledgers import hand_written
from typer.testing import CliRunner

import omo
from sim.evaluation.lifetime_value.channel_use import ChannelUse, channel_use, naive_premium, uplift
from sim.evaluation.tables import opened, single
from sim.log.schema import TABLES

TOWN = (
    "population.shoppers=1500",
    "population.needs_per_week=4.0",
    "horizon.days=28",
    "loyalty.drop_out_a=1.0",
    "loyalty.drop_out_b=6.0",
)


def _asked(out: Path, *arguments: str, reps: int = 1) -> dict[str, Any]:
    sets = [part for key in TOWN for part in ("--set", key)]
    options = ["--out", str(out), "--reps", str(reps), "--jobs", "1", "--json"]
    outcome = CliRunner().invoke(omo.app, [*arguments, *sets, *options])
    assert outcome.exception is None, outcome.output
    document: dict[str, Any] = json.loads(outcome.stdout)
    return document


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def worth(runs: Path) -> dict[str, Any]:
    return _asked(runs, "ltv", "ward-omo", "--years", "1")


def test_the_analyst_sees_known_buyers_and_the_twin_everybody(runs: Path, worth: dict[str, Any]) -> None:
    figures = {name: found["mean"] for name, found in worth["twin"]["figures"].items()}
    horizon = f"placed_s < {28 * 86_400}"
    with opened(runs / worth["run"] / "rep-000") as db:
        seen = single(
            db,
            f"select count(distinct shopper) from orders where identified and state = 'completed' and {horizon}",
        )
        bought = single(db, "select count(distinct shopper) from needs where net_yen > 0")
    assert worth["fit"]["customers"] == seen
    assert figures["customers_seen_share"] == pytest.approx(seen / bought, rel=0.02)
    assert 0 < figures["purchases_seen_share"] < figures["customers_seen_share"]
    assert figures["holdout_with_known_buyer"] == worth["holdout"]["actual"] < figures["holdout_really_came"]


def test_who_is_still_there_is_told_apart_by_the_receipts(worth: dict[str, Any]) -> None:
    figures = {name: found["mean"] for name, found in worth["twin"]["figures"].items()}
    bins = worth["twin"]["alive"]
    assert sum(row["customers"] for row in bins) == worth["fit"]["customers"]
    # Those seen once are held for alive for sure, though in this town the first purchase may be the last one, too.
    assert figures["mean_p_alive"] > figures["really_alive"]
    below = [row["really_alive"] for row in bins if row["to"] <= 0.9]
    assert below[0] < 0.2 < below[-1]
    mean = sum(row["customers"] * row["really_alive"] for row in bins) / worth["fit"]["customers"]
    assert mean == pytest.approx(figures["really_alive"])


def test_the_town_is_worth_what_its_measure_says(runs: Path) -> None:
    figures = _asked(runs, "ltv", "ward-omo")["twin"]["figures"]
    summary = json.loads(next(runs.glob("ward-omo-*/rep-000/summary.json")).read_text())
    assert round(figures["customer_equity_of_the_town"]["mean"]) == summary["customer_equity_yen"]
    assert figures["contribution_to_come_in_truth"]["mean"] < summary["customer_equity_yen"]


def test_a_run_is_found_by_its_name(runs: Path, worth: dict[str, Any]) -> None:
    outcome = CliRunner().invoke(omo.app, ["ltv", worth["run"], "--out", str(runs)])
    assert outcome.exception is None, outcome.output
    assert "Beside the truth" in outcome.stdout


def test_links_show_a_premium_of_which_they_cause_little(runs: Path) -> None:
    found = _asked(runs, "cross-channel", "ward-omo", "--against", "ward-siloed", reps=2)
    naive, causal = found["naive"], found["causal"]["intention_to_treat"]
    assert naive["spend_ratio"]["mean"] - 1 > 3 * abs(causal["spend_uplift"]["mean"])
    # The same premium stands where nothing is linked: it is who they are.
    assert naive["spend_ratio_without_links"]["mean"] > 1.5
    assert causal["shoppers"]["mean"] == 1500
    assert naive["lifetime_ratio"]["mean"] - 1 > 3 * abs(causal["lifetime_uplift"]["mean"])
    assert abs(causal["lifetime_yen_per_shopper"]["mean"]) > abs(causal["contribution_yen_per_shopper"]["mean"])
    for cohorts in found["cohorts"].values():
        assert sum(cohort["shoppers"]["mean"] for cohort in cohorts) == 1500
        gained = sum(c["shoppers"]["mean"] * c["contribution_yen_per_shopper"]["mean"] for c in cohorts)
        assert gained == pytest.approx(1500 * causal["contribution_yen_per_shopper"]["mean"], rel=0.05, abs=1500)
    kept = next(runs.glob("cross-channel-*.json"))
    assert json.loads(kept.read_text()) == found


def test_a_world_against_itself_causes_nothing(runs: Path) -> None:
    found = _asked(runs, "cross-channel", "ward-omo", "--against", "ward-omo")
    for name in ("spend_uplift", "lifetime_uplift"):
        assert found["causal"]["those_who_use_both_in_on"][name]["mean"] == 0.0
    assert found["naive"]["spend_ratio"] == found["naive"]["spend_ratio_without_links"]


def test_premium_and_uplift_by_hand(tmp_path: Path) -> None:
    """0 and 1 use both channels in the world with links, 2 and 3 stores alone, 4 is online alone, 5 does not buy."""
    off = _written(tmp_path / "off", {0: [("store", 900)], 1: [("store", 800)], 2: [("store", 100)], 4: [("ec", 50)]})
    on = _written(
        tmp_path / "on",
        {
            0: [("store", 600), ("app", 400)],
            1: [("store", 300), ("ec", 700), ("ec", 100)],
            2: [("store", 500)],
            3: [("store", 100)],
            4: [("ec", 70)],
        },
    )
    assert naive_premium(on) == pytest.approx(((1000 + 1100) / 2) / ((500 + 100) / 2))
    assert naive_premium(on, on.shopper != 1) == pytest.approx(1000 / 300)
    assert uplift(off, on, on.both) == pytest.approx(2100 / 1700 - 1)
    assert uplift(off, on, on.shopper >= 0) == pytest.approx(2770 / 1850 - 1)


def _written(folder: Path, bought: dict[int, list[tuple[str, int]]]) -> ChannelUse:
    rows = [
        {"order": 10 * who + at, "need": 10 * who + at, "shopper": who, "order_channel": channel, "net_yen": yen}
        for who, orders in bought.items()
        for at, (channel, yen) in enumerate(orders)
    ]
    tables = {
        "orders": [row | {"state": "completed", "placed_s": 1.0} for row in rows],
        "needs": [{name: row[name] for name in ("need", "shopper", "net_yen")} for row in rows],
        "shoppers": [{"shopper": who, "age_band": "60s", "digital_affinity": 0.5} for who in range(6)],
    }
    folder.mkdir()
    for name, found in tables.items():
        pq.write_table(hand_written(TABLES[name], found), folder / f"{name}.parquet")
    return channel_use(folder)
