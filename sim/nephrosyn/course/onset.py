"""Day 0: the state and the clocks with which every course begins."""

from __future__ import annotations

import math

from nephrosyn.compiling import kernel
from nephrosyn.course.agents import NO_AGENT
from nephrosyn.course.body import dry_weight_kg
from nephrosyn.course.clocks import start_budget
from nephrosyn.course.codes import Event, VisitKind
from nephrosyn.course.complications import start_complications
from nephrosyn.course.disease import death_rate, episode_score, plan_response, steady_blood
from nephrosyn.course.factors import NONE_FOUND, set_taken_fraction
from nephrosyn.course.kidney import NO_COMPLICATION, set_kidney_loss
from nephrosyn.course.log import NO_VALUE, write_event, write_path
from nephrosyn.course.policy import NO_RULE
from nephrosyn.course.state import DUE, LEFT, Clock, Phase
from nephrosyn.course.treatment import start_toxicity_budget
from nephrosyn.course.triggers import schedule_boundary, start_triggers
from nephrosyn.streams import Purpose, normal_quantile, uniforms


@kernel
def onset(s, x, p, clocks, tables, growth, log, count):
    """Day 0: nephrotic syndrome is established; every clock is set."""
    clocks[:, :] = 0.0
    clocks[DUE, :] = math.inf
    clocks[LEFT, :] = math.inf
    s.started = 1
    s.phase = Phase.NEPHROTIC
    s.response = x.response
    s.steroid_limit = 1.0
    s.dosing_weight_kg = dry_weight_kg(s, x, growth, 0.0)
    s.diary_grade = -1
    s.steroid_ended = -math.inf
    _without_second_line(s, x, p)
    s.path_log = x.nephrotic_log_upcr
    s.path_target = x.nephrotic_log_upcr
    steady_blood(s, x, p, 0.0)
    write_event(log, count, x, s, Event.ONSET, NO_VALUE)
    write_path(log, count, x, s)
    score = episode_score(s, x, p, normal_quantile(uniforms(p.seed, p.replicate, x.patient, Purpose.EPISODE, 0)[1]))
    plan_response(s, x, p, clocks, tables, x.nephrotic_log_upcr, score, 0.0)
    clocks[DUE, Clock.SPONTANEOUS] = x.spontaneous_days
    start_triggers(s, x, p, clocks)
    schedule_boundary(s, x, p, clocks)
    start_toxicity_budget(s, x, p, clocks, 0)
    start_complications(s, x, p, clocks)
    set_kidney_loss(s, x, p, clocks)
    _set_ends(s, x, p, clocks)
    clocks[DUE, Clock.VISIT] = x.presentation_days
    s.visit_kind = VisitKind.PRESENTATION
    s.planned_day = math.floor(x.presentation_days)


@kernel
def _without_second_line(s, x, p):
    """No second agent, no complication yet; the provoking factors are there from the start."""
    s.rule = NO_RULE
    s.agent = NO_AGENT
    s.latest_agent = NO_AGENT
    s.agent_factor = 1.0
    s.agent_infection_factor = 1.0
    s.uacr_read = math.inf
    s.clear_since = math.inf
    s.provoked = -1.0
    s.complication = NO_COMPLICATION
    s.gfr = x.gfr_ml_per_min
    s.factor_found = NONE_FOUND
    s.factors = x.factors
    set_taken_fraction(s, x, p)


@kernel
def _set_ends(s, x, p, clocks):
    u = uniforms(p.seed, p.replicate, x.patient, Purpose.DEATH, 0)
    start_budget(clocks, Clock.DEATH, 0.0, -math.log(u[0]), death_rate(s, p))
    u = uniforms(p.seed, p.replicate, x.patient, Purpose.DROPOUT, 0)
    if p.dropout_per_day > 0.0:
        clocks[DUE, Clock.DROPOUT] = -math.log(u[0]) / p.dropout_per_day
    clocks[DUE, Clock.END] = p.follow_up_days
