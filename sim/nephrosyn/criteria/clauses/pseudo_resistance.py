"""Apparent (pseudo-)resistance: a provoking factor was noted, and the disease responded once it was removed."""

from __future__ import annotations

from nephrosyn import vocabulary
from nephrosyn.criteria.codes import NEVER
from nephrosyn.criteria.record.episodes import END, START
from nephrosyn.criteria.record.steroid_courses import STEROID
from nephrosyn.kernels.compile import kernel

WASHOUT_DAYS = 183
PROVOKING_FACTOR = vocabulary.CONDITION_KINDS.index("provoking_factor")


@kernel
def first_response_after_cause(
    first_row, stop_row, conditions, end, episodes, count, first_dose, stop_dose, prescribed
):
    """Day of the first remission of an episode in which a provoking factor was noted; NEVER without one.

    Steroid must have worked again, or remission have been spontaneous: a remission does not count if a drug other
    than steroid was given in the episode before it, or in the half year before the episode.
    """
    for k in range(count):
        remission = episodes[k, END]
        if remission > end:
            continue
        for row in range(first_row, stop_row):
            day = conditions.noted[row]
            if conditions.kind[row] != PROVOKING_FACTOR or day < episodes[k, START] or day > remission:
                continue
            since = episodes[k, START] - WASHOUT_DAYS
            if not _other_agent(since, remission, first_dose, stop_dose, prescribed):
                return remission
    return NEVER


@kernel
def _other_agent(first, last, first_dose, stop_dose, prescribed):
    for row in range(first_dose, stop_dose):
        if prescribed.drug[row] != STEROID and prescribed.first[row] <= last and prescribed.last[row] >= first:
            return True
    return False
