"""Markers of the load test's tests."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """`oscar` tests run where OMO_OSCAR_VENV names a virtual environment with django-oscar."""
    config.addinivalue_line("markers", "oscar: needs django-oscar in a virtual environment of its own")
