"""Criteria: definition sets as data, and what a record says under them: category, flags, and why.

The names below are loaded when first used, so that listing the shipped sets compiles nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nephrosyn.criteria.definition import DefinitionSet
    from nephrosyn.criteria.errors import CriteriaError
    from nephrosyn.criteria.extending import whole
    from nephrosyn.criteria.find import sets, text, titles
    from nephrosyn.criteria.judging import impossible
    from nephrosyn.criteria.labels import LABELS, answers, classify, episodes
    from nephrosyn.criteria.loading import load, parse
    from nephrosyn.criteria.proof import Evidence
    from nephrosyn.criteria.verdicts import Clause, Episode, Verdict, verdict
    from nephrosyn.criteria.warming import Aside

__all__ = [
    "LABELS",
    "Aside",
    "Clause",
    "CriteriaError",
    "DefinitionSet",
    "Episode",
    "Evidence",
    "Verdict",
    "answers",
    "classify",
    "episodes",
    "impossible",
    "load",
    "parse",
    "sets",
    "text",
    "titles",
    "verdict",
    "whole",
]

_HOMES = {
    "definition": ("DefinitionSet",),
    "errors": ("CriteriaError",),
    "extending": ("whole",),
    "find": ("sets", "text", "titles"),
    "judging": ("impossible",),
    "labels": ("LABELS", "answers", "classify", "episodes"),
    "loading": ("load", "parse"),
    "proof": ("Evidence",),
    "warming": ("Aside",),
    "verdicts": ("Clause", "Episode", "Verdict", "verdict"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
