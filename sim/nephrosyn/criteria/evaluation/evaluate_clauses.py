"""All clauses of all sets, evaluated for each patient in one pass over the record."""

from __future__ import annotations

import numpy as np

from nephrosyn import vocabulary
from nephrosyn.criteria.clauses.dependence_by_dose import evaluate_dependence
from nephrosyn.criteria.clauses.dependence_on_withdrawal import evaluate_withdrawal
from nephrosyn.criteria.clauses.eligibility import APPLIES, why_not_eligible
from nephrosyn.criteria.clauses.frequent_relapse import evaluate_frequency
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
    SECONDARY_RESISTANCE_CLAUSE,
    TOXICITY_CLAUSE,
    status_of,
)
from nephrosyn.criteria.definition.compiled import ON_STEROID, RAISE_CLEARS
from nephrosyn.criteria.record.complete_record import path_spans
from nephrosyn.criteria.record.episodes import (
    END,
    LAST_DAY_NOT_IN_REMISSION,
    START,
    count_relapses,
    find_episodes,
    find_gaps,
)
from nephrosyn.criteria.record.steroid_courses import DOSE_FIRST, find_courses, find_doses
from nephrosyn.criteria.record.urine_states import INTERVAL_FIRST, clinic_days, find_intervals, home_spans
from nephrosyn.kernels.compile import entry, kernel

CONTRAINDICATION_KIND, TOXICITY_KIND = (
    vocabulary.CONDITION_KINDS.index(kind) for kind in ("contraindication", "toxicity")
)


@kernel
def evaluate_condition_clause(first_row, stop_row, noted, kinds, names, actions, end, kind, counted, effects, out):
    """Write whether, and when first, a condition of a kind was noted that counts and had an effect that counts."""
    day = NEVER
    for row in range(first_row, stop_row):
        if noted[row] > end or kinds[row] != kind:
            continue
        if counted >> int(names[row]) & 1 == 1 and effects >> int(actions[row]) & 1 == 1:
            day = min(day, noted[row])
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
    """Number of relapses, length, kind of window and delay of a rule of frequent relapse."""
    if clause == FREQUENT_N6_CLAUSE:
        return rule.six_count, rule.six_length, rule.six_window, rule.six_begins
    if clause == FREQUENT_N12_CLAUSE:
        return rule.twelve_count, rule.twelve_length, rule.twelve_window, rule.twelve_begins
    return rule.any_six_count, rule.any_six_length, rule.any_six_window, rule.any_six_begins


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
    return frequency_rule(rule, clause)[0]


@kernel
def evaluate_relapses(episodes, gaps, doses, counts, since, end, resistant, rule, row, best, answers):
    """Write the answers of the clauses on relapses: dependence, and the rules of frequent relapse."""
    if rule.dependence_rule == RAISE_CLEARS:
        evaluate_dependence(episodes, gaps, doses, counts, end, resistant, rule, row, best, answers[DEPENDENCE_CLAUSE])
    elif rule.dependence_rule == ON_STEROID:
        evaluate_withdrawal(episodes, gaps, doses, counts, end, resistant, rule, answers[DEPENDENCE_CLAUSE])
    for clause in (FREQUENT_N6_CLAUSE, FREQUENT_N12_CLAUSE, FREQUENT_ANY6_CLAUSE):
        needed, length, window, begins = frequency_rule(rule, clause)
        if needed > 0:
            evaluate_frequency(
                episodes, gaps, doses, counts, since, end, resistant, needed, length, window, begins, rule,
                answers[clause],
            )  # fmt: skip


