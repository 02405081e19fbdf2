"""Counterfactual twins: the same people under different care, compared patient by patient.

`compare` pairs runs and `Comparison` holds what was found; nothing is drawn or written until it is asked for.
"""

from nephrosyn.comparison.care.comparison import Comparison, compare
from nephrosyn.errors import ComparisonError

__all__ = ["Comparison", "ComparisonError", "compare"]
