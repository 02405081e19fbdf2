"""To whom a set applies."""

# Compiled functions have the types that numba infers.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

import math

from nephrosyn.criteria.clauses.resistance import UNKNOWN_LESION
from nephrosyn.criteria.codes import AGE_NOT_KNOWN, IMPOSSIBLE, LESION_NOT_KNOWN, OTHER_AGE, OTHER_LESION
from nephrosyn.kernels.compile import kernel

APPLIES = 0
OLDEST = 120.0


@kernel
def why_not_eligible(age_years, lesion, impossible, rule):
    """Return why a set cannot judge a person, or APPLIES."""
    if impossible:
        return IMPOSSIBLE
    limited = rule.age_from > 0.0 or rule.age_below < OLDEST
    age_known = not math.isnan(age_years)
    if limited and age_known and not rule.age_from <= age_years < rule.age_below:
        return OTHER_AGE
    if lesion != UNKNOWN_LESION and rule.lesions >> lesion & 1 == 0:
        return OTHER_LESION
    if limited and not age_known:
        return AGE_NOT_KNOWN
    if lesion == UNKNOWN_LESION and rule.unknown_lesion == 0:
        return LESION_NOT_KNOWN
    return APPLIES
