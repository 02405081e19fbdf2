"""Counterfactual pairs: the same patients under different care, compared patient by patient.

`compare` pairs the runs and returns a `Comparison`; figures and files are made only when they are requested.
"""

from nephrosyn.comparison.care.comparison import Comparison, compare
from nephrosyn.errors import ComparisonError

__all__ = ["Comparison", "ComparisonError", "compare"]
