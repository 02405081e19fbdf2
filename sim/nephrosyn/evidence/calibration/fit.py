"""Fit a few parameters of a setting to published estimates, by simulation with common random numbers.

The values are those of the least sum of squares; how well they are known is their joint posterior (`posterior`).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nephrosyn import __version__, vocabulary
from nephrosyn.errors import EvidenceError, ScenarioError
from nephrosyn.evidence.calibration.free_parameters import FreeParameter, read_free_parameter
from nephrosyn.evidence.calibration.posterior import Posterior, Scale, Targets, expected_points, posterior
from nephrosyn.evidence.calibration.targets import targets
from nephrosyn.evidence.cohort_limits import check_cohort
from nephrosyn.evidence.measures.estimators import Estimate
from nephrosyn.evidence.published.estimates_table import PublishedEstimate
from nephrosyn.evidence.validation.validate import SEED, Row, combine_all, scenario_names, simulate_arm
from nephrosyn.report.page.tables import Table
from nephrosyn.runs.run import Progress, silent
from nephrosyn.scenario import Resolved, Scenario, load, shipped
from nephrosyn.scenario.files.inheritance import read_layers
from nephrosyn.statistics.proportions import NORMAL_QUANTILE
from nephrosyn.statistics.uncertain_numbers import HIGH, LOW

PATIENTS = 4_000
STEP = 0.12
"""Finite-difference step on the fitting scale (log or log-odds): large compared with the noise of coupled cohorts."""
ROUNDS = 8
BETTER = 0.1
"""A second search replaces the first if its sum of squares is lower by more than this: one standard error of a single
parameter is a rise by 1."""
DIGITS = 4
"""Significant digits of the draws."""
SMALLEST_SLOPE = 1e-9
"""Smaller slopes count as zero."""
MISSING_DISTANCE = 20.0
"""Distance of an estimate for which no simulated patient counts."""

Floats = NDArray[np.float64]
Determined = Literal["no", "on one side", "yes"]
BOUNDED: tuple[Determined, ...] = get_args(Determined)
AT_END = 0.04
"""The estimates do not bound a parameter on a side where its interval ends within this part of its range from the end:
of a flat posterior 2.5% lie beyond the interval."""


@dataclass(frozen=True)
class FittedParameter:
    """A fitted parameter with the 95% interval of its posterior.

    Attributes
    ----------
    parameter : FreeParameter
        The parameter.
    value : float
        Its fitted value.
    low, high : float
        The 95% interval.
    draws : tuple of float, shape (rows,)
        Draws of the posterior; a row is one draw of all parameters together.
    """

    parameter: FreeParameter
    value: float
    low: float
    high: float
    draws: tuple[float, ...]

    @property
    def at_limit(self) -> bool:
        """Whether the value is at an end of its range, so that the estimates do not determine it."""
        return min(abs(self.value / end - 1) for end in (self.parameter.low, self.parameter.high)) < 0.01

    @property
    def determined(self) -> Determined:
        """Whether the estimates bound the parameter on both sides within its range, on one or on neither."""
        low, high = (self.parameter.to_scale(end) for end in (self.parameter.low, self.parameter.high))
        first, last = (
            (self.parameter.to_scale(self.low) - low) / (high - low),
            (high - self.parameter.to_scale(self.high)) / (high - low),
        )
        return BOUNDED[(first > AT_END) + (last > AT_END)]

    @property
    def column(self) -> str:
        """Name of its column in the table of draws."""
        return f"{Path(self.parameter.setting).name.removesuffix('.toml')}:{self.parameter.key}"


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
    converged : bool
        Whether the search for the least sum of squares ended by itself, and not because its rounds ran out.
    effective_draws : float
        How many independent draws those of the posterior are worth.
    emulator_error, emulator_uncertainty : float
        What the emulators of the estimates miss at draws of the posterior, and what they themselves leave open; root
        mean squares in published standard errors. See `Posterior`.
    """

    setting: str
    fitted: list[FittedParameter]
    before: list[Row]
    after: list[Row]
    patients: int
    seed: int
    runs: int
    converged: bool
    effective_draws: float
    emulator_error: float
    emulator_uncertainty: float

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
        """Eight characters that change with the inputs, the fitted values and the version of the package.

        Draws of the posterior may differ between processors, and are not in it.
        """
        inputs = [self.setting, self.patients, self.seed]
        values = [[fit.column, fit.parameter.start, fit.value] for fit in self.fitted]
        rows = [row.as_json() for row in (*self.before, *self.after)]
        content = json.dumps(_rounded([__version__, inputs, values, rows]), sort_keys=True, allow_nan=False)
        return hashlib.sha256(content.encode()).hexdigest()[:8]

    @property
    def source(self) -> str:
        """Source of the fitted values, as it is written into a scenario."""
        ids = ", ".join(dict.fromkeys(row.published.evidence for row in self.after))
        return f"calibrated: {ids}; run {self.digest}"

    def draws(self) -> dict[str, list[float]]:
        """Return the draws of the posterior by column, in the order of the parameters."""
        return {fit.column: list(fit.draws) for fit in self.fitted}

    def as_dict(self) -> dict[str, Any]:
        """Return everything but the draws as plain values."""
        return {
            "notice": vocabulary.NOTICE,
            "setting": self.setting,
            "patients": self.patients,
            "seed": self.seed,
            "runs": self.runs,
            "converged": self.converged,
            "posterior": {
                "draws": len(self.fitted[0].draws),
                "effective_draws": self.effective_draws,
                "emulator_error": self.emulator_error,
                "emulator_uncertainty": self.emulator_uncertainty,
            },
            "free": [
                {"setting": fit.parameter.setting, "key": fit.parameter.key, "start": fit.parameter.start,
                 "value": fit.value, "low": fit.low, "high": fit.high, "at_limit": fit.at_limit,
                 "determined": fit.determined}
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
    numbers). The sum of squared distances is minimized by least squares, from the start and, if the posterior finds a
    better point, from there. The prior of the posterior is flat within the range of each parameter on its fitting
    scale: the logarithm, or the log-odds of a share.

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
    found = _least_squares(objective, start)
    _refuse_idle(setting, parameters, found.jacobian)
    draws = _posterior(objective, [start, found.point])
    found = _better(objective, found, objective.from_unit(draws.nearest))
    fitted = [
        _fitted(parameter, float(place), objective.from_unit(draws.points)[:, column])
        for column, (parameter, place) in enumerate(zip(parameters, found.point, strict=True))
    ]
    return Calibration(
        setting,
        fitted,
        before,
        objective.rows(found.point),
        patients,
        seed,
        objective.runs,
        found.converged,
        draws.effective,
        draws.emulator_error,
        draws.uncertainty,
    )


def _fitted(parameter: FreeParameter, place: float, places: Floats) -> FittedParameter:
    values = [float(f"{parameter.from_scale(value):.{DIGITS}g}") for value in places]
    low, high = (parameter.from_scale(float(end)) for end in np.quantile(places, [LOW, HIGH]))
    return FittedParameter(parameter, parameter.from_scale(place), low, high, tuple(values))


def _posterior(objective: Objective, begin: Sequence[Floats]) -> Posterior:
    """Return draws of the joint posterior, in parts of the ranges of the parameters."""
    estimates = objective.estimates
    values = np.array([estimate.value for estimate in estimates], float)
    low, high = np.array([estimate.interval for estimate in estimates], float).T
    targets = Targets(
        values,
        np.maximum(values - low, (high - low) / 20) / NORMAL_QUANTILE,
        np.maximum(high - values, (high - low) / 20) / NORMAL_QUANTILE,
        tuple(map(_scale, estimates)),
    )
    starts = [objective.to_unit(point) for point in begin]
    return posterior(objective.simulated, targets, len(objective.parameters), objective.seed, starts)


def _scale(estimate: PublishedEstimate) -> Scale:
    """Return the scale on which an estimate is emulated."""
    if estimate.kind == "share":
        return "logit"
    return "logarithm" if estimate.kind in ("mean", "median", "quartile", "rate", "ratio") else "number"


def _better(objective: Objective, found: _Minimum, other: Floats) -> _Minimum:
    """Return the minimum, or that found from another start if its sum of squares is clearly lower."""
    if found.squares - float((objective.residuals(other) ** 2).sum()) < BETTER / 2:
        return found
    second = _least_squares(objective, other)
    return second if second.squares < found.squares - BETTER else found


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
        try:
            distances = [row.distance for row in self.rows(point)]
        except ScenarioError:  # numbers within their ranges that are no scenario together
            distances = [math.nan] * len(self.estimates)
        return np.array([value if math.isfinite(value) else MISSING_DISTANCE for value in distances])

    @property
    def ends(self) -> Floats:
        """The range of each parameter on its fitting scale, shape (d, 2)."""
        return np.array([(one.to_scale(one.low), one.to_scale(one.high)) for one in self.parameters])

    def to_unit(self, points: Floats) -> Floats:
        """Return points in parts of the ranges."""
        low, high = self.ends.T
        return np.asarray((points - low) / (high - low))

    def from_unit(self, parts: Floats) -> Floats:
        """Return the points at parts of the ranges, at least a millionth inside."""
        low, high = self.ends.T
        return np.asarray(low + np.clip(parts, 1e-6, 1.0 - 1e-6) * (high - low))

    def simulated(self, parts: Floats) -> tuple[Floats, Floats]:
        """Return the estimates at parts of the ranges and their Monte Carlo errors; nan where there are none."""
        try:
            rows = self.rows(self.from_unit(parts))
        except ScenarioError:
            return np.full(len(self.estimates), np.nan), np.full(len(self.estimates), np.nan)
        return np.array([row.simulated.value for row in rows]), np.array([row.simulated.error for row in rows])


def with_values(name: str, values: Sequence[tuple[FreeParameter, float]]) -> Resolved:
    """Return a scenario with values of free parameters, each given on its fitting scale."""
    return load(name, [f"{parameter.key}={parameter.from_scale(place)!r}" for parameter, place in values])


def expected_runs(parameters: int) -> int:
    """Return approximately how often all cohorts are simulated."""
    return (ROUNDS // 2) * (parameters + 1) + expected_points(parameters)


@dataclass(frozen=True)
class _Minimum:
    """A point with the least sum of squares near it, with the Jacobian there."""

    point: Floats
    jacobian: Floats
    squares: float
    converged: bool


def _least_squares(objective: Objective, start: Floats) -> _Minimum:
    """Return the point with the least sum of squares that is found from a start."""
    from scipy.optimize import least_squares

    ends = objective.ends
    inside = np.clip(start, ends[:, 0] + 1e-6, ends[:, 1] - 1e-6)

    def jacobian(point: Floats) -> Floats:
        return slopes(objective.residuals, point, objective.residuals(point), ends)

    result = least_squares(
        objective.residuals, inside, jac=jacobian, bounds=ends.T, ftol=5e-3, xtol=5e-3, gtol=1e-3, max_nfev=ROUNDS
    )
    return _Minimum(np.asarray(result.x), np.asarray(result.jac), 2.0 * float(result.cost), bool(result.status > 0))


def slopes(residuals: Callable[[Floats], Floats], point: Floats, here: Floats, ends: Floats) -> Floats:
    """Return the Jacobian by one step in each parameter, backwards where a step forwards would leave the range."""
    columns = []
    for place in range(len(point)):
        step = STEP if point[place] + STEP <= ends[place, 1] else -STEP
        there = point.copy()
        there[place] += step
        columns.append((residuals(there) - here) / step)
    return np.array(columns).T
