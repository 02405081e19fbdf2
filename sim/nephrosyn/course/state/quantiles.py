"""Quantiles of tabulated distributions (`nephrosyn.scenario.schema.quantile_tables`), by linear interpolation."""

from __future__ import annotations

import math

from nephrosyn.kernels.compile import shared
from nephrosyn.scenario.schema.quantile_tables import NODES, SPAN

_PER_SCORE = (NODES - 1) / (2 * SPAN)


@shared
def quantile(tables, row, score):
    """Quantile of a tabulated distribution at a normal score.

    Parameters
    ----------
    tables : ndarray, shape (distributions, NODES + 1)
        Tables, one distribution a row.
    row : int
        Row of the distribution.
    score : float
        Normal score of the probability; beyond +-6 the end of the table.

    Returns
    -------
    float
        The quantile.
    """
    place = (score + SPAN) * _PER_SCORE
    cell = int(min(max(place, 0.0), NODES - 1.001))
    fraction = min(max(place - cell, 0.0), 1.0)
    value = tables[row, cell] * (1.0 - fraction) + tables[row, cell + 1] * fraction
    return math.exp(value) if tables[row, NODES] > 0.5 else value
