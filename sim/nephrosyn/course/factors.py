"""Provoking factors: what keeps steroid from working until it is found and removed."""

from __future__ import annotations

import math

from nephrosyn.compiling import kernel
from nephrosyn.course.codes import Event, Factor
from nephrosyn.course.disease import needed_mg
from nephrosyn.course.log import write_event
from nephrosyn.course.quantiles import quantile
from nephrosyn.course.state import DUE, Clock, Phase
from nephrosyn.course.treatment import update_exposure
from nephrosyn.streams import Purpose, normal_quantile, uniforms

NEVER, AT_PRESENTATION, AT_RESISTANCE = 0, 1, 2
NONE_FOUND = -1


@kernel
def set_taken_fraction(s, x, p):
    """Steroid that acts, of what is prescribed, with the factors that are there."""
    taken = 1.0
    for k in range(len(p.factor_exposure)):
        if s.factors >> k & 1 == 1:
            taken *= x.taken_fraction if k == Factor.NON_ADHERENCE else p.factor_exposure[k]
    s.taken_fraction = taken


@kernel
def _next_factor(s, p):
    """The factor to be found next; under-dosing only where the full dose is less than is needed."""
    for k in range(len(p.factor_exposure)):
        if s.factors >> k & 1 == 0:
            continue
        if k != Factor.UNDER_DOSING or s.full_mg < needed_mg(s, p):
            return k
    return NONE_FOUND


@kernel
def begin_search(s, x, p, clocks, tables, delay_days):
    """Care looks for a reason why steroid does not work, one after another."""
    k = _next_factor(s, p)
    if k == NONE_FOUND or s.factor_found != NONE_FOUND or clocks[DUE, Clock.FACTOR] < math.inf:
        return
    u = uniforms(p.seed, p.replicate, x.patient, Purpose.FACTOR, k)
    clocks[DUE, Clock.FACTOR] = s.now + delay_days + quantile(tables, p.factor_found_table[k], normal_quantile(u[0]))


@kernel
def find_or_remove(s, x, p, clocks, tables, log, count):
    """A factor is found; or the one found is gone, and steroid works as it should."""
    if s.factor_found == NONE_FOUND:
        k = _next_factor(s, p)
        if k == NONE_FOUND:
            clocks[DUE, Clock.FACTOR] = math.inf
            return
        s.factor_found = k
        s.factor_to_note = k + 1
        write_event(log, count, x, s, Event.PROVOKING_FACTOR_FOUND, float(k))
        u = uniforms(p.seed, p.replicate, x.patient, Purpose.FACTOR, k)
        clocks[DUE, Clock.FACTOR] = s.now + quantile(tables, p.factor_removed_table[k], normal_quantile(u[1]))
        return
    k = s.factor_found
    s.factors &= ~(1 << k)
    s.factor_found = NONE_FOUND
    s.start_again = 1
    clocks[DUE, Clock.FACTOR] = math.inf
    write_event(log, count, x, s, Event.PROVOKING_FACTOR_REMOVED, float(k))
    if k == Factor.UNDER_DOSING:
        s.dose_by_surface = 1
    set_taken_fraction(s, x, p)
    update_exposure(s, x, p, clocks)
    remits = uniforms(p.seed, p.replicate, x.patient, Purpose.FACTOR, k)[2] < p.factor_remits[k]
    if remits and s.phase != Phase.REMISSION:
        clocks[DUE, Clock.SPONTANEOUS] = s.now
    begin_search(s, x, p, clocks, tables, 0.0)
