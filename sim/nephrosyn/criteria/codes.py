"""Codes of the clauses, of their statuses and of the reason for each answer, and the sentence of each reason."""

from __future__ import annotations

from typing import NamedTuple

from nephrosyn.kernels.compile import kernel

NOT_MET, MET, UNKNOWN, UNDEFINED = 0, 1, -1, -2
STATUS_NAMES = {MET: "met", NOT_MET: "not met", UNKNOWN: "cannot be judged", UNDEFINED: "not defined"}

FLAG_OF = {
    "resistance": "resistant",
    "dependence": "dependent",
    "frequent_n6": "frequent",
    "frequent_n12": "frequent",
    "contraindication": "intolerant",
    "toxicity": "intolerant",
    "frequent_any6": "frequent",
    "persistence": "non_remitting",
    "late_response": "late_responder",
    "secondary_resistance": "secondary_resistant",
    "partial_remission": "partial_remission",
    "calcineurin_resistance": "calcineurin_resistant",
    "multidrug_resistance": "multidrug_resistant",
}
"""Clauses in the order of their codes, and the flag that each can set."""
CLAUSES, FLAG_OF_CLAUSE = tuple(FLAG_OF), tuple(FLAG_OF.values())
(
    RESISTANCE_CLAUSE,
    DEPENDENCE_CLAUSE,
    FREQUENT_N6_CLAUSE,
    FREQUENT_N12_CLAUSE,
    CONTRAINDICATION_CLAUSE,
    TOXICITY_CLAUSE,
    FREQUENT_ANY6_CLAUSE,
    PERSISTENCE_CLAUSE,
    LATE_RESPONSE_CLAUSE,
    SECONDARY_RESISTANCE_CLAUSE,
    PARTIAL_REMISSION_CLAUSE,
    CALCINEURIN_RESISTANCE_CLAUSE,
    MULTIDRUG_RESISTANCE_CLAUSE,
) = range(len(CLAUSES))

# Columns of an answer: reason, day on which the clause was met, and the days or counts that its sentence mentions.
REASON, DAY, ARGUMENTS = 0, 1, 2
COLUMNS = 8
# What the counts of a workspace count.
INTERVALS, EPISODES, GAPS, DOSES, COURSES, RESPONSES, FLARES = range(7)
NO_DAY = -(1 << 40)
NEVER = 1 << 40

# The range of a reason's code gives its status: see `status_of`.
FAILED_COURSE = 0
FAILED_AND_REDUCED = 1
RELAPSE_IN_TAPER = 2
ENOUGH_RELAPSES = 3
CONDITION_NOTED = 4
LATE_RESPONSE = 5
PARTIAL_THEN = 6
STILL_ILL_THEN = 7
AGENT_FAILED = 8
AGENTS_FAILED = 9
RELAPSES_ON_STEROID = 10
REMISSION_IN_TIME = 20
REMISSION_ON_LESS = 21
NO_SUCH_RELAPSE = 22
FEWER_RELAPSES = 23
NEVER_IN_REMISSION = 24
NO_CONDITION = 25
REMISSION_LATE = 26
NOT_PARTIAL_THEN = 27
STILL_ILL = 28
NO_RELAPSE = 29
AGENT_RESPONSE = 30
NOT_GIVEN = 31
GIVEN_IN_REMISSION = 32
TOO_FEW_AGENTS = 33
NO_OTHER_AGENT = 34
FEWER_ON_STEROID = 35
TREATED_TOO_LITTLE = 36
NO_URINE = 40
NO_STEROID = 41
NEVER_ADEQUATE = 42
COURSE_TOO_SHORT = 43
REMISSION_VAGUE = 44
NOT_SEEN_LONG_ENOUGH = 45
REMISSION_ON_LESS_LATE = 46
REMISSION_WITHOUT_STEROID = 47
COURSE_MAY_HIDE = 48
NO_HIGH_DOSE = 49
TAPER_UNFINISHED = 50
RAISE_PENDING = 51
REMISSION_AGAIN_VAGUE = 52
REDUCTION_VAGUE = 53
RELAPSE_MAY_HIDE = 54
WINDOW_OPEN = 55
RELAPSES_MAY_HIDE = 56
NOT_YET_IN_REMISSION = 57
AGENT_TOO_SHORT = 58
AGENTS_GO_ON = 59
NO_TREATMENT = 60
OTHER_AGE = 61
OTHER_LESION = 62
LESION_NOT_KNOWN = 63
AGE_NOT_KNOWN = 64
IMPOSSIBLE = 65
NO_STEROID_AT_ALL = 66
WITHDRAWAL_UNSEEN = 67
ON_STEROID_MAY_HIDE = 68
ANCHOR_NOT_REACHED = 69
RESPONSE_WITH_AGENT = 70
TREATMENT_GOES_ON = 71
NOT_DEFINED = 90
FIRST_NOT_MET, FIRST_UNKNOWN, FIRST_UNDEFINED = 20, 40, 90


