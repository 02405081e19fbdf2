"""Death apart from fatal complications: its hazard by age and disease, and its cause."""

from __future__ import annotations

from nephrosyn.course.disease.relapse_hazard import age_years
from nephrosyn.course.state.codes import Condition
from nephrosyn.course.state.state import Phase
from nephrosyn.kernels.compile import kernel
from nephrosyn.kernels.random_streams import Purpose, uniforms


@kernel
def _nephrotic_factor(state, params):
    return 1.0 if state.phase == Phase.REMISSION else params.death_nephrotic_factor


@kernel
def death_rate(state, traits, params):
    """Hazard of death (per day) at the current age."""
    step = 0
    years = age_years(state, traits)
    for k in range(params.death_steps):
        if years >= params.death_from_years[k]:
            step = k
    return params.death_per_day[step] * _nephrotic_factor(state, params)


@kernel
def cause_of_death(state, traits, params):
    """Draw the cause of a death: what the disease adds to the hazard is cardiovascular."""
    draws = uniforms(params.seed, params.replicate, traits.patient, Purpose.DEATH, 0)
    if draws[1] * _nephrotic_factor(state, params) >= 1.0:
        return Condition.DEATH_FROM_CARDIOVASCULAR_DISEASE
    return Condition.DEATH_FROM_OTHER_DISEASE
