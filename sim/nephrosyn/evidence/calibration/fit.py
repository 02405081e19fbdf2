"""Fit a few parameters of a setting to published estimates, by simulation with common random numbers."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephrosyn import __version__, vocabulary
from nephrosyn.errors import EvidenceError
from nephrosyn.evidence.calibration.free_parameters import FreeParameter, read_free_parameter
from nephrosyn.evidence.calibration.profile import profile
from nephrosyn.evidence.calibration.targets import targets
from nephrosyn.evidence.cohort_limits import check_cohort
from nephrosyn.evidence.measures.estimators import Estimate
from nephrosyn.evidence.published.estimates_table import PublishedEstimate
from nephrosyn.evidence.validation.validate import SEED, Row, combine_all, scenario_names, simulate_arm
from nephrosyn.report.page.tables import Table
from nephrosyn.runs.run import Progress, silent
from nephrosyn.scenario import Resolved, Scenario, load, shipped
from nephrosyn.scenario.files.inheritance import read_layers

PATIENTS = 4_000
STEP = 0.12
"""Finite-difference step on the fitting scale (log or log-odds): large compared with the noise of coupled cohorts."""
ROUNDS = 8
SMALLEST_SLOPE = 1e-9
"""Smaller slopes count as zero."""
MISSING_DISTANCE = 20.0
"""Distance of an estimate for which no simulated patient counts."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FittedParameter:
    """A fitted parameter with its approximate 95% interval."""

    parameter: FreeParameter
    value: float
    low: float
    high: float

    @property
    def at_limit(self) -> bool:
        """Whether the value is at an end of its range, so that the estimates do not determine it."""
        return min(abs(self.value / end - 1) for end in (self.parameter.low, self.parameter.high)) < 0.01


@dataclass(frozen=True, repr=False)
class Calibration:
    """Result of a calibration.

    Attributes
    ----------
    setting : str
        The scenario it started from.
    fitted : list of FittedParameter
        The free parameters.
    before, after : list of Row
        The estimates at the start and at the end.
    patients, seed, runs : int
        Size and seed of each cohort, and how often all cohorts were simulated.
    """

    setting: str
    fitted: list[FittedParameter]
    before: list[Row]
    after: list[Row]
    patients: int
    seed: int
    runs: int

    def __repr__(self) -> str:
        """The fitted parameters, in a line or two."""
        fitted = ", ".join(f"{fit.parameter.key} = {fit.value:.4g}" for fit in self.fitted)
        return f"<Calibration of {self.setting} to {len(self.after)} estimates: {fitted}>"

    def _repr_html_(self) -> str:
        """The fitted parameters with their intervals, for a notebook."""
        rows = [
            (fit.parameter.setting, fit.parameter.key, f"{fit.value:.4g}", f"{fit.low:.4g} to {fit.high:.4g}")
            for fit in self.fitted
        ]
        head = ("setting", "number", "value", "95% interval")
        return Table(repr(self).strip("<>"), head, rows, words=2).html()

    @property
    def digest(self) -> str:
        """Eight characters that change with the inputs, the results and the version of the package."""
        content = json.dumps([__version__, _rounded(self.as_dict())], sort_keys=True, allow_nan=False)
        return hashlib.sha256(content.encode()).hexdigest()[:8]

    @property
    def source(self) -> str:
        """Source of the fitted values, as it is written into a scenario."""
        ids = ", ".join(dict.fromkeys(row.published.evidence for row in self.after))
        return f"calibrated: {ids}; run {self.digest}"

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "notice": vocabulary.NOTICE,
            "setting": self.setting,
            "patients": self.patients,
            "seed": self.seed,
            "runs": self.runs,
            "free": [
                {"setting": fit.parameter.setting, "key": fit.parameter.key, "start": fit.parameter.start,
                 "value": fit.value, "low": fit.low, "high": fit.high, "at_limit": fit.at_limit}
                for fit in self.fitted
            ],
            "before": [row.as_json() for row in self.before],
            "after": [row.as_json() for row in self.after],
        }  # fmt: skip


def calibrate(
    setting: str,
    keys: Sequence[str],
    ids: Sequence[str | PublishedEstimate],
    *,
    patients: int = PATIENTS,
    seed: int = SEED,
    progress: Progress | None = None,
) -> Calibration:
    """Fit free parameters of a setting, and of settings that extend it, to published estimates.

    Every cohort has the same seed, so that a changed parameter changes only what depends on it (common random
    numbers). The sum of squared distances is minimized by least squares.

    Parameters
    ----------
    setting : str
        A scenario, by name or path.
    keys : sequence of str
        ``KEY``, a number of the setting, or ``SETTING:KEY``; with ``=START`` the fit begins there.
    ids : sequence of str or PublishedEstimate
        Estimates with use ``fit`` whose scenarios contain one of the parameters.
    patients, seed : int
        Size and seed of each cohort.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Calibration
        The fitted parameters with intervals, and the estimates before and after.

    Raises
    ------
    EvidenceError
        If an estimate may not be fitted, a key is not a number, estimates and parameters do not belong together, or no
        simulated patient counts for an estimate.
    ScenarioError
        If a scenario cannot be read.
    """
    check_cohort(patients, seed)
    estimates = [with_user_scenario(estimate, setting) for estimate in _targets(ids)]
    parameters = _free_parameters(setting, keys, estimates)
    objective = Objective(parameters, estimates, patients, seed, progress or silent)
    start = np.array([parameter.to_scale(parameter.start) for parameter in parameters])
    before = objective.rows(start)
    nobody = [row.published.id for row in before if row.place == "nobody"]
    if nobody:
        raise EvidenceError(
            f"{setting} cannot be calibrated this way: of {patients:,} simulated patients none counts for "
            f"{', '.join(nobody)}; ask for more patients (--patients), or leave the estimate out"
        )
    end, jacobian = _least_squares(objective, start)
    _refuse_idle(setting, parameters, jacobian)
    ranges = [(parameter.to_scale(parameter.low), parameter.to_scale(parameter.high)) for parameter in parameters]
    intervals = profile(objective.residuals, end, jacobian, ranges)
    fitted = [
        FittedParameter(parameter, *(parameter.from_scale(place) for place in (best, low, high)))
        for parameter, best, (low, high) in zip(parameters, end, intervals, strict=True)
    ]
    return Calibration(setting, fitted, before, objective.rows(end), patients, seed, objective.runs)


