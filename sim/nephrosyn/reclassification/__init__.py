"""Reclassification: the same patients under two definition sets, who moves between categories, and by which clause.

`reclassify` judges and `Reclassification` holds what was found; nothing is drawn or written until it is asked for.
"""

from nephrosyn.reclassification.reclassification import Reclassification, reclassify
from nephrosyn.reclassification.sets import ReclassificationError

__all__ = ["Reclassification", "ReclassificationError", "reclassify"]
