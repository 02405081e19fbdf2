"""Columns of the tables as arrays, as compiled code writes them.

Terms are codes: their places in the enumeration of the column. Each tuple has the columns of one table after
``replicate``, by the names of `nephrosyn.record.schema`; an array may have room for more rows than are written.
"""

from enum import IntEnum
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Codes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Columns = TypeVar("Columns", bound=tuple[Any, ...])

_TYPES: dict[Any, type[np.generic]] = {Ints: np.int32, Codes: np.uint8, Floats: np.float64, Flags: np.bool_}


class People(NamedTuple):
    """What is derived for each patient, shape (n,).

    Attributes
    ----------
    true_last_days, last_days : ndarray of float64, days
        Time at which the course ends, and the record of it.
    true_end_days, end_days : ndarray of int32, days
        The days of these times.
    true_reason, reason : ndarray of uint8
        Why they end.
    discharged_days, visited_days : ndarray of float64, days
        Last discharge, infinite without one, and last visit.
    biopsied : ndarray of bool
        Whether the record has a biopsy.
    biopsy_days : ndarray of int32, days
        Its day.
    """

    true_last_days: Floats
    last_days: Floats
    true_end_days: Ints
    end_days: Ints
    true_reason: Codes
    reason: Codes
    discharged_days: Floats
    visited_days: Floats
    biopsied: Flags
    biopsy_days: Ints


class Visits(NamedTuple):
    """Visits of the record."""

    patient: Ints
    visit: Ints
    planned_days: Ints
    actual_days: Ints
    kind: Codes
    missed: Flags
    waited_days: Floats


class Readings(NamedTuple):
    """Measurements of the record."""

    patient: Ints
    visit: Ints
    taken_days: Ints
    analyte: Codes
    value: Floats
    unit: Codes
    below_limit: Flags
    reference_low: Floats
    reference_high: Floats


class Diary(NamedTuple):
    """Runs of days with the same grade in the home diary."""

    patient: Ints
    first_days: Ints
    last_days: Ints
    grade: Codes


class Doses(NamedTuple):
    """Runs of days on the same dose."""

    patient: Ints
    drug: Codes
    first_days: Ints
    last_days: Ints
    dose_mg: Floats
    schedule: Codes
    mean_mg_per_day: Floats
    dosing_weight_kg: Floats


class Conditions(NamedTuple):
    """Conditions noted."""

    patient: Ints
    noted_days: Ints
    condition: Codes
    kind: Codes
    action: Codes


class Events(NamedTuple):
    """All events; a value that an event does not have is NaN."""

    patient: Ints
    time_days: Floats
    event: Codes
    value: Floats


class Proteinuria(NamedTuple):
    """Segments of the true course, with the natural logarithms of its ratios."""

    patient: Ints
    start_days: Floats
    log_start: Floats
    log_slope_per_day: Floats
    log_target: Floats


class Chart(NamedTuple):
    """Columns of all tables that have any number of rows per patient."""

    visits: Visits
    readings: Readings
    diary: Diary
    doses: Doses
    conditions: Conditions
    events: Events
    proteinuria: Proteinuria
    true_doses: Doses
    true_conditions: Conditions


class Place(IntEnum):
    """Place of each table of `Chart` among counts of rows."""

    VISITS = 0
    READINGS = 1
    DIARY = 2
    DOSES = 3
    CONDITIONS = 4
    EVENTS = 5
    PROTEINURIA = 6
    TRUE_DOSES = 7
    TRUE_CONDITIONS = 8


TABLES = (Visits, Readings, Diary, Doses, Conditions, Events, Proteinuria, Doses, Conditions)
"""Columns of each table of `Chart`."""


def new_columns(columns: type[Columns], rows: int) -> Columns:
    """Return columns with room for some rows.

    Parameters
    ----------
    columns : type
        One of the tuples of this module.
    rows : int
        Number of rows.

    Returns
    -------
    tuple of ndarray, shape (rows,)
        Their content is arbitrary.

    Examples
    --------
    >>> new_columns(Diary, 2).grade.dtype
    dtype('uint8')
    """
    return columns(*(np.empty(rows, _TYPES[kind]) for kind in columns.__annotations__.values()))
