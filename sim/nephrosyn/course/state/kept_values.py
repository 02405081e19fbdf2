"""Values that a course needs again and again, kept until their argument changes.

Exponentials and powers are a fifth of a course's time. Many have the argument of the call before: proteinuria in
remission stays the same, and blood moves in steps of a week. A value of 0 is one not yet kept.
"""

from __future__ import annotations

import math

from nephrosyn.kernels.compile import inline


@inline
def upcr_of(state, log_upcr):
    """UPCR (mg/mg) from its logarithm."""
    if state.kept_log_upcr != log_upcr or state.kept_upcr == 0.0:
        state.kept_log_upcr = log_upcr
        state.kept_upcr = math.exp(log_upcr)
    return state.kept_upcr


@inline
def cholesterol_left(state, params, days):
    """Fraction of a deviation of cholesterol that is left after some days."""
    if state.kept_step_days != days or state.kept_cholesterol_left == 0.0:
        state.kept_step_days = days
        state.kept_cholesterol_left = math.exp(-params.cholesterol_per_day * days)
    return state.kept_cholesterol_left


@inline
def upcr_log_sd(state, params, log_upcr):
    """Standard deviation of the logarithm of a UPCR reading.

    The logarithm of the coefficient of variation is linear in log UPCR between two levels, and flat beyond.
    """
    if state.kept_read_log_upcr != log_upcr or state.kept_upcr_log_sd == 0.0:
        state.kept_read_log_upcr = log_upcr
        place = min(max(log_upcr, params.upcr_low_log), params.upcr_high_log)
        cv = math.exp(params.upcr_low_log_cv + params.upcr_log_cv_slope * (place - params.upcr_low_log))
        state.kept_upcr_log_sd = math.sqrt(math.log1p(cv**2))
    return state.kept_upcr_log_sd


@inline
def decline_since_onset(state, params, half_years):
    """Factor of the relapse hazard after some half-years, at the middle of the half-year that follows."""
    if state.kept_half_years != half_years or state.kept_onset_factor == 0.0:
        state.kept_half_years = half_years
        state.kept_onset_factor = (1.0 - params.decline_since_onset_per_year) ** (0.5 * half_years + 0.25)
    return state.kept_onset_factor


@inline
def decline_with_age(state, params, years):
    """Factor of the relapse hazard after some years of its decline with age."""
    if state.kept_years != years or state.kept_age_factor == 0.0:
        state.kept_years = years
        state.kept_age_factor = (1.0 - params.decline_per_year) ** years
    return state.kept_age_factor


@inline
def protection_by_dose(state, params, mg_per_kg_per_day):
    """Factor of the relapse hazard on a dose of steroid that acts."""
    if state.kept_acting_dose != mg_per_kg_per_day or state.kept_dose_factor == 0.0:
        state.kept_acting_dose = mg_per_kg_per_day
        state.kept_dose_factor = math.exp(-params.dose_effect * mg_per_kg_per_day)
    return state.kept_dose_factor


@inline
def infection_by_dose(state, params, mg_per_kg_per_day):
    """Factor of the hazard of serious infection on a dose of steroid taken."""
    if state.kept_taken_dose != mg_per_kg_per_day or state.kept_infection_factor == 0.0:
        state.kept_taken_dose = mg_per_kg_per_day
        state.kept_infection_factor = math.exp(params.infection_log_steroid_factor * mg_per_kg_per_day)
    return state.kept_infection_factor
