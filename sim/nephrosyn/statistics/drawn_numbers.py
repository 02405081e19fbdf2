"""Drawn values of uncertain numbers, some of which several draws share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nephrosyn.kernels.random_streams import fill_uniforms

PURPOSE = 201
"""Purpose of the random numbers of permutations, distinct from those of the model (`random_streams.Purpose`)."""
LANES = 4
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class DrawnNumber:
    """The drawn values of one uncertain number.

    Attributes
    ----------
    values : ndarray of float64, shape (levels,)
        Its drawn values, at least two of them different.
    levels : ndarray of int64, shape (draws,)
        Which of them each draw has; several draws may have the same.
    quantity : int
        Numbers with the same quantity are drawn jointly, such as the parts of a whole; others are independent.

    Examples
    --------
    >>> DrawnNumber(np.array([0.1, 0.2]), np.array([0, 1, 1]), 0).of_draws
    array([0.1, 0.2, 0.2])
    """

    values: Floats
    levels: Integers
    quantity: int

    @property
    def of_draws(self) -> Floats:
        """Value of each draw, shape (draws,)."""
        return np.asarray(self.values[self.levels])


def orders(count: int, permutations: int, seed: int = 0) -> Integers:
    """Return random orders of some numbers.

    Parameters
    ----------
    count : int
        How many numbers are put in order.
    permutations, seed : int
        Number of orders, and the seed. Each order depends on its number only.

    Returns
    -------
    ndarray of int64, shape (permutations, count)
        Each row has 0 to `count` - 1.

    Examples
    --------
    >>> sorted(orders(4, 3)[2].tolist())
    [0, 1, 2, 3]
    """
    numbers = np.arange(permutations, dtype=np.int64)
    uniforms = np.asarray(fill_uniforms(seed, 0, numbers, PURPOSE, -(-count // LANES)))[:, :count]
    return np.argsort(uniforms, axis=1).astype(np.int64)


def independent(columns: Floats, tolerance: float = 1e-9) -> list[int]:
    """Return the columns that are not constant, nor determined by those before.

    Parameters
    ----------
    columns : ndarray of float64, shape (rows, columns)
        The columns.
    tolerance : float
        What may remain of a determined column, as a part of it.

    Examples
    --------
    >>> share = np.array([0.1, 0.3, 0.4])
    >>> independent(np.stack([share, 1 - share, np.ones(3), share**2], axis=1))
    [0, 3]
    """
    free: list[int] = []
    basis = np.empty((len(columns), 0))
    for place, column in enumerate(columns.T):
        centred = column - column.mean()
        rest = centred - basis @ (basis.T @ centred)
        rest -= basis @ (basis.T @ rest)
        size = float(np.linalg.norm(rest))
        if size > tolerance * float(np.linalg.norm(column)):
            free.append(place)
            basis = np.column_stack([basis, rest / size])
    return free
