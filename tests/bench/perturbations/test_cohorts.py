"""All tables of a cohort can be perturbed, by every kind of error."""

from __future__ import annotations

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn import criteria
from nephrosyn.bench.perturbations import PERTURBATIONS, perturb
from nephrosyn.record.schema import OBSERVED

OF_LABELS = ("label_noise", "definition_shift", "prevalence_lowered", "prevalence_raised")


@pytest.fixture(scope="module")
def cohort():
    return ns.run("baseline", patients=150, seed=2, criteria=["source", "kdigo-2021-adults"])


@pytest.mark.parametrize("name", sorted(PERTURBATIONS))
def test_every_kind_takes_the_tables_of_a_cohort(cohort, name):
    made, log = perturb(cohort.tables, name, 4, seed=1, replicate=0)
    assert log.height > 0
    assert set(OBSERVED) <= set(made)
    assert not [table for table in made if table.startswith("truth/")]


@pytest.mark.parametrize("name", OF_LABELS)
def test_the_reference_is_that_of_the_complete_record(cohort, name):
    made, _ = perturb(cohort.tables, name, 0, seed=1, replicate=0, definition=criteria.load("kdigo-2021-adults"))
    expected = cohort.labels.filter(criteria="kdigo-2021-adults", view="complete")
    assert made["labels"].equals(expected)
    if name == "definition_shift":
        assert made["labels_other"]["criteria"].unique().to_list() == ["source"]


def test_labels_by_another_set_are_made_if_there_are_none():
    cohort = ns.run("baseline", patients=80, seed=2, criteria=["source"])
    made, log = perturb(cohort.tables, "definition_shift", 5, seed=1, replicate=0)
    assert made["labels_other"].equals(criteria.classify(cohort.tables, criteria.load("ipna-2022"), "complete"))
    changed = log.filter(pl.col("table") == "labels")["patient"].unique()
    assert changed.is_in(made["labels_other"].filter("applies")["patient"].implode()).all()
