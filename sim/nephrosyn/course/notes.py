"""What the clinic notes at a visit, and what it does to steroid because of it."""

from __future__ import annotations

from nephrosyn.compiling import kernel
from nephrosyn.course.codes import Action, Condition, ConditionKind, VisitKind
from nephrosyn.course.kidney import NO_COMPLICATION
from nephrosyn.course.log import write_note
from nephrosyn.course.treatment import set_dose, start_withdrawal
from nephrosyn.terms import (
    AGENT_TOXICITIES,
    COMPLICATIONS,
    CONDITIONS,
    CONTRAINDICATIONS,
    PROVOKING_FACTORS,
    TOXICITIES,
)

_CONTRAINDICATIONS = len(CONTRAINDICATIONS)
_TOXICITIES = len(TOXICITIES)
_FIRST_AGENT_TOXICITY = CONDITIONS.index(AGENT_TOXICITIES[0])
_FIRST_COMPLICATION = CONDITIONS.index(COMPLICATIONS[0])
_FIRST_FACTOR = CONDITIONS.index(PROVOKING_FACTORS[0])


@kernel
def note_conditions(s, x, p, clocks, log, count):
    """Note what the visit brings to light: contraindications, harms, infection, complications, provoking factors."""
    if s.visit_kind == VisitKind.PRESENTATION:
        _note_contraindications(s, x, p, log, count)
    for k in range(_TOXICITIES):
        if s.toxicities_to_note >> k & 1 == 1:
            _act_on_toxicity(s, x, p, clocks, log, count, k)
    s.toxicities_to_note = 0
    if s.infection_to_note == 1:
        write_note(log, count, x, s, Condition.INFECTION, ConditionKind.INFECTION, Action.NONE)
        s.infection_to_note = 0
    if s.agent_toxicities_to_note != 0:
        _note_all(s, x, log, count, s.agent_toxicities_to_note, _FIRST_AGENT_TOXICITY, ConditionKind.AGENT_TOXICITY)
        s.agent_toxicities_to_note = 0
    if s.complications_to_note != 0 and s.complication == NO_COMPLICATION:
        _note_all(s, x, log, count, s.complications_to_note, _FIRST_COMPLICATION, ConditionKind.COMPLICATION)
        s.complications_to_note = 0
    if s.factor_to_note > 0:
        factor = _FIRST_FACTOR + s.factor_to_note - 1
        write_note(log, count, x, s, factor, ConditionKind.PROVOKING_FACTOR, Action.NONE)
        s.factor_to_note = 0


@kernel
def _note_all(s, x, log, count, mask, first, kind):
    """Note each condition of a bit mask; steroid is not changed for it."""
    k = 0
    while mask >> k > 0:
        if mask >> k & 1 == 1:
            write_note(log, count, x, s, first + k, kind, Action.NONE)
        k += 1


@kernel
def _note_contraindications(s, x, p, log, count):
    if x.contraindications == 0:
        return
    s.steroid_limit = p.contraindicated_fraction
    action = Action.WITHHELD if p.contraindicated_fraction == 0.0 else Action.CUT
    for k in range(_CONTRAINDICATIONS):
        if x.contraindications >> k & 1 == 1:
            write_note(log, count, x, s, k, ConditionKind.CONTRAINDICATION, action)


@kernel
def _act_on_toxicity(s, x, p, clocks, log, count, which):
    action = int(p.toxicity_action[which])
    treated = s.dose_mg > 0.0
    noted = action
    if not treated:
        noted = Action.WITHHELD if action == Action.STOPPED else Action.NONE
    write_note(log, count, x, s, _CONTRAINDICATIONS + which, ConditionKind.TOXICITY, noted)
    if action == Action.CUT and s.steroid_limit > p.cut_fraction:
        s.steroid_limit = p.cut_fraction
        set_dose(s, x, p, clocks, log, count, s.planned_mg, int(s.dose_schedule))
    elif action == Action.STOPPED and s.steroid_barred == 0:
        s.steroid_barred = 1
        if treated:
            start_withdrawal(s, p, clocks)
