"""Both implementations of the definition sets agree on the same records.

The one in `second_implementation/` is written from the page on the criteria alone: where they differ, one is wrong.
"""

from __future__ import annotations

import random
from functools import cache
from itertools import product

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nephrosyn
from nephrosyn import criteria

from . import made_up
from .builder import child, tables
from .second_implementation import made_up_sets, made_up_widely
from .second_implementation.comparing import differences

pytestmark = pytest.mark.slow

OFTEN = ("source", "ipna-2022", "kdigo-2012-children")
# Patients of each scenario for the sets of OFTEN, 20,000 in all; few where diaries or years make a record long.
COHORTS = {
    "baseline": 7_000,
    "children-first-episode": 1_000,
    "modern-children": 500,
    "source-combined-care": 1_500,
    "sparse-records": 5_000,
    "ten-years": 2_000,
    "modern-adults": 3_000,
}
OTHERS = {"children-first-episode": 150, "modern-children": 100, "source-combined-care": 250, "modern-adults": 500}
COMPLETE = {"baseline": 200, "modern-children": 60, "modern-adults": 100, "source-combined-care": 20}
ANY_RECORD = st.one_of(
    made_up.anything(),
    made_up.on_a_grid(),
    made_up.many_drugs(),
    made_up.treated_on_a_grid(),
    st.randoms(use_true_random=False).map(made_up_widely.record),
)


@cache
def definitions(names):
    return [criteria.load(name) for name in names]


@cache
def shipped():
    return definitions(criteria.sets())


@cache
def cohort(scenario, patients):
    return nephrosyn.run(scenario, patients=patients, seed=20, criteria=["source"]).tables


def agree(*arguments, **more):
    found = differences(*arguments, **more)
    if found:
        pytest.fail("\n".join([f"{len(found)} differences", *map(str, found[:20])]))


@pytest.mark.slow
@pytest.mark.parametrize("scenario", sorted(COHORTS))
def test_on_simulated_records(scenario):
    agree(cohort(scenario, COHORTS[scenario]), definitions(OFTEN))


@pytest.mark.slow
@pytest.mark.parametrize("scenario", sorted(OTHERS))
def test_all_other_sets_on_simulated_records(scenario):
    others = tuple(name for name in criteria.sets() if name not in OFTEN)
    agree(cohort(scenario, OTHERS[scenario]), definitions(others))


@pytest.mark.slow
@pytest.mark.parametrize("scenario", sorted(COMPLETE))
def test_on_what_happened(scenario):
    agree(cohort(scenario, COMPLETE[scenario]), shipped(), "complete")


def test_on_a_few_simulated_records():
    agree(cohort("baseline", 40), shipped())
    agree(cohort("baseline", 10), shipped(), "complete")


def test_on_the_record_as_it_stood_on_a_day():
    for day in (0, 30, 120, 365):
        agree(cohort("baseline", 40), shipped(), until=day)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(ANY_RECORD, min_size=8, max_size=16))
def test_on_made_up_records(records):
    agree(tables(*records), shipped())


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_on_records_that_reach_the_corners(seed):
    agree(made_up_cohort(seed, 300 if seed == 1 else 1_500), shipped())


def made_up_cohort(seed, patients):
    chance = random.Random(seed)
    return tables(*(made_up_widely.record(chance) for _ in range(patients)))


def on_the_borders():
    """Records in which a day falls on the border of a window, a course or a treatment, or next to it."""
    for length in (182, 183, 184, 364, 365, 366):
        relapsing = (
            child(1200).ill(0).well(10).ill(60).well(70).ill(130).well(140).ill(10 + length).well_every(60, 500, 1160)
        )
        yield relapsing.taper(1)
    for weeks, ratio in product((4, 6, 8, 10, 12, 16), (0.5, 1.0, 5.0)):
        for late in (-1, 0, 1):
            made = (
                child(600)
                .ill(0)
                .upcr(ratio, *range(7, 7 * weeks + late, 7))
                .well(7 * weeks + late, 7 * weeks + late + 7)
            )
            yield made.steroid(60, 0, 7 * weeks + 10)
    for more, gap in product((27, 28, 29), (1, 2, 30, 31, 32)):
        made = child(900).ill(*range(0, 900, 30)).steroid(60, 0, 100).agent("tacrolimus", 5, 100, 200)
        yield made.agent("tacrolimus", 5, 200 + gap, 600).agent("mycophenolate", 500, 300, 299 + more)


def test_on_the_borders():
    agree(tables(*on_the_borders()), shipped())


def test_on_made_up_courses_of_the_truth():
    agree(made_up_cohort(4, 40), shipped(), "complete")


def test_on_made_up_records_as_they_stood_on_a_day():
    for day in (0, 20, 77, 200):
        agree(made_up_cohort(5, 60), shipped(), until=day)


@pytest.mark.parametrize(
    "table, column", [("readings", "value"), ("doses", "mean_mg_per_day"), ("doses", "dosing_weight_kg")]
)
def test_on_records_with_missing_values(table, column):
    cohort = made_up_cohort(6, 150)
    chance = random.Random(6)
    missing = pl.Series([chance.random() < 0.2 for _ in range(cohort[table].height)])
    lost = pl.when(missing).then(None).otherwise(pl.col(column)).alias(column)
    agree({**cohort, table: cohort[table].with_columns(lost)}, shipped())


def test_on_records_with_copies_of_rows_in_any_order():
    cohort = made_up_cohort(7, 100)
    mixed = {
        name: pl.concat([rows, rows]).sample(fraction=1.0, shuffle=True, seed=7)
        for name, rows in cohort.items()
        if name in ("readings", "diary", "doses", "conditions")
    }
    agree({**cohort, **mixed}, shipped())


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_sets_with_other_thresholds(seed):
    chance = random.Random(seed)
    sets = [made_up_sets.definition(chance, f"made-up-{number}") for number in range(30)]
    agree(made_up_cohort(seed, 40 if seed == 1 else 300), sets)
