"""A small record of three kinds of cohort, with its reference labels."""

from __future__ import annotations

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn.record.schema import OBSERVED

SETS = ("source", "ipna-2022")


def _tables(scenario, patients, seed, number):
    cohort = ns.run(scenario, patients=patients, seed=seed, criteria=list(SETS))
    record = {name: cohort.tables[name] for name in OBSERVED}
    for table, name in zip(("labels", "labels_other"), SETS, strict=True):
        record[table] = cohort.labels.filter(pl.col("criteria") == name, pl.col("view") == "complete")
    number = pl.lit(number, dtype=pl.Int32).alias("replicate")
    return {name: frame.with_columns(number) for name, frame in record.items()}


@pytest.fixture(scope="session")
def record():
    """Three replicates: the baseline, children with a home diary, children on several drugs; labels by two sets."""
    cohorts = [
        _tables("baseline", 30, 5, 0),
        _tables("children-first-episode", 12, 6, 1),
        _tables("modern-children", 12, 8, 2),
    ]
    return {name: pl.concat([cohort[name] for cohort in cohorts]) for name in cohorts[0]}


@pytest.fixture(scope="session")
def many():
    """Four hundred patients of the baseline, for shares and averages."""
    return _tables("baseline", 400, 7, 0)
