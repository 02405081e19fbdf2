"""Day 0: the initial state and clocks of every course."""

from __future__ import annotations

import math

from nephrosyn.course.care.provoking_factors import NONE_FOUND, set_taken_fraction
from nephrosyn.course.care.second_line import NO_RULE
from nephrosyn.course.care.steroid import start_toxicity_budget
from nephrosyn.course.disease.body import dry_weight_kg
from nephrosyn.course.disease.complications import start_complications
from nephrosyn.course.disease.death import death_rate
from nephrosyn.course.disease.kidney import NO_COMPLICATION, draw_acute_injury, set_kidney_loss
from nephrosyn.course.disease.level import plan_variation, start_variation
from nephrosyn.course.disease.proteinuria import episode_score, plan_response, steady_blood
from nephrosyn.course.disease.triggers import schedule_boundary, start_triggers
from nephrosyn.course.state.clocks import start_budget
from nephrosyn.course.state.codes import Event, VisitKind
from nephrosyn.course.state.events import NO_VALUE, write_event, write_path
from nephrosyn.course.state.state import DUE, LEFT, Clock, Phase
from nephrosyn.kernels.compile import kernel
from nephrosyn.kernels.random_streams import Purpose, normal_quantile, uniforms


@kernel
def onset(state, traits, params, clocks, prepared, log):
    """Start the course: nephrotic syndrome is established, and every clock is set."""
    clocks[:, :] = 0.0
    clocks[DUE, :] = math.inf
    clocks[LEFT, :] = math.inf
    state.started = 1
    state.phase = Phase.NEPHROTIC
    state.response = traits.response
    state.steroid_limit = 1.0
    state.reconsidered = math.inf
    state.cut_at = -math.inf
    state.dosing_weight_kg = dry_weight_kg(state, traits, prepared.growth, 0.0)
    state.diary_grade = -1
    state.steroid_ended = -math.inf
    _without_second_line(state, traits, params)
    draw_acute_injury(state, traits, params, prepared.tables)
    state.path_log = traits.nephrotic_log_upcr
    state.path_target = traits.nephrotic_log_upcr
    steady_blood(state, traits, params, 0.0)
    write_event(log, traits, state, Event.ONSET, NO_VALUE)
    write_path(log, traits, state)
    score = episode_score(
        state,
        traits,
        params,
        normal_quantile(uniforms(params.seed, params.replicate, traits.patient, Purpose.EPISODE, 0)[1]),
    )
    plan_response(state, traits, params, clocks, prepared.tables, traits.nephrotic_log_upcr, score, 0.0)
    clocks[DUE, Clock.SPONTANEOUS] = max(traits.spontaneous_days - traits.urine_follows_days, 0.0)
    state.remission_factor = 1.0
    state.anti_pla2r_log = traits.anti_pla2r_active_log
    state.anti_pla2r_target = traits.anti_pla2r_active_log
    state.genetic_result_day = math.inf
    start_triggers(state, traits, params, clocks)
    schedule_boundary(state, traits, params, clocks)
    start_toxicity_budget(state, traits, params, clocks, 0)
    start_complications(state, traits, params, clocks)
    set_kidney_loss(state, traits, params, clocks)
    start_variation(state, traits, params)
    plan_variation(state, params, clocks)
    _set_ends(state, traits, params, clocks)
    clocks[DUE, Clock.VISIT] = traits.presentation_days
    state.visit_kind = VisitKind.PRESENTATION
    state.planned_day = math.floor(traits.presentation_days)


@kernel
def _without_second_line(state, traits, params):
    """Start without second agent and complication; provoking factors are present from the start."""
    state.rule = NO_RULE
    state.refused = math.inf
    state.not_tolerated = -math.inf
    state.serious_infection_treated = -math.inf
    state.agent_factor = 1.0
    state.agent_infection_factor = 1.0
    state.uacr_read = math.inf
    state.albumin_read = math.inf
    state.clear_since = math.inf
    state.provoked = -1.0
    state.complication = NO_COMPLICATION
    state.gfr = traits.gfr_ml_per_min_per_1_73_m2
    state.factor_found = NONE_FOUND
    state.factors = traits.factors
    set_taken_fraction(state, traits, params)


@kernel
def _set_ends(state, traits, params, clocks):
    draws = uniforms(params.seed, params.replicate, traits.patient, Purpose.DEATH, 0)
    start_budget(clocks, Clock.DEATH, 0.0, -math.log(draws[0]), death_rate(state, traits, params))
    draws = uniforms(params.seed, params.replicate, traits.patient, Purpose.DROPOUT, 0)
    if params.dropout_per_day > 0.0:
        clocks[DUE, Clock.DROPOUT] = traits.presentation_days - math.log(draws[0]) / params.dropout_per_day
    clocks[DUE, Clock.END] = params.follow_up_days
