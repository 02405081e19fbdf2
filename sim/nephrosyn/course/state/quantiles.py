"""Distributions as tables of quantiles, so that compiled code can draw from any scipy.stats distribution.

A table holds the quantiles at equally spaced normal scores from -6 to 6 (probabilities 1e-9 to 1 - 1e-9), with linear
interpolation between: of the logarithm where all values are positive, which makes a lognormal distribution exact. The
last cell says which of the two it is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nephrosyn.kernels.compile import shared
from nephrosyn.kernels.special_functions import special_functions

if TYPE_CHECKING:
    from nephrosyn.scenario.schema.units import Distribution

SPAN = 6.0
NODES = 1537
_PER_SCORE = (NODES - 1) / (2 * SPAN)


def table(distribution: Distribution) -> np.ndarray:
    """Tabulate a distribution.

    Parameters
    ----------
    distribution : Distribution
        A distribution of a scenario.

    Returns
    -------
    ndarray of float64, shape (NODES + 1,)
        Quantiles, or their logarithms; then 1 for logarithms, else 0.
    """
    ndtr = special_functions().ndtr

    from nephrosyn.scenario.schema.distributions import quantiles

    scores = np.linspace(-SPAN, SPAN, NODES)
    values = quantiles(distribution, ndtr(scores))
    positive = bool(values[0] > 0.0)
    return np.append(np.log(values) if positive else values, 1.0 if positive else 0.0)


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
