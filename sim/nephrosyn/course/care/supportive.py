"""Supportive care: renin-angiotensin blockade, and prophylactic anticoagulation at low albumin."""

from __future__ import annotations

import math

from nephrosyn.course.care.second_line import lesion_bit
from nephrosyn.course.disease.body import dose_for_size, dry_weight_kg
from nephrosyn.course.disease.kidney import set_kidney_loss
from nephrosyn.course.disease.level import usual_level
from nephrosyn.course.disease.proteinuria import shift_level
from nephrosyn.course.state.codes import Schedule
from nephrosyn.course.state.events import write_blockade
from nephrosyn.course.state.state import Assessment
from nephrosyn.kernels.compile import inline, kernel

BLOCKADE_WHEN = ("never", "presentation", "partial_remission", "resistance")
"""When blockade is begun, as in a scenario; its code is its position."""
_NEVER, _PRESENTATION, _PARTIAL_REMISSION, _RESISTANCE = range(len(BLOCKADE_WHEN))


@inline
def gives_supportive_care(params):
    """Whether care includes blockade or anticoagulation."""
    return params.blockade_when != _NEVER or params.anticoagulation_below > 0.0


@kernel
def review_supportive_care(state, traits, params, clocks, growth, log):
    """Begin or end blockade and anticoagulation, by today's conclusion, the biopsy, and today's albumin reading."""
    known = lesion_bit(state, traits)
    low = state.albumin_read < params.anticoagulation_below
    state.anticoagulated = 1 if low and params.anticoagulation_lesions & known != 0 else 0
    if state.blockade == 1 and state.assessment == Assessment.REMISSION:
        close_blockade_run(state, traits, params, log, math.floor(state.now) - 1)
        _set_blockade(state, traits, params, clocks, log, 0)
    elif state.blockade == 0 and params.blockade_lesions & known != 0 and _is_indicated(state, params):
        state.blockade_first_day = math.floor(state.now)
        state.blockade_weight_kg = dry_weight_kg(state, traits, growth, state.now)
        state.blockade_mg = _blockade_mg(state, params)
        _set_blockade(state, traits, params, clocks, log, 1)


@kernel
def _is_indicated(state, params):
    """Whether the clinic's conclusion calls for blockade."""
    resistant = state.assessment == Assessment.RESISTANT
    if params.blockade_when == _PRESENTATION:
        return state.assessment != Assessment.REMISSION
    if params.blockade_when == _PARTIAL_REMISSION:
        return resistant or state.assessment == Assessment.PARTIAL
    return resistant and params.blockade_when == _RESISTANCE


@kernel
def _blockade_mg(state, params):
    """Daily dose (mg), rounded to tablets, one at least, within the cap."""
    tablet = params.blockade_round_to_mg
    mg = dose_for_size(
        params.blockade_amount, params.blockade_per, params.blockade_cap_mg, state.blockade_weight_kg, 0.0
    )
    return max(min(math.floor(mg / tablet + 0.5), math.floor(params.blockade_cap_mg / tablet + 1e-9)), 1.0) * tablet


@kernel
def _set_blockade(state, traits, params, clocks, log, on):
    """Switch blockade on or off: the usual level of proteinuria changes, and the loss of filtration."""
    before = usual_level(state, traits, params)
    state.blockade = on
    shift_level(state, traits, params, clocks, log, before)
    set_kidney_loss(state, traits, params, clocks)


@kernel
def close_blockade_run(state, traits, params, log, last_day):
    """Write the run of days on blockade, if there is one."""
    if state.blockade == 1 and last_day >= state.blockade_first_day:
        write_blockade(log, traits, state, params.blockade_drug, Schedule.DAILY, last_day)