def status_of(reason: int) -> int:
    """Return the status that a reason stands for."""
    if reason < FIRST_NOT_MET:
        return MET
    if reason < FIRST_UNKNOWN:
        return NOT_MET
    return UNKNOWN if reason < FIRST_UNDEFINED else UNDEFINED


compiled_status_of = kernel(status_of)
"""`status_of` for compiled code."""


@kernel
def answer(out, reason, day, first, second, third, fourth, fifth, sixth):
    """Write an answer: the reason, the day on which the clause was met or NEVER, and the arguments in order."""
    out[REASON] = reason
    out[DAY] = day
    out[ARGUMENTS] = first
    out[ARGUMENTS + 1] = second
    out[ARGUMENTS + 2] = third
    out[ARGUMENTS + 3] = fourth
    out[ARGUMENTS + 4] = fifth
    out[ARGUMENTS + 5] = sixth


# Whether a relapse counts for dependence by dose, and why not.
(
    COUNTS, OFF_STEROID, AT_MAINTENANCE, NOT_REDUCED, NOT_RAISED, CLEARED_BEFORE, NOT_CLEARED_IN_TIME,
    IN_UNFINISHED_TAPER,
) = range(8)  # fmt: skip


class Reason(NamedTuple):
    """A reason's name, the names of its arguments in order, and its sentence."""

    name: str
    arguments: tuple[str, ...]
    sentence: str


COURSE_ARGUMENTS = ("course", "decision_day", "not_in_remission", "remission", "course_end")

TAPER_ARGUMENTS = ("remission", "reduced", "relapse", "raised", "again", "not_in_remission")

WINDOW_ARGUMENTS = ("anchor", "seen", "needed", "hidden", "window_start", "window_end")

WITHDRAWAL_ARGUMENTS = ("latest", "seen", "needed", "before", "after", "hidden")

TREATMENT_ARGUMENTS = ("begun", "decision_day", "not_in_remission", "remission", "last_day")

