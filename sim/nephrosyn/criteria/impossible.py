"""Values that cannot be: a negative result, a dose after death, overlapping runs of one drug."""

# Compiled functions have the types that numba infers.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nephrosyn import terms
from nephrosyn.compiling import entry
from nephrosyn.criteria.columns import frozen
from nephrosyn.criteria.errors import CriteriaError
from nephrosyn.criteria.urine import DIPSTICK
from nephrosyn.scenario.errors import Problem

if TYPE_CHECKING:
    from nephrosyn.criteria.columns import Columns
    from nephrosyn.criteria.record import Record

NEGATIVE, NO_BAND, READ_LATER, DOSED_LATER, BACKWARDS, NEGATIVE_DOSE, DOSES_OVERLAP, DIARY_BACKWARDS, DIARY_OVERLAP = (
    range(9)
)
EXPECTED = {
    NEGATIVE: ("readings", "values of 0 or more, and no infinite ones"),
    NO_BAND: ("readings", f"dipsticks from 0 to {len(terms.DIPSTICK_BANDS) - 1}"),
    READ_LATER: ("readings", "no reading after death"),
    DOSED_LATER: ("doses", "no dose after death"),
    BACKWARDS: ("doses", "first_days no later than last_days"),
    NEGATIVE_DOSE: ("doses", "doses and weights of 0 or more, and no infinite ones"),
    DOSES_OVERLAP: ("doses", "one dose of a drug on a day"),
    DIARY_BACKWARDS: ("diary", "first_days no later than last_days"),
    DIARY_OVERLAP: ("diary", "one grade on a day"),
}
SHOWN = 5
HIGHEST_BAND = len(terms.DIPSTICK_BANDS) - 1
ALIVE = 1 << 40


def refuse_impossible(people: Columns, record: Record, *, keep_going: bool) -> Record:
    """Refuse a record with values that cannot be, or mark the patients that have any.

    Parameters
    ----------
    people : Columns
        Who.
    record : Record
        The observed record.
    keep_going : bool
        Mark instead of refusing.

    Returns
    -------
    Record
        The same, with the patients marked.

    Raises
    ------
    CriteriaError
        With the rows of each kind of fault, unless `keep_going`.
    """
    faults = find(people, record)
    if not len(faults):
        return record
    if not keep_going:
        raise CriteriaError("tables", _problems(people, record, faults))
    marked = np.zeros(len(record.end), np.bool_)
    marked[faults[:, 1]] = True
    return record._replace(impossible=frozen(marked))


def find(people: Columns, record: Record) -> np.ndarray:
    """Return every fault, shape (faults, 3): its kind, the patient's place and the row."""
    death = np.where(record.dead, record.end.astype(np.int64), np.int64(ALIVE))
    faults = np.empty((0, 3), np.int64)
    count = find_faults(record, death, faults)
    if count:
        faults = np.empty((count, 3), np.int64)
        find_faults(record, death, faults)
    return faults


def fault_frame(people: Columns, record: Record) -> pl.DataFrame:
    """Return every fault as a row: replicate, patient, table, what was expected and what was found."""
    schema = {"replicate": pl.Int32, "patient": pl.Int32, "table": pl.String, "expected": pl.String, "found": pl.String}
    rows = [
        (people["replicate"][p], people["patient"][p], *EXPECTED[int(kind)], _told(people, record, int(kind), p, row))
        for kind, p, row in find(people, record)
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _problems(people: Columns, record: Record, faults: np.ndarray) -> list[Problem]:
    found = []
    for kind in dict.fromkeys(faults[:, 0].tolist()):
        mine = faults[faults[:, 0] == kind]
        rows = [_told(people, record, int(kind), int(p), int(row)) for _, p, row in mine[:SHOWN]]
        more = f"; and {len(mine) - SHOWN} more" if len(mine) > SHOWN else ""
        table, expected = EXPECTED[int(kind)]
        found.append(Problem(table, expected, f"{len(mine)}: {'; '.join(rows)}{more}"))
    return found


def _told(people: Columns, record: Record, kind: int, p: int, row: int) -> str:
    who = f"replicate {people['replicate'][p]}, patient {people['patient'][p]}"
    if kind in (NEGATIVE, NO_BAND, READ_LATER):
        analyte = terms.ANALYTES[record.reading_analyte[row]]
        return f"{who}, day {record.reading_day[row]}: {analyte} {record.reading_value[row]:g}"
    if kind in (DIARY_BACKWARDS, DIARY_OVERLAP):
        band = terms.DIPSTICK_BANDS[record.diary_band[row]]
        return f"{who}, days {record.diary_first[row]} to {record.diary_last[row]}: {band}"
    drug, mean = terms.DRUGS[record.dose_drug[row]], record.dose_mean[row]
    return f"{who}, days {record.dose_first[row]} to {record.dose_last[row]}: {drug} {mean:g} mg/day"


@entry
def find_faults(record, death, out):
    """Write kind, patient and row of each fault as far as there is room, and return how many there are."""
    count = 0
    for p in range(len(death)):
        for row in range(record.reading_bounds[p, 0], record.reading_bounds[p, 1]):
            value = record.reading_value[row]
            kind = -1
            if value < 0.0 or value == np.inf:
                kind = NEGATIVE
            elif record.reading_analyte[row] == DIPSTICK and (value > HIGHEST_BAND or value != np.floor(value)):
                kind = NO_BAND if value == value else -1
            elif record.reading_day[row] > death[p]:
                kind = READ_LATER
            if kind >= 0:
                if count < len(out):
                    out[count, 0], out[count, 1], out[count, 2] = kind, p, row
                count += 1
        start = record.dose_bounds[p, 0]
        for row in range(start, record.dose_bounds[p, 1]):
            first, last, mean = record.dose_first[row], record.dose_last[row], record.dose_mean[row]
            weight = record.dose_weight[row]
            kind = -1
            if first > last:
                kind = BACKWARDS
            elif mean < 0.0 or weight < 0.0 or mean == np.inf or weight == np.inf:
                kind = NEGATIVE_DOSE
            elif first > death[p]:
                kind = DOSED_LATER
            else:
                for other in range(start, row):
                    if record.dose_drug[other] != record.dose_drug[row] or record.dose_last[other] < first:
                        continue
                    same = (
                        record.dose_first[other] == first
                        and record.dose_last[other] == last
                        and record.dose_schedule[other] == record.dose_schedule[row]
                        and (
                            record.dose_mean[other] == mean
                            or (record.dose_mean[other] != record.dose_mean[other] and mean != mean)
                        )
                    )
                    if not same:
                        kind = DOSES_OVERLAP
            if kind >= 0:
                if count < len(out):
                    out[count, 0], out[count, 1], out[count, 2] = kind, p, row
                count += 1
        start = record.diary_bounds[p, 0]
        reach, band = -ALIVE, 0
        for row in range(start, record.diary_bounds[p, 1]):
            first, last = record.diary_first[row], record.diary_last[row]
            kind = -1
            if first > last:
                kind = DIARY_BACKWARDS
            elif first <= reach and record.diary_band[row] != band:
                kind = DIARY_OVERLAP
            if last > reach:
                reach, band = last, record.diary_band[row]
            if kind >= 0:
                if count < len(out):
                    out[count, 0], out[count, 1], out[count, 2] = kind, p, row
                count += 1
    return count
