"""Fixtures of the report's tests."""

from __future__ import annotations

import pytest

from nephrosyn import report, scenario

from . import factory


@pytest.fixture(scope="session")
def write():
    """Write the report of made-up tables into a folder; returns the folder and the summary."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scenario, "rows", lambda _: factory.ROWS, raising=False)

        def written(target, tables=None, **words):
            shown = factory.resolved(**words)
            return target, report.write(tables or factory.cohort(), shown, factory.MANIFEST, target)

        yield written


@pytest.fixture(scope="session")
def whole(write, tmp_path_factory):
    """The report of the usual made-up cohort, written once; not to be changed."""
    return write(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def made(write, tmp_path):
    """Write a report of one's own."""

    def own(tables=None, folder="report", **words):
        return write(tmp_path / folder, tables, **words)

    return own
