"""What is missing from the observed record, and that losing it changes nothing else."""

from __future__ import annotations

import polars as pl
import pytest
from scipy import stats

from nephrosyn.api import run
from nephrosyn.record.schema import SCHEMAS

KEPT = [
    "chart.missed_visit_probability=0.0",
    "chart.missed_diary_day_probability=0.0",
    "chart.dropout_per_year=0.0",
    *(
        f"chart.lost_result_probability.{analyte}=0.0"
        for analyte in ("upcr", "dipstick", "albumin", "creatinine", "cholesterol", "weight", "uacr", "anti_pla2r")
    ),
]


def cohort(*overrides, name="baseline", patients=250):
    return run(name, patients=patients, seed=4, overrides=overrides)


@pytest.fixture(scope="module")
def whole():
    return cohort(*KEPT)


def test_tables_have_their_columns_and_types(whole):
    for name, frame in whole.tables.items():
        assert dict(frame.schema) == {
            column: pl.Schema({column: kind})[column] for column, kind in SCHEMAS[name].items()
        }
        assert name == "labels" or frame["patient"].is_sorted()


def test_a_lost_result_moves_no_other(whole):
    lossy = cohort(*[k for k in KEPT if "albumin" not in k], "chart.lost_result_probability.albumin=0.4")
    kept = whole.tables["readings"].filter(pl.col("analyte") != "albumin")
    assert lossy.tables["readings"].filter(pl.col("analyte") != "albumin").equals(kept)
    before, after = (c.tables["readings"].filter(analyte="albumin") for c in (whole, lossy))
    assert after.join(before, on=after.columns, how="anti").is_empty()
    assert stats.binomtest(after.height, before.height, 0.6).pvalue > 0.001
    for name in whole.tables:
        if name.startswith("truth/"):
            assert whole.tables[name].equals(lossy.tables[name])


def test_more_losses_contain_the_fewer(whole):
    little, much = (cohort(*KEPT[1:], f"chart.missed_visit_probability={share}") for share in (0.1, 0.3))
    first, more = (c.tables["visits"].filter("missed").select("patient", "visit") for c in (little, much))
    assert first.join(more, on=["patient", "visit"], how="anti").is_empty()
    visits = much.tables["visits"].filter(pl.col("visit") > 0)
    assert stats.binomtest(more.height, visits.height, 0.3).pvalue > 0.001
    assert not much.tables["visits"].filter(pl.col("visit") == 0)["missed"].any()


def test_leaving_the_clinic_ends_the_record_and_not_the_course(whole):
    leaving = cohort(*KEPT[:2], *KEPT[3:], "chart.dropout_per_year=1.0")
    left = leaving.tables["follow_up"].filter(reason="dropout")
    assert left.height > 50
    assert leaving.tables["truth/doses"].equals(whole.tables["truth/doses"])
    assert leaving.tables["truth/follow_up"].equals(whole.tables["truth/follow_up"])
    at_end = leaving.tables["readings"].join(left, on="patient").filter(pl.col("taken_days") > pl.col("end_days"))
    assert at_end.is_empty()


def test_a_missed_diary_day_splits_a_run():
    full = cohort(*KEPT, name="children-first-episode", patients=40).tables["diary"]
    gaps = cohort(
        *KEPT[:1], *KEPT[2:], "chart.missed_diary_day_probability=0.2", name="children-first-episode", patients=40
    )

    def days(frame):
        spread = frame.with_columns(day=pl.int_ranges(pl.col("first_days"), pl.col("last_days") + 1))
        return spread.explode("day").select("patient", "day", "grade")

    before, after = days(full), days(gaps.tables["diary"])
    assert after.join(before, on=["patient", "day", "grade"], how="anti").is_empty()
    assert stats.binomtest(after.height, before.height, 0.8).pvalue > 0.001


def test_without_losses_the_record_is_judged_like_the_truth():
    """Agreement of the two views rises as losses go, and is nearly whole once measurement is exact and daily."""
    exact = [
        *KEPT,
        "readings.upcr.variation_at_low=0.001",
        "readings.upcr.variation_at_high=0.001",
        "readings.dipstick.band_error=0.0",
    ]

    def agreement(*overrides, name="baseline"):
        labels = cohort(*overrides, name=name, patients=400).labels
        sides = labels.pivot("view", index="patient", values="category")
        return (sides["complete"] == sides["observed"]).mean()

    sparse, usual, complete = agreement(name="sparse-records"), agreement(), agreement(*exact)
    assert sparse < usual < complete
    assert complete > 0.93
