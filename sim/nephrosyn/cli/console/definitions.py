"""A definition set in words, on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nephrosyn import vocabulary
from nephrosyn.cli.console.terminal import heading, prose, say, table

if TYPE_CHECKING:
    from nephrosyn.criteria import DefinitionSet


def definition(found: DefinitionSet) -> None:
    """Print what each clause of a definition set asks, with the value, grade and citation of each threshold.

    Parameters
    ----------
    found : DefinitionSet
        The set.
    """
    from nephrosyn.criteria.definition.in_words import GRADES, in_words

    say(vocabulary.NOTICE)
    say()
    prose(f"{found.name}: {found.title}")
    told = in_words(found)
    for clause, sentence, thresholds in told:
        say()
        heading(clause)
        prose(sentence)
        table(("key", "value", "grade", "citation"), thresholds)
    say()
    used = [grade for grade in GRADES if any(row[2] == grade for one in told for row in one.thresholds)]
    prose("Grades: " + "; ".join(f"{grade} {GRADES[grade]}" for grade in used) + ".")
