"""What a share owes to chance and what to uncertain numbers, from draws that are all played with the same patients.

Every draw has numbers of its own and the same random numbers, so a part of its chance is common to all draws. How much
of it is common is estimated from blocks of patients: the departures of the blocks from their draw's share are alike in
two draws as far as chance is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nephrosyn.statistics.between_replicates import LEVEL
from nephrosyn.statistics.bootstrap import drawn

TAIL = (1 - LEVEL) / 2
RESAMPLES = 500
Floats = NDArray[np.float64]
Pairs = NDArray[np.int64]


@dataclass(frozen=True)
class Draws:
    """Patients with a property, by draw and block of patients.

    Attributes
    ----------
    met, patients : ndarray of float64, shape (draws, blocks)
        Patients with the property, and all patients; every draw has patients, and there are at least two draws and two
        blocks.
    paired : bool
        Whether neighbouring draws share one of two factors, as `pairs` says. They are independent otherwise.
    """

    met: Floats
    patients: Floats
    paired: bool = False

    @cached_property
    def shares(self) -> Floats:
        """Share of each draw, shape (draws,)."""
        return np.asarray(self.met.sum(axis=1) / self.patients.sum(axis=1))

    @cached_property
    def residuals(self) -> Floats:
        """What each block adds to the chance of its draw's share, shape (draws, blocks); the sum over blocks is 0."""
        expected = self.shares[:, None] * self.patients
        return np.asarray((self.met - expected) / self.patients.sum(axis=1, keepdims=True))

    @cached_property
    def chance(self) -> float:
        """Variance of a share by the chance of its patients: binomial, mean over draws."""
        return float(np.mean(self.shares * (1 - self.shares) / self.patients.sum(axis=1)))

    @cached_property
    def _scale(self) -> float:
        """Binomial variance over the sum of squared residuals, which have the noise of few blocks."""
        squares = float(np.mean(np.sum(self.residuals**2, axis=1)))
        return self.chance / squares if squares > 0 else 0.0

    @cached_property
    def own_chance(self) -> float:
        """The part of the variance by chance that draws do not share."""
        return self._scale * float(np.var(self.residuals, axis=0, ddof=1).sum())

    @cached_property
    def total(self) -> float:
        """Variance of the shares between draws."""
        count = len(self.shares)
        # neighbours share half of the variance each, which makes the usual estimate too small
        return float(np.var(self.shares, ddof=1)) * ((count - 1) / (count - 2) if self.paired else 1.0)

    @cached_property
    def expected(self) -> float:
        """Variance of the expected share by the uncertain numbers: the total without the draws' own chance."""
        return max(0.0, self.total - self.own_chance)

    def without_chance(self) -> Floats:
        """Shares moved towards their mean, so that their variance is that of the expected share; shape (draws,)."""
        mean = self.shares.mean()
        factor = math.sqrt(min(1.0, self.expected / self.total)) if self.total > 0 else 0.0
        return np.asarray(mean + factor * (self.shares - mean))

    def differing(self, pairs: Pairs) -> float:
        """Variance by what the two draws of each pair do not share, without their own chance.

        Parameters
        ----------
        pairs : ndarray of int64, shape (pairs, 2)
            Numbers of draws.
        """
        first, second = pairs.T
        between = float(np.mean((self.shares[first] - self.shares[second]) ** 2))
        chance = float(np.mean(np.sum((self.residuals[first] - self.residuals[second]) ** 2, axis=1)))
        return max(0.0, (between - self._scale * chance) / 2)


def pairs(draws: int, first: int) -> Pairs:
    """Return the pairs of neighbouring draws that begin with every second draw from `first`.

    Examples
    --------
    >>> pairs(5, 1).tolist()
    [[1, 2], [3, 4]]
    """
    starts = np.arange(first, draws - 1, 2)
    return np.stack([starts, starts + 1], axis=1)


def split(draws: Draws) -> tuple[float, float]:
    """Split the variance of the expected share between two factors.

    Draws 0 and 1, 2 and 3, ... share the first factor; draws 1 and 2, 3 and 4, ... share the second. What the factors
    do only together is divided equally (the Shapley effects of two factors), so the parts add up to
    ``draws.expected``.

    Parameters
    ----------
    draws : Draws
        Paired draws.

    Returns
    -------
    first, second : float
        Variance by each factor.

    References
    ----------
    M. J. W. Jansen, Analysis of variance designs for model output, Comput Phys Commun 117 (1999) 35-43. A. B. Owen,
    Sobol' indices and Shapley value, SIAM/ASA J Uncertain Quantif 2 (2014) 245-251.
    """
    count = len(draws.shares)
    second, first = draws.differing(pairs(count, 0)), draws.differing(pairs(count, 1))
    if first + second <= 0:
        return draws.expected / 2, draws.expected / 2
    of_first = min(max((draws.expected + first - second) / 2, 0.0), draws.expected)
    return of_first, draws.expected - of_first


def ends(shares: Floats) -> tuple[float, float]:
    """Return the 2.5% and 97.5% quantile; of few values they are the least and the greatest.

    The quantile of k of n values is at k / (n + 1), so that a further value lies outside with the stated probability.

    Examples
    --------
    >>> [round(end, 6) for end in ends(np.arange(1.0, 40.0))]
    [1.0, 39.0]
    """
    low, high = np.quantile(shares, [TAIL, 1 - TAIL], method="weibull")
    return float(low), float(high)


def errors_of_ends(draws: Draws, resamples: int = RESAMPLES, seed: int = 0) -> tuple[float, float]:
    """Return the Monte-Carlo standard errors of the two ends of the interval of the expected share.

    Parameters
    ----------
    draws : Draws
        The draws.
    resamples, seed : int
        Number and seed of the bootstrap's draws.

    Returns
    -------
    low, high : float
        From a bootstrap of draws and of blocks of patients, both at once: more draws and more patients make them
        smaller. Paired draws are drawn as runs of neighbours.

    References
    ----------
    A. B. Owen, The pigeonhole bootstrap, Ann Appl Stat 1 (2007) 386-411. H. R. Künsch, The jackknife and the bootstrap
    for general stationary observations, Ann Stat 17 (1989) 1217-1241.
    """
    count, blocks = draws.met.shape
    length = max(2, round(math.sqrt(count))) if draws.paired else 1
    starts = drawn(count, resamples, seed)[:, : -(-count // length)]
    numbers = ((starts[:, :, None] + np.arange(length)) % count).reshape(resamples, -1)[:, :count]
    places = drawn(blocks, resamples, seed + 1)
    resampled = np.empty((resamples, 2))
    mean, factor = draws.shares.mean(), math.sqrt(draws.expected / draws.total) if draws.total > 0 else 0.0
    for row in range(resamples):
        weight = np.bincount(places[row], minlength=blocks).astype(np.float64)
        totals = draws.patients @ weight
        shares = np.divide(draws.met @ weight, totals, out=np.full(count, mean), where=totals > 0)[numbers[row]]
        middle = shares.mean()
        resampled[row] = ends(middle + min(1.0, factor) * (shares - middle))
    low, high = resampled.std(axis=0, ddof=1)
    return float(low), float(high)
