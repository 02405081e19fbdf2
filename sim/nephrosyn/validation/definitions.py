"""The definition set a figure names, as the package ships it."""

from __future__ import annotations

from functools import cache

from nephrosyn import criteria

STAND_IN = "source"
"""Judges in the place of a set that is not shipped yet."""


@cache
def definition(name: str) -> criteria.DefinitionSet:
    """Return the definition set of a name, or the stand-in where no such set is shipped.

    Parameters
    ----------
    name : str
        As the table of figures has it.
    """
    return criteria.load(name if name in criteria.sets() else STAND_IN)


def stands_in(name: str) -> bool:
    """Whether another set judges in the place of a named one."""
    return name not in criteria.sets()
