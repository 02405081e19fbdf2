"""How well the numbers of a scenario are known, and draws of the scenario from what is left open.

`uncertainty_of` lists the uncertain numbers with their laws, `draw` returns the scenario with all of them drawn. Draws
are keyed by the seed, their number and the name of the key, so that a further key changes no other.
"""

from nephrosyn.uncertainty.draws import draw, drawn_values
from nephrosyn.uncertainty.quantities import Kind, Quantity, stated_numbers, uncertainty_of

__all__ = ["Kind", "Quantity", "draw", "drawn_values", "stated_numbers", "uncertainty_of"]
