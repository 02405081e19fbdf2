"""Definition sets as data, and the classification of a record under them: category, flags and reasons.

Start at `classification.classify` for cohorts and `explanation.verdict` for one patient; `load` reads a set. Names are
imported on first use, so that listing the shipped sets compiles nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nephrosyn.errors import CriteriaError

if TYPE_CHECKING:
    from nephrosyn.criteria.classification import LABELS, classify, clause_answers, episodes
    from nephrosyn.criteria.compile_ahead import BackgroundCompilation
    from nephrosyn.criteria.definition.catalogue import sets, text, titles
    from nephrosyn.criteria.definition.definition import DefinitionSet
    from nephrosyn.criteria.definition.inheritance import whole
    from nephrosyn.criteria.definition.loading import load, parse
    from nephrosyn.criteria.evaluation.evaluate import impossible
    from nephrosyn.criteria.explanation.supporting_rows import Evidence
    from nephrosyn.criteria.explanation.verdict import Clause, Episode, Verdict, verdict

__all__ = [
    "LABELS",
    "BackgroundCompilation",
    "Clause",
    "CriteriaError",
    "DefinitionSet",
    "Episode",
    "Evidence",
    "Verdict",
    "classify",
    "clause_answers",
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
    "definition.definition": ("DefinitionSet",),
    "definition.inheritance": ("whole",),
    "definition.catalogue": ("sets", "text", "titles"),
    "evaluation.evaluate": ("impossible",),
    "classification": ("LABELS", "clause_answers", "classify", "episodes"),
    "definition.loading": ("load", "parse"),
    "explanation.supporting_rows": ("Evidence",),
    "compile_ahead": ("BackgroundCompilation",),
    "explanation.verdict": ("Clause", "Episode", "Verdict", "verdict"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
