"""The clauses, the possible answers, and why an answer was given, as codes; words are in `reason_words`."""

# Compiled functions have the types that numba infers.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

from nephrosyn.kernels.compile import kernel, shared

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
    RESISTANCE, DEPENDENCE, SIX_MONTHS, TWELVE_MONTHS, CONTRAINDICATION, TOXICITY, ANY_SIX_MONTHS, PERSISTENCE, LATE,
    SECONDARY, PARTIALLY, CALCINEURIN, MULTIDRUG,
) = range(len(CLAUSES))  # fmt: skip

# Columns of the workspace a clause writes its answer on; the arguments are days (or counts) the reason speaks of.
REASON, DAY, ARGUMENTS = 0, 1, 2
COLUMNS = 8
NO_DAY = -(1 << 40)
NEVER = 1 << 40

# A reason's code tells its status: see `status_of`.
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
NOT_DEFINED = 90
FIRST_NOT_MET, FIRST_UNKNOWN, FIRST_UNDEFINED = 20, 40, 90


@shared
def status_of(reason):
    """Return the status that a reason stands for."""
    if reason < FIRST_NOT_MET:
        return MET
    if reason < FIRST_UNKNOWN:
        return NOT_MET
    return UNKNOWN if reason < FIRST_UNDEFINED else UNDEFINED


@kernel
def answer(out, reason, day, first, second, third, fourth, fifth, sixth):
    """Write an answer: why, the day it was met or NEVER, and the arguments of the reason in order."""
    out[REASON] = reason
    out[DAY] = day
    out[ARGUMENTS] = first
    out[ARGUMENTS + 1] = second
    out[ARGUMENTS + 2] = third
    out[ARGUMENTS + 3] = fourth
    out[ARGUMENTS + 4] = fifth
    out[ARGUMENTS + 5] = sixth


# Why a relapse does not show dependence.
(
    COUNTS, OFF_STEROID, AT_MAINTENANCE, NOT_REDUCED, NOT_RAISED, CLEARED_BEFORE, RAISED_IN_VAIN, IN_UNFINISHED_TAPER,
) = range(8)  # fmt: skip
