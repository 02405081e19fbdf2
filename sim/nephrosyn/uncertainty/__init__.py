"""How well the numbers of a scenario are known, and draws of the scenario from what is left open.

`uncertainty_of` lists the uncertain numbers with their laws, `draw` returns the scenario with all of them drawn. Draws
are keyed by the seed, their number and the name of the key, so that a further key changes no other. Numbers that were
calibrated together take the same row of their table of draws. `check_distributions` finds those that contradict each
other.
"""

from nephrosyn.uncertainty.contradictions import check_distributions
from nephrosyn.uncertainty.draws import draw, drawn_values
from nephrosyn.uncertainty.quantities import Kind, Quantity, stated_numbers, uncertainty_of

__all__ = ["Kind", "Quantity", "check_distributions", "draw", "drawn_values", "stated_numbers", "uncertainty_of"]