@kernel
def evaluate_steroid(intervals, episodes, gaps, doses, courses, counts, end, lesion, rule, row, best, answers):
    """Write the answers of the clauses on the response to steroid. Returns whether resistance is met."""
    for secondary in (False, True):
        clause = SECONDARY_RESISTANCE_CLAUSE if secondary else RESISTANCE_CLAUSE
        if defining_number(rule, clause) > 0:
            evaluate_resistance(
                intervals, episodes, gaps, doses, courses, counts, end, lesion, secondary, rule, row, best,
                answers[clause],
            )  # fmt: skip
    if rule.late_reported > 0:
        evaluate_late_response(
            intervals, episodes, gaps, doses, courses, counts, end, lesion, rule, answers[LATE_RESPONSE_CLAUSE]
        )
    if rule.partial_reported > 0:
        evaluate_partial_remission(
            intervals, episodes, gaps, doses, courses, counts, end, lesion, rule, row, answers[PARTIAL_REMISSION_CLAUSE]
        )
    return rule.course_days > 0 and status_of(answers[RESISTANCE_CLAUSE, REASON]) == MET


@kernel
def evaluate_agents(intervals, episodes, counts, first, stop, starts, stops, drugs, schedules, end, rule, row, answers):
    """Write the answers of the clauses on the response to other drugs."""
    if rule.persistence_days > 0:
        out = answers[PERSISTENCE_CLAUSE]
        evaluate_persistence(intervals, episodes, counts, first, stop, starts, stops, drugs, end, rule, row, out)
    if rule.calcineurin_days > 0:
        out = answers[CALCINEURIN_RESISTANCE_CLAUSE]
        evaluate_calcineurin(
            intervals, episodes, counts, first, stop, starts, stops, drugs, schedules, end, rule, row, out
        )
    if rule.multidrug_days > 0:
        out = answers[MULTIDRUG_RESISTANCE_CLAUSE]
        evaluate_multidrug(
            intervals, episodes, counts, first, stop, starts, stops, drugs, schedules, end, rule, row, out
        )


@kernel
def evaluate_conditions(first, stop, noted, kinds, names, actions, end, rule, answers):
    """Write the answers of the clauses on conditions."""
    for clause in (CONTRAINDICATION_CLAUSE, TOXICITY_CLAUSE):
        kind, counted, effects = CONTRAINDICATION_KIND, rule.contraindications, rule.contraindication_actions
        if clause == TOXICITY_CLAUSE:
            kind, counted, effects = TOXICITY_KIND, rule.toxicities, rule.toxicity_actions
        evaluate_condition_clause(
            first, stop, noted, kinds, names, actions, end, kind, counted, effects, answers[clause]
        )


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
        status[clause] = status_of(answers[clause, REASON])
        day[clause] = answers[clause, DAY]


