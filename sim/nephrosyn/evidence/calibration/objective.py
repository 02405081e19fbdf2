"""The distances of published estimates as a function of the free parameters, by simulation."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nephrosyn.errors import ScenarioError
from nephrosyn.evidence.calibration.free_parameters import FreeParameter
from nephrosyn.evidence.calibration.posterior import Scale, Targets, expected_points
from nephrosyn.evidence.calibration.search import expected_rounds
from nephrosyn.evidence.measures.estimators import Estimate
from nephrosyn.evidence.published.estimates_table import PublishedEstimate
from nephrosyn.evidence.validation.validate import Row, combine_all, scenario_names, simulate_arm
from nephrosyn.runs.run import Progress
from nephrosyn.scenario import Resolved, Scenario, load
from nephrosyn.statistics.proportions import NORMAL_QUANTILE

MISSING_DISTANCE = 20.0
"""Distance of an estimate for which no simulated patient counts."""

LEAST_WIDTH = 0.1
"""Least distance of an estimate from an end of its interval, in parts of half the interval."""

Floats = NDArray[np.float64]


class Objective:
    """The distances of the estimates as a function of the free parameters; each cohort is simulated once.

    A *point* holds the value of every free parameter on its fitting scale.
    """

    def __init__(
        self,
        parameters: Sequence[FreeParameter],
        estimates: Sequence[PublishedEstimate],
        patients: int,
        seed: int,
        progress: Progress,
        runs: int = 0,
    ) -> None:
        self.parameters, self.estimates, self.patients, self.seed = parameters, estimates, patients, seed
        self.progress = progress
        self.runs = runs
        self._simulated: dict[tuple[str, tuple[float, ...]], dict[tuple[str, str], Estimate]] = {}
        self._places_of = {
            name: [place for place, parameter in enumerate(parameters) if parameter.changes(name)]
            for name in scenario_names(estimates)
        }

    def depends(self, estimate: PublishedEstimate) -> tuple[int, ...]:
        """Return the places of the parameters that an estimate depends on."""
        return tuple(sorted({place for name in scenario_names([estimate]) for place in self._places_of[name]}))

    def scenario(self, name: str, point: Floats) -> Scenario:
        """Return a setting with the values of the free parameters that it contains."""
        return with_values(name, [(self.parameters[place], point[place]) for place in self._places_of[name]]).scenario

    def rows(self, point: Floats) -> list[Row]:
        """Return the estimates at a point."""
        self.runs += 1
        self.progress("calibrate", self.runs, max(expected_runs(len(self.parameters)), self.runs))
        arms: dict[tuple[str, str], Estimate] = {}
        for name in self._places_of:
            arms.update(self._arm(name, point))
        simulated = combine_all(self.estimates, arms)
        return [Row(estimate, simulated[estimate.id]) for estimate in self.estimates]

    def _arm(self, name: str, point: Floats) -> dict[tuple[str, str], Estimate]:
        """Simulate a setting at a point, unless it was simulated with the same values before."""
        key = name, tuple(float(point[place]) for place in self._places_of[name])
        if key not in self._simulated:
            scenario = self.scenario(name, point)
            self._simulated[key] = simulate_arm(self.estimates, name, scenario, self.patients, self.seed)
        return self._simulated[key]

    def residuals(self, point: Floats) -> Floats:
        """Return the distances of the estimates, each in standard errors of the published number."""
        try:
            distances = [row.distance for row in self.rows(point)]
        except ScenarioError:  # numbers within their ranges that are no scenario together
            distances = [math.nan] * len(self.estimates)
        return np.array([value if math.isfinite(value) else MISSING_DISTANCE for value in distances])

    @property
    def targets(self) -> Targets:
        """The published estimates with their standard errors."""
        values = np.array([estimate.value for estimate in self.estimates], float)
        low, high = np.array([estimate.interval for estimate in self.estimates], float).T
        least = LEAST_WIDTH * (high - low) / 2
        return Targets(
            values,
            np.maximum(values - low, least) / NORMAL_QUANTILE,
            np.maximum(high - values, least) / NORMAL_QUANTILE,
            tuple(map(_scale, self.estimates)),
            tuple(map(self.depends, self.estimates)),
        )

    def relative_errors(self, point: Floats) -> Floats:
        """Return the Monte Carlo errors of the estimates at a point, in published standard errors."""
        rows = [row.simulated for row in self.rows(point)]
        values, errors = (np.array([getattr(row, name) for row in rows]) for name in ("value", "error"))
        return np.asarray(errors / self.targets.errors(values))

    @property
    def ends(self) -> Floats:
        """The range in which each parameter is searched, on its fitting scale, shape (d, 2)."""
        return np.array([(one.to_scale(one.low), one.to_scale(one.high)) for one in self.parameters])

    @property
    def prior(self) -> Floats:
        """The range in which the prior of each parameter is flat, on its fitting scale, shape (d, 2)."""
        return np.array([[one.to_scale(end) for end in one.prior] for one in self.parameters])

    def to_unit(self, points: Floats) -> Floats:
        """Return points in parts of the ranges of the prior."""
        low, high = self.prior.T
        return np.asarray((points - low) / (high - low))

    def from_unit(self, parts: Floats) -> Floats:
        """Return the points at parts of the ranges of the prior, at least a millionth inside."""
        low, high = self.prior.T
        return np.asarray(low + np.clip(parts, 1e-6, 1.0 - 1e-6) * (high - low))

    def simulated(self, parts: Floats) -> tuple[Floats, Floats]:
        """Return the estimates at parts of the ranges and their Monte Carlo errors; nan where there are none."""
        try:
            rows = self.rows(self.from_unit(parts))
        except ScenarioError:
            return np.full(len(self.estimates), np.nan), np.full(len(self.estimates), np.nan)
        return np.array([row.simulated.value for row in rows]), np.array([row.simulated.error for row in rows])


def _scale(estimate: PublishedEstimate) -> Scale:
    """Return the scale on which an estimate is emulated."""
    if estimate.kind == "share":
        return "logit"
    return "logarithm" if estimate.kind in ("mean", "median", "quartile", "rate", "ratio") else "number"


def with_values(name: str, values: Sequence[tuple[FreeParameter, float]]) -> Resolved:
    """Return a scenario with values of free parameters, each given on its fitting scale."""
    return load(name, [f"{parameter.key}={parameter.from_scale(place)!r}" for parameter, place in values])


def expected_runs(parameters: int) -> int:
    """Return approximately how often all cohorts are simulated."""
    return expected_rounds(parameters) + expected_points(parameters)
