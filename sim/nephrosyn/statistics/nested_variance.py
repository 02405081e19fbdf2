"""What a share owes to chance and what to uncertain numbers, from draws that are each played with patients of its own.

The share of a draw is the *expected* share under its numbers plus the chance of its patients. Chance is independent
between draws and its variance is known: binomial, or from the sites if patients share a clinic. The rest of the
variance between draws is that of the expected share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nephrosyn.kernels.special_functions import special_functions
from nephrosyn.statistics.between_replicates import LEVEL
from nephrosyn.statistics.bootstrap import drawn

TAIL = (1 - LEVEL) / 2
RESAMPLES = 500
NODES, NODES_OF_RESAMPLES = 200, 40
"""Quantiles of the chi-squared distribution over which an interval is averaged."""
LEAST_PATIENTS = 2
"""Least number of patients of each draw: the chance of a single one cannot be estimated."""
Floats = NDArray[np.float64]
Pairs = NDArray[np.int64]


@dataclass(frozen=True)
class Draws:
    """Patients with a property, by draw and site.

    Attributes
    ----------
    met, patients : ndarray of float64, shape (draws, sites)
        Patients with the property, and all patients; there are at least three draws, each with at least
        `LEAST_PATIENTS` patients.
    paired : bool
        Whether neighbouring draws share one of two factors, as `pairs` says. They are independent otherwise.
    clustered : bool
        Whether patients of a site depend on each other; patients are independent otherwise.
    """

    met: Floats
    patients: Floats
    paired: bool = False
    clustered: bool = False

    @cached_property
    def sizes(self) -> Floats:
        """Patients of each draw, shape (draws,)."""
        return np.asarray(self.patients.sum(axis=1))

    @cached_property
    def shares(self) -> Floats:
        """Share of each draw, shape (draws,)."""
        return np.asarray(self.met.sum(axis=1) / self.sizes)

    @cached_property
    def chance(self) -> float:
        """Variance of a share by the chance of its patients, mean over draws; NaN if it cannot be estimated.

        It is binomial if patients are independent. Otherwise it is the variance of a ratio over sites, and there must
        be two sites in every draw.

        References
        ----------
        W. G. Cochran, Sampling Techniques, 3rd ed, Wiley 1977, section 3.12 (proportions in cluster sampling).
        """
        if not self.clustered:
            return float(np.mean(self.shares * (1 - self.shares) / (self.sizes - 1)))
        sites = (self.patients > 0).sum(axis=1)
        if sites.min() < 2:
            return math.nan
        residuals = (self.met - self.shares[:, None] * self.patients) / self.sizes[:, None]
        return float(np.mean(sites / (sites - 1) * (residuals**2).sum(axis=1)))

    @property
    def known_chance(self) -> float:
        """The variance by chance; 0 if it cannot be estimated, so that the interval holds chance too."""
        return 0.0 if math.isnan(self.chance) else self.chance

    @cached_property
    def total(self) -> float:
        """Variance of the shares between draws."""
        count = len(self.shares)
        # neighbours share half of the variance each, which makes the usual estimate too small
        return float(np.var(self.shares, ddof=1)) * ((count - 1) / (count - 2) if self.paired else 1.0)

    @cached_property
    def expected(self) -> float:
        """Variance of the expected share by the uncertain numbers: the total without chance."""
        return max(0.0, self.total - self.known_chance)

    @property
    def degrees_of_freedom(self) -> float:
        """Degrees of freedom of `total`; neighbours that share half of their variance have a third fewer.

        References
        ----------
        F. E. Satterthwaite, An approximate distribution of estimates of variance components, Biometrics Bull 2 (1946)
        110-114. Neighbours have a correlation of 1/2, so the variance of `total` is 1 + 2 (1/2)^2 times as large.
        """
        return (len(self.shares) - 1) / (1.5 if self.paired else 1.0)

    def without_chance(self) -> Floats:
        """Shares moved towards their mean, so that their variance is that of the expected share; shape (draws,)."""
        mean = self.shares.mean()
        factor = math.sqrt(min(1.0, self.expected / self.total)) if self.total > 0 else 0.0
        return np.asarray(mean + factor * (self.shares - mean))

    def interval(self, nodes: int = NODES) -> tuple[float, float]:
        """Return the 95% uncertainty interval of the expected share.

        A further draw of the numbers has its expected share in it with a probability of about 95%, however few the
        draws and their patients: how far the mean and the variance of the expected share are known is included.

        Parameters
        ----------
        nodes : int
            Number of values of the variance over which the interval is averaged.

        Returns
        -------
        low, high : float
            Quantiles of a scale mixture: the shares about their mean have the shape of the distribution, and its
            variance is that of the posterior of `total` (scaled inverse chi-squared) without chance.

        References
        ----------
        A. Gelman and others, Bayesian Data Analysis, 3rd ed, CRC Press 2013, section 3.2 (the predictive distribution
        of a normal sample with unknown mean and variance).
        """
        chdtri = special_functions().chdtri

        mean = float(self.shares.mean())
        if self.total <= 0:
            return mean, mean
        freedom, count = self.degrees_of_freedom, len(self.shares)
        levels = (np.arange(nodes) + 0.5) / nodes
        totals = self.total * freedom / chdtri(freedom, levels)
        expected = np.maximum(0.0, totals - self.known_chance)
        of_mean = (expected * (2.0 if self.paired else 1.0) + self.known_chance) / count
        scale = np.sqrt((expected + of_mean) / self.total)
        low, high = np.quantile(mean + np.multiply.outer(scale, self.shares - mean), [TAIL, 1 - TAIL])
        return max(0.0, float(low)), min(1.0, float(high))

    def differing(self, pairs: Pairs) -> float:
        """Variance by what the two draws of each pair do not share, without chance.

        Parameters
        ----------
        pairs : ndarray of int64, shape (pairs, 2)
            Numbers of draws.
        """
        first, second = pairs.T
        between = float(np.mean((self.shares[first] - self.shares[second]) ** 2))
        return max(0.0, between / 2 - self.known_chance)

    def some(self, numbers: NDArray[np.int64] | slice) -> Draws:
        """Return some of the draws, in the given order."""
        return Draws(self.met[numbers], self.patients[numbers], self.paired, self.clustered)


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
        From a bootstrap of draws, each with its patients. Paired draws are drawn as runs of neighbours.

    References
    ----------
    H. R. Künsch, The jackknife and the bootstrap for general stationary observations, Ann Stat 17 (1989) 1217-1241.
    """
    count = len(draws.shares)
    length = max(2, round(math.sqrt(count))) if draws.paired else 1
    starts = drawn(count, resamples, seed)[:, : -(-count // length)]
    numbers = ((starts[:, :, None] + np.arange(length)) % count).reshape(resamples, -1)[:, :count]
    resampled = np.array([draws.some(row).interval(NODES_OF_RESAMPLES) for row in numbers])
    low, high = resampled.std(axis=0, ddof=1)
    return float(low), float(high)
