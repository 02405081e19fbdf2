"""Distributions as tables of quantiles, so that compiled code can draw from any scipy.stats distribution.

A table holds the quantiles at equally spaced normal scores from -6 to 6 (probabilities 1e-9 to 1 - 1e-9): of the
logarithm where all values are positive, so that a lognormal distribution is a straight line. The last cell says which
of the two it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nephrosyn.kernels.special_functions import special_functions
from nephrosyn.scenario.schema.distributions import quantiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.scenario.schema.units import Distribution

SPAN = 6.0
"""Largest normal score of a table, in standard deviations."""
NODES = 1537
"""Number of quantiles of a table."""


def table(distribution: Distribution) -> NDArray[np.float64]:
    """Tabulate a distribution.

    Parameters
    ----------
    distribution : Distribution
        A distribution of a scenario.

    Returns
    -------
    ndarray of float64, shape (NODES + 1,)
        Quantiles, or their logarithms; then 1 for logarithms, else 0.

    Examples
    --------
    >>> from nephrosyn.scenario.schema.units import Distribution
    >>> cells = table(Distribution(dist="lognorm", s=0.5, scale=10.0))
    >>> float(np.exp(cells[NODES // 2]).round(6)), float(cells[-1])  # the median; logarithms
    (10.0, 1.0)
    """
    values = quantiles(distribution, special_functions().ndtr(np.linspace(-SPAN, SPAN, NODES)))
    positive = bool(values[0] > 0.0)
    return np.append(np.log(values) if positive else values, 1.0 if positive else 0.0)
