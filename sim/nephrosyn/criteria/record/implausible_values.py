"""Impossible values: a negative result, a dose after death, overlapping runs of one drug."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nephrosyn import vocabulary
from nephrosyn.criteria.record.patient_arrays import frozen
from nephrosyn.criteria.record.urine_states import DIPSTICK
from nephrosyn.errors import CriteriaError, Problem
from nephrosyn.kernels.compile import entry, kernel

if TYPE_CHECKING:
    from nephrosyn.criteria.record.patient_arrays import Record, SortedTable

NEGATIVE, NO_BAND, READ_LATER, DOSED_LATER, BACKWARDS, NEGATIVE_DOSE, DOSES_OVERLAP, DIARY_BACKWARDS, DIARY_OVERLAP = (
    range(9)
)
EXPECTED = {
    NEGATIVE: ("readings", "values of 0 or more, and no infinite ones"),
    NO_BAND: ("readings", f"dipsticks from 0 to {len(vocabulary.DIPSTICK_BANDS) - 1}"),
    READ_LATER: ("readings", "no reading after death"),
    DOSED_LATER: ("doses", "no dose after death"),
    BACKWARDS: ("doses", "first_days no later than last_days"),
    NEGATIVE_DOSE: ("doses", "doses and weights of 0 or more, and no infinite ones"),
    DOSES_OVERLAP: ("doses", "one dose of a drug on a day"),
    DIARY_BACKWARDS: ("diary", "first_days no later than last_days"),
    DIARY_OVERLAP: ("diary", "one grade on a day"),
}
SHOWN = 5
HIGHEST_BAND = len(vocabulary.DIPSTICK_BANDS) - 1
ALIVE = 1 << 40


def refuse_impossible(people: SortedTable, record: Record, *, keep_going: bool) -> Record:
    """Refuse a record with impossible values, or mark the patients that have any.

    Parameters
    ----------
    people : SortedTable
        The patients.
    record : Record
        The observed record.
    keep_going : bool
        Mark instead of refusing.

    Returns
    -------
    Record
        The record, with those patients marked.

    Raises
    ------
    CriteriaError
        With the rows of each kind of fault, unless `keep_going`.
    """
    faults = all_faults(people, record)
    if not len(faults):
        return record
    if not keep_going:
        raise CriteriaError("tables", _problems(people, record, faults))
    marked = np.zeros(len(record.end), np.bool_)
    marked[faults[:, 1]] = True
    return record._replace(impossible=frozen(marked))


def all_faults(people: SortedTable, record: Record) -> np.ndarray:
    """Return every fault, shape (faults, 3): its kind, the index of the patient and the row."""
    death = np.where(record.dead, record.end.astype(np.int64), np.int64(ALIVE))
    faults = np.empty((0, 3), np.int64)
    count = find_faults(record, death, faults)
    if count:
        faults = np.empty((count, 3), np.int64)
        find_faults(record, death, faults)
    return faults


def fault_frame(people: SortedTable, record: Record) -> pl.DataFrame:
    """Return every fault as a row: replicate, patient, table, what was expected and what was found."""
    schema = {"replicate": pl.Int32, "patient": pl.Int32, "table": pl.String, "expected": pl.String, "found": pl.String}
    rows = [
        (
            people["replicate"][patient],
            people["patient"][patient],
            *EXPECTED[int(kind)],
            _describe(people, record, int(kind), patient, row),
        )
        for kind, patient, row in all_faults(people, record)
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _problems(people: SortedTable, record: Record, faults: np.ndarray) -> list[Problem]:
    problems = []
    for kind in dict.fromkeys(faults[:, 0].tolist()):
        of_kind = faults[faults[:, 0] == kind]
        rows = [_describe(people, record, int(kind), int(patient), int(row)) for _, patient, row in of_kind[:SHOWN]]
        more = f"; and {len(of_kind) - SHOWN} more" if len(of_kind) > SHOWN else ""
        table, expected = EXPECTED[int(kind)]
        problems.append(Problem(table, expected, f"{len(of_kind)}: {'; '.join(rows)}{more}"))
    return problems


def _describe(people: SortedTable, record: Record, kind: int, patient: int, row: int) -> str:
    who = f"replicate {people['replicate'][patient]}, patient {people['patient'][patient]}"
    if kind in (NEGATIVE, NO_BAND, READ_LATER):
        analyte = vocabulary.ANALYTES[record.reading_analyte[row]]
        return f"{who}, day {record.reading_day[row]}: {analyte} {record.reading_value[row]:g}"
    if kind in (DIARY_BACKWARDS, DIARY_OVERLAP):
        band = vocabulary.DIPSTICK_BANDS[record.diary_band[row]]
        return f"{who}, days {record.diary_first[row]} to {record.diary_last[row]}: {band}"
    drug, mean = vocabulary.DRUGS[record.dose_drug[row]], record.dose_mean[row]
    return f"{who}, days {record.dose_first[row]} to {record.dose_last[row]}: {drug} {mean:g} mg/day"


@kernel
def write_fault(out, count, kind, patient, row):
    """Write a fault if there is room, and return the number of faults."""
    if count < len(out):
        out[count, 0], out[count, 1], out[count, 2] = kind, patient, row
    return count + 1


@kernel
def fault_of_reading(value, analyte, day, death):
    """Kind of fault of a reading, or -1; a missing value is none."""
    if value < 0.0 or value == math.inf:
        return NEGATIVE
    if analyte == DIPSTICK and (value > HIGHEST_BAND or value > math.floor(value)):
        return NO_BAND
    return READ_LATER if day > death else -1


@kernel
def alike(first, second):
    """Whether two numbers are equal, or both missing."""
    return first == second or (math.isnan(first) and math.isnan(second))


@kernel
def fault_of_dose(start, row, firsts, lasts, drugs, schedules, means, weights, death):
    """Kind of fault of a run of doses, or -1; an exact copy of a row is none."""
    first, last, mean, weight = firsts[row], lasts[row], means[row], weights[row]
    if first > last:
        return BACKWARDS
    if mean < 0.0 or weight < 0.0 or mean == math.inf or weight == math.inf:
        return NEGATIVE_DOSE
    if first > death:
        return DOSED_LATER
    for earlier in range(start, row):
        if drugs[earlier] == drugs[row] and lasts[earlier] >= first:
            copy = firsts[earlier] == first and lasts[earlier] == last and schedules[earlier] == schedules[row]
            if not copy or not alike(means[earlier], mean):
                return DOSES_OVERLAP
    return -1


@entry
def find_faults(record, death, out):
    """Write kind, patient and row of as many faults as `out` has rows; return the number of faults."""
    # Compiled code counts references at every access to a tuple of arrays: it is unpacked once.
    readings, values, analytes = record.reading_bounds, record.reading_value, record.reading_analyte
    days, runs, firsts, lasts = record.reading_day, record.dose_bounds, record.dose_first, record.dose_last
    drugs, schedules, means, weights = record.dose_drug, record.dose_schedule, record.dose_mean, record.dose_weight
    diary, opens, closes, bands = record.diary_bounds, record.diary_first, record.diary_last, record.diary_band
    count = 0
    for patient in range(len(death)):
        for row in range(readings[patient, 0], readings[patient, 1]):
            kind = fault_of_reading(values[row], analytes[row], days[row], death[patient])
            if kind >= 0:
                count = write_fault(out, count, kind, patient, row)
        for row in range(runs[patient, 0], runs[patient, 1]):
            kind = fault_of_dose(runs[patient, 0], row, firsts, lasts, drugs, schedules, means, weights, death[patient])
            if kind >= 0:
                count = write_fault(out, count, kind, patient, row)
        reach, band = np.int64(-ALIVE), bands[0] if len(bands) else np.uint8(0)
        for row in range(diary[patient, 0], diary[patient, 1]):
            if opens[row] > closes[row]:
                count = write_fault(out, count, DIARY_BACKWARDS, patient, row)
            elif opens[row] <= reach and bands[row] != band:
                count = write_fault(out, count, DIARY_OVERLAP, patient, row)
            if closes[row] > reach:
                reach, band = np.int64(closes[row]), bands[row]
    return count
