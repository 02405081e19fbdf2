"""Finished runs of three parts, and the command line."""

from __future__ import annotations

import pytest

import nephrosyn as ns

THREE_PARTS = ["population.patients_per_site=20"]


@pytest.fixture(scope="session")
def adults(tmp_path_factory) -> ns.Cohort:
    """Sixty adults with second agents, classified by two sets."""
    return ns.run(
        "modern-adults",
        patients=60,
        seed=1,
        criteria=["source", "kdigo-2021-adults"],
        overrides=THREE_PARTS,
        out=tmp_path_factory.mktemp("adults") / "run",
        report=False,
        part_patients=20,
    )


@pytest.fixture(scope="session")
def children(tmp_path_factory) -> ns.Cohort:
    """Forty children in two replicates, with a home diary and a day zero of their own."""
    return ns.run(
        "children-first-episode",
        patients=20,
        replicates=2,
        seed=4,
        overrides=[*THREE_PARTS, "calendar.day_zero=1999-12-31"],
        out=tmp_path_factory.mktemp("children") / "run",
        report=False,
    )
