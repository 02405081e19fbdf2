"""Missing data: which visits, results and diary days do not reach the record.

All are drawn with keyed random numbers, so that a lost result changes no other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nephrosyn.course.state.events import Kind
from nephrosyn.kernels.compile import entry
from nephrosyn.kernels.random_streams import Purpose, lanes_at, uniforms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.record.history import SortedHistory

_READING = int(Kind.READING)
_LANES = 4


@entry
def copy_recorded_readings(rows, last_day, seed, replicate, missed_share, lost_share, scale, columns):
    """Copy the recorded readings, rounded.

    Random numbers are drawn once per visit: whether the visit was missed is lane ``visit % 4`` of
    block ``visit // 4``; whether a result was lost is lane ``code % 4`` of block ``2 * visit + code // 4``.

    Parameters
    ----------
    rows : ndarray of ROW, shape (rows,)
        A history, by patient.
    last_day : ndarray of float64, shape (n,)
        Time (days) at which the record of each patient ends, from the patient of the first row on.
    seed, replicate : int
        Key of the random numbers.
    missed_share : float
        Share of visits that are missing from the record; the first visit never is.
    lost_share : ndarray of float64, shape (analytes,)
        Share of results that are lost.
    scale : ndarray of float64, shape (analytes,)
        Values are rounded to multiples of 1 / scale.
    columns : tuple of ndarray, shape (readings,)
        Buffers for patient, visit, day, code of the analyte, value, and whether it is below the detection limit.

    Returns
    -------
    int
        Number of recorded readings.
    """
    patients, visits, days, codes, values, limits = columns
    first = rows[0].patient
    patient, visit, present = -1, -1, False
    low = high = (0.0, 0.0, 0.0, 0.0)
    n = 0
    for i in range(len(rows)):
        row = rows[i]
        if row.kind != _READING:
            continue
        if row.number != visit or row.patient != patient:
            patient, visit = row.patient, row.number
            draw = uniforms(seed, replicate, patient, Purpose.CHART_VISIT, visit // _LANES)[visit % _LANES]
            present = (visit == 0 or draw >= missed_share) and row.time <= last_day[patient - first]
            low = uniforms(seed, replicate, patient, Purpose.CHART_RESULT, 2 * visit)
            high = uniforms(seed, replicate, patient, Purpose.CHART_RESULT, 2 * visit + 1)
        code = row.code
        if not present or (low[code] if code < _LANES else high[code - _LANES]) < lost_share[code]:
            continue
        patients[n], visits[n], days[n], codes[n] = patient, visit, math.floor(row.time), code
        values[n], limits[n] = np.rint(row.value * scale[code]) / scale[code], row.detail == 1
        n += 1
    return n


def missed_visits(history: SortedHistory, patients: NDArray[Any], visits: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which visits are missing from the record; the first visit never is."""
    share = history.scenario.chart.missed_visit_probability
    if share == 0.0:
        return np.zeros(len(patients), np.bool_)
    draws = lanes_at(
        history.seed,
        history.replicate,
        int(Purpose.CHART_VISIT),
        patients.astype(np.int64),
        visits.astype(np.int64),
    )
    missed: NDArray[np.bool_] = (draws < share) & (visits > 0)
    return missed


def recorded_diary_days(
    seed: int,
    replicate: int,
    patients: NDArray[np.int64],
    first: NDArray[np.int32],
    last: NDArray[np.int32],
    share: float,
) -> NDArray[np.int64]:
    """Split intervals of diary days where a day was not recorded.

    Returns
    -------
    ndarray of int64, shape (3, parts)
        Index of the original interval, first day and last day of each part.
    """
    most = int(np.maximum((last.astype(np.int64) - first + 2) // 2, 0).sum())  # every other day is missing
    parts = np.empty((3, most), np.int64)
    return parts[:, : split_diary(seed, replicate, patients, first, last, share, parts)]


@entry
def split_diary(seed, replicate, patients, first, last, share, parts):
    """Write the parts of `recorded_diary_days`; return their number."""
    purpose = Purpose.CHART_DIARY
    n = 0
    for i in range(len(patients)):
        start = -1
        for day in range(first[i], last[i] + 1):
            recorded = uniforms(seed, replicate, patients[i], purpose, day)[0] >= share
            if recorded and start < 0:
                start = day
            if start >= 0 and (not recorded or day == last[i]):
                parts[0, n], parts[1, n], parts[2, n] = i, start, day if recorded else day - 1
                n += 1
                start = -1
    return n
