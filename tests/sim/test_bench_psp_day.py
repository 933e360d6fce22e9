"""The payment provider's day: its queues are the engine's, its bytes do not depend on processes, its sums add up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from math import inf
from pathlib import Path

import duckdb
import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
from scipy.special import ndtr, ndtri

from scenarios.errors import LawViolated, UsageError
from scenarios.payments import Payments
from sim.bench.psp.audit import audit
from sim.bench.psp.day import simulate_day
from sim.bench.psp.log import EVENTS, SETTLEMENTS, write_shard
from sim.bench.psp.merchants import MERCHANTS, PAYMENTS_PER_DAY, SIZE_SIGMA, pay_points, payers_a_day
from sim.bench.psp.paying import CAPTURED, DECLINED, tenders_of, try_to_pay
from sim.bench.psp.shard import Shard, simulate
from sim.bench.psp.tills import LEFT, serve, serve_actors
from sim.streams import Streams, exponential
from sim.theory.erlang_a import abandon_probability
from sim.theory.mmc import mean_wait_s

SHARE = 200 / MERCHANTS


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 merchants, made by one process."""
    folder = tmp_path_factory.mktemp("day") / "one"
    simulate_day(folder, SHARE, jobs=1)
    return folder


@pytest.fixture(scope="module")
def shard() -> Shard:
    """The first 400 merchants."""
    return simulate(1, 0, 400)


@pytest.mark.parametrize("tills", [1, 2, 5])
@pytest.mark.parametrize("break_s", [0.0, 14.85])
@pytest.mark.parametrize("patience_mean_s", [20.0, 300.0, inf])
def test_the_recursion_is_a_queue_of_lean_actors_to_the_last_bit(
    tills: int, break_s: float, patience_mean_s: float
) -> None:
    draws = exponential(Streams(tills, 0).uniforms("queue", np.arange(1_500), 3))
    arrive_s = np.cumsum(draws[:, 0] * 60 / tills).tolist()
    patience_s, service_s = (draws[:, 1] * patience_mean_s).tolist(), (draws[:, 2] * 55).tolist()
    start_s = serve(tills, arrive_s, patience_s, service_s, break_s)
    assert start_s == serve_actors(tills, arrive_s, patience_s, service_s, break_s)
    if patience_mean_s < inf:
        assert 10 < start_s.count(LEFT) < 1_400


def test_a_store_serves_in_order_and_no_more_at_once_than_it_has_tills(shard: Shard) -> None:
    payers, points = shard.payers, shard.points
    sizes = np.bincount(payers.point, minlength=len(points.tills))
    biggest = int(np.argmax(np.where(points.tills > 0, sizes, 0)))
    here = np.flatnonzero(payers.point == biggest)
    assert len(here) > 200
    paid_s = dict.fromkeys(here.tolist(), 0.0)
    for attempt in shard.attempts:
        paid_s |= dict(zip(attempt.row.tolist(), attempt.answered_s.tolist(), strict=True))
    waited = payers.start_s[here] > payers.arrive_s[here]
    assert waited.any()
    order = payers.start_s[here][payers.start_s[here] != LEFT]
    assert (np.diff(order) >= 0).all(), "first come, first served"
    finishes = []
    for row in here[payers.start_s[here] != LEFT].tolist():
        finishes.append(payers.start_s[row] + payers.scanning_s[row] + paid_s[row])
    busy = [(order <= at).sum() - (np.array(finishes) < at).sum() for at in order.tolist()]
    assert max(busy) <= points.tills[biggest]


def test_the_mean_wait_without_impatience_is_erlangs() -> None:
    means = []
    for seed in range(12):
        draws = exponential(Streams(seed, 0).uniforms("queue", np.arange(20_000), 2))
        arrive_s = np.cumsum(draws[:, 0] / 2.4).tolist()
        start_s = serve(3, arrive_s, [inf] * len(arrive_s), draws[:, 1].tolist(), 0.0)
        means.append(float(np.mean(np.array(start_s) - arrive_s)))
    half_width = 3.1 * np.std(means, ddof=1) / len(means) ** 0.5  # Student's t, 11 degrees of freedom, 99 %
    assert np.mean(means) == pytest.approx(mean_wait_s(2.4, 1.0, 3), abs=half_width)


