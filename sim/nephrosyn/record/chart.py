"""The chart of some patients: one compiled pass over their log writes the columns of all tables.

A pass before it (`survey`) finds where the record of each patient ends, which decides what is in it, and counts rows.
The record is what was seen until then, less what is missing (`nephrosyn.record.missing_data`); the tables of the truth
go on to the end of the course.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nephrosyn import vocabulary
from nephrosyn.course.state.codes import Event
from nephrosyn.course.state.events import Kind
from nephrosyn.kernels.compile import entry, inline, kernel
from nephrosyn.record.columns import Place
from nephrosyn.record.missing_data import LANES, NO_DRAWS, draw_results, draw_visits, result_block_of, write_diary

if TYPE_CHECKING:
    from numpy.typing import NDArray

_VISIT, _READING, _DIARY, _DOSE, _NOTE, _EVENT, _PATH = (int(k) for k in Kind)
_STUDY_ENDS, _DROPOUT, _DEATH, _KIDNEY_FAILURE, _DISCHARGED = (
    vocabulary.END_REASONS.index(name) for name in ("end_of_study", "dropout", "death", "kidney_failure", "discharged")
)
_VISITS, _READINGS, _DIARY_RUNS, _DOSES, _CONDITIONS, _EVENTS, _PROTEINURIA, _TRUE_DOSES, _TRUE_CONDITIONS = (
    int(place) for place in Place
)
_ALTERNATE = vocabulary.SCHEDULES.index("alternate_day")


class ChartRules(NamedTuple):
    """What the chart of a scenario depends on, besides the log.

    Attributes
    ----------
    seed, replicate : int
        Key of the random numbers.
    missed_visit_share, missed_diary_day_share : float
        Shares of visits and of diary days that are missing from the record; the first visit never is.
    lost_result_share : ndarray of float64, shape (analytes,)
        Share of results that are lost.
    scale : ndarray of float64, shape (analytes,)
        Values are rounded to multiples of 1 / scale.
    reference_low, reference_high : ndarray of float64, shape (analytes,)
        Reference range, in the unit of the analyte.
    unit : ndarray of uint8, shape (analytes,)
        Code of the unit.
    """

    seed: int
    replicate: int
    missed_visit_share: float
    missed_diary_day_share: float
    lost_result_share: NDArray[np.float64]
    scale: NDArray[np.float64]
    reference_low: NDArray[np.float64]
    reference_high: NDArray[np.float64]
    unit: NDArray[np.uint8]


@entry
def survey(rows, first_patient, people, counts):
    """Find where the record of each patient ends, and count rows.

    Parameters
    ----------
    rows : ndarray of ROW, shape (rows,)
        A log, in any order.
    first_patient : int
        Patient of the first place of `people`.
    people : People
        What is derived for each patient; all but the biopsies are written.
    counts : ndarray of int64, shape (9,)
        Receives the largest number of rows of each table, at its `Place`.
    """
    _survey(rows, first_patient, people, counts)  # compiled code of an entry point counts references to arrays


@kernel
def _survey(rows, first_patient, people, counts):
    counts[:] = 0
    people.true_last_days[:] = np.inf
    people.last_days[:] = np.inf
    people.discharged_days[:] = np.inf
    people.visited_days[:] = -np.inf
    people.true_reason[:] = _STUDY_ENDS
    for i in range(len(rows)):
        row = rows[i]
        kind = row.kind
        if kind == _READING:
            counts[_READINGS] += 1
        elif kind == _VISIT:
            counts[_VISITS] += 1
            place = row.patient - first_patient
            people.visited_days[place] = max(people.visited_days[place], row.time)
        elif kind == _EVENT:
            counts[_EVENTS] += 1
            _note_end(people, row.patient - first_patient, row.code, row.time)
        elif kind == _DOSE:
            counts[_TRUE_DOSES] += 1
        elif kind == _NOTE:
            counts[_TRUE_CONDITIONS] += 1
        elif kind == _PATH:
            counts[_PROTEINURIA] += 1
        else:  # every other day of a diary may be missing
            counts[_DIARY_RUNS] += max((int(row.value) - int(row.time) + 2) // 2, 0)
    counts[_DOSES], counts[_CONDITIONS] = counts[_TRUE_DOSES], counts[_TRUE_CONDITIONS]
    for place in range(len(people.last_days)):
        _end_record(people, place)


@inline
def _note_end(people, place, event, time):
    """Note an event that ends a course, or the record of it."""
    if event == Event.DISCHARGED:
        people.discharged_days[place] = time  # the last one counts
    elif event == Event.DROPOUT:
        people.last_days[place] = min(people.last_days[place], time)
    elif event == Event.END_OF_STUDY or event == Event.DEATH or event == Event.KIDNEY_FAILURE:
        people.true_last_days[place] = min(people.true_last_days[place], time)
        if event == Event.KIDNEY_FAILURE:
            people.true_reason[place] = _KIDNEY_FAILURE
        elif event == Event.DEATH and people.true_reason[place] == _STUDY_ENDS:
            people.true_reason[place] = _DEATH


@inline
def _end_record(people, place):
    """Derive when and why a patient's record ends; a later visit cancels a discharge."""
    true_last, discharged = people.true_last_days[place], people.discharged_days[place]
    if discharged < people.visited_days[place]:
        discharged = np.inf
    last = min(people.last_days[place], true_last, discharged)
    people.last_days[place] = last
    people.reason[place] = people.true_reason[place]
    if last < true_last:
        people.reason[place] = _DISCHARGED if last == discharged else _DROPOUT
    people.true_end_days[place], people.end_days[place] = math.floor(true_last), math.floor(last)