REASONS: dict[int, Reason] = {
    NO_URINE: Reason("no_urine", (), "The record contains no urine reading."),
    NO_STEROID: Reason(
        "no_steroid", COURSE_ARGUMENTS, "No steroid was given in this episode, so the response to steroid is unknown."
    ),
    NEVER_ADEQUATE: Reason(
        "never_adequate",
        COURSE_ARGUMENTS,
        "No adequate daily dose was given in this episode, and there was no remission.",
    ),
    COURSE_TOO_SHORT: Reason(
        "course_too_short",
        COURSE_ARGUMENTS,
        "The adequate course from day {course} ended on day {course_end}, too early to count as failure.",
    ),
    REMISSION_VAGUE: Reason(
        "remission_vague",
        COURSE_ARGUMENTS,
        "Remission came after day {not_in_remission} and by day {remission}; the record does not show whether by day "
        "{decision_day}.",
    ),
    NOT_SEEN_LONG_ENOUGH: Reason(
        "not_seen_long_enough",
        COURSE_ARGUMENTS,
        "Adequate course from day {course}; not in remission up to day {not_in_remission}; the record does not "
        "show whether it led to a response by day {decision_day}.",
    ),
    FAILED_COURSE: Reason(
        "failed_course",
        COURSE_ARGUMENTS,
        "Adequate steroid from day {course}; no {sought} by day {decision_day} ({time}){later}.",
    ),
    FAILED_AND_REDUCED: Reason(
        "failed_and_reduced",
        COURSE_ARGUMENTS,
        "Adequate steroid from day {course} was reduced on day {decision_day}, after {time}, without {sought}{later}.",
    ),
    REMISSION_IN_TIME: Reason(
        "remission_in_time",
        COURSE_ARGUMENTS,
        "Adequate steroid from day {course}; {response} on day {remission}, within the time allowed (to day "
        "{decision_day}).",
    ),
    RESPONSE_WITH_AGENT: Reason(
        "response_with_agent",
        COURSE_ARGUMENTS,
        "Adequate steroid from day {course}; {response} on day {remission}, after another drug was added, so it may "
        "not be a response to steroid.",
    ),
    REMISSION_ON_LESS: Reason(
        "remission_on_less",
        COURSE_ARGUMENTS,
        "{Response} on day {remission} on less than an adequate dose, begun on day {course}.",
    ),
    REMISSION_ON_LESS_LATE: Reason(
        "remission_on_less_late",
        COURSE_ARGUMENTS,
        "Steroid from day {course} never reached an adequate dose; {response} on day {remission}, after day "
        "{decision_day}.",
    ),
    REMISSION_WITHOUT_STEROID: Reason(
        "remission_without_steroid",
        COURSE_ARGUMENTS,
        "Every episode ended without steroid, so the response to steroid is unknown.",
    ),
    COURSE_MAY_HIDE: Reason(
        "course_may_hide",
        COURSE_ARGUMENTS,
        "Between day {not_in_remission} and day {decision_day} a failed course may have been missed.",
    ),
    RELAPSE_IN_TAPER: Reason(
        "relapse_in_taper",
        TAPER_ARGUMENTS,
        "{Well} on day {remission}, dose reduced on day {reduced}, relapse on day {relapse} above the maintenance "
        "dose, dose raised on day {raised}, {well} again on day {again}.",
    ),
    NO_SUCH_RELAPSE: Reason(
        "no_such_relapse",
        TAPER_ARGUMENTS,
        "{taper}",
    ),
    NO_HIGH_DOSE: Reason("no_high_dose", TAPER_ARGUMENTS, "Steroid was never given above the maintenance dose."),
    TAPER_UNFINISHED: Reason(
        "taper_unfinished", TAPER_ARGUMENTS, "The record ends before the dose was reduced to the maintenance dose."
    ),
    RAISE_PENDING: Reason(
        "raise_pending",
        TAPER_ARGUMENTS,
        "Relapse on day {relapse} during the taper; the record ends before the effect of a higher dose is known.",
    ),
    REMISSION_AGAIN_VAGUE: Reason(
        "remission_again_vague",
        TAPER_ARGUMENTS,
        "Relapse on day {relapse} during the taper, dose raised on day {raised}; {well} came after day "
        "{not_in_remission} and by day {again}, too imprecise to attribute it to the higher dose.",
    ),
    REDUCTION_VAGUE: Reason(
        "reduction_vague",
        TAPER_ARGUMENTS,
        "Relapse on day {relapse}; the dose was reduced on day {reduced}, before {well} was recorded on "
        "day {remission}.",
    ),
    RELAPSE_MAY_HIDE: Reason(
        "relapse_may_hide",
        TAPER_ARGUMENTS,
        "Between day {not_in_remission} and day {again}, above the maintenance dose, there is no reading.",
    ),
    ENOUGH_RELAPSES: Reason(
        "enough_relapses", WINDOW_ARGUMENTS, "{relapses} by day {day} in the period {window}; {needed}."
    ),
    FEWER_RELAPSES: Reason("fewer_relapses", WINDOW_ARGUMENTS, "{fewer}; {needed}."),
    WINDOW_OPEN: Reason(
        "window_open",
        WINDOW_ARGUMENTS,
        "The record ends before day {window_end}, the last day of the first period, which began on day {window_start}.",
    ),
    RELAPSES_MAY_HIDE: Reason(
        "relapses_may_hide",
        WINDOW_ARGUMENTS,
        "{fewer}; {needed}. Gaps between readings may hide {hidden} more.",
    ),
    NEVER_IN_REMISSION: Reason(
        "never_in_remission", (), "Steroid failed, and there was no remission from which to relapse."
    ),
    NOT_YET_IN_REMISSION: Reason(
        "not_yet_in_remission", (), "No remission was recorded, and it is unknown whether steroid failed."
    ),
    CONDITION_NOTED: Reason("condition_noted", (), "{condition}"),
    NO_CONDITION: Reason("no_condition", (), "{condition}"),
    REMISSION_LATE: Reason(
        "remission_late",
        COURSE_ARGUMENTS,
        "Adequate steroid from day {course}; {response} on day {remission}, within the confirmation period (to day "
        "{decision_day}).",
    ),
    NO_RELAPSE: Reason("no_relapse", (), "There was no relapse to treat with steroid."),
    LATE_RESPONSE: Reason(
        "late_response",
        COURSE_ARGUMENTS,
        "Adequate steroid from day {course}; still not in remission on day {not_in_remission}, remission on day "
        "{remission}, within the confirmation period (to day {decision_day}).",
    ),
    STILL_ILL: Reason(
        "still_ill",
        COURSE_ARGUMENTS,
        "Adequate steroid from day {course}; no complete remission by day {decision_day}{still}.",
    ),
    PARTIAL_THEN: Reason(
        "partial_then",
        COURSE_ARGUMENTS,
        "Adequate steroid from day {course}; on day {decision_day} in partial remission, with no complete "
        "remission before.",
    ),
    NOT_PARTIAL_THEN: Reason(
        "not_partial_then",
        COURSE_ARGUMENTS,
        "Adequate steroid from day {course}; at the end of the course the disease was not in partial remission.",
    ),
    STILL_ILL_THEN: Reason(
        "still_ill_then",
        TREATMENT_ARGUMENTS,
        "Treated from day {begun}; no {sought} by day {decision_day}{later}.",
    ),
    NO_OTHER_AGENT: Reason(
        "no_other_agent",
        TREATMENT_ARGUMENTS,
        "Treated from day {begun}, but never with a drug other than steroid.",
    ),
    TREATED_TOO_LITTLE: Reason(
        "treated_too_little",
        TREATMENT_ARGUMENTS,
        "Treated from day {begun}, but with too little adequate steroid, or for too short a time with another drug.",
    ),
    TREATMENT_GOES_ON: Reason(
        "treatment_goes_on",
        TREATMENT_ARGUMENTS,
        "Treated from day {begun}; the treatment required continues at the end of the record, not yet for long enough.",
    ),
    NO_TREATMENT: Reason("no_treatment", (), "No drug was given, so the response to treatment is unknown."),
    AGENT_FAILED: Reason(
        "agent_failed",
        TREATMENT_ARGUMENTS,
        "A calcineurin inhibitor was given from day {begun} to day {last_day}; no {sought} by day "
        "{decision_day}{later}.",
    ),
    AGENT_RESPONSE: Reason(
        "agent_response",
        TREATMENT_ARGUMENTS,
        "Treated from day {begun}; {response} on day {remission}, within the time allowed (to day {decision_day}).",
    ),
    AGENT_TOO_SHORT: Reason(
        "agent_too_short",
        TREATMENT_ARGUMENTS,
        "A calcineurin inhibitor from day {begun} ended on day {last_day}, too early to count as failure.",
    ),
    NOT_GIVEN: Reason("not_given", (), "No such drug was given."),
    GIVEN_IN_REMISSION: Reason(
        "given_in_remission", TREATMENT_ARGUMENTS, "A calcineurin inhibitor was given from day {begun}, in remission."
    ),
    AGENTS_FAILED: Reason(
        "agents_failed",
        TREATMENT_ARGUMENTS,
        "Drugs other than steroid were given from day {begun}; by day {decision_day} of enough classes "
        "and for long enough; no {sought} by then{later}.",
    ),
    TOO_FEW_AGENTS: Reason(
        "too_few_agents", TREATMENT_ARGUMENTS, "In no episode were drugs of enough classes given for long enough."
    ),
    AGENTS_GO_ON: Reason(
        "agents_go_on",
        TREATMENT_ARGUMENTS,
        "Drugs other than steroid, from day {begun}, continue at the end of the record, not yet for long enough.",
    ),
    RELAPSES_ON_STEROID: Reason(
        "relapses_on_steroid",
        WITHDRAWAL_ARGUMENTS,
        "{relapses} during steroid therapy or within {off_days} days of stopping it, the latest on day {latest}; "
        "{needed}.",
    ),
    FEWER_ON_STEROID: Reason(
        "fewer_on_steroid",
        WITHDRAWAL_ARGUMENTS,
        "{fewer} during steroid therapy or within {off_days} days of stopping it; {needed}.",
    ),
    WITHDRAWAL_UNSEEN: Reason(
        "withdrawal_unseen",
        WITHDRAWAL_ARGUMENTS,
        "{fewer} during steroid therapy, and the record ends before {off_days} days without steroid have passed; "
        "{needed}.",
    ),
    ON_STEROID_MAY_HIDE: Reason(
        "on_steroid_may_hide",
        WITHDRAWAL_ARGUMENTS,
        "{fewer} during steroid therapy or within {off_days} days of stopping it; {needed}. Between day {before} and "
        "day {after} there is no reading, and a relapse may have been missed.",
    ),
    NO_STEROID_AT_ALL: Reason("no_steroid_at_all", (), "Steroid was never given."),
    ANCHOR_NOT_REACHED: Reason(
        "anchor_not_reached", WINDOW_ARGUMENTS, "The day from which relapses are counted is not reached in this record."
    ),
    OTHER_AGE: Reason("other_age", (), "The set does not apply at this age at onset."),
    OTHER_LESION: Reason("other_lesion", (), "The set does not apply to this lesion."),
    LESION_NOT_KNOWN: Reason("lesion_not_known", (), "The set applies to some lesions only, and there was no biopsy."),
    AGE_NOT_KNOWN: Reason("age_not_known", (), "The set applies to some ages only, and the age is not known."),
    IMPOSSIBLE: Reason("impossible", (), "The record contains impossible values."),
    NOT_DEFINED: Reason("not_defined", (), "The set has no such clause."),
}
