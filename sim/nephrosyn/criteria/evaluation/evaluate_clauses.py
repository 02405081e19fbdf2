"""All clauses of all sets, evaluated for each patient in one pass over the record."""

from __future__ import annotations

import numpy as np

from nephrosyn import vocabulary
from nephrosyn.criteria.clauses.dependence_by_dose import evaluate_dependence
from nephrosyn.criteria.clauses.dependence_on_withdrawal import evaluate_withdrawal
from nephrosyn.criteria.clauses.eligibility import APPLIES, why_not_eligible
from nephrosyn.criteria.clauses.frequent_relapse import Frequency, evaluate_frequency
from nephrosyn.criteria.clauses.late_response import evaluate_late_response, evaluate_partial_remission
from nephrosyn.criteria.clauses.pseudo_resistance import first_response_after_cause
from nephrosyn.criteria.clauses.resistance import evaluate_resistance
from nephrosyn.criteria.clauses.second_line_resistance import (
    evaluate_calcineurin,
    evaluate_multidrug,
    evaluate_persistence,
)
from nephrosyn.criteria.codes import (
    CALCINEURIN_RESISTANCE_CLAUSE,
    CONDITION_NOTED,
    CONTRAINDICATION_CLAUSE,
    COURSES,
    DAY,
    DEPENDENCE_CLAUSE,
    DOSES,
    EPISODES,
    FLARES,
    FREQUENT_ANY6_CLAUSE,
    FREQUENT_N6_CLAUSE,
    FREQUENT_N12_CLAUSE,
    GAPS,
    INTERVALS,
    LATE_RESPONSE_CLAUSE,
    MET,
    MULTIDRUG_RESISTANCE_CLAUSE,
    NEVER,
    NO_CONDITION,
    NOT_DEFINED,
    PARTIAL_REMISSION_CLAUSE,
    PERSISTENCE_CLAUSE,
    REASON,
    RESISTANCE_CLAUSE,
    RESPONSES,
    SECONDARY_RESISTANCE_CLAUSE,
    TOXICITY_CLAUSE,
    compiled_status_of,
)
from nephrosyn.criteria.definition.compiled import ON_STEROID, RAISE_CLEARS
from nephrosyn.criteria.record.complete_record import Person, path_spans
from nephrosyn.criteria.record.episodes import (
    END,
    LAST_DAY_NOT_IN_REMISSION,
    START,
    count_relapses,
    find_episodes,
    find_gaps,
)
from nephrosyn.criteria.record.patient_arrays import ConditionRows, DoseRows, SegmentRows
from nephrosyn.criteria.record.steroid_courses import DOSE_FIRST, find_courses, find_doses
from nephrosyn.criteria.record.urine_states import (
    INTERVAL_FIRST,
    clinic_days,
    find_intervals,
    home_spans,
    partial_as_remission,
)
from nephrosyn.kernels.compile import entry, inline, kernel

CONTRAINDICATION_KIND, TOXICITY_KIND = (
    vocabulary.CONDITION_KINDS.index(kind) for kind in ("contraindication", "toxicity")
)


@kernel
def evaluate_condition_clause(first_row, stop_row, conditions, end, kind, counted, effects, out):
    """Write whether, and when first, a condition of a kind was noted that counts and had an effect that counts."""
    day = NEVER
    for row in range(first_row, stop_row):
        if conditions.noted[row] > end or conditions.kind[row] != kind:
            continue
        if counted >> int(conditions.name[row]) & 1 == 1 and effects >> int(conditions.action[row]) & 1 == 1:
            day = min(day, conditions.noted[row])
    out[REASON] = CONDITION_NOTED if day < NEVER else NO_CONDITION
    out[DAY] = day


@kernel
def under_care_since(intervals, interval_count, doses, dose_count):
    """Day of the first dose; without doses, of the first reading; NEVER without both."""
    if dose_count > 0:
        return int(doses[0, DOSE_FIRST])
    return intervals[0, INTERVAL_FIRST] if interval_count > 0 else NEVER


@kernel
def frequency_rule(rule, clause):
    """Return the rule of frequent relapse of a clause."""
    if clause == FREQUENT_N6_CLAUSE:
        return Frequency(rule.six_count, rule.six_length, rule.six_window, rule.six_begins)
    if clause == FREQUENT_N12_CLAUSE:
        return Frequency(rule.twelve_count, rule.twelve_length, rule.twelve_window, rule.twelve_begins)
    return Frequency(rule.any_six_count, rule.any_six_length, rule.any_six_window, rule.any_six_begins)


@kernel
def defining_number(rule, clause):
    """The number that is 0 where a set does not define a clause."""
    if clause == RESISTANCE_CLAUSE:
        return rule.course_days
    if clause == DEPENDENCE_CLAUSE:
        return rule.dependence_rule
    if clause == CONTRAINDICATION_CLAUSE:
        return rule.contraindications
    if clause == TOXICITY_CLAUSE:
        return rule.toxicities
    if clause == PERSISTENCE_CLAUSE:
        return rule.persistence_days
    if clause == LATE_RESPONSE_CLAUSE:
        return rule.late_reported
    if clause == SECONDARY_RESISTANCE_CLAUSE:
        return rule.secondary_days
    if clause == PARTIAL_REMISSION_CLAUSE:
        return rule.partial_reported
    if clause == CALCINEURIN_RESISTANCE_CLAUSE:
        return rule.calcineurin_days
    if clause == MULTIDRUG_RESISTANCE_CLAUSE:
        return rule.multidrug_days
    return frequency_rule(rule, clause).needed


