"""A definition set in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nephrosyn import vocabulary
from nephrosyn.cli.console.terminal import heading, prose, say, table

if TYPE_CHECKING:
    from nephrosyn.criteria import DefinitionSet

EVIDENCE_ID = re.compile(r"\b[A-Z]\d\d\b")


def definition(definition_set: DefinitionSet) -> None:
    """Print each clause of a definition set in words, with value, grade and citation of each threshold.

    Parameters
    ----------
    definition_set : DefinitionSet
        The definition set.
    """
    from nephrosyn.criteria.definition.in_words import GRADES, in_words
    from nephrosyn.scenario.files.citations import listed

    say(vocabulary.NOTICE)
    say()
    prose(f"{definition_set.name}: {definition_set.title}")
    for name, citation in listed(EVIDENCE_ID.findall(definition_set.title)):
        prose(f"{name}: {citation}")
    clauses = in_words(definition_set)
    for clause, sentence, thresholds in clauses:
        say()
        heading(clause)
        prose(sentence)
        table(("key", "value", "grade", "citation"), thresholds)
    say()
    used = [grade for grade in GRADES if any(row[2] == grade for clause in clauses for row in clause.thresholds)]
    prose("Grades: " + "; ".join(f"{grade} {GRADES[grade]}" for grade in used) + ".")
