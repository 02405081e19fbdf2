"""The genetic test of resistant disease: a genetic form ends immunosuppression."""

from __future__ import annotations

import math

from nephrosyn.course.care.second_agents import stop_agents
from nephrosyn.course.care.steroid import start_withdrawal
from nephrosyn.course.state.codes import Action, Condition, ConditionKind, Event
from nephrosyn.course.state.events import write_event, write_note
from nephrosyn.course.state.quantiles import quantile
from nephrosyn.course.state.state import DUE, Clock, Treatment
from nephrosyn.kernels.compile import kernel
from nephrosyn.kernels.random_streams import Purpose, normal_quantile, uniforms


@kernel
def order_genetic_test(state, traits, params, tables):
    """Take blood for a genetic test, in those resistant patients who are tested."""
    state.genetic_test_considered = 1
    if traits.tested_genetically == 1:
        draws = uniforms(params.seed, params.replicate, traits.patient, Purpose.GENETIC_RESULT, 0)
        days = quantile(tables, params.genetic_result_table, normal_quantile(draws[0]))
        state.genetic_result_day = state.now + days


@kernel
def receive_genetic_result(state, traits, params, clocks, prepared, log):
    """Receive the result of the genetic test; a genetic form ends steroid and second agents."""
    state.genetic_result_day = math.inf
    write_event(log, traits, state, Event.GENETIC_RESULT, float(traits.genetic))
    if traits.genetic == 0:
        return
    state.genetic_found = 1
    state.steroid_barred = 1
    treated = state.treatment != Treatment.NONE
    action = Action.STOPPED if treated else Action.WITHHELD
    write_note(log, traits, state, Condition.GENETIC_FORM, ConditionKind.GENETIC_FORM, action)
    if state.treatment == Treatment.FULL_DOSE or state.treatment == Treatment.TAPER:
        start_withdrawal(state, params, clocks)
    clocks[DUE, Clock.AGENT_START] = math.inf
    stop_agents(state, traits, params, clocks, prepared, log, state.agents_given)
