"""The rows of a course's log: one row type for everything that happens.

======== ============= ====== =========== ========= =========== ============ ===========
kind     code          number detail      time      value       second_value third_value
======== ============= ====== =========== ========= =========== ============ ===========
VISIT    visit kind    visit              actual    planned day days waited
READING  analyte       visit  below limit taken     value read  true value
DIARY    dipstick band                    first day last day
DOSE     drug                 schedule    first day last day    mg           weight kg
NOTE     condition     action kind        noted
EVENT    event                            time      value
PATH                                      start     log UPCR    slope        target
======== ============= ====== =========== ========= =========== ============ ===========
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nephrosyn.kernels.compile import inline, kernel
from nephrosyn.vocabulary import SCHEDULES

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_VALUE = math.nan
"""Value of an event that has none."""

MARGIN = 64
"""Most rows that one event writes; the log has room for them before each event."""


class Kind(IntEnum):
    """Kind of a row."""

    VISIT = 0
    READING = 1
    DIARY = 2
    DOSE = 3
    NOTE = 4
    EVENT = 5
    PATH = 6


ROW = np.dtype(
    [
        ("patient", "i4"),
        ("kind", "i2"),
        ("code", "i2"),
        ("number", "i4"),
        ("detail", "i4"),
        ("time", "f8"),
        ("value", "f8"),
        ("second_value", "f8"),
        ("third_value", "f8"),
    ],
    align=True,
)


class Log(NamedTuple):
    """Rows of a log, with room for more, as compiled code takes them.

    Attributes
    ----------
    rows : ndarray of ROW, shape (room,)
        Written rows, then free ones.
    written : ndarray of int64, shape (1,)
        Number of rows written.
    """

    rows: NDArray[np.void]
    written: NDArray[np.int64]


_SINGLE = SCHEDULES.index("single")
_VISIT, _READING, _DIARY, _DOSE, _NOTE, _EVENT, _PATH = (int(k) for k in Kind)


@inline
def _write(log, patient, kind, code, number, detail, time, value, second_value, third_value):
    row = log.rows[log.written[0]]
    row.patient = patient
    row.kind = kind
    row.code = code
    row.number = number
    row.detail = detail
    row.time = time
    row.value = value
    row.second_value = second_value
    row.third_value = third_value
    log.written[0] += 1


@kernel
def write_visit(log, traits, state):
    """Write today's visit."""
    kind, planned = int(state.visit_kind), float(state.planned_day)
    _write(log, traits.patient, _VISIT, kind, int(state.visit), 0, state.now, planned, state.waited, 0.0)


@inline
def write_reading(log, traits, state, analyte, below_limit, value, true_value):
    """Write a result of today's visit, in the unit of the analyte."""
    visit = int(state.visit)
    _write(log, traits.patient, _READING, int(analyte), visit, below_limit, state.now, value, true_value, 0.0)


@kernel
def write_diary(log, traits, state):
    """Write the run of equal dipstick grades that ends with the diary's last day."""
    first, last = float(state.diary_first), float(state.diary_last)
    _write(log, traits.patient, _DIARY, int(state.diary_grade), 0, 0, first, last, 0.0, 0.0)


@kernel
def write_dose(log, traits, state, last_day):
    """Write the run of days on the current dose, up to and including the last day."""
    first, last, schedule = float(state.dose_first_day), float(last_day), int(state.dose_schedule)
    _write(log, traits.patient, _DOSE, 0, 0, schedule, first, last, state.dose_mg, state.run_weight_kg)


@kernel
def write_agent_dose(log, traits, state, k, drug, schedule, first_day, last_day):
    """Write a run of days on tablets of regimen k, or one infusion."""
    first, last, weight = float(first_day), float(last_day), state.agent_run_weight_kg[k]
    _write(log, traits.patient, _DOSE, int(drug), 0, int(schedule), first, last, state.agent_mg[k], weight)


@kernel
def write_pulse(log, traits, state, drug, mg):
    """Write one pulse, given today."""
    today, weight = float(math.floor(state.now)), state.dosing_weight_kg
    _write(log, traits.patient, _DOSE, int(drug), 0, int(_SINGLE), today, today, mg, weight)


@kernel
def write_blockade(log, traits, state, drug, schedule, last_day):
    """Write the run of days on renin-angiotensin blockade, up to and including the last day."""
    first, last, weight = float(state.blockade_first_day), float(last_day), state.blockade_weight_kg
    _write(log, traits.patient, _DOSE, int(drug), 0, int(schedule), first, last, state.blockade_mg, weight)


@kernel
def write_note(log, traits, state, condition, kind, action):
    """Write a condition that the clinic notes, and how it changes steroid."""
    _write(log, traits.patient, _NOTE, int(condition), int(action), int(kind), state.now, 0.0, 0.0, 0.0)


@kernel
def write_event(log, traits, state, event, value):
    """Write an event: a true one, or one that the clinic declares."""
    _write(log, traits.patient, _EVENT, int(event), 0, 0, state.now, value, 0.0, 0.0)


@kernel
def write_path(log, traits, state):
    """Write a new path of true proteinuria."""
    _write(log, traits.patient, _PATH, 0, 0, 0, state.path_start, state.path_log, state.path_slope, state.path_target)
