"""Bootstrap intervals with reproducible draws."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nephrosyn.kernels.random_streams import fill_uniforms
from nephrosyn.statistics.between_replicates import LEVEL

PURPOSE = 200
"""Purpose of the bootstrap's random numbers, distinct from those of the model (`random_streams.Purpose`)."""

RESAMPLES = 1000
DRAWN_AT_ONCE = 4_000_000
LANES = 4


def drawn(patients: int, resamples: int, seed: int, first: int = 0) -> NDArray[np.int64]:
    """Return patients drawn with replacement, shape (resamples, patients): resample `first` and the following ones.

    Each draw depends on its number only, so it does not matter how many are made at a time.
    """
    blocks = -(-patients // LANES)
    uniforms = fill_uniforms(seed, 0, np.arange(first, first + resamples, dtype=np.int64), PURPOSE, blocks)
    flat = np.asarray(uniforms).reshape(resamples, -1)[:, :patients]
    return np.minimum((flat * patients).astype(np.int64), patients - 1)


def weights(patients: int, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield how often each patient was drawn, shape (some resamples, patients), batch by batch."""
    step = max(1, DRAWN_AT_ONCE // max(patients, 1))
    for start in range(0, resamples, step):
        places = drawn(patients, min(step, resamples - start), seed, start)
        yield np.stack([np.bincount(row, minlength=patients) for row in places]).astype(np.float64)


def bootstrap_mean(
    values: NDArray[np.float64], resamples: int = RESAMPLES, seed: int = 0, level: float = LEVEL
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return percentile intervals of means over patients.

    Parameters
    ----------
    values : ndarray, shape (patients, columns)
        Values of each patient; patients are drawn, so the values of a row stay together.
    resamples : int
        Number of resamples.
    seed : int
        Seed of the draws.
    level : float
        Confidence level.

    Returns
    -------
    low, high : ndarray, shape (columns,)
        Ends of the intervals.

    Examples
    --------
    >>> low, high = bootstrap_mean(np.array([[0.0], [1.0], [1.0], [0.0]]), resamples=200)
    >>> bool(low[0] < 0.5 < high[0])
    True
    """
    means = np.concatenate([some @ values / len(values) for some in weights(len(values), resamples, seed)])
    return ends(means, level)


def ends(draws: NDArray[np.float64], level: float = LEVEL) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of percentile intervals of the columns of draws; undefined draws (NaN) are left out."""
    tail = (1 - level) / 2
    with warnings.catch_warnings():  # the ends of a column of NaN are NaN
        warnings.simplefilter("ignore", RuntimeWarning)
        low, high = np.nanquantile(draws, [tail, 1 - tail], axis=0)
    return low, high