@inline
def evaluate_relapses(workspace, since, end, resistant, rule):
    """Write the answers of the clauses on relapses: dependence, and the rules of frequent relapse."""
    answers = workspace.answers
    if rule.dependence_rule == RAISE_CLEARS:
        evaluate_dependence(workspace, end, resistant, rule, answers[DEPENDENCE_CLAUSE])
    elif rule.dependence_rule == ON_STEROID:
        evaluate_withdrawal(workspace, end, resistant, rule, answers[DEPENDENCE_CLAUSE])
    for clause in (FREQUENT_N6_CLAUSE, FREQUENT_N12_CLAUSE, FREQUENT_ANY6_CLAUSE):
        frequency = frequency_rule(rule, clause)
        if frequency.needed > 0:
            evaluate_frequency(workspace, since, end, resistant, frequency, rule, answers[clause])


@inline
def evaluate_steroid(workspace, first, stop, prescribed, end, lesion, rule):
    """Write the answers of the clauses on the response to steroid. Returns whether resistance is met."""
    answers = workspace.answers
    for secondary in (False, True):
        clause = SECONDARY_RESISTANCE_CLAUSE if secondary else RESISTANCE_CLAUSE
        if defining_number(rule, clause) > 0:
            evaluate_resistance(workspace, first, stop, prescribed, end, lesion, secondary, rule, answers[clause])
    if rule.late_reported > 0:
        evaluate_late_response(workspace, end, lesion, rule, answers[LATE_RESPONSE_CLAUSE])
    if rule.partial_reported > 0:
        evaluate_partial_remission(workspace, end, lesion, rule, answers[PARTIAL_REMISSION_CLAUSE])
    return rule.course_days > 0 and compiled_status_of(answers[RESISTANCE_CLAUSE, REASON]) == MET


@inline
def evaluate_agents(workspace, first, stop, prescribed, end, rule):
    """Write the answers of the clauses on the response to other drugs."""
    answers = workspace.answers
    if rule.persistence_days > 0:
        evaluate_persistence(workspace, first, stop, prescribed, end, rule, answers[PERSISTENCE_CLAUSE])
    if rule.calcineurin_days > 0:
        evaluate_calcineurin(workspace, first, stop, prescribed, end, rule, answers[CALCINEURIN_RESISTANCE_CLAUSE])
    if rule.multidrug_days > 0:
        evaluate_multidrug(workspace, first, stop, prescribed, end, rule, answers[MULTIDRUG_RESISTANCE_CLAUSE])


@kernel
def evaluate_conditions(first, stop, conditions, end, rule, answers):
    """Write the answers of the clauses on conditions."""
    for clause in (CONTRAINDICATION_CLAUSE, TOXICITY_CLAUSE):
        kind, counted, effects = CONTRAINDICATION_KIND, rule.contraindications, rule.contraindication_actions
        if clause == TOXICITY_CLAUSE:
            kind, counted, effects = TOXICITY_KIND, rule.toxicities, rule.toxicity_actions
        evaluate_condition_clause(first, stop, conditions, end, kind, counted, effects, answers[clause])


@kernel
def write_statuses(answers, why, rule, status, day):
    """Write status and day met of each clause; all are unknown where the set does not apply."""
    for clause in range(len(answers)):
        if why != APPLIES:
            answers[clause, REASON] = why
            answers[clause, DAY] = NEVER
        if defining_number(rule, clause) == 0:
            answers[clause, REASON] = NOT_DEFINED
            answers[clause, DAY] = NEVER
        status[clause] = compiled_status_of(answers[clause, REASON])
        day[clause] = answers[clause, DAY]


