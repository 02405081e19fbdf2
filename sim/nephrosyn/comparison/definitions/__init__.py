"""Reclassification: the same patients under two definition sets, who moves between categories, and by which clause.

`reclassify` judges and `Reclassification` holds what was found; nothing is drawn or written until it is asked for.
"""

from nephrosyn.comparison.definitions.reclassification import Reclassification, reclassify
from nephrosyn.errors import ReclassificationError

__all__ = ["Reclassification", "ReclassificationError", "reclassify"]
