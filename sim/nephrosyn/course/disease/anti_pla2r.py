"""Antibodies to the phospholipase A2 receptor, which go before the urine in membranous nephropathy."""

from __future__ import annotations

from nephrosyn.kernels.compile import inline, kernel


@inline
def log_anti_pla2r(state, t):
    """Logarithm of the antibody level (RU/mL) at time t (days)."""
    value = state.anti_pla2r_log + state.anti_pla2r_slope * (t - state.anti_pla2r_since)
    if state.anti_pla2r_slope > 0.0:
        return min(value, state.anti_pla2r_target)
    return max(value, state.anti_pla2r_target)


@kernel
def move_anti_pla2r(state, per_day, target):
    """Move the antibody level from now on towards a target (log RU/mL) at a rate (log units per day, > 0)."""
    start = log_anti_pla2r(state, state.now)
    state.anti_pla2r_log = start
    state.anti_pla2r_since = state.now
    state.anti_pla2r_target = target
    state.anti_pla2r_slope = per_day if target > start else -per_day
