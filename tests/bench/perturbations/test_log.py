"""What is refused, in words for the user, and the log as a reader has it."""

from __future__ import annotations

import polars as pl
import pytest

from nephrosyn.bench.perturbations import apply, in_words, perturb
from nephrosyn.errors import PerturbationError
from nephrosyn.record.schema import OBSERVED


def test_a_log_of_another_record_is_refused(record):
    _, log = perturb(record, "upcr_noise", 5, seed=1, replicate=0)
    other, _ = perturb(record, "upcr_noise", 5, seed=2, replicate=0)
    with pytest.raises(PerturbationError, match="value is not what the log says it was"):
        apply(other, log)
    first = (pl.col("replicate") == 0) & (pl.col("patient") == 0)
    fewer = {table: frame.filter(~first) for table, frame in record.items()}
    with pytest.raises(PerturbationError, match=r"patient 0, readings row [0-9]+: no such row"):
        apply(fewer, log)
    with pytest.raises(PerturbationError, match="readings, which the record does not have"):
        apply({table: frame for table, frame in record.items() if table != "readings"}, log)


@pytest.mark.parametrize(
    ("name", "severity", "seed", "said"),
    [
        ("upcr_nois", 1, 0, "no perturbation upcr_nois; nearest: upcr_noise"),
        ("upcr_noise", 6, 0, "severity: expected 0 to 5; found 6"),
        ("upcr_noise", 1, -1, "expected a whole number from 0 to 9223372036854775807; found -1"),
    ],
)
def test_what_cannot_be_done_is_said(record, name, severity, seed, said):
    with pytest.raises(PerturbationError, match=said):
        perturb(record, name, severity, seed=seed, replicate=0)


def test_labels_are_asked_for_by_name(record):
    bare = {table: record[table] for table in OBSERVED}
    with pytest.raises(PerturbationError, match="definition_shift needs the table labels and labels_other"):
        perturb(bare, "definition_shift", 1, seed=0, replicate=0)
    doubled = {**record, "labels": pl.concat([record["labels"], record["labels"]])}
    with pytest.raises(PerturbationError, match="labels: expected one row per patient"):
        perturb(doubled, "label_noise", 1, seed=0, replicate=0)
    with pytest.raises(PerturbationError, match="upcr_noise needs the table visits and readings"):
        perturb({"patients": record["patients"]}, "upcr_noise", 1, seed=0, replicate=0)


def test_the_log_in_words_has_names_for_codes(record):
    _, log = perturb(record, "upcr_coarsened", 5, seed=1, replicate=0)
    told = in_words(log)
    assert told.height == log.height
    analyte = told.filter(pl.col("column") == "analyte")
    assert set(analyte.select("before", "after").rows()) == {("upcr", "dipstick")}
    assert set(told.filter(pl.col("column") == "unit")["after"]) == {"band"}
    _, missed = perturb(record, "visits_missing", 5, seed=1, replicate=0)
    told = in_words(missed)
    assert set(told.filter(pl.col("column") == "missed").select("before", "after").rows()) == {("false", "true")}
    assert told.filter(pl.col("column") == "actual_days")["after"].null_count() > 0
    assert in_words(log.clear()).is_empty()
