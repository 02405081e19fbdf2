"""Quantiles of the distributions of a scenario in compiled code: by a formula, or from a table of quantiles."""

from __future__ import annotations

import math

from nephrosyn.kernels.compile import kernel
from nephrosyn.kernels.quantile_functions import gamma_quantile, normal_score
from nephrosyn.patients.trait_numbers import FORMULAS
from nephrosyn.scenario.schema.distributions import TAIL
from nephrosyn.scenario.schema.quantile_tables import NODES, SPAN

_FIXED, _UNIFORM, _NORMAL, _LOGNORMAL, _GAMMA, _EXPONENTIAL, _TABLE = range(len(FORMULAS))
_PER_SCORE = (NODES - 1) / (2 * SPAN)
_WEIGHTS = (1.0, -7.0, 21.0, -35.0, 35.0, -21.0, 7.0, -1.0)  # of the polynomial through points at equal distances
_POINTS = len(_WEIGHTS)


@kernel
def quantile_of(distributions, tables, number, probability):
    """Quantile of a distribution.

    Parameters
    ----------
    distributions : ndarray of DISTRIBUTION, shape (distributions,)
        The distributions of a scenario.
    tables : ndarray of float64, shape (tables, NODES + 1)
        Quantile tables.
    number : int
        Number of the distribution.
    probability : float
        Probability in (0, 1); clipped to 1e-9 and 1 - 1e-9.

    Returns
    -------
    float, unit of the distribution
        The quantile.
    """
    distribution = distributions[number]
    if distribution.kind == _FIXED:
        return distribution.loc
    probability = min(max(probability, TAIL), 1.0 - TAIL)
    if distribution.kind == _TABLE:
        return _interpolated(tables[distribution.row], normal_score(probability))
    if distribution.kind == _UNIFORM:
        standard = probability
    elif distribution.kind == _NORMAL:
        standard = normal_score(probability)
    elif distribution.kind == _LOGNORMAL:
        standard = math.exp(distribution.parameter * normal_score(probability))
    elif distribution.kind == _GAMMA:
        standard = gamma_quantile(distribution.parameter, probability)
    else:
        standard = -math.log1p(-probability)
    return standard * distribution.scale + distribution.loc


@kernel
def _interpolated(cells, score):
    """Quantile of a table at a normal score: the polynomial through eight neighbours, in barycentric form.

    The first and the last quantile of a table are those of clipped probabilities, and do not count.
    """
    place = (score + SPAN) * _PER_SCORE
    first = int(min(max(place - (0.5 * _POINTS - 1.0), 1.0), NODES - 1.0 - _POINTS))
    top, low, exact = 0.0, 0.0, -1
    for k in range(_POINTS):
        distance = place - (first + k)
        if distance == 0.0:
            exact = first + k
            break
        part = _WEIGHTS[k] / distance
        top += part * cells[first + k]
        low += part
    value = cells[exact] if exact >= 0 else top / low
    return math.exp(value) if cells[NODES] > 0.5 else value
