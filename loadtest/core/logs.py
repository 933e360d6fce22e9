"""Logs as JSON lines: when, how bad, what, and where in the code. Never what was in a request.

Messages of exceptions are left out: a database names the values that it refuses, and they may be a shopper's.
"""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path

import msgspec


class JsonLines(logging.Formatter):
    """One JSON object a record. The code's own messages hold no values of requests."""

    def format(self, record: logging.LogRecord) -> str:
        """`error` and `where` (file, line, function) for an exception, innermost first."""
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            frames = traceback.extract_tb(record.exc_info[2])
            entry["error"] = record.exc_info[0].__name__
            entry["where"] = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames)]
        return msgspec.json.encode(entry).decode()


def log_to_stderr() -> None:
    """All warnings and errors of this process as JSON lines on stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