@entry
def evaluate_all(
    record, until, rules, order, workspace, status, day, relapses, responded, ineligibility, listed_episodes
):
    """Evaluate every clause of every set for every patient.

    ``rules`` has shape (sets, 2), ``order`` shape (sets,). Written are status and day met, shape (sets, clauses,
    patients); number of relapses, first response once a cause of apparent resistance was found, and why a set does not
    apply, shape (sets, patients). ``listed_episodes``, shape (episodes, 6), takes as many
    episodes as it has rows: set, patient, number, first day, last day not in remission, first day of remission. The
    workspace keeps what was derived for the last set and the last patient.

    Returns
    -------
    int
        Number of episodes.
    """
    # Tuples are unpacked once, here: they would be compiled again into every function they are passed to, and
    # compiled code counts references at every access to a tuple of arrays.
    readings, days, analytes = record.reading_bounds, record.reading_day, record.reading_analyte
    values = record.reading_value
    diary, firsts, lasts, bands = record.diary_bounds, record.diary_first, record.diary_last, record.diary_band
    segments, segment_start, segment_upcr = record.segment_bounds, record.segment_start, record.segment_upcr
    segment_slope, segment_target = record.segment_slope, record.segment_target
    runs, starts, stops, means = record.dose_bounds, record.dose_first, record.dose_last, record.dose_mean
    drugs, schedules, weights = record.dose_drug, record.dose_schedule, record.dose_weight
    notes, noted, kinds = record.condition_bounds, record.condition_day, record.condition_kind
    names, actions = record.condition_code, record.condition_action
    ages, lesions, impossible, ends = record.age, record.lesion, record.impossible, record.end
    normal, kinetics = record.albumin, record.kinetics
    clinic, spans, intervals, episodes, gaps = (
        workspace.clinic,
        workspace.spans,
        workspace.intervals,
        workspace.episodes,
        workspace.gaps,
    )
    doses, courses, counts, answers = workspace.doses, workspace.courses, workspace.counts, workspace.answers
    row, best = workspace.scratch[0], workspace.scratch[1]
    listed = 0
    for patient in range(len(ages)):
        end = np.int64(min(ends[patient], until))
        urine_group, steroid_group, since = np.int64(-1), np.int64(-1), np.int64(0)
        lesion = np.int64(lesions[patient])
        first, stop = runs[patient, 0], runs[patient, 1]
        for set_index in order:
            rule = rules[set_index, 1 if ages[patient] < rules[set_index, 0].adult_from else 0]
            counts_here = True
            why = why_not_eligible(ages[patient], lesion, impossible[patient], rule)
            if why != APPLIES:
                counts[EPISODES] = 0
                urine_group, steroid_group, counts_here = np.int64(-1), np.int64(-1), False
            if counts_here and rule.steroid_group != steroid_group:
                counts[DOSES] = find_doses(
                    first, stop, starts, stops, means, drugs, schedules, weights, end, rule, doses
                )
                counts[COURSES] = find_courses(doses, counts[DOSES], rule.alternate_after_days, courses)
            if counts_here and rule.urine_group != urine_group:
                rows = readings[patient]
                seen = clinic_days(rows[0], rows[1], days, analytes, values, end, rule, clinic)
                rows = diary[patient]
                runs_seen = home_spans(rows[0], rows[1], firsts, lasts, bands, end, rule, spans)
                rows = segments[patient]
                if rows[1] > rows[0]:
                    runs_seen = path_spans(
                        rows[0], rows[1], segment_start, segment_upcr, segment_slope, segment_target, end,
                        normal[patient], kinetics, rule, spans,
                    )  # fmt: skip
                counts[INTERVALS] = find_intervals(spans, runs_seen, clinic, seen, intervals)
                counts[EPISODES] = find_episodes(
                    intervals, counts[INTERVALS], rule.home_days, rule.clinic_readings, episodes
                )
            if counts_here and (rule.urine_group != urine_group or rule.steroid_group != steroid_group):
                count_relapses(episodes, counts[EPISODES], doses, counts[DOSES], rule.taper_counts)
                since = under_care_since(intervals, counts[INTERVALS], doses, counts[DOSES])
                counts[GAPS] = find_gaps(intervals, counts[INTERVALS], since, end, rule.max_gap_days, gaps)
                urine_group, steroid_group = rule.urine_group, rule.steroid_group
            rows = notes[patient]
            if counts_here:
                resistant = evaluate_steroid(
                    intervals, episodes, gaps, doses, courses, counts, end, lesion, rule, row, best, answers
                )
                evaluate_relapses(episodes, gaps, doses, counts, since, end, resistant, rule, row, best, answers)
                evaluate_conditions(rows[0], rows[1], noted, kinds, names, actions, end, rule, answers)
                evaluate_agents(
                    intervals, episodes, counts, first, stop, starts, stops, drugs, schedules, end, rule, row, answers
                )
            write_statuses(answers, why, rule, status[set_index, :, patient], day[set_index, :, patient])
            ineligibility[set_index, patient] = why
            relapses[set_index, patient] = max(counts[EPISODES] - 1, 0)
            responded[set_index, patient] = first_response_after_cause(
                rows[0], rows[1], noted, kinds, end, episodes, counts[EPISODES], first, stop, starts, stops, drugs
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
