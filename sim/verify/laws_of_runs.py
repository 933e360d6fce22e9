"""Laws on whole worlds: the conservation laws of every run, and what queueing theory says of any queue whatever.

Every run checks its conservation laws and fails if one is broken. Here worlds of all modes are run without that check,
so that a broken law becomes a row of the table. The operational laws (Little; utilisation) need no distribution: what
the hourly statistics of the tills say must agree with how many people the event log shows in line, and being served,
on average over time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import duckdb

from scenarios.evaluation import Booking
from scenarios.loader import load
from scenarios.schema import Scenario
from sim.evaluation.ledgers.siloed import profit_and_loss
from sim.evaluation.tables import opened, single
from sim.laws import LAWS, violations
from sim.log.recorder import ParquetFiles
from sim.log.schema import TABLES
from sim.payments.settlement import settle
from sim.streams import Streams
from sim.verify.trials import Answer, Question, Sample, Trial
from sim.verify.worlds import SEED
from sim.world import World

WORLDS: Final = ("ward-siloed", "ward-o2o", "ward-omnichannel", "ward-omo", "ward-half-finished", "ward-rollout")
SETS: Final = ("population.shoppers=700", "population.needs_per_week=5.0", "horizon.days=14")
WAVES_SOONER: Final = ("rollout.pilot.day=3", "rollout.second.day=6", "rollout.everywhere.day=9")
NEGLIGIBLE: Final = 1e-6
"""Relative error that sums of floating-point seconds may have."""

_BOOKINGS: Final = (
    Booking(),
    Booking(app_sales="store", collect_sales="store", returns="return_channel", capability_opex="store"),
    Booking(contact_centre="shared", media="shared", coupons="store", points="ec", shared_store_share=0.37),
    Booking(ship_from_store_percent=0.33, collect_picking="ec", returns="return_channel"),
    Booking(ship_from_store_sales="store", media="store", contact_centre="store"),
    Booking(media="unallocated", points="unallocated", capability_opex="unallocated", contact_centre="unallocated"),
)

_IN_LINE: Final = """
  select store, sum(case when kind = 'queue_join' then -time_s else time_s end) as line_s
  from events where kind in ('queue_join', 'till_start', 'renege') and store is not null group by 1"""
"""Integral over time of the number of people in line, by store: whoever comes adds the rest of time, whoever goes takes
it away."""

_WAITED: Final = f"""
  select q.store::varchar as store, l.line_s, q.wait_s + coalesce(r.lost_s, 0) as lambda_w_s
  from (select store, sum(wait_s) as wait_s from queues where place in ('staffed_till', 'self_checkout') group by 1) q
  join ({_IN_LINE}) l on l.store::varchar = q.store::varchar
  left join (select e.store, sum(e.time_s - j.time_s) as lost_s from events e join events j
      on j."order" = e."order" and j.need = e.need and j.kind = 'queue_join' where e.kind = 'renege' group by 1) r
    on r.store::varchar = q.store::varchar"""

_SERVED: Final = """
  with served as
    (select store::varchar as store, need, "order", min(time_s) as start_s from events where kind = 'till_start'
     group by all),
  done as
    (select need, "order", max(time_s) as end_s from events where kind in ('paid', 'pay_failed', 'collected')
     group by all),
  busy as (select store, count(*) as n, sum(end_s - start_s) as busy_s from served join done using (need, "order")
     group by 1)
  select q.store::varchar as store, busy_s, n, q.served, q.service_s
  from (select store, sum(served) as served, sum(service_s) as service_s from queues
        where place in ('staffed_till', 'self_checkout') group by 1) q
  join busy on busy.store = q.store::varchar"""


def _world(seed: int) -> Sample:
    """One mode after the other; everything that its tables say about laws."""
    name = WORLDS[seed % len(WORLDS)]
    sets = [*SETS, *(WAVES_SOONER if name == "ward-rollout" else ())]
    scenario = load(name, sets).scenario
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        _live(scenario, directory, seed // len(WORLDS))
        with opened(directory) as db:
            rows = {table: single(db, f"select count(*) from {table}") for table in TABLES}
            sample = _operational(db, scenario) | {"silo": _silos(db)}
        broken = violations(directory)
    for law, query in LAWS.items():
        sample[f"broken {law}"] = float(law in broken)
        sample[f"rows {law}"] = sum(count for table, count in rows.items() if _reads(query, table))
    return sample


def _live(scenario: Scenario, directory: Path, replication: int) -> None:
    files = ParquetFiles(directory)
    streams = Streams(SEED, replication)
    for _ in World(scenario, streams, files).run():
        pass
    files.close()
    settle(directory, scenario, streams)


def _reads(query: str, table: str) -> bool:
    return f"from {table}" in query or f"join {table}" in query


def _operational(db: duckdb.DuckDBPyConnection, scenario: Scenario) -> dict[str, float]:
    """Largest relative errors over the stores, and the figures of the busiest one."""
    lines = db.execute(_WAITED).fetchall()
    tills = db.execute(_SERVED).fetchall()
    seconds = scenario.horizon.days * 86_400.0
    return {
        "stores": len(lines),
        "little": max(_error(line_s, lambda_w_s) for _, line_s, lambda_w_s in lines),
        "in line": max(line_s for _, line_s, _ in lines) / seconds,
        "till stores": len(tills),
        "utilisation": max(_error(busy_s, service_s) for _, busy_s, _, _, service_s in tills),
        "unmatched": sum(abs(n - served) for _, _, n, served, _ in tills),
        "busy tills": max(busy_s for _, busy_s, *_ in tills) / seconds,
    }


def _error(seen: float, law: float) -> float:
    return abs(seen / law - 1) if law else abs(seen)


def _silos(db: duckdb.DuckDBPyConnection) -> float:
    """Largest difference in yen between both P/Ls with what is in neither, and the ledger, over ways to book."""
    company = single(db, "select sum(amount_yen) from ledger")
    worst = 0.0
    for booking in _BOOKINGS:
        worst = max(worst, abs(sum(profit_and_loss(db, booking).values()) - company))
    return worst


def _kept(topic: str) -> Callable[[Sequence[Sample]], Answer]:
    """Whether no law of a topic is broken in any world."""
    laws = [law for law in LAWS if law.startswith(f"{topic}:")]

    def answer(samples: Sequence[Sample]) -> Answer:
        broken = [sum(sample[f"broken {law}"] for law in laws) for sample in samples]
        rows = sum(sample[f"rows {law}"] for law in laws for sample in samples)
        which = next((law for law in laws if any(sample[f"broken {law}"] for sample in samples)), "")
        found = f"broken in {sum(n > 0 for n in broken)} of {len(samples)} replications, {rows:,.0f} rows"
        return Answer("in none", found, not any(broken), sum(not n for n in broken) / len(samples), broken, which)

    return answer


def _little(samples: Sequence[Sample]) -> Answer:
    return _operational_law(samples, "little", "in line", "people in line", "stores")


def _utilisation(samples: Sequence[Sample]) -> Answer:
    answer = _operational_law(samples, "utilisation", "busy tills", "busy tills", "till stores")
    unmatched = sum(sample["unmatched"] for sample in samples)
    found = f"{answer.found}; {unmatched:.0f} services without an end"
    return Answer(answer.target, found, answer.holds and not unmatched, answer.share_of_seeds, answer.values)


def _operational_law(samples: Sequence[Sample], error: str, level: str, of: str, stores: str) -> Answer:
    errors = [sample[error] for sample in samples]
    most = max(sample[level] for sample in samples)
    lines = sum(sample[stores] for sample in samples)
    found = f"largest relative error {max(errors):.1e} over {lines:.0f} stores; up to {most:.3f} {of} on average"
    within = [found_error <= NEGLIGIBLE for found_error in errors]
    return Answer(f"relative error below {NEGLIGIBLE:g}", found, all(within), sum(within) / len(within), errors)


def _adds_up(samples: Sequence[Sample]) -> Answer:
    worst = [sample["silo"] for sample in samples]
    found = f"largest difference {max(worst):.0f} yen over {len(_BOOKINGS)} ways to book"
    return Answer("0 yen", found, not any(worst), sum(not yen for yen in worst) / len(worst), worst)


_TOPICS: Final = {
    "money": "Captures less refunds, points and coupons are the revenue of each order; no refund exceeds its payment",
    "ledger": "A need's rows sum to its contribution; only costs of places and of the company have no need",
    "points": "Opening balances and changes make the closing balances, never negative",
    "stock": "Opening and movements make closing, never negative, holds within it; what was sent arrives",
    "flow": "Each need ends once, who comes leaves, who joins a line is served or leaves it",
    "settlement": "Each captured or refunded item is settled once and paid out less the fee",
}

RUN_LAWS: Final = tuple(f"sim/laws.py, {topic}" for topic in _TOPICS)
"""Sources of the rows that every run checks too."""

LAWS_OF_RUNS: Final[tuple[Trial, ...]] = (
    Trial(
        "law",
        _world,
        (
            *(
                Question(f"LAW-{number:02}", what, source, _kept(topic))
                for number, (source, (topic, what)) in enumerate(zip(RUN_LAWS, _TOPICS.items(), strict=True), start=1)
            ),
            Question(
                "LAW-07", "People in line by the events, arrivals times wait by the statistics", "Little", _little
            ),
            Question(
                "LAW-08",
                "Busy tills by the events, throughput times service by the statistics",
                "utilisation law",
                _utilisation,
            ),
            Question("LAW-09", "Both divisions' P/Ls are the company's contribution", "D", _adds_up),
        ),
        at_least=len(WORLDS),
        at_most=5 * len(WORLDS),
    ),
)
