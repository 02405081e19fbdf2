"""The clauses, the possible answers, and why an answer was given: codes for compiled code, words for people."""

# Compiled functions have the types that numba infers.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

from typing import NamedTuple

from nephrosyn.compiling import kernel, shared

NOT_MET, MET, UNKNOWN = 0, 1, -1
STATUS_NAMES = {MET: "met", NOT_MET: "not met", UNKNOWN: "cannot be judged"}

RESISTANCE, DEPENDENCE, SIX_MONTHS, TWELVE_MONTHS, CONTRAINDICATION, TOXICITY = range(6)
CLAUSES = ("resistance", "dependence", "frequent_n6", "frequent_n12", "contraindication", "toxicity")
FLAG_OF_CLAUSE = ("resistant", "dependent", "frequent", "frequent", "intolerant", "intolerant")

# Columns of the sheet a clause writes its answer on; the marks are days (or counts) the reason speaks of.
REASON, DAY, MARKS = 0, 1, 2
COLUMNS = 8
NO_DAY = -(1 << 40)
NEVER = 1 << 40

# A reason's code tells its status: see `status_of`.
FAILED_COURSE = 0
FAILED_AND_REDUCED = 1
RELAPSE_IN_TAPER = 2
ENOUGH_RELAPSES = 3
CONDITION_NOTED = 4
REMISSION_IN_TIME = 20
REMISSION_ON_LESS = 21
NO_SUCH_RELAPSE = 22
FEWER_RELAPSES = 23
NEVER_IN_REMISSION = 24
NO_CONDITION = 25
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
FIRST_NOT_MET, FIRST_UNKNOWN = 20, 40


@shared
def status_of(reason):
    """Return the status that a reason stands for."""
    if reason < FIRST_NOT_MET:
        return MET
    return NOT_MET if reason < FIRST_UNKNOWN else UNKNOWN


@kernel
def answer(out, reason, day, first, second, third, fourth, fifth, sixth):
    """Write an answer: why, the day it was met or NEVER, and the marks of the reason in order."""
    out[REASON] = reason
    out[DAY] = day
    out[MARKS] = first
    out[MARKS + 1] = second
    out[MARKS + 2] = third
    out[MARKS + 3] = fourth
    out[MARKS + 4] = fifth
    out[MARKS + 5] = sixth


class Reason(NamedTuple):
    """A reason's name, the names of its marks in order, and its sentence."""

    name: str
    marks: tuple[str, ...]
    sentence: str


COURSE = ("course", "judged", "last_ill", "remission", "course_end")
TAPER = ("remission", "reduced", "relapse", "raised", "again", "last_ill")
COUNT = ("first_remission", "seen", "needed", "hidden", "window_start", "window_end")

# Why a relapse does not show dependence.
COUNTS, OFF_STEROID, AT_MAINTENANCE, NOT_REDUCED, NOT_RAISED, CLEARED_BEFORE, RAISED_IN_VAIN = range(7)

