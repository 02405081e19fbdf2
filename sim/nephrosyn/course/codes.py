"""The vocabularies of ``nephrosyn.terms`` as integer enumerations, for compiled code."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from nephrosyn import terms


def _enumeration(name: str, vocabulary: tuple[str, ...]) -> Any:
    return IntEnum(name, {word.upper(): position for position, word in enumerate(vocabulary)})


Event = _enumeration("Event", terms.EVENTS)
Analyte = _enumeration("Analyte", terms.ANALYTES)
VisitKind = _enumeration("VisitKind", terms.VISIT_KINDS)
Schedule = _enumeration("Schedule", terms.SCHEDULES)
Condition = _enumeration("Condition", terms.CONDITIONS)
ConditionKind = _enumeration("ConditionKind", terms.CONDITION_KINDS)
Action = _enumeration("Action", terms.STEROID_ACTIONS)
