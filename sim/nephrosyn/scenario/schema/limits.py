"""Limits and names that the schema shares with the model, which is played without pydantic."""

from __future__ import annotations

import math

SMALLEST = 1e-9
"""Smallest magnitude of a number other than 0; anything smaller is a mistake."""
MOSTLY = 0.999
"""Share of the values that must not exceed ``values_mostly_to``; the tails of most distributions are unbounded."""

MOST_STEPS = 8
MOST_AGE_STEPS = 12
MOST_REGIMENS = 16
MOST_IN_SEQUENCE = 8

GROWTH_CURVES = tuple(
    f"{sex}_{curve}"
    for curve in ("weight_kg", "height_cm", "weight_power", "weight_spread", "height_spread")
    for sex in ("male", "female")
)
"""Curves of the table ``population.growth``, in the order in which the event handlers have them."""


def is_too_small(number: float) -> bool:
    """Whether a number is too small to be intended, or a negative zero.

    Examples
    --------
    >>> is_too_small(5e-324), is_too_small(-0.0), is_too_small(0.0), is_too_small(0.001)
    (True, True, False, False)
    """
    return math.copysign(1.0, number) < 0.0 if number == 0.0 else abs(number) < SMALLEST
