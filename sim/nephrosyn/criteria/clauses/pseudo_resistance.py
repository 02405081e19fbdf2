"""Falsely refractory disease: a provoking factor was noted, and the disease answered once it was gone."""

# Compiled functions have the types that numba infers.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

from nephrosyn import vocabulary
from nephrosyn.criteria.codes import NEVER
from nephrosyn.criteria.record.episodes import END, START
from nephrosyn.kernels.compile import kernel

STEROID = vocabulary.DRUGS.index(vocabulary.STEROID)
WASHOUT_DAYS = 183
PROVOKING_FACTOR = vocabulary.CONDITION_KINDS.index("provoking_factor")


@kernel
def first_answer(first_row, stop_row, noted, kinds, end, episodes, count, first_dose, stop_dose, starts, stops, drugs):
    """Day of the first remission of an episode in which a provoking factor was noted; NEVER without one.

    Steroid must have worked again, or the disease have remitted by itself: a remission does not count where a dose of
    a drug other than steroid was given in the episode before its remission, or in the half year before the episode.
    """
    for k in range(count):
        remission = episodes[k, END]
        if remission > end:
            continue
        for row in range(first_row, stop_row):
            day = noted[row]
            if kinds[row] != PROVOKING_FACTOR or day < episodes[k, START] or day > remission:
                continue
            since = episodes[k, START] - WASHOUT_DAYS
            if not _other_agent(since, remission, first_dose, stop_dose, starts, stops, drugs):
                return remission
    return NEVER


@kernel
def _other_agent(first, last, first_dose, stop_dose, starts, stops, drugs):
    for row in range(first_dose, stop_dose):
        if drugs[row] != STEROID and starts[row] <= last and stops[row] >= first:
            return True
    return False
