"""A small run, and variants of the shipped definition set in files."""

from __future__ import annotations

import pytest

import nephrosyn as ns
from nephrosyn import criteria

SECOND = 'relapses = { value = 1, unit = "relapses"', 'relapses = { value = 2, unit = "relapses"'
SIXTEEN = "course = { value = 12", "course = { value = 16"
LESS = (
    'refractory = { value = ["resistant", "dependent", "frequent", "intolerant"]',
    'refractory = { value = ["resistant"]',
)


@pytest.fixture(scope="session")
def variant(tmp_path_factory):
    """Write a copy of the shipped set under another name, with other thresholds."""

    def write(name, *changes):
        text = criteria.text("source").replace('name = "source"', f'name = "{name}"')
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path_factory.mktemp("sets") / f"{name}.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture(scope="session")
def second(variant):
    """Dependence only from a second relapse on."""
    return variant("second", SECOND)


@pytest.fixture(scope="session")
def cohort():
    return ns.run("baseline", patients=300, seed=2)


@pytest.fixture(scope="session")
def found(cohort, second):
    return ns.reclassify(cohort, "source", second)
