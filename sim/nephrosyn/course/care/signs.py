"""Signs that bring a patient with a relapse to the clinic: oedema, and urine tests at home.

Oedema follows albumin, so it comes days after proteinuria. A home test follows proteinuria itself. A patient whose
visit does not confirm the relapse comes back as long as the signs last.
"""

from __future__ import annotations

import math

from nephrosyn.course.care.decisions import request_visit
from nephrosyn.course.disease.proteinuria import days_until_albumin, log_upcr, update_blood
from nephrosyn.course.state.quantiles import quantile
from nephrosyn.course.state.state import DUE, Assessment, Clock, Phase
from nephrosyn.kernels.compile import kernel
from nephrosyn.kernels.random_streams import Purpose, normal_quantile, uniforms


@kernel
def plan_signs(state, traits, params, clocks, tables):
    """Draw whether and when the signs of a new relapse bring the patient in."""
    state.symptoms += 1
    draws = uniforms(params.seed, params.replicate, traits.patient, Purpose.SYMPTOM, state.symptoms)
    state.oedema_is_noticed = 1 if draws[0] < params.symptom_probability else 0
    state.oedema_delay_days = quantile(tables, params.symptom_table, normal_quantile(draws[1]))
    state.oedema_visit = math.inf
    state.home_test_visit = math.inf
    level = math.log(params.relapse_mg_per_mg)
    if traits.tests_at_home == 1 and state.path_target >= level:
        reached = state.now + max(level - log_upcr(state, state.now), 0.0) / traits.rise_per_day
        state.home_test_visit = reached + quantile(tables, params.home_test_table, normal_quantile(draws[2]))
    clocks[DUE, Clock.SYMPTOM] = min(state.home_test_visit, _next_sign_of_oedema(state, traits, params))


@kernel
def _next_sign_of_oedema(state, traits, params):
    """When oedema may have formed, or brings the patient in; inf if neither will happen on the present path."""
    if state.oedema_is_noticed == 0:
        return math.inf
    if state.oedema_visit < math.inf:
        return state.oedema_visit
    return state.now + days_until_albumin(state, traits, params, params.oedema_below_g_per_dl)


@kernel
def notice_signs(state, traits, params, clocks):
    """Bring the patient in if there are signs of a relapse that the clinic does not know yet."""
    clocks[DUE, Clock.SYMPTOM] = math.inf
    unknown = state.assessment == Assessment.REMISSION or state.assessment == Assessment.PARTIAL
    if state.phase != Phase.NEPHROTIC or not unknown:
        return
    if state.oedema_is_noticed == 1 and state.oedema_visit == math.inf:
        update_blood(state, traits, params, state.now)
        if state.albumin <= params.oedema_below_g_per_dl:
            state.oedema_visit = state.now + state.oedema_delay_days
    again = state.now + 1.0 + params.confirm_after_days
    if state.now >= state.home_test_visit:
        request_visit(state, clocks)
        state.home_test_visit = again
    if state.now >= state.oedema_visit:
        request_visit(state, clocks)
        state.oedema_visit = again
    clocks[DUE, Clock.SYMPTOM] = min(state.home_test_visit, _next_sign_of_oedema(state, traits, params))