@entry
def evaluate_all(record, until, rules, order, workspace, written, listed_episodes):
    """Evaluate every clause of every set for every patient.

    ``rules`` has shape (sets, 2), ``order`` shape (sets,). ``listed_episodes``, shape (episodes, 6), takes as many
    episodes as it has rows: set, patient, number, first day, last day not in remission, first day of remission. The
    workspace keeps what was derived for the last set and the last patient.

    Returns
    -------
    int
        Number of episodes.
    """
    # Compiled code of an entry point counts references at every access to a tuple of arrays, so this is done once.
    readings, days, analytes = record.reading_bounds, record.reading_day, record.reading_analyte
    values = record.reading_value
    diary, firsts, lasts, bands = record.diary_bounds, record.diary_first, record.diary_last, record.diary_band
    segment_rows, dose_rows, condition_rows = record.segment_bounds, record.dose_bounds, record.condition_bounds
    segments = SegmentRows(record.segment_start, record.segment_upcr, record.segment_slope, record.segment_target)
    prescribed = DoseRows(
        record.dose_first,
        record.dose_last,
        record.dose_drug,
        record.dose_schedule,
        record.dose_mean,
        record.dose_weight,
    )
    conditions = ConditionRows(
        record.condition_day, record.condition_kind, record.condition_code, record.condition_action
    )
    ages, lesions, impossible, ends = record.age, record.lesion, record.impossible, record.end
    normal, kinetics = record.albumin, record.kinetics
    clinic, spans, intervals = workspace.clinic, workspace.spans, workspace.intervals
    responses, merged, flares = workspace.responses, workspace.merged, workspace.flares
    episodes, gaps, doses, courses = workspace.episodes, workspace.gaps, workspace.doses, workspace.courses
    counts, answers = workspace.counts, workspace.answers
    status, day, relapses = written.status, written.day, written.relapses
    responded, ineligibility = written.responded, written.ineligibility
    listed = 0
    for patient in range(len(ages)):
        end = np.int64(min(ends[patient], until))
        urine_group, steroid_group, since = np.int64(-1), np.int64(-1), np.int64(0)
        lesion = np.int64(lesions[patient])
        first, stop = dose_rows[patient, 0], dose_rows[patient, 1]
        for set_index in order:
            rule = rules[set_index, 1 if ages[patient] < rules[set_index, 0].adult_from else 0]
            counts_here = True
            why = why_not_eligible(ages[patient], lesion, impossible[patient], rule)
            if why != APPLIES:
                counts[EPISODES] = 0
                urine_group, steroid_group, counts_here = np.int64(-1), np.int64(-1), False
            if counts_here and rule.steroid_group != steroid_group:
                counts[DOSES] = find_doses(first, stop, prescribed, end, rule, doses)
                counts[COURSES] = find_courses(doses, counts[DOSES], rule.alternate_after_days, courses)
            if counts_here and rule.urine_group != urine_group:
                # Once for the levels of all sets, and once more for the lesser response of a few.
                for lesser in (True, False):
                    if lesser and rule.lesser == 0:
                        continue
                    rows = readings[patient]
                    seen = clinic_days(rows[0], rows[1], days, analytes, values, end, rule, lesser, clinic)
                    rows = diary[patient]
                    runs_seen = home_spans(rows[0], rows[1], firsts, lasts, bands, end, rule, lesser, spans)
                    rows = segment_rows[patient]
                    if rows[1] > rows[0]:
                        person = Person(normal[patient], kinetics[patient])
                        runs_seen = path_spans(rows[0], rows[1], segments, end, person, rule, lesser, spans)
                    target = responses if lesser else intervals
                    counts[RESPONSES if lesser else INTERVALS] = find_intervals(
                        spans, runs_seen, clinic, seen, rule.diary_first, target
                    )
                counts[EPISODES] = find_episodes(
                    intervals,
                    counts[INTERVALS],
                    rule.home_days,
                    rule.clinic_readings,
                    rule.relapse_window,
                    episodes,
                )
                if rule.flares == 1:
                    merged_count = partial_as_remission(intervals, counts[INTERVALS], merged)
                    counts[FLARES] = find_episodes(
                        merged, merged_count, rule.home_days, rule.clinic_readings, rule.relapse_window, flares
                    )
            if counts_here and (rule.urine_group != urine_group or rule.steroid_group != steroid_group):
                count_relapses(episodes, counts[EPISODES], doses, counts[DOSES], rule.taper_counts)
                if rule.flares == 1:
                    count_relapses(flares, counts[FLARES], doses, counts[DOSES], rule.taper_counts)
                since = under_care_since(intervals, counts[INTERVALS], doses, counts[DOSES])
                counts[GAPS] = find_gaps(intervals, counts[INTERVALS], since, end, rule.max_gap_days, gaps)
                urine_group, steroid_group = rule.urine_group, rule.steroid_group
            rows = condition_rows[patient]
            if counts_here:
                resistant = evaluate_steroid(workspace, first, stop, prescribed, end, lesion, rule)
                evaluate_relapses(workspace, since, end, resistant, rule)
                evaluate_conditions(rows[0], rows[1], conditions, end, rule, answers)
                evaluate_agents(workspace, first, stop, prescribed, end, rule)
            write_statuses(answers, why, rule, status[set_index, :, patient], day[set_index, :, patient])
            ineligibility[set_index, patient] = why
            relapses[set_index, patient] = max(counts[EPISODES] - 1, 0)
            responded[set_index, patient] = first_response_after_cause(
                rows[0], rows[1], conditions, end, episodes, counts[EPISODES], first, stop, prescribed
            )
            for k in range(counts[EPISODES]):
                if listed < len(listed_episodes):
                    listed_episodes[listed, 0], listed_episodes[listed, 1], listed_episodes[listed, 2] = (
                        set_index,
                        patient,
                        k,
                    )
                    listed_episodes[listed, 3], listed_episodes[listed, 4] = (
                        episodes[k, START],
                        episodes[k, LAST_DAY_NOT_IN_REMISSION],
                    )
                    listed_episodes[listed, 5] = episodes[k, END]
                listed += 1
    return listed
