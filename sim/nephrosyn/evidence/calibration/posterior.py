"""The joint posterior of free parameters, given published estimates and a simulation.

The likelihood is a product of normal densities, one for each published estimate: its residual is simulated minus
published, and its variance that of the published estimate (on the side of the residual) and of the simulation's finite
cohort. The prior is flat on the fitting scale of each parameter within its range.

As a simulation takes a second, an emulator of each estimate stands for it. It is refined where the posterior is, in
waves [1]_: each wave simulates some draws of the posterior by the emulators so far, which contains their uncertainty.
At the end a few more draws are simulated to check the emulators, which are not fitted to them.

References
----------
.. [1] Andrianakis I, Vernon IR, McCreesh N, et al. Bayesian history matching of complex infectious disease models using
   emulation. PLoS Comput Biol 2015;11:e1003968.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nephrosyn.evidence.calibration import emulator, sampler

Floats = NDArray[np.float64]
Scale = Literal["number", "logarithm", "logit"]
Simulate = Callable[[Floats], tuple[Floats, Floats]]
"""From a point, shape (d,), to the value of each estimate and its Monte Carlo error, shape (estimates,) each."""

ROWS = 400
"""Draws of a posterior."""
PARTICLES, FINAL_PARTICLES = 400, 2_000
"""Particles of the sampler in each wave, and at the end."""
CHECKS = 8
"""Draws that are simulated at the end, to see what the emulators miss."""
MOST_WAVES = 8
ACCURATE = 0.1
"""The waves end when the emulators' own standard error at draws of the posterior, root mean square over draws and
estimates, is below this many published standard errors: it then adds 1% to the variance of an estimate."""
LOOSE = 0.05
"""Emulators need to meet a simulated estimate within this share of its distance from the published one."""
IMPOSSIBLE = -1e6
"""Logarithm of the density where nobody counts for an estimate."""


@dataclass(frozen=True)
class Targets:
    """The published estimates.

    Attributes
    ----------
    values : ndarray of float, shape (estimates,)
        The published numbers.
    below, above : ndarray of float, shape (estimates,)
        Their standard errors for simulated values below and above them.
    scales : tuple of {"number", "logarithm", "logit"}
        The scale on which each estimate is emulated.
    depends : tuple of tuple of int
        The parameters that each estimate depends on.
    """

    values: Floats
    below: Floats
    above: Floats
    scales: tuple[Scale, ...]
    depends: tuple[tuple[int, ...], ...]

    def errors(self, values: Floats) -> Floats:
        """Return the published standard errors on the side of some simulated values, shape (..., estimates)."""
        return np.asarray(np.where(values > self.values, self.above, self.below))

    def log_likelihood(self, values: Floats, variances: Floats) -> Floats:
        """Return the logarithm of the likelihood of simulated values with their variances, up to a constant."""
        errors = self.errors(values)
        relative = 1.0 + variances / errors**2
        squares = ((values - self.values) / errors) ** 2 / relative
        return np.asarray(-0.5 * (squares + np.log(relative)).sum(-1))


@dataclass(frozen=True)
class Posterior:
    """Draws of the posterior.

    Attributes
    ----------
    points : ndarray of float, shape (rows, d)
        The draws, in parts of the range of each parameter on its fitting scale.
    effective : float
        How many independent draws they are worth.
    emulator_error : float
        Root mean square of simulated minus emulated estimates at draws that the emulators were not fitted to, in
        published standard errors. It contains what is not smooth in the simulation.
    uncertainty : float
        The emulators' own standard error at the draws, root mean square, in published standard errors.
    simulated : int
        Number of points that were simulated.
    nearest : ndarray of float, shape (d,)
        The simulated point with the greatest likelihood.
    """

    points: Floats
    effective: float
    emulator_error: float
    uncertainty: float
    simulated: int
    nearest: Floats

    @property
    def is_accurate(self) -> bool:
        """Whether the emulators were accurate before the waves ran out."""
        return self.uncertainty < ACCURATE


def posterior(
    simulate: Simulate, targets: Targets, dimensions: int, seed: int, begin: Sequence[Floats] = ()
) -> Posterior:
    """Return draws of the posterior over the unit cube.

    Parameters
    ----------
    simulate : callable
        The simulation; it is called with points in parts of the range of each parameter.
    targets : Targets
        The published estimates.
    dimensions : int
        Number of parameters d.
    seed : int
        Seed of the keyed random numbers of the sampler.
    begin : sequence of ndarray of float, shape (d,)
        Points to simulate in addition to those that fill the cube.
    """
    known = Simulations(simulate, targets)
    for point in (*spread(2 + 6 * dimensions, dimensions), *begin):
        known.add(point)
    for wave in range(MOST_WAVES):
        emulators = Emulators(known)
        drawn = sampler.sample(emulators.log_density, dimensions, PARTICLES, seed, wave)
        if wave and emulators.uncertainty(drawn.points) < ACCURATE:
            break
        for point in emulators.batch(drawn.points):
            known.add(point)
    emulators = Emulators(known)
    drawn = sampler.sample(emulators.log_density, dimensions, FINAL_PARTICLES, seed, MOST_WAVES)
    rows = drawn.points[:ROWS]
    return Posterior(
        rows,
        drawn.effective * ROWS / FINAL_PARTICLES,
        emulators.error(drawn.points[-CHECKS:], known),
        emulators.uncertainty(rows),
        len(known.points),
        known.nearest(),
    )


def expected_points(dimensions: int) -> int:
    """Return approximately how many points are simulated."""
    return 2 + 6 * dimensions + 3 * 2 * (1 + dimensions) + CHECKS


def spread(many: int, dimensions: int) -> Floats:
    """Return points that fill the unit cube evenly: Roberts' additive sequence of low discrepancy.

    Examples
    --------
    >>> spread(3, 1).round(2).tolist()
    [[0.12], [0.74], [0.35]]
    """
    ratio = 2.0
    for _ in range(60):
        ratio = (1.0 + ratio) ** (1.0 / (dimensions + 1))
    steps = ratio ** -np.arange(1.0, dimensions + 1)
    return np.asarray((0.5 + np.arange(1, many + 1)[:, None] * steps) % 1.0)


class Simulations:
    """All points that were simulated so far."""

    def __init__(self, simulate: Simulate, targets: Targets) -> None:
        self._simulate, self.targets = simulate, targets
        self._points: list[Floats] = []
        self._results: list[tuple[Floats, Floats]] = []

    def add(self, point: Floats) -> Floats:
        """Simulate a point and return the estimates there."""
        result = self._simulate(point)
        self._points.append(np.asarray(point, float))
        self._results.append(result)
        return result[0]

    @property
    def points(self) -> Floats:
        """The points, shape (n, d)."""
        return np.array(self._points)

    @property
    def values(self) -> Floats:
        """The estimates at the points, shape (n, estimates)."""
        return np.array([values for values, _ in self._results])

    @property
    def errors(self) -> Floats:
        """Their Monte Carlo errors, shape (n, estimates)."""
        return np.array([errors for _, errors in self._results])

    def nearest(self) -> Floats:
        """Return the point with the greatest likelihood."""
        heights = self.targets.log_likelihood(self.values, self.errors**2)
        return np.asarray(self.points[int(np.nanargmax(np.where(np.isnan(heights), -np.inf, heights)))])


class Emulators:
    """The emulators of all estimates, fitted to the simulations so far."""

    def __init__(self, known: Simulations) -> None:
        self.targets = known.targets
        self._points = known.points
        self._is_lost = np.asarray(np.isnan(known.values).any(axis=1))
        self._of = [
            _OneEstimate(known.points, values, errors, known.targets, place)
            for place, (values, errors) in enumerate(zip(known.values.T, known.errors.T, strict=True))
        ]

    def mean(self, points: Floats) -> Floats:
        """Return the emulated estimates at some points, shape (n, estimates)."""
        return np.stack([one.predict(points)[0] for one in self._of], axis=-1)

    def log_density(self, points: Floats) -> Floats:
        """Return the logarithm of the posterior density at some points."""
        values, variances, errors = self._predicted(points)
        heights = self.targets.log_likelihood(values, variances + errors**2)
        return np.asarray(np.where(self._near_lost(points), IMPOSSIBLE, heights))

    def _predicted(self, points: Floats) -> tuple[Floats, Floats, Floats]:
        predicted = [one.predict(points) for one in self._of]
        values, variances, errors = (np.stack(part, axis=-1) for part in zip(*predicted, strict=True))
        return values, variances, errors

    def _near_lost(self, points: Floats) -> NDArray[np.bool_]:
        """Whether the nearest simulated point is one where nobody counts."""
        if not self._is_lost.any():
            return np.zeros(len(points), bool)
        distances = ((points[:, None, :] - self._points[None]) ** 2).sum(-1)
        return np.asarray(self._is_lost[distances.argmin(1)])

    def uncertainty(self, points: Floats) -> float:
        """Return the emulators' standard error at some points, root mean square, in published standard errors."""
        values, variances, _ = self._predicted(points)
        return float(np.sqrt((variances / self.targets.errors(values) ** 2).mean()))

    def error(self, points: Floats, known: Simulations) -> float:
        """Simulate some points, and return what the emulators miss there; see `Posterior.emulator_error`."""
        simulated = np.array([known.add(point) for point in points])
        away = (simulated - self.mean(points)) / self.targets.errors(simulated)
        return float(np.sqrt(np.nanmean(away**2)))

    def batch(self, points: Floats) -> Floats:
        """Return the points to simulate next: half of them where the emulators know least, half as they come."""
        values, variances, _ = self._predicted(points)
        unknown = (variances / self.targets.errors(values) ** 2).sum(1)
        half = 1 + points.shape[1]
        order = list(np.argsort(-unknown))
        chosen: list[int] = []
        apart = points.std(0) + 1e-9
        for place in order:
            far = [np.abs((points[place] - points[other]) / apart).max() > 0.7 for other in chosen]
            if all(far):
                chosen.append(int(place))
            if len(chosen) == half:
                break
        others = [place for place in range(len(points)) if place not in chosen]
        return np.asarray(points[[*chosen, *others[:half]]])


