"""Shipped definition sets, as the table of published estimates names them."""

from __future__ import annotations

from functools import cache

from nephrosyn import criteria


@cache
def definition(name: str) -> criteria.DefinitionSet:
    """Return a shipped definition set; each is loaded once."""
    return criteria.load(name)