REASONS: dict[int, Reason] = {
    NO_URINE: Reason("no_urine", (), "The record holds no urine reading."),
    NO_STEROID: Reason("no_steroid", COURSE, "No steroid was given in this episode, so nothing shows what it does."),
    NEVER_ADEQUATE: Reason(
        "never_adequate", COURSE, "No adequate daily dose was given in this episode, and it did not end."
    ),
    COURSE_TOO_SHORT: Reason(
        "course_too_short",
        COURSE,
        "The adequate course from day {course} ended on day {course_end}, too early to call it a failure.",
    ),
    REMISSION_VAGUE: Reason(
        "remission_vague",
        COURSE,
        "Remission came after day {last_ill} and by day {remission}; whether by day {judged} was not seen.",
    ),
    NOT_SEEN_LONG_ENOUGH: Reason(
        "not_seen_long_enough",
        COURSE,
        "Adequate course from day {course}; ill up to day {last_ill}, nothing seen from day {judged} on.",
    ),
    FAILED_COURSE: Reason(
        "failed_course",
        COURSE,
        "Adequate steroid from day {course}, no remission by day {judged}; still ill on day {last_ill}.",
    ),
    FAILED_AND_REDUCED: Reason(
        "failed_and_reduced",
        COURSE,
        "Adequate steroid from day {course} was reduced on day {judged} in vain; still ill on day {last_ill}.",
    ),
    REMISSION_IN_TIME: Reason(
        "remission_in_time",
        COURSE,
        "Adequate steroid from day {course}; remission on day {remission}, by day {judged}.",
    ),
    REMISSION_ON_LESS: Reason(
        "remission_on_less",
        COURSE,
        "Remission on day {remission} on less than an adequate dose, begun on day {course}.",
    ),
    REMISSION_ON_LESS_LATE: Reason(
        "remission_on_less_late",
        COURSE,
        "Steroid from day {course} never reached an adequate dose; remission on day {remission}, after day {judged}.",
    ),
    REMISSION_WITHOUT_STEROID: Reason(
        "remission_without_steroid", COURSE, "Every episode ended without steroid, so nothing shows what it does."
    ),
    COURSE_MAY_HIDE: Reason(
        "course_may_hide", COURSE, "Between day {last_ill} and day {judged} a failed course may have gone unseen."
    ),
    RELAPSE_IN_TAPER: Reason(
        "relapse_in_taper",
        TAPER,
        "Remission on day {remission}, dose reduced on day {reduced}, relapse on day {relapse} above the maintenance "
        "dose, dose raised on day {raised}, remission again on day {again}.",
    ),
    NO_SUCH_RELAPSE: Reason(
        "no_such_relapse",
        TAPER,
        "Steroid was reduced to the maintenance dose; no relapse above it was cleared by raising the dose.",
    ),
    NO_HIGH_DOSE: Reason("no_high_dose", TAPER, "Steroid was never given above the maintenance dose."),
    TAPER_UNFINISHED: Reason(
        "taper_unfinished", TAPER, "The record ends before the dose came down to the maintenance dose."
    ),
    RAISE_PENDING: Reason(
        "raise_pending",
        TAPER,
        "Relapse on day {relapse} during the taper; what a higher dose did was not seen to its end.",
    ),
    REMISSION_AGAIN_VAGUE: Reason(
        "remission_again_vague",
        TAPER,
        "Relapse on day {relapse} during the taper, dose raised on day {raised}; remission came after day {last_ill} "
        "and by day {again}, too vague to credit the higher dose.",
    ),
    REDUCTION_VAGUE: Reason(
        "reduction_vague",
        TAPER,
        "Relapse on day {relapse}; the dose came down on day {reduced}, before remission was seen on day {remission}.",
    ),
    RELAPSE_MAY_HIDE: Reason(
        "relapse_may_hide",
        TAPER,
        "Between day {last_ill} and day {again}, above the maintenance dose, nothing was seen.",
    ),
    ENOUGH_RELAPSES: Reason("enough_relapses", COUNT, "{relapses} by day {day} in {window}; {needed} are needed."),
    FEWER_RELAPSES: Reason("fewer_relapses", COUNT, "{relapses} in {window}; {needed} are needed."),
    WINDOW_OPEN: Reason(
        "window_open",
        COUNT,
        "The record ends before day {window_end}, when the first window, from day {window_start}, would close.",
    ),
    RELAPSES_MAY_HIDE: Reason(
        "relapses_may_hide",
        COUNT,
        "{relapses} seen in {window} and {needed} needed; gaps between readings may hide {hidden} more.",
    ),
    NEVER_IN_REMISSION: Reason("never_in_remission", (), "Steroid failed and there was no remission to relapse from."),
    NOT_YET_IN_REMISSION: Reason(
        "not_yet_in_remission", (), "No remission was seen, and that steroid failed cannot be said either."
    ),
    CONDITION_NOTED: Reason("condition_noted", (), "Noted on day {day}, and it changed the steroid."),
    NO_CONDITION: Reason("no_condition", (), "No such condition that changed the steroid is noted."),
}
