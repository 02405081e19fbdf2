"""Eligibility: whether a definition set applies to a patient."""

from __future__ import annotations

import math

from nephrosyn.criteria.codes import AGE_NOT_KNOWN, IMPOSSIBLE, LESION_NOT_KNOWN, OTHER_AGE, OTHER_LESION
from nephrosyn.criteria.record.patient_arrays import NO_NAME
from nephrosyn.kernels.compile import kernel

APPLIES = 0
OLDEST = 120.0


@kernel
def why_not_eligible(age_years, lesion, impossible, rule):
    """Return why a set does not apply to a patient, or APPLIES."""
    if impossible:
        return IMPOSSIBLE
    limited = rule.age_from > 0.0 or rule.age_below < OLDEST
    age_known = not math.isnan(age_years)
    if limited and age_known and not rule.age_from <= age_years < rule.age_below:
        return OTHER_AGE
    if lesion != NO_NAME and rule.lesions >> lesion & 1 == 0:
        return OTHER_LESION
    if limited and not age_known:
        return AGE_NOT_KNOWN
    if lesion == NO_NAME and rule.unknown_lesion == 0:
        return LESION_NOT_KNOWN
    return APPLIES
