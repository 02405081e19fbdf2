"""A patient's record as displayed tables: text in one system of units, from observed tables only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.teach.display import units as scales
from nephrosyn.teach.display.spelling import to_words
from nephrosyn.teach.model import Column, Table, UnitSystem
from nephrosyn.vocabulary import STEROID

Frames: TypeAlias = Mapping[str, pl.DataFrame]

PERSON, URINE, BLOOD, DIARY, DOSES, NOTED = (
    "At a glance",
    "Urine tests, with the serum albumin of the same day",
    "Blood tests",
    "Home dipstick diary",
    "Prescribed doses",
    "Noted in the record",
)
"""Captions, by which `parse_back` recognises the tables."""
NAMES = {
    "upcr": "Urine protein/creatinine ratio",
    "dipstick": "Dipstick protein",
    "albumin": "Serum albumin",
    "creatinine": "Serum creatinine",
    "cholesterol": "Cholesterol",
    "anti_pla2r": "Anti-PLA2R antibodies",
}
ADULT_FROM_YEARS = 18
LOWEST_NORMAL_CREATININE = 0.5
"""Lower limit for adults, mg/dL. The record's own limit is that of all ages, and a child's range depends on the age."""
SCHEDULES = {"daily": "daily", "alternate_day": "on alternate days", "single": "single dose"}
TAPERED_OFF = "stopped, by taper"
"""A steroid that is to be stopped is usually tapered: the table of doses shows further weeks."""
OBSERVED = ("patients", "readings", "diary", "doses", "conditions", "follow_up")
BLOOD_EVERY_DAYS = 150
"""Shortest interval between the blood results that are shown."""


def age_text(years: float) -> str:
    """Return an age in words: years and completed months below 18, completed years from 18 on.

    Examples
    --------
    >>> age_text(4.6), age_text(1.99), age_text(47.9), age_text(17.999)
    ('4 years 7 months', '1 year 11 months', '47 years', '17 years 11 months')
    """
    whole = int(years)
    text = f"{whole} year{'' if whole == 1 else 's'}"
    months = int((years - whole) * 12)
    if whole >= ADULT_FROM_YEARS or not months:
        return text
    return f"{text} {months} month{'' if months == 1 else 's'}"


def person(frames: Frames) -> Table:
    """Return the patient's characteristics as a table of two columns."""
    row, end = frames["patients"].row(0, named=True), frames["follow_up"].row(0, named=True)
    biopsied = row["lesion"] is not None and row["biopsy_days"] is not None and row["biopsy_days"] <= end["end_days"]
    biopsy = f"{to_words(row['lesion'])}, day {row['biopsy_days']}" if biopsied else "not done"
    first = first_day(frames)
    rows = [
        ("Age at first signs (day 0)", age_text(row["age_at_onset_years"])),
        ("Sex", row["sex"]),
        ("First visit", f"day {first}"),
        ("Weight at first visit", f"{row['weight_kg']:.1f} kg"),
        ("Height at first visit", f"{row['height_cm']:.0f} cm"),
        ("Kidney biopsy", biopsy),
        ("Record ends", f"day {end['end_days']}, {ended(end['reason'])}"),
    ]
    return Table(caption=PERSON, columns=(Column(name="Item"), Column(name="Recorded")), rows=tuple(rows))


ENDED = {
    "end_of_study": "still under follow-up",
    "dropout": "lost to follow-up",
    "death": "died",
    "kidney_failure": "kidney failure",
    "discharged": "discharged",
}


def ended(reason: str) -> str:
    """Return in words why a record ends."""
    return ENDED[reason]


def first_day(frames: Frames) -> int:
    """Return the day of the first visit."""
    days = frames["readings"]["taken_days"]
    return int(days.min()) if len(days) else 0  # type: ignore[arg-type]


def results(frames: Frames, analytes: Iterable[str], units: UnitSystem, caption: str, days: set[int]) -> Table:
    """Return a table of results: one row for each day, one column for each analyte, the worst result of the day."""
    analytes = list(analytes)
    rows = frames["readings"].filter(pl.col("taken_days").is_in(sorted(days)), pl.col("value").is_not_null())
    values: dict[tuple[int, str], tuple[float, bool]] = {}
    ranges: dict[str, tuple[float | None, float | None]] = {}
    for row in rows.sort("taken_days", maintain_order=True).iter_rows(named=True):
        name, day = row["analyte"], row["taken_days"]
        if name not in analytes:
            continue
        ranges.setdefault(name, (row["reference_low"], row["reference_high"]))
        before = values.get((day, name))
        worse = min if name == "albumin" else max
        if before is None or worse(before[0], row["value"]) != before[0]:
            values[day, name] = (row["value"], bool(row["below_limit"]))
    columns = [Column(name="Day")]
    for name in analytes:
        low, high = ranges.get(name, (None, None))
        if name == "creatinine":
            low, high = _creatinine_range(low, high, frames["patients"]["age_at_onset_years"][0])
        range_ = "" if low is None or high is None else scales.reference(name, low, high, units)
        columns.append(Column(name=NAMES[name], unit=scales.unit_of(name, units), reference=range_))
    shown = []
    for day in sorted({day for day, _ in values}):
        cells = [values.get((day, name)) for name in analytes]
        texts = [
            "" if cell is None else scales.displayed_value(name, cell[0], units, below=cell[1])
            for name, cell in zip(analytes, cells, strict=True)
        ]
        shown.append((str(day), *texts))
    return Table(caption=caption, columns=tuple(columns), rows=tuple(shown))