@entry
def write_chart(rows, first_patient, rules, people, chart, order, counts):
    """Write the tables of some patients.

    Parameters
    ----------
    rows : ndarray of ROW, shape (rows,)
        Their log, by patient.
    first_patient : int
        Patient of the first place of `people`.
    rules : ChartRules
        What else the chart depends on.
    people : People
        From `survey`; the biopsies are written.
    chart : Chart
        Columns, with room for the rows that `survey` counted.
    order : ndarray of int64, shape (doses,)
        Room for the order of a patient's doses.
    counts : ndarray of int64, shape (9,)
        Receives the number of rows of each table, at its `Place`.
    """
    _write_chart(rows, first_patient, rules, people, chart, order, counts)


@kernel
def _write_chart(rows, first_patient, rules, people, chart, order, counts):
    counts[:] = 0
    people.biopsied[:] = False
    people.biopsy_days[:] = 0
    start = 0
    while start < len(rows):
        place = rows[start].patient - first_patient
        start = _write_patient(rows, start, place, rules, people, chart, order, counts)


@inline
def _write_patient(rows, start, place, rules, people, chart, order, counts):
    """Write the tables of the patient of a row. Returns the first row of the next patient."""
    patient, last_day = rows[start].patient, people.last_days[place]
    visit, missed, doses = -1, False, 0
    visit_block, visit_draws, result_block, result_draws = -1, NO_DRAWS, -1, NO_DRAWS
    i = start
    while i < len(rows) and rows[i].patient == patient:
        row = rows[i]
        kind, inside = row.kind, row.time <= last_day
        if kind in (_READING, _VISIT) and row.number != visit:
            visit = row.number
            if visit // LANES != visit_block:
                visit_block = visit // LANES
                visit_draws = draw_visits(rules, patient, visit_block)
            missed = visit > 0 and visit_draws[visit % LANES] < rules.missed_visit_share
        if kind == _READING:
            if inside and not missed:
                code, block = row.code, result_block_of(visit, row.code)
                if block != result_block:
                    result_block, result_draws = block, draw_results(rules, patient, block)
                if result_draws[code % LANES] >= rules.lost_result_share[code]:
                    _write_reading(chart.readings, counts, row, rules)
        elif kind == _VISIT:
            if inside:
                _write_visit(chart.visits, counts, row, missed)
        elif kind == _EVENT:
            _write_event(chart.events, counts, row)
            if inside and row.code == Event.BIOPSY:
                people.biopsied[place] = True
                people.biopsy_days[place] = math.floor(row.time)
        elif kind == _DOSE:
            _sort_in(order, doses, rows, i)
            doses += 1
        elif kind == _NOTE:
            _write_condition(chart.true_conditions, counts, _TRUE_CONDITIONS, row)
            if inside:
                _write_condition(chart.conditions, counts, _CONDITIONS, row)
        elif kind == _PATH:
            _write_segment(chart.proteinuria, counts, row)
        elif inside:
            counts[_DIARY_RUNS] = write_diary(chart.diary, counts[_DIARY_RUNS], row, people.end_days[place], rules)
        i += 1
    for k in range(doses):
        row = rows[order[k]]
        _write_dose(chart.true_doses, counts, _TRUE_DOSES, row, row.value)
        if row.time <= last_day:
            _write_dose(chart.doses, counts, _DOSES, row, min(row.value, math.floor(last_day)))
    return i


