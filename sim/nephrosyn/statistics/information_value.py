"""What it would be worth to know a number: the part of the variance it explains, and the wrong statements it prevents.

Someone states whether a share lies in a range. The statement is worth 1 if it is right, and 0 if it is wrong, so the
expected value of information is the probability of a wrong statement that a study would remove.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nephrosyn.statistics.drawn_numbers import DrawnNumber, Floats
from nephrosyn.statistics.smooth_regression import SmoothRegression, polynomials

MOST_SHIFTS = 100
JACKKNIFE_BLOCKS = 20
ROWS_FOR_EACH = 4
"""Least number of draws for each coefficient, if the effects of other numbers are taken out."""


@dataclass(frozen=True)
class InformationValue:
    """What it would be worth to know some numbers exactly.

    Attributes
    ----------
    variance : float
        Part of the variance of the outcome that they explain, from 0 to 1.
    wrong_removed : float
        Expected value of partial perfect information: the probability of a wrong statement that it would remove.
    error : float
        Monte-Carlo standard error of `wrong_removed`.
    """

    variance: float
    wrong_removed: float
    error: float


def perfect_information(statement: Floats) -> float:
    """Return the probability of a wrong statement if nothing more is found out, which perfect information would remove.

    Parameters
    ----------
    statement : ndarray of float64, shape (draws,)
        1 where the statement is right, else 0; the likelier of statement and denial is made.

    Examples
    --------
    >>> perfect_information(np.array([1.0, 1.0, 1.0, 0.0]))
    0.25
    """
    right = float(statement.mean())
    return min(right, 1 - right)


def information_value(
    numbers: Sequence[DrawnNumber],
    outcome: Floats,
    statement: Floats,
    others: Sequence[DrawnNumber] = (),
    *,
    paired: bool = False,
) -> InformationValue:
    """Return what it would be worth to know some numbers exactly, all at once.

    Parameters
    ----------
    numbers : sequence of DrawnNumber
        The numbers, none of which is determined by others.
    outcome : ndarray of float64, shape (draws,)
        The outcome of each draw.
    statement : ndarray of float64, shape (draws,)
        1 where the statement is right, else 0.
    others : sequence of DrawnNumber
        Numbers that are drawn independently of these and also move the outcome; taking out their linear effects makes
        the result more exact. They are ignored if there are too few draws for that.
    paired : bool
        Whether neighbouring draws share values in a chain (`nested_variance.split`).

    Returns
    -------
    InformationValue
        From smooth regressions of outcome and statement on the numbers. What such a regression finds by chance alone is
        known from outcomes that are shifted against the numbers of their draws (cyclic permutations), and is removed as
        in an adjusted R²: what explains everything is still given as everything. The error is that of a jackknife over
        blocks of draws, or the spread of what chance gives, whichever is larger. With few draws the value tends to be
        too small, as a smooth regression finds only what is clear; so does that of numbers which settle the answer.

    References
    ----------
    See `smooth_regression`. H. R. Künsch, The jackknife and the bootstrap for general stationary observations, Ann Stat
    17 (1989) 1217-1241.

    Examples
    --------
    >>> draws = np.arange(200)
    >>> number = DrawnNumber(np.sin(draws**2.0), draws, 0)
    >>> value = information_value([number], number.values, (number.values > 0).astype(float))
    >>> value.variance > 0.9, 0.3 < value.wrong_removed <= 0.5
    (True, True)
    """
    shifts = _shifts(len(outcome), 2 if paired else 1)
    basis = polynomials(numbers)
    regression, variance = SmoothRegression(basis), float(np.var(outcome))
    if not variance:
        return InformationValue(0.0, 0.0, 0.0)
    outcomes = _shifted(_without(others, basis, outcome), shifts)
    explained, *by_chance = np.var(regression.fitted(outcomes), axis=0) / variance
    part = _within(_adjusted(explained, np.mean(by_chance), 1.0), 1.0)
    if not (ceiling := perfect_information(statement)):
        return InformationValue(part, 0.0, 0.0)
    statement = _without(others, basis, statement)
    removed, *by_chance = _removed(regression, _shifted(statement, shifts))
    error = max(_jackknife_error(basis, statement, np.mean(by_chance)), float(np.std(by_chance)))
    return InformationValue(part, _within(_adjusted(removed, np.mean(by_chance), ceiling), ceiling), error)


def _without(others: Sequence[DrawnNumber], basis: Floats, outcome: Floats) -> Floats:
    """Return an outcome without the linear effects of other numbers, found beside those of the basis."""
    count = len(others) + basis.shape[1]
    if not others or len(outcome) < ROWS_FOR_EACH * count:
        return outcome
    columns = np.stack([number.of_draws for number in others], axis=1)
    columns = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    every = np.hstack([columns, basis, np.ones((len(outcome), 1))])
    coefficients = np.linalg.lstsq(every, outcome, rcond=None)[0]
    return np.asarray(outcome - columns @ coefficients[: len(others)])


def _shifts(draws: int, step: int) -> list[int]:
    """Return by how many places outcomes are shifted; in a chain of pairs by even numbers, so that pairs stay pairs."""
    possible = range(step, draws - step + 1, step)
    places = np.linspace(0, len(possible) - 1, min(MOST_SHIFTS, len(possible))).round()
    return [possible[int(place)] for place in places]


def _shifted(outcome: Floats, shifts: Sequence[int]) -> Floats:
    """Return an outcome as it is, then shifted against the numbers, shape (draws, 1 + shifts)."""
    return np.stack([outcome, *(np.roll(outcome, shift) for shift in shifts)], axis=1)


def _removed(regression: SmoothRegression, statements: Floats) -> Floats:
    """Return by how much the likelier statement, given the numbers, is more often right than without them."""
    right = np.clip(regression.fitted(statements), 0.0, 1.0)
    overall = statements.mean(axis=0)
    return np.asarray(np.maximum(right, 1 - right).mean(axis=0) - np.maximum(overall, 1 - overall))


def _adjusted(value: float, by_chance: float, most: float) -> float:
    """Return a value without what chance gives, on a scale that still ends at the same maximum."""
    return most * (value - by_chance) / (most - by_chance) if by_chance < most else 0.0


def _within(value: float, most: float) -> float:
    return float(min(max(value, 0.0), most))


def _jackknife_error(basis: Floats, statement: Floats, by_chance: float) -> float:
    draws = np.arange(len(statement))
    values = []
    for block in np.array_split(draws, min(JACKKNIFE_BLOCKS, len(draws))):
        rows = np.delete(draws, block)
        removed = float(_removed(SmoothRegression(basis[rows]), statement[rows, None])[0])
        values.append(_adjusted(removed, by_chance, perfect_information(statement[rows])))
    count = len(values)
    return math.sqrt((count - 1) / count * float(np.sum((np.array(values) - np.mean(values)) ** 2)))
