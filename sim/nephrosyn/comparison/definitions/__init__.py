"""Reclassification: how patients change category between two definition sets, and because of which clauses.

`reclassify` returns a `Reclassification`; figures and files are made only when they are requested.
"""

from nephrosyn.comparison.definitions.reclassification import Reclassification, reclassify
from nephrosyn.errors import ReclassificationError

__all__ = ["Reclassification", "ReclassificationError", "reclassify"]
