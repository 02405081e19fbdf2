"""The observed tables of a part as events of MEDS: subject, time, code and value."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import polars as pl

from nephrosyn.errors import ExportError
from nephrosyn.interchange.counts import Counts
from nephrosyn.interchange.record_part import RecordPart
from nephrosyn.record.schema import ColumnType

COLUMNS: dict[str, ColumnType] = {
    "subject_id": pl.Int64,
    "time": pl.Datetime("us"),
    "code": pl.String,
    "numeric_value": pl.Float32,
    "text_value": pl.String,
    "unit": pl.String,
}
"""Columns of the data; `unit` is one that MEDS allows besides its own."""
START, END = "start", "end"
BIRTH, DEATH, SEX, RECORD_END = "MEDS_BIRTH", "MEDS_DEATH", "GENDER", "NEPHROSYN//RECORD_END"
DRY_WEIGHT = "dry weight at presentation"
BELOW, SCHEDULES = "<", {"daily": "daily", "alternate_day": "on alternate days", "single": "single dose"}


class Events:
    """The events of a part.

    Parameters
    ----------
    part : RecordPart
        The observed record.

    Attributes
    ----------
    counts : Counts
        Rows written, left out, and under codes of nephrosyn's own.
    """

    def __init__(self, part: RecordPart) -> None:
        self._part, self._codes, self.counts = part, part.run.codes, Counts()

    def frame(self) -> pl.DataFrame:
        """Return all events, by subject and time; static ones come first.

        Returns
        -------
        polars.DataFrame
            Columns as `COLUMNS`. Events of the same day are in the order of the record: the visit, what was measured,
            what was noted, what was prescribed, and the end of the record last.
        """
        kinds = [frame.with_columns(order=pl.lit(place, pl.UInt8)) for place, frame in enumerate(self._kinds())]
        rows = pl.concat(kinds).sort("subject_id", "time", "order", nulls_last=False, maintain_order=True)
        self.counts.written["data"] += rows.height
        return rows.select(*COLUMNS)

    def _kinds(self) -> Iterator[pl.DataFrame]:
        yield self._static()
        yield self._births()
        yield self._onsets()
        yield self._visits()
        yield from self._sizes()
        yield self._readings()
        yield self._diary()
        yield self._lesions()
        yield self._conditions()
        yield from self._doses()
        yield self._ends()

    @cached_property
    def _people(self) -> pl.DataFrame:
        return self._part.dated("patients", "birth_days", "measured_days", "biopsy_days")

    def _coded(self, frame: pl.DataFrame, group: str, column: str) -> pl.Expr:
        """Return the code of each row as a text, and count the rows with local codes."""
        codes = self._codes.group(group)
        for word, rows in frame.group_by(column).len().iter_rows():
            if word is not None and self._codes.of(group, word).is_local:
                self.counts.local[f"{group}.{word}"] += rows
        return pl.col(column).cast(pl.String).replace_strict({word: code.text for word, code in codes.items()})

    def _events(
        self,
        frame: pl.DataFrame,
        time: str | None,
        code: pl.Expr,
        *,
        value: pl.Expr | None = None,
        text: pl.Expr | None = None,
        unit: pl.Expr | None = None,
    ) -> pl.DataFrame:
        """Return events from the rows of a frame."""
        absent = pl.lit(None)
        columns = {
            "subject_id": pl.col("person_id"),
            "time": pl.col(time) if time else absent,
            "code": code,
            "numeric_value": absent if value is None else value,
            "text_value": absent if text is None else text,
            "unit": absent if unit is None else unit,
        }
        return frame.select(columns[name].cast(kind).alias(name) for name, kind in COLUMNS.items())

    def _static(self) -> pl.DataFrame:
        site, band = (pl.lit(self._codes.of("static", word).text) for word in ("site", "band"))
        return pl.concat(
            [
                self._events(self._people, None, self._coded(self._people, "sex", "sex")),
                self._events(self._people, None, site, value=pl.col("site")),
                self._events(self._people, None, band, text=pl.col("band")),
            ]
        )

    def _births(self) -> pl.DataFrame:
        return self._events(self._people, "birth_date", pl.lit(BIRTH))

    def _onsets(self) -> pl.DataFrame:
        onset, age = self._codes.of("disease", "nephrotic_syndrome"), self._codes.of("size", "age_at_onset")
        return pl.concat(
            [
                self._events(self._people, "onset_date", pl.lit(onset.text)),
                self._events(
                    self._people,
                    "onset_date",
                    pl.lit(age.text),
                    value=pl.col("age_at_onset_years"),
                    unit=pl.lit(age.unit),
                ),
            ]
        )

    def _visits(self) -> pl.DataFrame:
        visits = self._part.dated("visits", "actual_days")
        held = visits.filter(pl.col("actual_days").is_not_null())
        self.counts.left_out["visits that were missed, with their planned days"] += visits.height - held.height
        self.counts.left_out["numbers of visits, planned days and waiting times of visits held"] += held.height
        return self._events(held, "actual_date", self._coded(held, "visit", "kind"))

    def _sizes(self) -> Iterator[pl.DataFrame]:
        people = self._people.filter(pl.col("measured_days").is_not_null())
        unseen = self._people.height - people.height
        self.counts.left_out["weights and heights of patients whose record ends before the first visit"] += 2 * unseen
        for word, column in (("height", "height_cm"), ("weight", "weight_kg")):
            code = self._codes.of("size", word)
            text = pl.lit(DRY_WEIGHT) if word == "weight" else None
            yield self._events(
                people,
                "measured_date",
                pl.lit(code.text),
                value=pl.col(column),
                text=text,
                unit=pl.lit(code.unit),
            )

    def _readings(self) -> pl.DataFrame:
        readings = self._part.dated("readings", "taken_days")
        self._check_units(readings)
        self.counts.left_out["reference ranges and visit numbers of results"] += readings.height
        codes = self._codes.group("analyte")
        analyte = pl.col("analyte").cast(pl.String)
        factor = analyte.replace_strict({word: code.factor for word, code in codes.items()}, return_dtype=pl.Float64)
        bands = {float(grade): code.display for grade, code in enumerate(self._codes.group("band").values())}
        answer = pl.col("value").replace_strict(bands, default=None, return_dtype=pl.String)
        text = pl.when(analyte == "dipstick").then(answer).when(pl.col("below_limit")).then(pl.lit(BELOW))
        return self._events(
            readings,
            "taken_date",
            self._coded(readings, "analyte", "analyte"),
            value=pl.col("value") * factor,
            text=text,
            unit=analyte.replace_strict({word: code.unit for word, code in codes.items()}),
        )

    def _check_units(self, readings: pl.DataFrame) -> None:
        """Refuse a unit that the code of an analyte does not convert from."""
        for analyte, unit, rows in readings.group_by("analyte", "unit").len().iter_rows():
            expected = self._codes.of("analyte", analyte).from_unit
            if unit != expected:
                raise ExportError(f"readings: expected {analyte} in {expected}; found {rows:,} rows in {unit}")

    def _diary(self) -> pl.DataFrame:
        diary = self._part.dated("diary", "first_days", "last_days")
        code = self._codes.of("diary", "home_dipstick")
        if diary.height:
            self.counts.local["diary.home_dipstick"] += diary.height
        grades = {word: float(grade) for grade, word in enumerate(self._codes.group("band"))}
        value = pl.col("grade").cast(pl.String).replace_strict(grades, return_dtype=pl.Float64)
        last = pl.lit("until ") + pl.col("last_date").cast(pl.String)
        return self._events(diary, "first_date", pl.lit(code.text), value=value, text=last, unit=pl.lit("{score}"))

    def _lesions(self) -> pl.DataFrame:
        biopsied = self._people.filter(pl.col("biopsy_days").is_not_null())
        biopsy = self._codes.of("procedure", "kidney_biopsy")
        taken = self._events(biopsied, "biopsy_date", pl.lit(biopsy.text))
        return pl.concat([taken, self._events(biopsied, "biopsy_date", self._coded(biopsied, "lesion", "lesion"))])

    def _conditions(self) -> pl.DataFrame:
        noted = self._part.dated("conditions", "noted_days")
        text = pl.format("{}; steroid: {}", "kind", "action")
        return self._events(noted, "noted_date", self._coded(noted, "condition", "condition"), text=text)

    def _doses(self) -> Iterator[pl.DataFrame]:
        doses = self._part.dated("doses", "first_days", "last_days")
        code = self._coded(doses, "drug", "drug")
        said = [pl.col("schedule").cast(pl.String).replace_strict(SCHEDULES), pl.col("route").cast(pl.String)]
        weight = pl.when(pl.col("dosing_weight_kg").is_not_null()).then(pl.format("; {} kg", "dosing_weight_kg"))
        text = pl.concat_str(pl.concat_str(*said, separator="; "), weight.fill_null(""))
        yield self._events(
            doses,
            "first_date",
            pl.concat_str(code, pl.lit(f"//{START}")),
            value=pl.col("dose_mg"),
            text=text,
            unit=pl.lit("mg"),
        )
        yield self._events(doses, "last_date", pl.concat_str(code, pl.lit(f"//{END}")))

    def _ends(self) -> pl.DataFrame:
        ends = self._part.dated("follow_up", "end_days")
        died = ends.filter(pl.col("reason").cast(pl.String) == "death")
        failed = ends.filter(pl.col("reason").cast(pl.String) == "kidney_failure")
        reason = pl.concat_str(pl.lit(f"{RECORD_END}//"), pl.col("reason").cast(pl.String))
        return pl.concat(
            [
                self._events(failed, "end_date", self._coded(failed, "end", "reason")),
                self._events(died, "end_date", pl.lit(DEATH)),
                self._events(ends, "end_date", reason),
            ]
        )
