"""The readings that reach the record: those of missed visits, lost results, and any after its end are missing."""

from __future__ import annotations

import math

import numpy as np

from nephrosyn.course.state.events import Kind
from nephrosyn.kernels.compile import entry
from nephrosyn.kernels.random_streams import Purpose, uniforms

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
