"""A small run and cases built from it, shared by all tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import nephrosyn as ns
from nephrosyn.teach.items.case_set import build
from nephrosyn.teach.request import KINDS, Request
from nephrosyn.teach.run_source import Source

if TYPE_CHECKING:
    from nephrosyn.api import Cohort
    from nephrosyn.teach.model import CaseSet, UnitSystem


@pytest.fixture(scope="session")
def cohort() -> Cohort:
    """The baseline, 300 patients, in memory."""
    return ns.run("baseline", patients=300, seed=1)


@pytest.fixture(scope="session")
def sets(cohort: Cohort) -> dict[UnitSystem, CaseSet]:
    """Two cases of each kind, without pictures."""
    return build(Source(cohort), Request(count=14, kinds=KINDS, balance="natural", figures=False))


@pytest.fixture(scope="session")
def singles(cohort: Cohort) -> dict[UnitSystem, CaseSet]:
    """Four cases with one question on the category."""
    return build(Source(cohort), Request(count=4, balance="natural", figures=False))


@pytest.fixture(scope="session")
def pictured(cohort: Cohort) -> dict[UnitSystem, CaseSet]:
    """Two cases with pictures."""
    return build(Source(cohort), Request(count=2, balance="natural"))
