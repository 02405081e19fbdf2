"""Missing data: which visits, results and diary days do not reach the record.

All are drawn with keyed random numbers, so that a lost result changes no other. Whether a visit was missed is lane
``visit % 4`` of block ``visit // 4``; whether a result was lost is lane ``code % 4`` of block
``2 * visit + code // 4``; a diary day has a block of its own.
"""

from __future__ import annotations

from nephrosyn.kernels.compile import inline
from nephrosyn.kernels.random_streams import Purpose, uniforms

LANES = 4
"""Random numbers of a block."""
NO_DRAWS = (0.0, 0.0, 0.0, 0.0)


@inline
def draw_visits(rules, patient, block):
    """Draw the random numbers of four successive visits: one is missed if its number is below the share."""
    return uniforms(rules.seed, rules.replicate, patient, Purpose.CHART_VISIT, block)


@inline
def result_block_of(visit, code):
    """Block of the random numbers of a result, by its visit and analyte."""
    return 2 * visit + code // LANES


@inline
def draw_results(rules, patient, block):
    """Draw the random numbers of four analytes at a visit: a result is lost if its number is below the share."""
    return uniforms(rules.seed, rules.replicate, patient, Purpose.CHART_RESULT, block)


@inline
def write_diary(columns, count, row, end_day, rules):
    """Write the recorded days of a row of the diary: an interval ends where a day was not recorded.

    Parameters
    ----------
    columns : Diary
        Columns of the diary.
    count : int
        Number of intervals written so far.
    row : ROW
        Days with the same grade.
    end_day : int, days
        Last day of the record.
    rules : ChartRules
        Random numbers, and the share of missing days.

    Returns
    -------
    int
        Number of intervals.
    """
    start, last = -1, min(int(row.value), end_day)
    for day in range(int(row.time), last + 1):
        draw = uniforms(rules.seed, rules.replicate, row.patient, Purpose.CHART_DIARY, day)[0]
        recorded = draw >= rules.missed_diary_day_share
        if recorded and start < 0:
            start = day
        if start >= 0 and (not recorded or day == last):
            columns.patient[count], columns.grade[count] = row.patient, row.code
            columns.first_days[count], columns.last_days[count] = start, day if recorded else day - 1
            count += 1
            start = -1
    return count
