"""The vocabularies as named codes, for compiled code: ``Event.RELAPSE`` is a plain integer."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from nephrosyn import vocabulary as terms


def _codes(name: str, vocabulary: tuple[str, ...]) -> Any:
    return namedtuple(name, [word.upper() for word in vocabulary])(*range(len(vocabulary)))


Event = _codes("Event", terms.EVENTS)
Analyte = _codes("Analyte", terms.ANALYTES)
VisitKind = _codes("VisitKind", terms.VISIT_KINDS)
Schedule = _codes("Schedule", terms.SCHEDULES)
Condition = _codes("Condition", terms.CONDITIONS)
ConditionKind = _codes("ConditionKind", terms.CONDITION_KINDS)
Action = _codes("Action", terms.STEROID_ACTIONS)
Drug = _codes("Drug", terms.DRUGS)
Factor = _codes("Factor", terms.PROVOKING_FACTORS)
AgentToxicity = _codes("AgentToxicity", terms.AGENT_TOXICITIES)
Start = _codes("Start", terms.STARTS)
