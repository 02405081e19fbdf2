"""Read a MEDS dataset as observed tables.

The documented minimum is a subject with a protein/creatinine ratio or a dipstick, steroid doses, and dates. Codes are
those of an export, standard or local; other rows are counted and left aside.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.interchange.meds.events import DRY_WEIGHT, END, SCHEDULES, START
from nephrosyn.interchange.meds.rows import place, read_rows
from nephrosyn.interchange.meds.words import words
from nephrosyn.interchange.outside import units
from nephrosyn.interchange.outside.doses import intervals, with_weights
from nephrosyn.interchange.outside.kinds import KINDS
from nephrosyn.interchange.outside.record import MOST_SHOWN, OutsideRecord, Problems, assembled
from nephrosyn.record.schema import DRUG
from nephrosyn.vocabulary import DAYS_PER_YEAR

GRADES = {
    **{name: float(grade) for grade, name in enumerate(vocabulary.DIPSTICK_BANDS)},
    **{"+" * grade: float(grade + 1) for grade in range(1, 5)},
}
"""Grade of a dipstick that is given as text; case does not matter."""
UNNUMBERED = ("birth", "death", "end", "sex", "disease", "condition", "lesion", "static")


def read(folder: Path) -> OutsideRecord:
    """Read a MEDS dataset.

    Parameters
    ----------
    folder : Path
        Its folder.

    Raises
    ------
    OutsideRecordError
        If it is none, or rows are impossible; each with its place.
    """
    return _Reader(folder).record()


def _unread(rows: pl.DataFrame) -> str:
    """Return a note on the rows that are left aside, with their most frequent codes."""
    counted = rows["code"].fill_null("no code").value_counts()
    codes = counted.sort("count", "code", descending=[True, False])["code"]
    more = " ..." if len(codes) > MOST_SHOWN else ""
    return f"{rows.height:,} rows have codes that are not read: {', '.join(codes.head(MOST_SHOWN))}{more}"


class _Reader:
    """The rows of a dataset on their way to tables."""

    def __init__(self, folder: Path) -> None:
        self._problems, self._notes = Problems(str(folder)), []
        rows = read_rows(folder)
        known = rows.join(words(), on="code", how="inner", maintain_order="left")
        if known.height < rows.height:
            self._notes.append(_unread(rows.join(words(), on="code", how="anti")))
        self._subjects = rows.select(pl.col("subject_id").unique().sort())
        if self._subjects["subject_id"].null_count():
            self._refuse_where(rows, pl.col("subject_id").is_null(), "a subject_id in each row")
        self._subjects = self._subjects.with_columns(
            replicate=pl.lit(0, pl.Int32), patient=pl.int_range(pl.len(), dtype=pl.Int32)
        )
        self._rows = known.join(self._subjects, on="subject_id", how="left", maintain_order="left")
        self._check_rows()
        self._problems.refuse()
        self._rows = self._in_days(self._rows)

    def record(self) -> OutsideRecord:
        """Return the tables."""
        follow_up = self._follow_up()
        frames = {
            "patients": self._patients(),
            "readings": self._readings(),
            "diary": self._diary(),
            "doses": self._doses(follow_up),
            "conditions": self._conditions(),
            "follow_up": follow_up,
            "visits": self._of("none").select("replicate", "patient"),
        }
        self._check_ends(frames)
        return assembled(frames, self._subjects, self._problems, self._notes, "subject")

    def _refuse_where(self, rows: pl.DataFrame, wrong: pl.Expr, expected: str) -> None:
        """Note as a problem the rows for which a condition holds, each with what it holds and its place."""
        rows_refused = rows.filter(wrong)
        said = rows_refused.select(
            pl.format(
                "{} {} ({})",
                pl.col("code").fill_null("no code"),
                pl.concat_str(
                    pl.coalesce(pl.col("numeric_value").cast(pl.String), "text_value", pl.lit("without a value")),
                    pl.col("unit").fill_null(""),
                    separator=" ",
                ).str.strip_chars(),
                place(),
            )
        ).to_series()
        self._problems.add(expected, *said.to_list())

    def _check_rows(self) -> None:
        rows = self._rows
        dated = ~pl.col("group").is_in(("sex", "static"))
        self._refuse_where(rows, dated & pl.col("time").is_null(), "a time for each row that is not static")
        numeric = ~pl.col("group").is_in(UNNUMBERED)
        value = pl.col("numeric_value")
        impossible = value.is_not_null() & ((value < 0.0) | ~value.is_finite())
        self._refuse_where(rows, numeric & impossible, "a value of 0 or more")
        births = rows.filter(group="birth").group_by("subject_id").agg(birth=pl.col("time").min())
        deaths = rows.filter(group="death").group_by("subject_id").agg(death=pl.col("time").max())
        rows = rows.join(births, on="subject_id", how="left").join(deaths, on="subject_id", how="left")
        self._refuse_where(rows, pl.col("time") < pl.col("birth"), "no row before the birth of the subject")
        given = pl.col("group").is_in(("analyte", "drug", "diary")) & (pl.col("part") != END)
        self._refuse_where(
            rows, given & (pl.col("time") > pl.col("death")), "no result and no dose after the death of the subject"
        )
        twice = pl.col("group").is_in(("birth", "death")) & (pl.len().over("subject_id", "group") > 1)
        self._refuse_where(rows, twice, "one birth and one death of each subject")

    def _in_days(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows with `day`, counted from the onset of each patient, and `onset` as a date."""
        date = pl.col("time").dt.date()
        said = rows.filter(group="disease").group_by("patient").agg(said=date.min())
        begins = pl.col("word").is_in(("upcr", "dipstick", vocabulary.STEROID))
        first = rows.filter(begins).group_by("patient").agg(first=date.min())
        any_row = rows.filter(pl.col("time").is_not_null() & (pl.col("group") != "birth"))
        seen = any_row.group_by("patient").agg(seen=date.min())
        onsets = (
            self._subjects.select("patient")
            .join(said, on="patient", how="left")
            .join(first, on="patient", how="left")
            .join(seen, on="patient", how="left")
        )
        assumed = onsets.filter(pl.col("said").is_null()).height
        if assumed:
            self._notes.append(
                f"{assumed:,} of {onsets.height:,} subjects have no onset of nephrotic syndrome; day 0 is their first "
                "urine result or steroid dose"
            )
        onsets = onsets.select("patient", onset=pl.coalesce("said", "first", "seen"))
        rows = rows.join(onsets, on="patient", how="left", maintain_order="left")
        self._onsets = onsets
        return rows.with_columns(day=(date - pl.col("onset")).dt.total_days().cast(pl.Int32))

    def _of(self, group: str, word: str | None = None) -> pl.DataFrame:
        rows = self._rows.filter(pl.col("group") == group)
        return rows if word is None else rows.filter(pl.col("word") == word)

    def _patients(self) -> pl.DataFrame:
        def first_of(frame: pl.DataFrame, **columns: pl.Expr) -> pl.DataFrame:
            return frame.group_by("patient", maintain_order=True).agg(
                expression.first().alias(name) for name, expression in columns.items()
            )

        value = pl.col("numeric_value")
        parts = [
            first_of(self._of("sex"), sex=pl.col("word")),
            first_of(self._of("birth"), birth_days=pl.col("day")),
            first_of(self._of("size", "age_at_onset"), stated_age=value),
            first_of(self._of("size", "height"), height_cm=value, measured_days=pl.col("day")),
            first_of(self._rows.filter(pl.col("text_value") == DRY_WEIGHT), weight_kg=value),
            first_of(self._of("lesion").sort("day"), lesion=pl.col("word"), biopsy_days=pl.col("day")),
            first_of(self._of("static", "site"), site=value),
            first_of(self._of("static", "band"), band=pl.col("text_value")),
        ]
        people = self._subjects.select("replicate", "patient").join(self._onsets, on="patient", how="left")
        for part in parts:
            people = people.join(part, on="patient", how="left", maintain_order="left")
        age = pl.coalesce("stated_age", -pl.col("birth_days") / DAYS_PER_YEAR)
        return people.with_columns(age_at_onset_years=age, onset_date=pl.col("onset"))

    def _readings(self) -> pl.DataFrame:
        rows = self._of("analyte").filter(pl.col("text_value").ne_missing(DRY_WEIGHT))
        text = pl.col("text_value").str.strip_chars().str.to_lowercase()
        graded = text.replace_strict(GRADES, default=None, return_dtype=pl.Float64)
        dipstick = pl.col("word") == "dipstick"
        rows = rows.with_columns(
            numeric_value=pl.when(dipstick).then(pl.coalesce("numeric_value", graded)).otherwise("numeric_value"),
            unit=pl.when(dipstick & graded.is_not_null() & pl.col("unit").is_null())
            .then(pl.lit("{score}"))
            .otherwise("unit"),
        )
        factors = self._factors(rows, "word")
        value = pl.col("numeric_value") / (1.0 / factors)  # 1230 mg/g is 1.23 exactly, unlike 1230 x 0.001
        missing = rows["numeric_value"].null_count()
        if missing:
            self._notes.append(f"{missing:,} results have no value")
        return rows.with_columns(
            value=value,
            taken_days=pl.col("day"),
            analyte=pl.col("word"),
            unit=pl.col("word").replace_strict({name: units.inside(name) for name in units.FACTORS}),
            below_limit=pl.col("text_value").eq_missing("<"),
        ).filter(pl.col("value").is_not_null())

    def _factors(self, rows: pl.DataFrame, analyte: str) -> pl.Expr:
        """Return the factor of each row's unit to that of nephrosyn, and note units that are not known."""
        table = {f"{name} {unit}": factor for name, of in units.FACTORS.items() for unit, factor in of.items()}
        factor = pl.concat_str(analyte, pl.lit(" "), "unit").replace_strict(
            table, default=None, return_dtype=pl.Float64
        )
        for name in rows.select(pl.col(analyte).unique().sort()).to_series():
            wrong = (pl.col(analyte) == name) & factor.is_null() & pl.col("numeric_value").is_not_null()
            self._refuse_where(rows, wrong, f"{name} in {units.expected(name)}")
        return factor

    def _diary(self) -> pl.DataFrame:
        rows = self._of("diary")
        last = pl.col("text_value").str.extract(r"(\d{4}-\d{2}-\d{2})").str.to_date(strict=False)
        bands = {float(grade): name for grade, name in enumerate(vocabulary.DIPSTICK_BANDS)}
        grade = pl.col("numeric_value").replace_strict(bands, default=None, return_dtype=pl.String)
        self._refuse_where(rows, grade.is_null(), f"a grade of 0 to {len(bands) - 1} in each row of the diary")
        last_days = (last - pl.col("onset")).dt.total_days()
        return rows.with_columns(first_days=pl.col("day"), last_days=pl.coalesce(last_days, "day"), grade=grade)

    def _doses(self, follow_up: pl.DataFrame) -> pl.DataFrame:
        rows = self._of("drug").with_columns(drug=pl.col("word"), kind=pl.lit("dose"))
        starts, ends = rows.filter(part=START), rows.filter(part=END)
        factor = self._factors(starts, "kind")
        text = pl.col("text_value").fill_null("")
        schedule = pl.coalesce(
            *[pl.when(text.str.starts_with(said)).then(pl.lit(name)) for name, said in SCHEDULES.items()]
        )
        weight = text.str.extract(r"; ([0-9.]+) kg$").cast(pl.Float64)
        starts = starts.with_columns(
            first_days=pl.col("day"),
            dose_mg=pl.col("numeric_value") * factor,
            schedule=schedule,
            dosing_weight_kg=weight,
        )
        self._note_missing(starts)
        doses = intervals(
            starts, ends.select("patient", "drug", last_days="day"), follow_up.select("patient", "end_days")
        )
        weights = self._of("analyte", "weight").filter(pl.col("numeric_value").is_not_null())
        return with_weights(doses, weights.select("patient", "day", kg="numeric_value")).sort(
            "patient", "first_days", pl.col("drug").cast(DRUG)
        )

    def _note_missing(self, starts: pl.DataFrame) -> None:
        missing = starts.filter(pl.col("dose_mg").is_null() & pl.col("numeric_value").is_null())
        if missing.height:
            first = [
                f"subject {subject}, {time:%Y-%m-%d}: {drug}"
                for subject, time, drug in missing.select("subject_id", "time", "drug").head(5).iter_rows()
            ]
            more = f"; and {missing.height - 5:,} more" if missing.height > 5 else ""
            self._notes.append(f"{missing.height:,} doses have no amount: {'; '.join(first)}{more}")

    def _conditions(self) -> pl.DataFrame:
        rows = self._of("condition")
        said = pl.col("text_value").str.extract_groups(r"^(?<kind>\w+); steroid: (?<action>\w+)$")
        kind, action = said.struct.field("kind"), said.struct.field("action")
        return rows.with_columns(
            noted_days=pl.col("day"),
            condition=pl.col("word"),
            kind=pl.when(kind.is_in(vocabulary.CONDITION_KINDS))
            .then(kind)
            .otherwise(pl.col("word").replace_strict(KINDS)),
            action=pl.when(action.is_in(vocabulary.STEROID_ACTIONS)).then(action).otherwise(pl.lit("none")),
        )

    def _follow_up(self) -> pl.DataFrame:
        said = (
            self._of("end")
            .group_by("patient", maintain_order=True)
            .agg(said=pl.col("day").first(), why=pl.col("word").first())
        )
        died = self._of("death").group_by("patient").agg(died=pl.col("day").first())
        last = self._rows.group_by("patient").agg(last=pl.col("day").max())
        people = self._subjects.select("replicate", "patient")
        for part in (said, died, last):
            people = people.join(part, on="patient", how="left", maintain_order="left")
        reason = pl.coalesce("why", pl.when(pl.col("died").is_not_null()).then(pl.lit("death")), pl.lit("end_of_study"))
        return people.with_columns(end_days=pl.coalesce("said", "died", "last").fill_null(0), reason=reason)

    def _check_ends(self, frames: dict[str, pl.DataFrame]) -> None:
        for name in ("doses", "diary"):
            rows = frames[name]
            self._refuse_where(
                rows, pl.col("last_days") < pl.col("first_days"), f"an end that is not before the start ({name})"
            )
