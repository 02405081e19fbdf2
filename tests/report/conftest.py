"""Fixtures of the report's tests."""

from __future__ import annotations

import pytest

from nephrosyn import report, scenario
from nephrosyn.runs.folder.storage import LocalStorage

from . import factory


@pytest.fixture(scope="session")
def write():
    """Write the report of made-up tables into a folder; returns the folder and the summary."""

    def written(target, tables=None, **words):
        shown = factory.resolved(**words)
        # For as long as it is written only: other tests read real scenarios.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(scenario, "rows", lambda _: factory.ROWS, raising=False)
            return target, report.write(tables or factory.cohort(), shown, factory.MANIFEST, LocalStorage(target))[0]

    return written


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
