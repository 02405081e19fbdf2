"""The definition set a figure names, as the package ships it."""

from __future__ import annotations

from functools import cache

from nephrosyn import criteria


@cache
def definition(name: str) -> criteria.DefinitionSet:
    """Return the definition set of a name, as the table of figures has it."""
    return criteria.load(name)