def _creatinine_range(low: float | None, high: float | None, age_years: float) -> tuple[float | None, float | None]:
    """Return the reference range of creatinine for adults, and none for children."""
    if low is None or age_years < ADULT_FROM_YEARS:
        return None, None
    return max(low, LOWEST_NORMAL_CREATININE), high


def urine(frames: Frames, units: UnitSystem) -> Table:
    """Return urine results with the albumin of the same days, which some definitions require."""
    names = frames["readings"].filter(pl.col("analyte").cast(pl.String).is_in(["upcr", "dipstick"]))
    return results(frames, ("upcr", "dipstick", "albumin"), units, URINE, set(names["taken_days"].to_list()))


def blood(frames: Frames, units: UnitSystem) -> Table:
    """Return some results of blood that no clause needs: creatinine, cholesterol and, where measured, antibodies."""
    rows = frames["readings"].filter(pl.col("analyte").cast(pl.String).is_in(["creatinine", "cholesterol"]))
    days: list[int] = []
    for day in sorted(set(rows["taken_days"].to_list())):
        if not days or day >= days[-1] + BLOOD_EVERY_DAYS:
            days.append(day)
    measured = (frames["readings"]["analyte"].cast(pl.String) == "anti_pla2r").any()
    analytes = ("creatinine", "cholesterol", "anti_pla2r") if measured else ("creatinine", "cholesterol")
    return results(frames, analytes, units, BLOOD, set(days))


def diary(frames: Frames) -> Table:
    """Return the home diary: periods of days with the same grade."""
    rows = frames["diary"].sort("first_days").iter_rows(named=True)
    columns = (
        Column(name="From day"),
        Column(name="To day"),
        Column(name="Dipstick protein", reference="negative to trace"),
    )
    shown = tuple((str(row["first_days"]), str(row["last_days"]), row["grade"]) for row in rows)
    return Table(caption=DIARY, columns=columns, rows=shown)


def doses(frames: Frames) -> Table:
    """Return the doses as prescribed: periods of days at one dose, without those of 0 mg."""
    rows = frames["doses"].filter(pl.col("mean_mg_per_day") != 0).sort("first_days", maintain_order=True)
    columns = (
        Column(name="From day"),
        Column(name="To day"),
        Column(name="Drug"),
        Column(name="Dose", unit="mg"),
        Column(name="Schedule"),
        Column(name="Dosing weight", unit="kg"),
    )
    shown = tuple(
        (
            str(row["first_days"]),
            str(row["last_days"]),
            to_words(row["drug"]),
            f"{row['dose_mg']:g}",
            SCHEDULES[row["schedule"]],
            "" if row["dosing_weight_kg"] is None else f"{row['dosing_weight_kg']:.1f}",
        )
        for row in rows.iter_rows(named=True)
    )
    return Table(caption=DOSES, columns=columns, rows=shown)


def noted(frames: Frames) -> Table:
    """Return the conditions noted, and the change of steroid because of each."""
    rows = frames["conditions"].sort("noted_days", maintain_order=True).iter_rows(named=True)
    columns = (Column(name="Day"), Column(name="Condition"), Column(name="Change of steroid because of it"))
    shown = tuple((str(row["noted_days"]), to_words(row["condition"]), _action(row, frames["doses"])) for row in rows)
    return Table(caption=NOTED, columns=columns, rows=shown)


def _action(row: Mapping[str, Any], doses: pl.DataFrame) -> str:
    """Return the change of steroid, in the words of the definition sets."""
    action, day = str(row["action"]), row["noted_days"]
    if action != "stopped":
        return vocabulary.ACTION_NAMES[action]
    given = (pl.col("drug") == STEROID) & (pl.col("mean_mg_per_day") > 0)
    continues = doses.filter(given & (pl.col("first_days") <= day) & (pl.col("last_days") >= day))
    return TAPERED_OFF if continues.height else action


def until(frames: Frames, day: int) -> dict[str, pl.DataFrame]:
    """Return the record as it was on a day: without later rows, and with current doses up to that day.

    Parameters
    ----------
    frames : mapping of str to polars.DataFrame
        A patient's observed tables.
    day : int, days
        Last day of the record.
    """
    end = frames["follow_up"].row(0, named=True)
    if day >= end["end_days"]:
        return {name: frames[name] for name in OBSERVED}
    cut = pl.col("last_days").clip(upper_bound=day)
    still = pl.lit(vocabulary.END_REASONS[0]).cast(frames["follow_up"].schema["reason"])
    return {
        "patients": frames["patients"],
        "readings": frames["readings"].filter(pl.col("taken_days") <= day),
        "diary": frames["diary"].filter(pl.col("first_days") <= day).with_columns(cut),
        "doses": frames["doses"].filter(pl.col("first_days") <= day).with_columns(cut),
        "conditions": frames["conditions"].filter(pl.col("noted_days") <= day),
        "follow_up": frames["follow_up"].with_columns(end_days=pl.lit(day, pl.Int32), reason=still),
    }
