"""`omo audit` and `omo trace` on the command line: exit codes, one JSON document, messages that say what to do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from test_audit_laws import clean_books, more_sold_than_there_was, write_load
from test_trace_cut import lunch_hour

from loadtest.trace_schema import read_trace


def omo(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "omo", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_clean_books_exit_with_0_and_leave_the_verdict_beside_them(tmp_path: Path) -> None:
    done = omo("audit", write_load(clean_books(), tmp_path), "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == "omo.audit/1"
    assert document["clean"]
    assert json.loads((tmp_path / "audit.json").read_text()) == document


def test_broken_law_exits_with_4_and_is_named_with_its_item(tmp_path: Path) -> None:
    books = clean_books()
    more_sold_than_there_was(books)
    done = omo("audit", write_load(books, tmp_path))
    assert done.returncode == 4
    assert "not_oversold" in done.stderr
    assert "item 7 oversold at station" in " ".join(done.stdout.split())
    assert "Traceback" not in done.stderr


def test_directory_without_books_is_a_usage_error(tmp_path: Path) -> None:
    done = omo("audit", tmp_path)
    assert done.returncode == 2
    assert "no books" in done.stderr


def test_trace_command_writes_a_trace_that_is_read_back(tmp_path: Path) -> None:
    run = lunch_hour().write(tmp_path / "run")
    out = tmp_path / "trace"
    done = omo("trace", run, "--from", "12:00", "--to", "12:10", "--copies", "2", "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == "omo.trace/1"
    assert document["steps"] == len(read_trace(out).steps)
    assert document["copies"] == 2


def test_load_refuses_a_directory_that_is_no_trace(tmp_path: Path) -> None:
    done = omo("load", tmp_path, "--out", tmp_path / "load")
    assert done.returncode == 2
    assert "omo trace" in done.stderr
