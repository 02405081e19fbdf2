"""Vocabularies as named codes for compiled code: ``Event.RELAPSE`` is a plain integer."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from nephrosyn import vocabulary


def _codes(name: str, words: tuple[str, ...]) -> Any:
    return namedtuple(name, [word.upper() for word in words])(*range(len(words)))


Event = _codes("Event", vocabulary.EVENTS)
Analyte = _codes("Analyte", vocabulary.ANALYTES)
VisitKind = _codes("VisitKind", vocabulary.VISIT_KINDS)
Schedule = _codes("Schedule", vocabulary.SCHEDULES)
Condition = _codes("Condition", vocabulary.CONDITIONS)
ConditionKind = _codes("ConditionKind", vocabulary.CONDITION_KINDS)
Action = _codes("Action", vocabulary.STEROID_ACTIONS)
Drug = _codes("Drug", vocabulary.DRUGS)
Factor = _codes("Factor", vocabulary.PROVOKING_FACTORS)
AgentToxicity = _codes("AgentToxicity", vocabulary.AGENT_TOXICITIES)
Start = _codes("Start", vocabulary.STARTS)
