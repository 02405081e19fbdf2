"""To whom a definition set may apply, and which flags and categories it has: for every count, table and figure."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.vocabulary import CATEGORY_OF_FLAG, UNDETERMINED

if TYPE_CHECKING:
    from nephrosyn.criteria import DefinitionSet

FLAG_OF_CATEGORY = {category: flag for flag, category in CATEGORY_OF_FLAG.items()}
CATEGORY_ORDER = (
    *CATEGORY_OF_FLAG.values(),
    *(name for name in vocabulary.CATEGORIES if name not in FLAG_OF_CATEGORY and name != UNDETERMINED),
    UNDETERMINED,
)
"""Categories in display order: those with a flag, those without, and undetermined last."""
INSIDE = pl.col("applies").ne_missing(pl.lit(value=False))
"""True for labels of patients to whom the set applies, or may apply because age or lesion are not known."""


def within(labels: pl.DataFrame) -> pl.DataFrame:
    """Return the labels of patients to whom their set applies or may apply: the denominator of every share.

    Examples
    --------
    >>> within(pl.DataFrame({"patient": [0, 1, 2], "applies": [True, False, None]}))["patient"].to_list()
    [0, 2]
    """
    return labels.filter(INSIDE)


@dataclass(frozen=True)
class Defined:
    """The flags and courses of a definition set.

    Attributes
    ----------
    flags : tuple of str
        Those of `vocabulary.FLAGS` that it defines.
    course : tuple of str
        Those of `vocabulary.COURSE_FLAGS` that it names.
    """

    flags: tuple[str, ...]
    course: tuple[str, ...] = ()

    @property
    def categories(self) -> list[str]:
        """The categories that it can give, in display order."""
        return [name for name in CATEGORY_ORDER if FLAG_OF_CATEGORY.get(name) in (None, *self.flags)]


def defined(labels: pl.DataFrame, rules: DefinitionSet | None = None) -> Defined:
    """Return the flags and courses of a definition set, from the set itself or else from its labels.

    Parameters
    ----------
    labels : polars.DataFrame
        Labels of this set.
    rules : DefinitionSet, optional
        The set, if available.

    Returns
    -------
    Defined
        From labels alone, a flag that is null for all patients is taken as not defined by the set, unless all flags
        are.
    """
    return defined_by_rules(rules) if rules is not None else defined_by(known(labels))


def defined_by_rules(rules: DefinitionSet) -> Defined:
    """Return the flags and courses of a definition set from the set itself."""
    return Defined(_flags(rules), _course(rules))


def known(labels: pl.DataFrame) -> set[str]:
    """Return the flags and courses that are known of some patient."""
    names = (*vocabulary.FLAGS, *vocabulary.COURSE_FLAGS)
    return {name for name in names if labels[name].null_count() < labels.height}


def defined_by(names: Container[str]) -> Defined:
    """Return the flags and courses of a definition set of which only the labels are known, from those `known`."""
    flags = tuple(name for name in vocabulary.FLAGS if name in names) or vocabulary.FLAGS
    return Defined(flags, tuple(name for name in vocabulary.COURSE_FLAGS if name in names))


def _flags(rules: DefinitionSet) -> tuple[str, ...]:
    return tuple(name for name in vocabulary.FLAGS if rules.defines(name, True) or rules.defines(name, False))


def _course(rules: DefinitionSet) -> tuple[str, ...]:
    flags, agents = rules.course_flags, rules.other_agents
    ages = (True, False)
    named = {
        "late_responder": any(flags.late_responder.of(child) == "reported" for child in ages),
        "secondary_resistant": any(flags.secondary_course.of(child) != "off" for child in ages),
        "partial_remission": any(flags.partial_remission.of(child) == "reported" for child in ages),
        "calcineurin_resistant": any(agents.calcineurin_course.of(child) != "off" for child in ages),
        "multidrug_resistant": any(agents.multidrug_course.of(child) != "off" for child in ages),
    }
    return tuple(name for name in vocabulary.COURSE_FLAGS if named[name])