def _refuse_idle(setting: str, parameters: Sequence[FreeParameter], jacobian: Floats) -> None:
    steepest = np.abs(jacobian).max(axis=0)
    idle = [parameter.key for parameter, slope in zip(parameters, steepest, strict=True) if slope < SMALLEST_SLOPE]
    if idle:
        raise EvidenceError(
            f"{setting} cannot be calibrated this way: {', '.join(idle)}: the estimates do not depend on it"
        )


def _rounded(value: Any) -> Any:
    """Return values without their last bits, which may differ between processors."""
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_rounded(entry) for entry in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _targets(ids: Sequence[str | PublishedEstimate]) -> list[PublishedEstimate]:
    given = [estimate for estimate in ids if isinstance(estimate, PublishedEstimate)]
    return [*targets([name for name in ids if isinstance(name, str)]), *given]


def with_user_scenario(estimate: PublishedEstimate, setting: str) -> PublishedEstimate:
    """Return an estimate simulated by a user's own scenario, if that extends the shipped scenario of the estimate."""
    if setting in shipped() or estimate.scenario not in [layer.label for layer in read_layers(setting)]:
        return estimate
    return estimate.model_copy(update={"scenario": setting})


def _free_parameters(setting: str, keys: Sequence[str], estimates: Sequence[PublishedEstimate]) -> list[FreeParameter]:
    """Return the free parameters, checked against the estimates.

    Raises
    ------
    EvidenceError
        With all problems.
    """
    results = [read_free_parameter(text, setting) for text in keys]
    parameters = [result for result in results if isinstance(result, FreeParameter)]
    problems = [result for result in results if isinstance(result, str)]
    if not keys or not estimates:
        problems.append("at least one --free KEY and one --estimates ID are needed")
    if len(parameters) > len(estimates):
        problems.append(f"{len(parameters)} free numbers need at least as many estimates; found {len(estimates)}")
    problems += [
        f"{estimate.id}: is simulated by {estimate.scenario}, which does not extend {setting}"
        for estimate in estimates
        if setting not in [layer.label for layer in read_layers(estimate.scenario)]
    ]
    names = scenario_names(estimates)
    problems += [
        f"{parameter.key}: none of the estimates depends on it"
        for parameter in parameters
        if not any(parameter.changes(name) for name in names)
    ]
    if problems:
        raise EvidenceError("\n  ".join([f"{setting} cannot be calibrated this way:", *problems]))
    return parameters


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
    ) -> None:
        self.parameters, self.estimates, self.patients, self.seed = parameters, estimates, patients, seed
        self.progress = progress
        self.runs = 0
        self._simulated: dict[tuple[str, tuple[float, ...]], dict[tuple[str, str], Estimate]] = {}
        self._places_of = {
            name: [place for place, parameter in enumerate(parameters) if parameter.changes(name)]
            for name in scenario_names(estimates)
        }

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
        distances = [row.distance for row in self.rows(point)]
        return np.array([value if math.isfinite(value) else MISSING_DISTANCE for value in distances])


def with_values(name: str, values: Sequence[tuple[FreeParameter, float]]) -> Resolved:
    """Return a scenario with values of free parameters, each given on its fitting scale."""
    return load(name, [f"{parameter.key}={parameter.from_scale(place)!r}" for parameter, place in values])


def expected_runs(parameters: int) -> int:
    """Return approximately how often all cohorts are simulated."""
    return (ROUNDS // 2) * (parameters + 1) + 8 * parameters


def _least_squares(objective: Objective, start: Floats) -> tuple[Floats, Floats]:
    """Return the point with the least sum of squares, and the Jacobian there."""
    from scipy.optimize import least_squares

    ends = np.array(
        [(parameter.to_scale(parameter.low), parameter.to_scale(parameter.high)) for parameter in objective.parameters]
    )
    inside = np.clip(start, ends[:, 0] + 1e-6, ends[:, 1] - 1e-6)

    def jacobian(point: Floats) -> Floats:
        return slopes(objective.residuals, point, objective.residuals(point), ends)

    result = least_squares(
        objective.residuals, inside, jac=jacobian, bounds=ends.T, ftol=5e-3, xtol=5e-3, gtol=1e-3, max_nfev=ROUNDS
    )
    return np.asarray(result.x), np.asarray(result.jac)


def slopes(residuals: Callable[[Floats], Floats], point: Floats, here: Floats, ends: Floats) -> Floats:
    """Return the Jacobian by one step in each parameter, backwards where a step forwards would leave the range."""
    columns = []
    for place in range(len(point)):
        step = STEP if point[place] + STEP <= ends[place, 1] else -STEP
        there = point.copy()
        there[place] += step
        columns.append((residuals(there) - here) / step)
    return np.array(columns).T
