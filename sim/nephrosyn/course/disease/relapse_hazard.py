"""The hazard of relapse: protective and provoking factors."""

from __future__ import annotations

import math

from nephrosyn.course.disease.body import taken_mg_per_kg_per_day
from nephrosyn.course.state.clocks import set_rate
from nephrosyn.course.state.codes import Schedule
from nephrosyn.course.state.kept_values import decline_since_onset, decline_with_age, protection_by_dose
from nephrosyn.course.state.state import Clock, Phase
from nephrosyn.kernels.compile import inline, kernel
from nephrosyn.vocabulary import DAYS_PER_YEAR


@kernel
def _dose_factor(state, traits, params):
    """Factor of the dose taken: it protects, and alternate-day steroid less; below the patient's threshold not at all.

    Steroid below the threshold does not protect, and falling below it raises the hazard.
    """
    mean = taken_mg_per_kg_per_day(state, traits)
    if mean < traits.threshold_mg_per_kg_per_day:
        return params.below_threshold_factor
    effective = mean * params.alternate_day_efficiency if state.dose_schedule == Schedule.ALTERNATE_DAY else mean
    return protection_by_dose(state, params, effective)


@inline
def age_years(state, traits):
    """Age in completed years."""
    return math.floor(traits.age_years + state.now / DAYS_PER_YEAR)


@kernel
def _age_factor(state, traits, params):
    years = age_years(state, traits) - max(math.floor(traits.age_years), params.decline_from_years)
    return decline_with_age(state, params, years) if years > 0.0 else 1.0


@kernel
def _since_remission_factor(state, params):
    factor = 1.0
    for k in range(params.since_remission_steps):
        if state.now >= state.remission_since + params.since_remission_from_days[k]:
            factor = params.since_remission_factor[k]
    return factor


@inline
def half_years_since_onset(state):
    """Completed half-years since onset: how often the decline of activity is brought up to date."""
    return math.floor(2.0 * state.now / DAYS_PER_YEAR + 1e-9)


@kernel
def relapse_rate(state, traits, params):
    """Hazard of relapse now (per day); 0 while nephrotic, and in patients who never relapse."""
    if state.phase == Phase.NEPHROTIC or traits.never_relapses == 1 or state.now >= traits.cured_from_days:
        return 0.0
    rate = (
        traits.relapse_per_day
        * _dose_factor(state, traits, params)
        * _age_factor(state, traits, params)
        * _since_remission_factor(state, params)
        * decline_since_onset(state, params, half_years_since_onset(state))
    )
    rate *= state.agent_factor * state.remission_factor
    if state.now < state.infection_until:
        rate *= params.infection_factor
    if state.now < state.exertion_until:
        rate *= params.exertion_factor
    return rate


@kernel
def update_relapse(state, traits, params, clocks):
    """Update the rate at which the relapse budget is spent."""
    set_rate(clocks, Clock.RELAPSE, state.now, relapse_rate(state, traits, params))
