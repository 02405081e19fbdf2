"""Read an OMOP dataset as observed tables.

The documented minimum is a person with a protein/creatinine ratio or a dipstick, and steroid doses. Concepts are those
of an export; a drug may also be a product whose ingredient the dataset's own vocabulary tells. Other rows are counted
and left aside.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.interchange.omop import conditions as written
from nephrosyn.interchange.omop.concepts import OF_SEX
from nephrosyn.interchange.omop.measurements import UNTIL
from nephrosyn.interchange.omop.read_drugs import doses
from nephrosyn.interchange.omop.read_tables import Dataset
from nephrosyn.interchange.omop.read_words import (
    BELOW,
    GRADES,
    UNIT_NAMES,
    grade_of_concept,
    measured,
    noted,
)
from nephrosyn.interchange.outside import units
from nephrosyn.interchange.outside.doses import with_weights
from nephrosyn.interchange.outside.kinds import KINDS
from nephrosyn.interchange.outside.record import OutsideRecord, Problems, assembled
from nephrosyn.record.schema import DRUG
from nephrosyn.vocabulary import DAYS_PER_YEAR

PATIENT = "patient"


def read(folder: Path) -> OutsideRecord:
    """Read an OMOP dataset.

    Parameters
    ----------
    folder : Path
        Its folder; see `Dataset`.

    Raises
    ------
    OutsideRecordError
        If it is none, or rows are impossible; each with its place.
    """
    return _Reader(folder).record()


class _Reader:
    """The rows of a dataset on their way to tables."""

    def __init__(self, folder: Path) -> None:
        self._problems = Problems(str(folder))
        self._notes: list[str] = []
        self._data = Dataset(folder, self._problems)
        people = self._data.read("person")
        self._refuse(people.filter(pl.col("person_id").is_duplicated()), "one row for each person")
        self._subjects = people.select(subject_id=pl.col("person_id").cast(pl.Int64)).sort("subject_id")
        self._subjects = self._subjects.with_columns(
            replicate=pl.lit(0, pl.Int32), patient=pl.int_range(pl.len(), dtype=pl.Int32)
        )
        self._people = self._numbered(people)
        self._measured = self._measurements()
        self._conditions, self._observed = self._occurrences(), self._numbered(self._data.read("observation"))
        self._dead = self._numbered(self._data.read("death"))
        self._drugs = self._numbered(doses(self._data, self._notes))
        self._set_days()
        self._check()
        self._problems.refuse()

    def _numbered(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add the number of each row's patient; a row of nobody is noted as a problem."""
        rows = rows.with_columns(subject_id=pl.col("person_id").cast(pl.Int64))
        joined = rows.join(self._subjects, on="subject_id", how="left", maintain_order="left")
        self._refuse(joined.filter(pl.col(PATIENT).is_null()), "rows of persons in the table person")
        return joined

    def _refuse(self, rows: pl.DataFrame, expected: str, said: pl.Expr | None = None) -> None:
        shown = pl.col("place") if said is None else pl.format("{} ({})", said, "place")
        self._problems.add(expected, *rows.select(shown.cast(pl.String).fill_null("no value")).to_series().to_list())

    def _measurements(self) -> pl.DataFrame:
        known = measured()
        rows = self._data.read("measurement")
        rows = rows.join(known.by_concept, on="measurement_concept_id", how="left", maintain_order="left")
        rows = rows.join(known.by_source, on="measurement_source_value", how="left", maintain_order="left")
        rows = rows.with_columns(word=pl.coalesce("said", "word"))
        unread = rows["word"].null_count()
        if unread:
            self._notes.append(f"{unread:,} measurements are of concepts that are not read")
        return self._numbered(rows.filter(pl.col("word").is_not_null()))

    def _occurrences(self) -> pl.DataFrame:
        known = noted()
        rows = self._data.read("condition_occurrence").join(
            known, on="condition_concept_id", how="left", maintain_order="left"
        )
        said = pl.col("condition_source_value").str.split_exact("/", 1)
        kind, word = said.struct.field("field_0"), said.struct.field("field_1")
        exported = kind.is_in((*vocabulary.CONDITION_KINDS, "lesion")) & word.is_in(
            (*vocabulary.CONDITIONS, *vocabulary.LESIONS)
        )
        plain = pl.col("condition_source_value").is_in((written.DISEASE, written.FAILURE))
        rows = rows.with_columns(
            kind=pl.when(exported).then(kind),
            group=pl.when(exported & (kind == "lesion"))
            .then(pl.lit("lesion"))
            .when(exported)
            .then(pl.lit("condition"))
            .otherwise("group"),
            word=pl.when(exported).then(word).when(plain).then("condition_source_value").otherwise("word"),
        ).with_columns(group=pl.when(pl.col("word") == written.DISEASE).then(pl.lit("disease")).otherwise("group"))
        unread = rows["word"].null_count()
        if unread:
            self._notes.append(f"{unread:,} condition occurrences are of concepts that are not read")
        return self._numbered(rows.filter(pl.col("word").is_not_null()))

    def _set_days(self) -> None:
        """Choose day 0 of each patient, and add the day of each row."""
        period = self._numbered(self._data.read("observation_period"))
        self._periods = period.group_by(PATIENT).agg(
            opened=pl.col("observation_period_start_date").min(), closed=pl.col("observation_period_end_date").max()
        )
        diseased = self._conditions.filter(group="disease").group_by(PATIENT)
        begins = pl.col("word").is_in(("upcr", "dipstick"))
        urine = self._measured.filter(begins).group_by(PATIENT).agg(urine=pl.col("measurement_date").min())
        steroid = self._drugs.filter(drug=vocabulary.STEROID).group_by(PATIENT).agg(steroid=pl.col("start").min())
        onsets = self._subjects.select(PATIENT)
        for part in (diseased.agg(said=pl.col("condition_start_date").min()), urine, steroid, self._periods):
            onsets = onsets.join(part, on=PATIENT, how="left", maintain_order="left")
        assumed = onsets["said"].null_count()
        if assumed:
            self._notes.append(
                f"{assumed:,} of {onsets.height:,} persons have no diagnosis of nephrotic syndrome; day 0 is their "
                "first urine result or steroid dose"
            )
        first = pl.coalesce("said", pl.min_horizontal("urine", "steroid"), "opened")
        self._onsets = onsets.select(PATIENT, onset=first)
        self._measured = self._with_day(self._measured, day="measurement_date")
        self._conditions = self._with_day(self._conditions, day="condition_start_date")
        self._observed = self._with_day(self._observed, day="observation_date")
        self._dead = self._with_day(self._dead, day="death_date")
        self._drugs = self._with_day(self._drugs, first_days="start", last_days="end")
        self._people = self._with_day(self._people)

    def _with_day(self, rows: pl.DataFrame, **columns: str) -> pl.DataFrame:
        rows = rows.join(self._onsets, on=PATIENT, how="left", maintain_order="left")
        return rows.with_columns(
            (pl.col(date) - pl.col("onset")).dt.total_days().cast(pl.Int32).alias(day) for day, date in columns.items()
        )

    def _check(self) -> None:
        """Note impossible rows as problems, each with its place."""
        value = pl.col("value_as_number")
        impossible = value.is_not_null() & ((value < 0.0) | ~value.is_finite())
        said = pl.format("{} {}", "word", value)
        self._refuse(self._measured.filter(impossible), "a value of 0 or more", said)
        self._refuse(self._measured.filter(pl.col("day").is_null()), "a date of each measurement")
        backwards = self._drugs.filter(pl.col("last_days") < pl.col("first_days"))
        self._refuse(backwards, "an end of a drug that is not before its start")
        self._refuse(self._drugs.filter(pl.col("first_days").is_null()), "a start of each drug")
        negative = (pl.col("dose_mg") < 0.0) | ~pl.col("dose_mg").is_finite()
        self._refuse(self._drugs.filter(negative), "a dose of 0 or more")
        deaths = self._dead.group_by(PATIENT).agg(died=pl.col("day").max())
        for rows, day, what in ((self._measured, "day", "result"), (self._drugs, "first_days", "dose")):
            late = rows.join(deaths, on=PATIENT, how="left", maintain_order="left").filter(pl.col(day) > pl.col("died"))
            self._refuse(late, f"no {what} after the death of the person")
        births = self._born().select(PATIENT, "birth_days")
        for rows, day in ((self._measured, "day"), (self._drugs, "first_days")):
            early = rows.join(births, on=PATIENT, how="left", maintain_order="left")
            self._refuse(early.filter(pl.col(day) < pl.col("birth_days")), "no row before the birth of the person")

    def _born(self) -> pl.DataFrame:
        """Return the day of birth of each patient, the earliest that the record allows."""
        born = pl.coalesce(
            pl.col("birth_datetime").dt.date(),
            pl.date("year_of_birth", pl.col("month_of_birth").fill_null(1), pl.col("day_of_birth").fill_null(1)),
        )
        return self._people.select(
            PATIENT, birth_days=(born - pl.col("onset")).dt.total_days(), exact=pl.col("month_of_birth").is_not_null()
        )

    def record(self) -> OutsideRecord:
        """Return the tables."""
        follow_up = self._follow_up()
        frames = {
            "patients": self._patients(),
            "readings": self._readings(),
            "diary": self._diary(),
            "doses": self._doses(),
            "conditions": self._condition_rows(),
            "follow_up": follow_up,
            "visits": self._subjects.clear().select("replicate", PATIENT),
        }
        return assembled(frames, self._subjects, self._problems, self._notes, "person")

    def _patients(self) -> pl.DataFrame:
        sexes = {concept: sex for sex, concept in OF_SEX.items()}
        sex = pl.col("gender_concept_id").replace_strict(sexes, default=None, return_dtype=pl.String)
        stated = self._observed.filter(pl.col("observation_source_value") == written.AGE)
        lesions = self._conditions.filter(group="lesion").sort("day")
        parts = [
            self._born(),
            stated.group_by(PATIENT).agg(stated=pl.col("value_as_number").first()),
            lesions.group_by(PATIENT).agg(lesion=pl.col("word").first(), biopsy_days=pl.col("day").first()),
            *(
                self._measured.filter(word=f"{name} at presentation")
                .group_by(PATIENT)
                .agg(pl.col("value_as_number").first().alias(column), pl.col("day").first().alias(f"{name}_day"))
                for name, column in (("weight", "weight_kg"), ("height", "height_cm"))
            ),
        ]
        people = self._people.select("replicate", PATIENT, "onset", "care_site_id", sex=sex)
        for part in parts:
            people = people.join(part, on=PATIENT, how="left", maintain_order="left")
        inexact = people.filter(~pl.col("exact") & pl.col("stated").is_null()).height
        if inexact:
            self._notes.append(f"{inexact:,} persons have a year of birth only; their age is taken from its middle")
        half_year = pl.when("exact").then(0.0).otherwise(DAYS_PER_YEAR / 2)
        age = pl.coalesce("stated", (-pl.col("birth_days") - half_year) / DAYS_PER_YEAR)
        return people.with_columns(
            age_at_onset_years=age, onset_date="onset", site=pl.col("care_site_id") - 1, measured_days="weight_day"
        ).sort(PATIENT)

    def _readings(self) -> pl.DataFrame:
        home = pl.col("value_source_value").str.contains(UNTIL, literal=True).fill_null(value=False)
        analytes = pl.col("word").is_in(tuple(vocabulary.UNITS))
        rows = self._measured.filter(analytes & ~((pl.col("word") == "dipstick") & home))
        concept = pl.col("unit_concept_id").replace_strict(UNIT_NAMES, default=None, return_dtype=pl.String)
        dipstick = pl.col("word") == "dipstick"
        text = pl.col("value_source_value").str.strip_chars().str.to_lowercase()
        grade = pl.coalesce(
            grade_of_concept(pl.col("value_as_concept_id")),
            "value_as_number",
            text.replace_strict(GRADES, default=None, return_dtype=pl.Float64),
        )
        # a concept of a unit wins over its text: a converted value keeps the text of its source, value and unit
        by_text = pl.col("unit_concept_id").fill_null(0) == 0
        unit = pl.coalesce(
            pl.when(dipstick).then(pl.lit("{score}")), concept, pl.when(by_text).then("unit_source_value")
        )
        source = pl.when(by_text & pl.col("unit_source_value").is_not_null() & pl.col("value_as_number").is_not_null())
        source_number = source.then(text.str.strip_prefix("<").cast(pl.Float64, strict=False))
        number = pl.when(dipstick).then(grade).otherwise(pl.coalesce(source_number, "value_as_number"))
        rows = rows.with_columns(unit=unit, number=number)
        factor = self._factors(rows)
        missing = rows["number"].null_count()
        if missing:
            self._notes.append(f"{missing:,} results have no value")
        return (
            rows.with_columns(
                value=pl.col("number") / (1.0 / factor),  # 1230 mg/g is 1.23 exactly, unlike 1230 x 0.001
                taken_days="day",
                analyte="word",
                unit=pl.col("word").replace_strict({name: units.inside(name) for name in vocabulary.UNITS}),
                below_limit=pl.col("operator_concept_id").is_in(BELOW).fill_null(value=False),
            )
            .filter(pl.col("value").is_not_null())
            .sort(PATIENT, "day", maintain_order=True)
        )

    def _factors(self, rows: pl.DataFrame) -> pl.Expr:
        """Return the factor of each row's unit to that of nephrosyn; a unit that is not known is noted as a problem."""
        table = {f"{name} {unit}": factor for name, of in units.FACTORS.items() for unit, factor in of.items()}
        factor = pl.concat_str("word", pl.lit(" "), "unit").replace_strict(table, default=None, return_dtype=pl.Float64)
        for name in rows["word"].unique().sort():
            wrong = (pl.col("word") == name) & factor.is_null() & pl.col("number").is_not_null()
            concept = pl.format("unit concept {}", "unit_concept_id")
            said = pl.coalesce(pl.when(pl.col("unit_concept_id").fill_null(0) != 0).then(concept), "unit_source_value")
            shown = pl.format("{} in {}", "word", said.fill_null("no unit"))
            self._refuse(rows.filter(wrong), f"{name} in {units.expected(name)}", shown)
        return factor

    def _diary(self) -> pl.DataFrame:
        rows = self._measured.filter(
            (pl.col("word") == "dipstick")
            & pl.col("value_source_value").str.contains(UNTIL, literal=True).fill_null(value=False)
        )
        last = pl.col("value_source_value").str.extract(r"(\d{4}-\d{2}-\d{2})$").str.to_date(strict=False)
        bands = dict(enumerate(vocabulary.DIPSTICK_BANDS))
        grade = grade_of_concept(pl.col("value_as_concept_id")).cast(pl.Int32)
        said = pl.col("value_source_value").str.split(UNTIL).list.first()
        return rows.with_columns(
            first_days="day",
            last_days=(last - pl.col("onset")).dt.total_days(),
            grade=pl.coalesce(grade.replace_strict(bands, default=None, return_dtype=pl.String), said),
        )

    def _doses(self) -> pl.DataFrame:
        weights = self._measured.filter((pl.col("word") == "weight") & pl.col("value_as_number").is_not_null())
        rows = with_weights(self._drugs, weights.select(PATIENT, "day", kg="value_as_number"))
        return rows.sort(PATIENT, "first_days", pl.col("drug").cast(DRUG))

    def _condition_rows(self) -> pl.DataFrame:
        """Return the conditions, those that are observations among them, with the actions on steroid."""
        said = self._observed.select(
            "replicate", PATIENT, "day", "value_as_string", "qualifier_source_value", "observation_source_value"
        )
        split = pl.col("observation_source_value").str.split_exact("/", 1)
        observations = said.with_columns(kind=split.struct.field("field_0"), word=split.struct.field("field_1")).filter(
            pl.col("kind").is_in(vocabulary.CONDITION_KINDS) & pl.col("word").is_in(vocabulary.CONDITIONS)
        )
        columns = ["replicate", PATIENT, "day", "kind", "word"]
        causes = self._dead.select(
            "replicate", PATIENT, "day", kind=pl.lit("cause_of_death"), word="cause_source_value"
        ).filter(pl.col("word").is_in(vocabulary.CAUSES_OF_DEATH))
        occurrences = self._conditions.filter(group="condition").select(columns)
        every = pl.concat([occurrences, observations.select(columns), causes])
        every = every.with_columns(
            kind=pl.coalesce("kind", pl.col("word").replace_strict(KINDS, return_dtype=pl.String))
        ).with_columns(because=pl.format("{}/{}", "kind", "word"))
        acted = said.filter(pl.col("observation_source_value") == written.STEROID_ACTION).select(
            PATIENT, "day", because="qualifier_source_value", action="value_as_string"
        )
        acted = acted.filter(pl.col("action").is_in(vocabulary.STEROID_ACTIONS))
        acted = acted.unique([PATIENT, "day", "because"], keep="first", maintain_order=True)
        rows = every.join(acted, on=[PATIENT, "day", "because"], how="left", maintain_order="left")
        return rows.with_columns(noted_days="day", condition="word", action=pl.col("action").fill_null("none")).sort(
            PATIENT, "day", maintain_order=True
        )

    def _follow_up(self) -> pl.DataFrame:
        died = self._dead.group_by(PATIENT).agg(died=pl.col("day").max())
        ended = self._observed.filter(pl.col("observation_source_value") == written.FOLLOW_UP_END)
        why = ended.group_by(PATIENT).agg(why=pl.col("value_as_string").first())
        last = pl.concat([self._measured.select(PATIENT, "day"), self._drugs.select(PATIENT, day="last_days")])
        seen = last.group_by(PATIENT).agg(seen=pl.col("day").max())
        people = self._subjects.select("replicate", PATIENT)
        for part in (self._onsets, self._periods, died, why, seen):
            people = people.join(part, on=PATIENT, how="left", maintain_order="left")
        closed = (pl.col("closed") - pl.col("onset")).dt.total_days()
        reason = pl.when(pl.col("why").is_in(vocabulary.END_REASONS)).then("why")
        return people.with_columns(
            end_days=pl.coalesce(pl.min_horizontal("died", closed), "died", closed, "seen").fill_null(0),
            reason=pl.coalesce(
                pl.when(pl.col("died").is_not_null()).then(pl.lit("death")), reason, pl.lit("end_of_study")
            ),
        )