class _OneEstimate:
    """The emulator of one estimate on its scale, and its Monte Carlo error as a function of its value."""

    def __init__(self, points: Floats, values: Floats, errors: Floats, targets: Targets, place: int) -> None:
        self._scale, self._columns = targets.scales[place], list(targets.depends[place])
        kept = ~np.isnan(values)
        points, values, errors = points[kept], values[kept], errors[kept]
        scaled = _to(self._scale, values, errors)
        published = _to(self._scale, targets.values[place : place + 1], np.zeros(1))
        away = (scaled - published) / max(float(scaled.std()), 1e-9)
        self._emulator = emulator.fit(points[:, self._columns], scaled, (LOOSE * away) ** 2)
        degree = 2 if len(scaled) > 8 and np.ptp(scaled) > 1e-6 else 0
        self._error = np.polyfit(scaled, np.log(np.maximum(errors, 1e-12)), degree)
        self._ends = float(scaled.min()), float(scaled.max())

    def predict(self, points: Floats) -> tuple[Floats, Floats, Floats]:
        """Return value, variance of the emulator and Monte Carlo error at some points."""
        mean, variance = self._emulator.predict(points[:, self._columns])
        errors = np.exp(np.polyval(self._error, np.clip(mean, *self._ends)))
        values, slopes = _back(self._scale, mean)
        return values, variance * slopes**2, errors


def _to(scale: Scale, values: Floats, errors: Floats) -> Floats:
    """Return values on a scale; shares of 0 and 1 are moved inside by half a standard error."""
    if scale == "logit":
        inside = np.clip(values, 0.5 * errors, 1.0 - 0.5 * errors)
        return np.asarray(np.log(inside / (1.0 - inside)))
    return np.log(np.maximum(values, 1e-9)) if scale == "logarithm" else values


def _back(scale: Scale, places: Floats) -> tuple[Floats, Floats]:
    """Return the values at places on a scale, and the slope of the value there."""
    if scale == "logit":
        values = 1.0 / (1.0 + np.exp(-np.clip(places, -30, 30)))
        return values, values * (1.0 - values)
    if scale == "logarithm":
        values = np.exp(np.clip(places, -30, 30))
        return values, values
    return places, np.ones_like(places)
