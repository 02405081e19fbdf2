"""Fixtures of the report's tests."""

from __future__ import annotations

import pytest

from nephrosyn import report, scenario

from . import factory


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Write the report of made-up tables; returns the folder and the summary."""
    monkeypatch.setattr(scenario, "rows", lambda _: factory.ROWS, raising=False)

    def write(tables=None, folder="report", **words):
        target = tmp_path / folder
        shown = factory.resolved(**words)
        return target, report.write(tables or factory.cohort(), shown, factory.MANIFEST, target)

    return write
