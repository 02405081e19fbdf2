"""To whom a set applies."""

# Compiled functions have the types that numba infers.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

import math

from nephrosyn.compiling import kernel
from nephrosyn.criteria.reasons import (
    AGE_NOT_KNOWN,
    IMPOSSIBLE,
    LESION_NOT_KNOWN,
    OTHER_AGE,
    OTHER_LESION,
)
from nephrosyn.criteria.resistance import UNKNOWN_LESION

APPLIES = 0
OLDEST = 120.0


@kernel
def why_not_judged(age_years, lesion, impossible, rule):
    """Return why a set cannot judge a person, or APPLIES."""
    if impossible:
        return IMPOSSIBLE
    limited = rule.age_from > 0.0 or rule.age_below < OLDEST
    if math.isnan(age_years) and limited:
        return AGE_NOT_KNOWN
    if limited and not rule.age_from <= age_years < rule.age_below:
        return OTHER_AGE
    if lesion == UNKNOWN_LESION:
        return APPLIES if rule.unknown_lesion == 1 else LESION_NOT_KNOWN
    return APPLIES if rule.lesions >> lesion & 1 == 1 else OTHER_LESION