@inline
def _sort_in(order, count, rows, i):
    """Add a row to rows sorted by time and code; they are written by their ends, so few have to move."""
    time, code = rows[i].time, rows[i].code
    k = count
    while k > 0:
        earlier = rows[order[k - 1]]
        if earlier.time < time or (earlier.time == time and earlier.code <= code):
            break
        order[k] = order[k - 1]
        k -= 1
    order[k] = i


@inline
def _write_reading(columns, counts, row, rules):
    """Write a result, rounded as recorded."""
    n, code = counts[_READINGS], row.code
    columns.patient[n], columns.visit[n], columns.taken_days[n] = row.patient, row.number, math.floor(row.time)
    columns.analyte[n], columns.unit[n] = code, rules.unit[code]
    columns.value[n] = np.rint(row.value * rules.scale[code]) / rules.scale[code]
    columns.below_limit[n] = row.detail == 1
    columns.reference_low[n], columns.reference_high[n] = rules.reference_low[code], rules.reference_high[code]
    counts[_READINGS] = n + 1


@inline
def _write_visit(columns, counts, row, missed):
    n = counts[_VISITS]
    columns.patient[n], columns.visit[n] = row.patient, row.number
    columns.planned_days[n], columns.actual_days[n] = int(row.value), math.floor(row.time)
    columns.kind[n], columns.missed[n], columns.waited_days[n] = row.code, missed, row.second_value
    counts[_VISITS] = n + 1


@inline
def _write_event(columns, counts, row):
    n = counts[_EVENTS]
    columns.patient[n], columns.time_days[n] = row.patient, row.time
    columns.event[n], columns.value[n] = row.code, row.value
    counts[_EVENTS] = n + 1


@inline
def _write_condition(columns, counts, place, row):
    n = counts[place]
    columns.patient[n], columns.noted_days[n] = row.patient, math.floor(row.time)
    columns.condition[n], columns.kind[n], columns.action[n] = row.code, row.detail, row.number
    counts[place] = n + 1


@inline
def _write_segment(columns, counts, row):
    n = counts[_PROTEINURIA]
    columns.patient[n], columns.start_days[n] = row.patient, row.time
    columns.log_start[n], columns.log_slope_per_day[n] = row.value, row.second_value
    columns.log_target[n] = row.third_value
    counts[_PROTEINURIA] = n + 1


@inline
def _write_dose(columns, counts, place, row, last_day):
    """Write a run of days on a dose, up to and including the last day."""
    n = counts[place]
    columns.patient[n], columns.drug[n], columns.schedule[n] = row.patient, row.code, row.detail
    columns.first_days[n], columns.last_days[n] = int(row.time), int(last_day)
    columns.dose_mg[n] = row.second_value
    columns.mean_mg_per_day[n] = (0.5 if row.detail == _ALTERNATE else 1.0) * row.second_value
    columns.dosing_weight_kg[n] = np.rint(row.third_value * 10.0) / 10.0
    counts[place] = n + 1
