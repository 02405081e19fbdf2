"""The hazard of relapse: what protects, and what provokes."""

from __future__ import annotations

import math

from nephrosyn.compiling import inline, kernel
from nephrosyn.course.body import DAYS_PER_YEAR, taken_mg_per_kg_per_day
from nephrosyn.course.clocks import set_rate
from nephrosyn.course.codes import Schedule
from nephrosyn.course.state import Clock, Phase


@kernel
def _dose_factor(s, x, p):
    """Protection by the dose taken; alternate-day drug counts less, and too little is worse for some."""
    mean = taken_mg_per_kg_per_day(s, x)
    effective = mean * p.alternate_day_efficiency if s.dose_schedule == Schedule.ALTERNATE_DAY else mean
    factor = math.exp(-p.dose_effect * effective)
    if mean < x.threshold_mg_per_kg_per_day:
        factor *= p.below_threshold_factor
    return factor


@inline
def age_years(s, x):
    """Age in completed years."""
    return math.floor(x.age_years + s.now / DAYS_PER_YEAR)


@kernel
def _age_factor(s, x, p):
    years = age_years(s, x) - max(math.floor(x.age_years), p.decline_from_years)
    return (1.0 - p.decline_per_year) ** years if years > 0.0 else 1.0


@kernel
def _since_remission_factor(s, p):
    factor = 1.0
    for k in range(p.since_remission_steps):
        if s.now >= s.remission_since + p.since_remission_from_days[k]:
            factor = p.since_remission_factor[k]
    return factor


@kernel
def relapse_rate(s, x, p):
    """Hazard of relapse now, per day; 0 while nephrotic and in those who never relapse."""
    if s.phase == Phase.NEPHROTIC or x.never_relapses == 1:
        return 0.0
    rate = x.relapse_per_day * _dose_factor(s, x, p) * _age_factor(s, x, p) * _since_remission_factor(s, p)
    rate *= s.agent_factor
    if s.now < s.infection_until:
        rate *= p.infection_factor
    if s.now < s.exertion_until:
        rate *= p.exertion_factor
    return rate


@kernel
def update_relapse(s, x, p, clocks):
    """Spend the relapse budget at the present hazard from now on."""
    set_rate(clocks, Clock.RELAPSE, s.now, relapse_rate(s, x, p))
