"""The rows of tables in the order that compiled code reads, whatever order they had."""

from __future__ import annotations

import numpy as np
import pytest

from nephrosyn.criteria import load
from nephrosyn.criteria.definition.compiled import rules
from nephrosyn.criteria.record.row_order import sorted_rows


def keys_of(rows, seed, *, by_patient):
    """Five keys with many ties, the last with missing numbers."""
    draw = np.random.default_rng(seed)
    replicate, patient = draw.integers(0, 2, rows, np.int32), draw.integers(0, 5, rows, np.int32)
    if by_patient:
        order = np.lexsort((patient, replicate))
        replicate, patient = replicate[order], patient[order]
    last = draw.integers(0, 3, rows).astype(float)
    last[draw.random(rows) < 0.3] = np.nan
    return [replicate, patient, draw.integers(0, 4, rows, np.int32), draw.integers(0, 3, rows, np.int32), last]


@pytest.mark.parametrize("by_patient", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_rows_are_sorted_as_numpy_sorts_them(seed, by_patient):
    keys = keys_of(120, seed, by_patient=by_patient)
    selected = np.random.default_rng(seed).random(120) < 0.8
    rows = np.flatnonzero(selected)
    assert sorted_rows(keys, selected).tolist() == rows[np.lexsort([key[rows] for key in keys[::-1]])].tolist()


def test_no_rows_are_no_rows():
    assert not len(sorted_rows(keys_of(6, 1, by_patient=True), np.zeros(6, np.bool_)))


def test_thresholds_are_those_of_the_sets_asked_for():
    source, other = load("source"), load("ipna-2022")
    assert rules([source]) is rules([source])
    both, swapped = rules([source, other]), rules([other, source])
    assert both.shape == swapped.shape == (2, 2)
    assert both["course_days"].tolist() == swapped["course_days"][::-1].tolist()
    assert both["adult_from"].tolist() == swapped["adult_from"][::-1].tolist()
    assert both.tobytes() != swapped.tobytes()
