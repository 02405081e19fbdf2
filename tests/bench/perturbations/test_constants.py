"""The table of constants: every number has a unit and a source, and severity only grows."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest

from nephrosyn import vocabulary
from nephrosyn.bench.perturbations import PERTURBATIONS, SEVERITIES, VERSION
from nephrosyn.scenario.files.provenance import evidence

ID = re.compile(r"\b(?:NL3\.\d\.[a-z-]+|DEF:[a-z0-9-]+)")
CITED = re.compile(r"assumed: \w|by definition|molar mass|\b(?:19|20)\d\d\b|the source text")
FALLS = {("follow_up_short", "length")}
CONSTANTS = [(name, key) for name, one in PERTURBATIONS.items() for key in one.constants]


def test_the_table_has_a_version():
    assert VERSION >= 1
    assert SEVERITIES == (0, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(("name", "key"), CONSTANTS)
def test_every_number_has_a_unit_and_a_source(name, key):
    constant = PERTURBATIONS[name].constants[key]
    assert len(constant.values) == 5
    assert constant.unit
    named = ID.findall(constant.source)
    assert set(named) <= set(evidence())
    assert named or CITED.search(constant.source), constant.source


@pytest.mark.parametrize(("name", "key"), [one for one in CONSTANTS if PERTURBATIONS[one[0]].constants[one[1]].steps])
def test_severity_only_grows(name, key):
    values = PERTURBATIONS[name].constants[key].values
    assert list(values) == sorted(values, reverse=(name, key) in FALLS)
    if key == "share":
        assert 0 < values[0] < values[-1] <= 1


def test_periods_divide_each_other():
    grid = PERTURBATIONS["dates_rounded"].constants["grid"].values
    assert all(later % earlier == 0 for earlier, later in pairwise(grid))


def test_rows_of_the_confusion_matrix_are_whole():
    matrix = PERTURBATIONS["label_noise"].constants["matrix"].values[0]
    assert set(matrix) == set(vocabulary.CATEGORIES) - {"undetermined"}
    for name, row in matrix.items():
        assert math.isclose(sum(row.values()), 1)
        assert set(row) <= set(vocabulary.CATEGORIES) - {name, "undetermined"}


@pytest.mark.parametrize("name", sorted(PERTURBATIONS))
def test_every_severity_is_told(name):
    one = PERTURBATIONS[name]
    assert len(one.severities) == len(SEVERITIES)
    assert len(set(one.severities)) == len(SEVERITIES)
    assert one.kind in ("record", "label", "cohort")
    assert one.title and one.what.endswith(".")
    assert one.name == name
