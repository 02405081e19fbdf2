"""A perturbed record could be a real one: no error makes what its schema or vocabulary does not allow."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl
import pytest

from nephrosyn import criteria, vocabulary
from nephrosyn.bench.perturbations import PERTURBATIONS, SEVERITIES, perturb, prepare
from nephrosyn.bench.task import Task
from nephrosyn.record.schema import SCHEMAS

ON = ["replicate", "patient"]
LIMIT_OF = {"upcr": 0.05, "uacr": 0.003}
"""Limits of detection of the shipped scenarios, mg/mg."""
SOURCE = Task(criteria.load("source"))
Tables = Mapping[str, pl.DataFrame]


def overlapping(frame: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    rows = frame.unique().sort(*keys, "first_days")  # what was entered twice is no overlap
    return rows.filter(pl.col("first_days") <= pl.col("last_days").shift(1).over(keys))


def beyond_the_end(t: Tables, table: str, day: str) -> pl.DataFrame:
    return t[table].join(t["follow_up"], on=ON).filter(pl.col(day) > pl.col("end_days"))


def limits(t: Tables) -> pl.DataFrame:
    """Marked results that are not the limit, and results below the limit that are not marked."""
    limit = pl.col("analyte").cast(pl.String).replace_strict(LIMIT_OF, default=None)
    marked, value = pl.col("below_limit"), pl.col("value")
    return t["readings"].filter((marked & (value != limit).fill_null(True)) | (~marked & (value < limit)))


MUST_BE_EMPTY: Mapping[str, Callable[[Tables], pl.DataFrame]] = {
    "a visit has a day unless it was missed": lambda t: t["visits"].filter(
        pl.col("missed") != pl.col("actual_days").is_null()
    ),
    "visits are numbered once": lambda t: t["visits"].filter(t["visits"].select(*ON, "visit").is_duplicated()),
    "a result is of a visit that took place, on its day": lambda t: t["readings"].join(
        t["visits"].filter(~pl.col("missed")).rename({"actual_days": "taken_days"}),
        on=[*ON, "visit", "taken_days"],
        how="anti",
    ),
    "a result has the unit of its analyte": lambda t: t["readings"].filter(
        pl.col("unit").cast(pl.String) != pl.col("analyte").cast(pl.String).replace_strict(vocabulary.UNITS)
    ),
    "a result is a number of 0 or more": lambda t: t["readings"].filter(
        ~(pl.col("value").is_finite() & (pl.col("value") >= 0)).fill_null(False)
    ),
    "a dipstick is a band": lambda t: t["readings"].filter(
        (pl.col("analyte") == "dipstick")
        & ~pl.col("value").is_in([float(k) for k in range(len(vocabulary.DIPSTICK_BANDS))])
    ),
    "a result below the limit of detection is the limit": limits,
    "runs of the diary do not overlap": lambda t: overlapping(t["diary"], ON),
    "runs of a drug do not overlap": lambda t: overlapping(t["doses"], [*ON, "drug"]),
    "runs have a first and a last day": lambda t: pl.concat(
        [t[name].select("first_days", "last_days") for name in ("diary", "doses")]
    ).filter(pl.col("first_days") > pl.col("last_days")),
    "a single dose is of one day": lambda t: t["doses"].filter(
        (pl.col("schedule") == "single") & (pl.col("first_days") != pl.col("last_days"))
    ),
    "doses and weights are positive": lambda t: t["doses"].filter(
        (pl.col("mean_mg_per_day") < 0) | (pl.col("dosing_weight_kg") <= 0)
    ),
    "patients have a size and an age": lambda t: t["patients"].filter(
        (pl.col("weight_kg") <= 0) | (pl.col("height_cm") <= 0) | (pl.col("age_at_onset_years") < 0)
    ),
    "a lesion is known from a biopsy": lambda t: t["patients"].filter(
        pl.col("lesion").is_null() != pl.col("biopsy_days").is_null()
    ),
    "patients stand once, with one end of follow-up": lambda t: pl.concat(
        [t[name].filter(t[name].select(ON).is_duplicated()).select(ON) for name in ("patients", "follow_up")]
    ),
    **{
        f"{table} are within follow-up": lambda t, table=table, day=day: beyond_the_end(t, table, day)
        for table, day in (
            ("visits", "actual_days"),
            ("readings", "taken_days"),
            ("conditions", "noted_days"),
            ("doses", "last_days"),
            ("diary", "last_days"),
            ("patients", "biopsy_days"),
        )
    },
    "no day is before onset": lambda t: pl.concat(
        [
            t[table].select(day=day)
            for table, day in (("visits", "actual_days"), ("readings", "taken_days"), ("doses", "first_days"))
        ]
    ).filter(pl.col("day") < 0),
    "a label is one that the set can give": lambda t: t["labels"].filter(
        ~pl.col("category").cast(pl.String).is_in([*SOURCE.classes, "undetermined"])
    ),
    "a refractory category is refractory": lambda t: t["labels"].filter(
        pl.col("refractory") != pl.col("category").cast(pl.String).is_in(SOURCE.refractory_categories)
    ),
    "who is not refractory has no day and no kind of it": lambda t: t["labels"].filter(
        ~pl.col("refractory").fill_null(False)
        & (pl.col("first_met_days").is_not_null() | pl.col("refractory_kind").is_not_null())
    ),
    "who is outside the set has no category": lambda t: t["labels"].filter(
        ~pl.col("applies") & (pl.col("category") != "undetermined")
    ),
}
ALLOWED = {("units_mixed", "a result below the limit of detection is the limit")}  # the limit, in the other unit
OF_ANOTHER_SET = {"definition_shift"}  # its labels are those of another set, which may give others


def broken(tables: Tables, name: str) -> set[str]:
    found = {rule for rule, rows in MUST_BE_EMPTY.items() if rows(tables).height}
    if name in OF_ANOTHER_SET:
        found -= {"a label is one that the set can give", "a refractory category is refractory"}
    return {rule for rule in found if (name, rule) not in ALLOWED}


def test_the_clean_record_is_sound(record):
    assert broken(record, "") == set()


@pytest.mark.parametrize("name", sorted(PERTURBATIONS))
def test_no_perturbation_makes_what_cannot_be(record, name):
    clean = prepare(record)
    for severity in SEVERITIES[1:]:
        made, _ = perturb(clean, name, severity, seed=1, replicate=0, definition=SOURCE.definition)
        assert broken(made, name) == set(), severity
        for table, frame in made.items():
            schema = SCHEMAS["labels" if table == "labels_other" else table]
            assert frame.schema == pl.Schema(schema), table
