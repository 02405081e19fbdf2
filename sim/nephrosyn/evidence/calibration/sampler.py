"""Sequential Monte Carlo: draws from a density over the unit cube, from flat to the density in steps.

In each step the density is raised to a higher power, the particles are weighted and resampled, and each moves by
random walks that leave the density unchanged [1]_. So several separate maxima and flat ridges are found, as long as
particles lie near them at first.

References
----------
.. [1] Del Moral P, Doucet A, Jasra A. Sequential Monte Carlo samplers. J R Stat Soc B 2006;68:411-436.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nephrosyn.kernels.random_streams import Purpose, fill_uniforms

Floats = NDArray[np.float64]
Density = Callable[[Floats], Floats]
"""From points, shape (n, d), to the logarithm of a density at each, shape (n,)."""

LEAST_KEPT = 0.5
"""Share of the particles that must remain effective in a step."""
MOVES, MOST_MOVES = 5, 200
"""Moves in each step, and most moves at the end."""
UNRELATED = 0.3
"""The moves at the end continue until no coordinate has a larger correlation with its value before them."""
BEST_ACCEPTANCE = 0.25
MOST_CALLS = 1 << 20


@dataclass(frozen=True)
class Sample:
    """Draws from a density.

    Attributes
    ----------
    points : ndarray of float, shape (n, d)
        The draws, in no order.
    effective : float
        How many independent draws they are worth: n (1 - r^2), where r is the largest correlation of a coordinate with
        its value before the moves at the end.
    """

    points: Floats
    effective: float


def sample(density: Density, dimensions: int, particles: int, seed: int, stage: int = 0) -> Sample:
    """Draw from a density over the unit cube.

    Parameters
    ----------
    density : callable
        Function from points, shape (n, d), to the logarithm of the density, up to a constant, shape (n,); -inf where it
        is zero.
    dimensions : int
        Number of coordinates d.
    particles : int
        Number of draws n.
    seed, stage : int
        Seed of the keyed random numbers; each stage has its own.

    Examples
    --------
    >>> drawn = sample(lambda points: -0.5 * ((points[:, 0] - 0.4) / 0.05) ** 2, 1, 1000, 7)
    >>> [round(float(number), 1) for number in (drawn.points.mean(), drawn.points.std() / 0.05)]
    [0.4, 1.0]
    """
    walk = _Walk(density, _Uniforms(seed, stage, particles), dimensions)
    power = 0.0
    while power < 1.0:
        step = _next_step(walk.heights, 1.0 - power)
        walk.resample(step * walk.heights)
        power = min(power + step, 1.0)
        for _ in range(MOVES):
            walk.move(power)
    before, related = walk.points.copy(), 1.0
    for count in range(1, MOST_MOVES + 1):
        walk.move(1.0)
        if count % MOVES == 0 and (related := _correlation(before, walk.points)) < UNRELATED:
            break
    order = np.argsort(walk.uniforms.next(1)[:, 0])
    return Sample(walk.points[order], particles * (1.0 - related**2))


def _next_step(heights: Floats, most: float) -> float:
    """Return the increase of the power after which half of the particles are still effective."""

    def kept(step: float) -> float:
        weights = _weights(step * heights)
        return float(1.0 / (weights**2).sum() / len(heights))

    if kept(most) >= LEAST_KEPT:
        return most
    low, high = 0.0, most
    for _ in range(40):
        middle = (low + high) / 2.0
        low, high = (middle, high) if kept(middle) >= LEAST_KEPT else (low, middle)
    return high


def _weights(logarithms: Floats) -> Floats:
    weights = np.exp(logarithms - logarithms.max())
    return np.asarray(weights / weights.sum())


def _correlation(before: Floats, after: Floats) -> float:
    both = zip(before.T, after.T, strict=True)
    return max(abs(float(np.corrcoef(one, two)[0, 1])) if one.std() * two.std() > 0.0 else 1.0 for one, two in both)


class _Uniforms:
    """Keyed uniform numbers, a new row of them for each particle at each call."""

    def __init__(self, seed: int, stage: int, particles: int) -> None:
        self._seed, self._calls = seed, stage * MOST_CALLS
        self._particles = np.arange(particles, dtype=np.int64)

    def next(self, many: int) -> Floats:
        self._calls += 1
        blocks = -(-many // 4)
        drawn = fill_uniforms(self._seed, self._calls, self._particles, int(Purpose.CALIBRATION), blocks)
        return np.asarray(drawn[:, :many])


class _Walk:
    """Particles that walk at random in the unit cube, reflected at its sides."""

    def __init__(self, density: Density, uniforms: _Uniforms, dimensions: int) -> None:
        self.density, self.uniforms = density, uniforms
        self.points = uniforms.next(dimensions)
        self.heights = density(self.points)
        self._stride = 2.4 / dimensions**0.5

    def resample(self, logarithms: Floats) -> None:
        """Replace the particles by a systematic sample of them by weight."""
        sums = np.cumsum(_weights(logarithms))
        places = (np.arange(len(sums)) + self.uniforms.next(1)[0, 0]) / len(sums)
        chosen = np.minimum(np.searchsorted(sums, places * sums[-1]), len(sums) - 1)
        self.points, self.heights = self.points[chosen], self.heights[chosen]

    def move(self, power: float) -> None:
        """Move each particle once by a step that is accepted or not (Metropolis)."""
        from scipy.special import ndtri

        dimensions = self.points.shape[1]
        drawn = self.uniforms.next(dimensions + 1)
        spread = np.atleast_2d(np.cov(self.points.T)) + 1e-10 * np.eye(dimensions)
        steps = ndtri(drawn[:, :dimensions]) @ np.linalg.cholesky(spread).T
        there = np.abs(self.points + self._stride * steps) % 2.0
        there = np.where(there > 1.0, 2.0 - there, there)
        heights = self.density(there)
        with np.errstate(invalid="ignore"):
            is_accepted = np.log(drawn[:, dimensions]) < power * (heights - self.heights)
        self.points = np.where(is_accepted[:, None], there, self.points)
        self.heights = np.where(is_accepted, heights, self.heights)
        self._stride = float(np.clip(self._stride * np.exp(is_accepted.mean() - BEST_ACCEPTANCE), 0.02, 5.0))
