"""What the package may be called and may import, and how it starts."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import dashboard
import omo
from dashboard import commands
from dashboard.server import settings
from dashboard.words import words
from scenarios.errors import UsageError

PACKAGE = Path(dashboard.__file__).parent
TAKEN = {"omo", "sim", "scenarios", "loadtest", "dashboard", "streamlit", "locust", "plotly", "altair", "numpy"}


def test_no_module_hides_another_one_from_streamlit() -> None:
    """Streamlit puts the folder of the pages first on the import path."""
    names = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert not names & (TAKEN | sys.stdlib_module_names)


def test_nothing_imports_locust() -> None:
    modules = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for path in PACKAGE.rglob("*.py")
        if path.name not in ("app.py", "__init__.py") and path.parent.name != "app_pages"
    ]
    code = f"import importlib, sys; [importlib.import_module(m) for m in {modules}]; print('locust' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert result.stdout.strip() == "False", result.stderr


def test_help_needs_no_heavy_module() -> None:
    code = "import sys, dashboard.commands; print({'streamlit', 'matplotlib', 'duckdb'} & sys.modules.keys())"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.strip() == "set()"
    assert "runs" in CliRunner().invoke(omo.app, ["dashboard", "--help"]).stdout


def test_the_server_is_private_and_has_both_themes() -> None:
    found = settings(8501, browser=False)
    assert found["server.address"] == "127.0.0.1"
    assert found["browser.gatherUsageStats"] is False
    assert {key for key in found if key.startswith("theme.light.")} == {
        key.replace("dark", "light") for key in found if key.startswith("theme.dark.")
    }


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = CliRunner().invoke(omo.app, ["dashboard", "--port", str(port), "--no-browser"])
    assert isinstance(result.exception, UsageError)
    with pytest.raises(UsageError, match=f"port {port}"):
        raise result.exception


def test_the_help_of_the_dashboard_names_every_page() -> None:
    told = " ".join((commands.dashboard.__doc__ or "").split())
    pages = [path.stem for path in Path(dashboard.__file__).parent.glob("app_pages/*.py")]
    assert [name for name in pages if words("en")(f"page.{name}") not in told] == []
