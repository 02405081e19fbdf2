"""Weight and height of patients at presentation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nephrosyn.kernels.compile import entry, kernel
from nephrosyn.scenario.schema.limits import GROWTH_CURVES
from nephrosyn.vocabulary import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.scenario.schema.population import Growth

_WEIGHT, _HEIGHT, _POWER, _WEIGHT_SPREAD, _HEIGHT_SPREAD = (
    GROWTH_CURVES.index(f"male_{curve}")
    for curve in ("weight_kg", "height_cm", "weight_power", "weight_spread", "height_spread")
)


class GrowthCurves(NamedTuple):
    """Growth by age and sex.

    Attributes
    ----------
    age_years : ndarray of float64, shape (points,)
        Ages, in order.
    curves : ndarray of float64, shape (10, points)
        The curves of `GROWTH_CURVES` at these ages: each for boys and for girls.
    """

    age_years: NDArray[np.float64]
    curves: NDArray[np.float64]


def growth_curves(growth: Growth) -> GrowthCurves:
    """Return the growth of a scenario as arrays.

    Parameters
    ----------
    growth : Growth
        From a resolved scenario.

    Examples
    --------
    >>> from nephrosyn.scenario import load
    >>> growth_curves(load("baseline").scenario.population.growth).curves.shape[0]
    10
    """
    curves = [getattr(growth, curve) for curve in GROWTH_CURVES]
    return GrowthCurves(np.array(growth.age_years, np.float64), np.array(curves, np.float64))


@entry
def write_bodies(traits, growth, weight_kg, height_cm):
    """Write weight and height of patients at presentation, as recorded.

    Parameters
    ----------
    traits : ndarray of TRAITS, shape (n,)
        The patients.
    growth : GrowthCurves
        Growth by age.
    weight_kg, height_cm : ndarray of float64, shape (n,)
        Receive the results, rounded to one decimal.
    """
    ages, curves = growth.age_years, growth.curves
    for i in range(len(traits)):
        person = traits[i]
        age = person.age_years + person.presentation_days / DAYS_PER_YEAR
        power = _at(ages, curves[_POWER + person.sex], age)
        deviation = _at(ages, curves[_WEIGHT_SPREAD + person.sex], age) * person.weight_score
        factor = math.exp(deviation) if power == 0.0 else math.exp(math.log1p(power * deviation) / power)
        weight_kg[i] = _rounded(_at(ages, curves[_WEIGHT + person.sex], age) * factor)
        spread = _at(ages, curves[_HEIGHT_SPREAD + person.sex], age)
        height_cm[i] = _rounded(_at(ages, curves[_HEIGHT + person.sex], age) * (1.0 + spread * person.height_score))


@kernel
def _at(ages, curve, age):
    """Value of a curve at an age: linear between the given ages, constant beyond."""
    last = len(ages) - 1
    if age <= ages[0] or last == 0:
        return curve[0]
    if age >= ages[last]:
        return curve[last]
    cell = 0
    while age >= ages[cell + 1]:
        cell += 1
    slope = (curve[cell + 1] - curve[cell]) / (ages[cell + 1] - ages[cell])
    return slope * (age - ages[cell]) + curve[cell]


@kernel
def _rounded(number):
    return np.rint(number * 10.0) / 10.0