def test_the_share_that_leaves_is_erlang_as() -> None:
    left = []
    for seed in range(12):
        draws = exponential(Streams(seed, 0).uniforms("queue", np.arange(20_000), 3))
        arrive_s = np.cumsum(draws[:, 0] / 3.0).tolist()
        start_s = serve(3, arrive_s, (2 * draws[:, 1]).tolist(), draws[:, 2].tolist(), 0.0)
        left.append(start_s.count(LEFT) / len(start_s))
    half_width = 3.1 * np.std(left, ddof=1) / len(left) ** 0.5
    assert np.mean(left) == pytest.approx(abandon_probability(3.0, 1.0, 0.5, 3), abs=half_width)


def test_any_number_of_processes_writes_the_same_bytes(tmp_path: Path) -> None:
    share = 1_400 / MERCHANTS
    figures = [simulate_day(tmp_path / str(jobs), share, jobs) for jobs in (1, 2)]
    files = sorted(path.name for path in (tmp_path / "1").glob("*.parquet"))
    assert len(files) == 4
    for name in files:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes(), name
    kept = ("payments", "captured", "failed", "captured_yen", "event_rows", "fees_yen")
    assert {key: figures[0][key] for key in kept} == {key: figures[1][key] for key in kept}


def test_the_engines_event_loop_writes_the_bytes_of_the_recursion(day: Path, tmp_path: Path) -> None:
    simulate_day(tmp_path / "actors", SHARE, jobs=1, actors=True)
    for name in ("events-000.parquet", "settlements-000.parquet"):
        assert (tmp_path / "actors" / name).read_bytes() == (day / name).read_bytes(), name


def test_a_smaller_share_is_the_beginning_of_the_bigger_one() -> None:
    small, big = simulate(1, 0, 100), simulate(1, 0, 200)
    n = len(small.payers.payment)
    assert (big.payers.payment[:n] == small.payers.payment).all()
    assert (big.payers.start_s[:n] == small.payers.start_s).all()


def test_the_columns_are_the_documented_ones_and_rows_are_in_order_of_time(day: Path) -> None:
    for name, schema in (("events", EVENTS), ("settlements", SETTLEMENTS)):
        table = pq.read_table(day / f"{name}-000.parquet")
        assert table.schema.equals(schema)
        assert (np.diff(table["time_s"].to_numpy()) >= 0).all()


def test_every_payer_has_one_story(day: Path) -> None:
    """In SQL over the rows alone: nobody both left and paid, nobody is captured twice, every try has one answer."""
    stories = f"""
        select count(*) filter (kind = 'arrive') as arrived, count(*) filter (kind = 'renege') as gone,
               count(*) filter (kind = 'attempt') as tries, count(*) filter (kind = 'captured') as captured,
               count(*) filter (kind = 'failed') as failed,
               count(*) filter (kind in ('declined', 'timed_out')) as refused,
               count(*) filter (kind = 'till_start') as served, count(store) > 0 as in_store
        from '{day}/events-*.parquet' group by payment"""
    with duckdb.connect() as db:
        total, odd = db.execute(
            f"""select count(*), count(*) filter (arrived <> 1 or gone + captured + failed <> 1
                or tries <> captured + refused or tries > 3 or (gone = 1) <> (tries = 0)
                or served <> (in_store and gone = 0)::int) from ({stories})"""
        ).fetchone()
        paid_twice = db.execute(
            f"select count(*) from (select payment from '{day}/settlements-*.parquet' group by 1 "
            "having sum(amount_yen) < 0 or count(*) filter (entry = 'capture') > 1)"
        ).fetchone()
    assert total > 1_000
    assert odd == 0
    assert paid_twice == (0,)


def test_what_is_due_is_the_captured_amount_and_its_fee(day: Path) -> None:
    with duckdb.connect() as db:
        rows = db.execute(
            f"select brand::varchar, amount_yen, fee_yen, due::varchar from '{day}/settlements-*.parquet' "
            "where entry = 'capture'"
        ).fetchall()
    fees = {tender.brand: tender.fee for tender in Payments().tenders.values()}
    due = {"card": "2025-09-30", "contactless": "2025-09-30", "card_online": "2025-09-30"}
    assert {row[0] for row in rows} == {"card", "contactless", "qr", "wallet", "card_online"}
    for brand, amount, fee, day_due in rows:
        assert fee == round(amount * fees[brand])
        assert day_due == due.get(brand, "2025-10-31")


