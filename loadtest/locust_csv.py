"""A load run's figures in the CSV files that Locust writes, from the history: exact, and from the intended start.

The columns are those of Locust's `--csv`, so that what reads its files reads ours. `Type` is `step`; the user count is
the number of journeys in flight; response sizes are not in the history and stay empty, like the median so far. A
second's row has the percentiles of the calls due in that second.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import duckdb

_QUANTILES: Final = (0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0)
_PERCENTILES: Final = ", ".join(
    f'round(1000 * quantile_disc(latency_s, {q}), 3) AS "{round(100 * q, 6):g}%"' for q in _QUANTILES
)
_FAILED: Final = "count(*) FILTER (outcome = 'unknown' OR status >= 500)"
_STATS: Final = f"""
    SELECT if(action IS NULL, '', 'step') AS "Type", coalesce(action, 'Aggregated') AS "Name",
        count(*) AS "Request Count", {_FAILED} AS "Failure Count",
        round(1000 * quantile_disc(latency_s, 0.5), 3) AS "Median Response Time",
        round(1000 * avg(latency_s), 3) AS "Average Response Time",
        round(1000 * min(latency_s), 3) AS "Min Response Time",
        round(1000 * max(latency_s), 3) AS "Max Response Time", NULL AS "Average Content Size",
        count(*) / any_value(length_s) AS "Requests/s", {_FAILED} / any_value(length_s) AS "Failures/s", {_PERCENTILES}
    FROM calls CROSS JOIN (SELECT greatest(max(due_s) - min(due_s), 1.0) AS length_s FROM calls)
    GROUP BY GROUPING SETS ((action), ()) ORDER BY action NULLS LAST
"""
_HISTORY: Final = f"""
    WITH flights AS (SELECT floor(min(due_s)) AS first_s, floor(max(coalesce(answered_s, due_s))) AS last_s
                     FROM calls GROUP BY copy, journey),
    seconds AS (SELECT floor(due_s) AS second, count(*) AS requests, {_FAILED} AS failures,
                    count(latency_s) AS answered, sum(latency_s) AS sum_s, min(latency_s) AS min_s,
                    max(latency_s) AS max_s, {_PERCENTILES}
                FROM calls GROUP BY ALL),
    users AS (SELECT second, count(*) AS users FROM seconds JOIN flights ON second BETWEEN first_s AND last_s
              GROUP BY second)
    SELECT (? + second)::BIGINT AS "Timestamp", users AS "User Count", '' AS "Type", 'Aggregated' AS "Name",
        requests AS "Requests/s", failures AS "Failures/s",
        seconds.* EXCLUDE (second, requests, failures, answered, sum_s, min_s, max_s),
        sum(requests) OVER so_far AS "Total Request Count", sum(failures) OVER so_far AS "Total Failure Count",
        NULL AS "Total Median Response Time",
        round(1000 * sum(sum_s) OVER so_far / sum(answered) OVER so_far, 3) AS "Total Average Response Time",
        round(1000 * min(min_s) OVER so_far, 3) AS "Total Min Response Time",
        round(1000 * max(max_s) OVER so_far, 3) AS "Total Max Response Time", NULL AS "Total Average Content Size"
    FROM seconds JOIN users USING (second) WINDOW so_far AS (ORDER BY second) ORDER BY second
"""
_FAILURES: Final = """
    SELECT 'step' AS "Method", action AS "Name", coalesce(detail, 'no answer') AS "Error", count(*) AS "Occurrences",
        (? + min(due_s))::BIGINT AS "First Seen", (? + max(due_s))::BIGINT AS "Last Seen"
    FROM calls WHERE outcome = 'unknown' OR status >= 500 GROUP BY ALL ORDER BY ALL
"""


def write_locust_csv(db: duckdb.DuckDBPyConnection, directory: Path) -> None:
    """Write `locust_stats.csv`, `locust_stats_history.csv` and `locust_failures.csv` from the table `calls` of `db`."""
    path, zero_s = directory / "started.json", 0.0
    if path.is_file():
        first_s = db.sql("SELECT coalesce(min(due_s), 0) FROM history").fetchall()[0][0]
        zero_s = json.loads(path.read_text(encoding="utf-8"))["start_at"] - first_s
    for name, query, values in (
        ("stats", _STATS, []),
        ("stats_history", _HISTORY, [zero_s]),
        ("failures", _FAILURES, [zero_s, zero_s]),
    ):
        db.sql(query, params=values).write_csv(str(directory / f"locust_{name}.csv"))
