"""Observations: readings, body size, and the diary of the home dipstick."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.errors import ExportError
from nephrosyn.interchange.codes import Code
from nephrosyn.interchange.fhir.encounters import visit
from nephrosyn.interchange.fhir.part import FhirPart
from nephrosyn.interchange.fhir.text import UCUM, by_word, compact, concept, lines, start

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
DIPSTICK, WEIGHT = "dipstick", "weight"
DECIMALS = 6
"""Decimals of a value after its conversion to another unit, which takes away what binary fractions add."""
ROWS = 20_000
"""Readings whose texts are in memory at a time."""
SIZES = {"height": ("height_cm", ""), "weight": ("weight_kg", "dry weight at presentation")}
RANGE = ["analyte", "reference_low", "reference_high"]


def _category(name: str) -> str:
    return f'"category":[{{"coding":[{{"system":"{CATEGORY}","code":"{name}"}}]}}]'


def _quantity(code: Code) -> str:
    """Return the unit of a quantity, as members after its value."""
    return f',"unit":{compact(code.unit)},"system":"{UCUM}","code":{compact(code.unit)}}}'


def readings(part: FhirPart) -> Iterator[pl.Series]:
    """Yield an Observation for each reading, with its visit and reference range; some rows at a time.

    Raises
    ------
    ExportError
        If a unit is not the one that the codes expect.
    """
    rows = part.table("readings", "taken_days")
    _check_units(part, rows)
    part.concepts(rows, "analyte", "analyte")  # counts local codes
    for some in rows.iter_slices(ROWS):
        yield _observations(part, some)


def _observations(part: FhirPart, rows: pl.DataFrame) -> pl.Series:
    return lines(
        rows,
        f"{start('Observation')}r",
        pl.col("row"),
        '","status":"final",',
        by_word(rows["analyte"], lambda word: _what(part.code("analyte", word))),
        ',"subject":{"reference":"Patient/p',
        pl.col("key"),
        '"},"encounter":{"reference":"Encounter/v',
        visit(),
        '"},"effectiveDateTime":"',
        pl.col("taken_date"),
        '",',
        _values(part, rows),
        _ranges(part, rows),
        "}",
    )


def _check_units(part: FhirPart, rows: pl.DataFrame) -> None:
    for analyte, unit in rows.select("analyte", "unit").unique().sort("analyte", "unit").iter_rows():
        expected = part.code("analyte", analyte).from_unit
        if unit != expected:
            raise ExportError(f"readings: expected {analyte} in {expected}; found {unit}, for which there is no code")


def _what(code: Code) -> str:
    category = "vital-signs" if code.word == WEIGHT else "laboratory"
    return f'{_category(category)},"code":{concept(code)}'


def _values(part: FhirPart, rows: pl.DataFrame) -> pl.Series:
    """Return the value of each reading: a quantity, or the answer of a dipstick."""
    codes = part.record.run.codes.group("analyte")
    units = by_word(rows["analyte"], lambda word: _quantity(codes[word]))
    factors = pl.Series([codes[word].factor for word in vocabulary.ANALYTES]).gather(rows["analyte"].to_physical())
    converted = pl.when(factors != 1.0).then((pl.col("value") * factors).round(DECIMALS)).otherwise(pl.col("value"))
    below = pl.when(pl.col("below_limit")).then(pl.lit('"comparator":"<",'))
    quantity = pl.concat_str(
        pl.lit('"valueQuantity":{'), below, pl.lit('"value":'), converted.cast(pl.String), units, ignore_nulls=True
    )
    answers = pl.Series([f'"valueCodeableConcept":{text}' for text in _answers(part)])
    grades = pl.when(pl.col("analyte") == DIPSTICK).then(pl.col("value")).cast(pl.UInt32)
    return rows.select(
        pl.when(pl.col("analyte") == DIPSTICK)
        .then(pl.lit(answers.gather(rows.select(grades).to_series())))
        .otherwise(quantity)
        .alias("value")
    ).to_series()


def _answers(part: FhirPart) -> list[str]:
    return [concept(part.code("band", band)) for band in vocabulary.DIPSTICK_BANDS]


def _ranges(part: FhirPart, rows: pl.DataFrame) -> pl.Series:
    """Return the reference range of each reading."""
    ranges = rows.select(RANGE).unique(maintain_order=True)
    texts = [_range(part.code("analyte", word), low, high) for word, low, high in ranges.iter_rows()]
    ranges = ranges.with_columns(range=pl.Series(texts, dtype=pl.String))
    return rows.select(RANGE).join(ranges, on=RANGE, how="left", nulls_equal=True, maintain_order="left")["range"]


def _range(code: Code, low: float | None, high: float | None) -> str:
    """Return a reference range as a member; in words for a dipstick."""
    limits = {name: value for name, value in (("low", low), ("high", high)) if value is not None}
    if not limits:
        return ""
    if code.word == DIPSTICK:
        bands = [vocabulary.DIPSTICK_BANDS[round(value)] for value in limits.values()]
        return f',"referenceRange":[{{"text":"{" to ".join(dict.fromkeys(bands))}"}}]'
    shown = {name: {"value": round(value * code.factor, DECIMALS), "unit": code.unit} for name, value in limits.items()}
    return f',"referenceRange":{compact([shown])}'


def sizes(part: FhirPart) -> Iterator[pl.Series]:
    """Yield the height and the dry weight of each patient, as taken at the first visit, if the record reaches it."""
    people = part.people.filter(pl.col("measured_days").is_not_null())
    unseen = part.people.height - people.height
    part.counts.left_out["weights and heights of patients whose record ends before the first visit"] += 2 * unseen
    for word, (column, note) in SIZES.items():
        code = part.code("size", word)
        noted = f',"note":[{{"text":"{note}"}}]' if note else ""
        yield lines(
            people,
            f"{start('Observation')}{word}-",
            pl.col("key"),
            f'","status":"final",{_category("vital-signs")},"code":{part.concept("size", word, people.height)}',
            ',"subject":{"reference":"Patient/p',
            pl.col("key"),
            '"},"effectiveDateTime":"',
            pl.col("measured_date"),
            '","valueQuantity":{"value":',
            pl.col(column).cast(pl.String),
            f"{_quantity(code)}{noted}}}",
        )


def diary(part: FhirPart) -> pl.Series:
    """Return an Observation for each interval of days with the same home dipstick."""
    rows = part.table("diary", "first_days", "last_days")
    answers = _answers(part)
    return lines(
        rows,
        f"{start('Observation')}d",
        pl.col("row"),
        f'","status":"final",{_category("survey")},"code":{part.concept("diary", "home_dipstick", rows.height)}',
        ',"subject":{"reference":"Patient/p',
        pl.col("key"),
        '"},"effectivePeriod":{"start":"',
        pl.col("first_date"),
        '","end":"',
        pl.col("last_date"),
        '"},"valueCodeableConcept":',
        by_word(rows["grade"], lambda band: answers[vocabulary.DIPSTICK_BANDS.index(band)]),
        "}",
    )
