"""Why an answer was given, in words: the sentence of each reason, and what its arguments are called."""

from __future__ import annotations

from typing import NamedTuple

from nephrosyn.criteria import codes as r


class Reason(NamedTuple):
    """A reason's name, the names of its arguments in order, and its sentence."""

    name: str
    arguments: tuple[str, ...]
    sentence: str


COURSE = ("course", "decision_day", "last_ill", "remission", "course_end")
TAPER = ("remission", "reduced", "relapse", "raised", "again", "last_ill")
COUNT = ("anchor", "seen", "needed", "hidden", "window_start", "window_end")

ON_STEROID = ("latest", "seen", "needed", "before", "after", "hidden")
TREATED = ("begun", "decision_day", "last_ill", "remission", "last_day")

REASONS: dict[int, Reason] = {
    r.NO_URINE: Reason("no_urine", (), "The record holds no urine reading."),
    r.NO_STEROID: Reason("no_steroid", COURSE, "No steroid was given in this episode, so nothing shows what it does."),
    r.NEVER_ADEQUATE: Reason(
        "never_adequate", COURSE, "No adequate daily dose was given in this episode, and it did not end."
    ),
    r.COURSE_TOO_SHORT: Reason(
        "course_too_short",
        COURSE,
        "The adequate course from day {course} ended on day {course_end}, too early to call it a failure.",
    ),
    r.REMISSION_VAGUE: Reason(
        "remission_vague",
        COURSE,
        "Remission came after day {last_ill} and by day {remission}; whether by day {decision_day} was not seen.",
    ),
    r.NOT_SEEN_LONG_ENOUGH: Reason(
        "not_seen_long_enough",
        COURSE,
        "Adequate course from day {course}; ill up to day {last_ill}; the record does not show whether it answered by "
        "day {decision_day}.",
    ),
    r.FAILED_COURSE: Reason(
        "failed_course",
        COURSE,
        "Adequate steroid from day {course}, no remission by day {decision_day}; still ill on day {last_ill}.",
    ),
    r.FAILED_AND_REDUCED: Reason(
        "failed_and_reduced",
        COURSE,
        "Adequate steroid from day {course} was reduced on day {decision_day} in vain; still ill on day {last_ill}.",
    ),
    r.REMISSION_IN_TIME: Reason(
        "remission_in_time",
        COURSE,
        "Adequate steroid from day {course}; remission on day {remission}, by day {decision_day}.",
    ),
    r.REMISSION_ON_LESS: Reason(
        "remission_on_less",
        COURSE,
        "Remission on day {remission} on less than an adequate dose, begun on day {course}.",
    ),
    r.REMISSION_ON_LESS_LATE: Reason(
        "remission_on_less_late",
        COURSE,
        "Steroid from day {course} never reached an adequate dose; remission on day {remission}, after day "
        "{decision_day}.",
    ),
    r.REMISSION_WITHOUT_STEROID: Reason(
        "remission_without_steroid", COURSE, "Every episode ended without steroid, so nothing shows what it does."
    ),
    r.COURSE_MAY_HIDE: Reason(
        "course_may_hide", COURSE, "Between day {last_ill} and day {decision_day} a failed course may have gone unseen."
    ),
    r.RELAPSE_IN_TAPER: Reason(
        "relapse_in_taper",
        TAPER,
        "Remission on day {remission}, dose reduced on day {reduced}, relapse on day {relapse} above the maintenance "
        "dose, dose raised on day {raised}, remission again on day {again}.",
    ),
    r.NO_SUCH_RELAPSE: Reason(
        "no_such_relapse",
        TAPER,
        "Steroid was reduced to the maintenance dose; no relapse above it was cleared by raising the dose.",
    ),
    r.NO_HIGH_DOSE: Reason("no_high_dose", TAPER, "Steroid was never given above the maintenance dose."),
    r.TAPER_UNFINISHED: Reason(
        "taper_unfinished", TAPER, "The record ends before the dose came down to the maintenance dose."
    ),
    r.RAISE_PENDING: Reason(
        "raise_pending",
        TAPER,
        "Relapse on day {relapse} during the taper; what a higher dose did was not seen to its end.",
    ),
    r.REMISSION_AGAIN_VAGUE: Reason(
        "remission_again_vague",
        TAPER,
        "Relapse on day {relapse} during the taper, dose raised on day {raised}; remission came after day {last_ill} "
        "and by day {again}, too vague to credit the higher dose.",
    ),
    r.REDUCTION_VAGUE: Reason(
        "reduction_vague",
        TAPER,
        "Relapse on day {relapse}; the dose came down on day {reduced}, before remission was seen on day {remission}.",
    ),
    r.RELAPSE_MAY_HIDE: Reason(
        "relapse_may_hide",
        TAPER,
        "Between day {last_ill} and day {again}, above the maintenance dose, nothing was seen.",
    ),
    r.ENOUGH_RELAPSES: Reason("enough_relapses", COUNT, "{relapses} by day {day} in {window}; {needed} are needed."),
    r.FEWER_RELAPSES: Reason("fewer_relapses", COUNT, "{relapses} in {window}; {needed} are needed."),
    r.WINDOW_OPEN: Reason(
        "window_open",
        COUNT,
        "The record ends before day {window_end}, when the first window, from day {window_start}, would close.",
    ),
    r.RELAPSES_MAY_HIDE: Reason(
        "relapses_may_hide",
        COUNT,
        "{relapses} seen in {window} and {needed} needed; gaps between readings may hide {hidden} more.",
    ),
    r.NEVER_IN_REMISSION: Reason(
        "never_in_remission", (), "Steroid failed and there was no remission to relapse from."
    ),
    r.NOT_YET_IN_REMISSION: Reason(
        "not_yet_in_remission", (), "No remission was seen, and that steroid failed cannot be said either."
    ),
    r.CONDITION_NOTED: Reason("condition_noted", (), "Noted on day {day}, and it changed the steroid."),
    r.NO_CONDITION: Reason("no_condition", (), "No such condition that changed the steroid is noted."),
    r.REMISSION_LATE: Reason(
        "remission_late",
        COURSE,
        "Adequate steroid from day {course}; remission on day {remission}, by day {decision_day}, the end of "
        "confirmation.",
    ),
    r.NO_RELAPSE: Reason("no_relapse", (), "There was no relapse to be treated with steroid."),
    r.LATE_RESPONSE: Reason(
        "late_response",
        COURSE,
        "Adequate steroid from day {course}; still ill on day {last_ill}, remission on day {remission}, by day "
        "{decision_day}.",
    ),
    r.STILL_ILL: Reason(
        "still_ill",
        COURSE,
        "Adequate steroid from day {course}; no complete remission by day {decision_day}, still ill on day {last_ill}.",
    ),
    r.PARTIAL_THEN: Reason(
        "partial_then",
        COURSE,
        "Adequate steroid from day {course}; on day {decision_day} in partial remission, no complete one before.",
    ),
    r.NOT_PARTIAL_THEN: Reason(
        "not_partial_then",
        COURSE,
        "Adequate steroid from day {course}; at the end of the course the disease was not in partial remission.",
    ),
    r.STILL_ILL_THEN: Reason(
        "still_ill_then",
        TREATED,
        "Treated from day {begun}; no sufficient remission by day {decision_day}, not seen in one on day {last_ill}.",
    ),
    r.NO_OTHER_AGENT: Reason(
        "no_other_agent",
        TREATED,
        "Treated from day {begun}, but with no other drug than steroid by day {decision_day}.",
    ),
    r.NO_TREATMENT: Reason("no_treatment", (), "No drug was given, so nothing shows what treatment does."),
    r.AGENT_FAILED: Reason(
        "agent_failed",
        TREATED,
        "A calcineurin inhibitor was given from day {begun} to day {last_day}; no sufficient remission by day "
        "{decision_day}, not seen in one on day {last_ill}.",
    ),
    r.AGENT_RESPONSE: Reason(
        "agent_response",
        TREATED,
        "Treated from day {begun}; sufficient remission on day {remission}, by day {decision_day}.",
    ),
    r.AGENT_TOO_SHORT: Reason(
        "agent_too_short",
        TREATED,
        "A calcineurin inhibitor from day {begun} ended on day {last_day}, too early to call it a failure.",
    ),
    r.NOT_GIVEN: Reason("not_given", (), "No such drug was given."),
    r.GIVEN_IN_REMISSION: Reason(
        "given_in_remission", TREATED, "A calcineurin inhibitor was given from day {begun}, in remission."
    ),
    r.AGENTS_FAILED: Reason(
        "agents_failed",
        TREATED,
        "Other drugs than steroid were given from day {begun}, on day {decision_day} of enough classes and for long "
        "enough; "
        "no sufficient remission by then, not seen in one on day {last_ill}.",
    ),
    r.TOO_FEW_AGENTS: Reason(
        "too_few_agents", TREATED, "In no episode were drugs of enough classes given for long enough."
    ),
    r.AGENTS_GO_ON: Reason(
        "agents_go_on",
        TREATED,
        "Other drugs than steroid from day {begun} go on at the end of the record, not yet for long enough.",
    ),
    r.RELAPSES_ON_STEROID: Reason(
        "relapses_on_steroid",
        ON_STEROID,
        "{relapses}{in_row} on steroid or within {off_days} days of its last dose, "
        "the latest on day {latest}; {needed} needed.",
    ),
    r.FEWER_ON_STEROID: Reason(
        "fewer_on_steroid",
        ON_STEROID,
        "{relapses}{in_row} on steroid or within {off_days} days of its last dose; {needed} needed.",
    ),
    r.WITHDRAWAL_UNSEEN: Reason(
        "withdrawal_unseen",
        ON_STEROID,
        "{relapses} on steroid; the record ends before {off_days} days without it were over, and {needed} needed.",
    ),
    r.ON_STEROID_MAY_HIDE: Reason(
        "on_steroid_may_hide",
        ON_STEROID,
        "{relapses}{in_row} on steroid or within {off_days} days of its last dose, {needed} needed; between day "
        "{before} and day {after} nothing was seen.",
    ),
    r.NO_STEROID_AT_ALL: Reason("no_steroid_at_all", (), "Steroid was never given."),
    r.ANCHOR_NOT_REACHED: Reason(
        "anchor_not_reached", COUNT, "The day from which relapses are counted did not come in this record."
    ),
    r.OTHER_AGE: Reason("other_age", (), "The set does not apply at this age at onset."),
    r.OTHER_LESION: Reason("other_lesion", (), "The set does not apply to this lesion."),
    r.LESION_NOT_KNOWN: Reason(
        "lesion_not_known", (), "The set applies to some lesions only, and no biopsy was taken."
    ),
    r.AGE_NOT_KNOWN: Reason("age_not_known", (), "The set applies to some ages only, and the age is not known."),
    r.IMPOSSIBLE: Reason("impossible", (), "The record holds values that cannot be."),
    r.NOT_DEFINED: Reason("not_defined", (), "The set has no such clause."),
}