def test_first_tries_fail_as_often_as_the_tenders_say() -> None:
    rules = Payments()
    tenders = tenders_of(rules)
    payment = np.arange(200_000)
    streams = Streams(3, 0)
    u = streams.uniforms("payer", payment, 4)
    draws = {"tender": u[:, 0], "fate": u[:, 1], "latency": u[:, 2]}
    attempts, spent_s = try_to_pay(rules, tenders, streams, payment, u[:, 3] < 0.5, draws)
    first = attempts[0]
    for index, brand in enumerate(tenders.brand):
        mine = first.outcome[first.tender == index]
        for outcome, probability in ((DECLINED, tenders.decline[index]), (None, tenders.time_out[index])):
            seen = (mine == outcome).mean() if outcome else ((mine != CAPTURED) & (mine != DECLINED)).mean()
            error = 4 * (probability * (1 - probability) / len(mine)) ** 0.5
            assert seen == pytest.approx(probability, abs=error), (brand, outcome)
    once = np.bincount(np.concatenate([attempt.row for attempt in attempts[1:]]), minlength=len(payment)) == 0
    paid_at_once = first.outcome == CAPTURED
    assert (once >= paid_at_once).all(), "who has paid does not try again"
    assert (spent_s[paid_at_once] == first.answered_s[paid_at_once]).all()


def test_sizes_sum_to_the_providers_payments_and_are_heavy_tailed() -> None:
    payers = payers_a_day(Streams(1, 0))
    assert len(payers) == MERCHANTS
    assert payers.sum() == pytest.approx(PAYMENTS_PER_DAY, rel=0.01)
    top = np.sort(payers)[-MERCHANTS // 100 :].sum() / payers.sum()
    assert top == pytest.approx(ndtr(SIZE_SIGMA - ndtri(0.99)), rel=0.15)


def test_pay_points_share_their_merchants_payers() -> None:
    merchants = np.arange(3_000)
    payers = payers_a_day(Streams(1, 0))[merchants]
    points = pay_points(Streams(1, 0), merchants, payers, 80.0)
    assert np.bincount(points.merchant, points.payers) == pytest.approx(payers)
    assert ((points.tills == 0) == (points.store < 0)).all()
    assert points.payers[points.store >= 0].max() <= 1_670 * 0.35 + 1e-9
    in_stores = points.payers[points.store >= 0].sum() / payers.sum()
    assert 0.3 < in_stores < 0.7


def test_a_folder_that_holds_something_is_left_alone(day: Path) -> None:
    with pytest.raises(UsageError, match="not empty"):
        simulate_day(day, SHARE)
    assert json.loads((day / "day.json").read_text())["laws_hold"] is True


def test_a_missing_row_breaks_a_law(tmp_path: Path, shard: Shard) -> None:
    sums = write_shard(shard, 0, tmp_path)
    assert audit(tmp_path, [sums])["laws_hold"]
    table = pq.read_table(tmp_path / "settlements-000.parquet")
    pq.write_table(table.slice(1), tmp_path / "settlements-000.parquet")
    with pytest.raises(LawViolated, match="captures logged = captures due"):
        audit(tmp_path, [sums])


def test_an_interrupt_keeps_whole_shards_and_says_so(tmp_path: Path) -> None:
    def interrupt(done: int, _total: int) -> None:
        if done:
            raise KeyboardInterrupt

    figures = simulate_day(tmp_path / "day", 20 * 1_281 / MERCHANTS, jobs=1, watch=interrupt)
    assert figures["state"] == "interrupted"
    assert 1 <= figures["shards_finished"] < 20
    assert len(list((tmp_path / "day").glob("events-*.parquet"))) == figures["shards_finished"]
    assert not list((tmp_path / "day").glob(".*"))
    assert figures["laws_hold"]


def test_ctrl_c_at_the_command_line_ends_with_130_and_leaves_no_process(tmp_path: Path) -> None:
    out = tmp_path / "day"
    command = [sys.executable, "-m", "omo", "bench", "psp-day", "--jobs", "2", "--out", str(out), "--json"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60
        while not list(out.glob("events-*.parquet")) and time.monotonic() < deadline:
            time.sleep(0.05)
        family = [psutil.Process(running.pid), *psutil.Process(running.pid).children(recursive=True)]
        os.kill(running.pid, signal.SIGINT)
        told, said = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 130
    assert "interrupted" in said
    assert json.loads(told)["state"] == json.loads((out / "day.json").read_text())["state"] == "interrupted"
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
