"""Fit a few parameters of a setting to published estimates, by simulation with common random numbers.

The values are those of the least sum of squares; how well they are known is their joint posterior (`posterior`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nephrosyn.errors import EvidenceError
from nephrosyn.evidence.calibration.conditional import conditional
from nephrosyn.evidence.calibration.free_parameters import FreeParameter, given_parameters, read_free_parameter
from nephrosyn.evidence.calibration.objective import Objective
from nephrosyn.evidence.calibration.posterior import Posterior, posterior
from nephrosyn.evidence.calibration.result import DIGITS, Calibration, FittedParameter, column_of
from nephrosyn.evidence.calibration.search import Minimum, search
from nephrosyn.evidence.calibration.targets import targets
from nephrosyn.evidence.cohort_limits import check_cohort
from nephrosyn.evidence.published.estimates_table import PublishedEstimate
from nephrosyn.evidence.validation.validate import SEED, scenario_names
from nephrosyn.runs.run import Progress, silent
from nephrosyn.scenario import shipped
from nephrosyn.scenario.files.inheritance import read_layers
from nephrosyn.scenario.files.posteriors import read_columns
from nephrosyn.statistics.uncertain_numbers import HIGH, LOW

PATIENTS = 4_000
SMALLEST_SLOPE = 1e-9
"""Smaller slopes count as zero."""
LEAST_GAIN = 0.1
"""A second search is worth while where the sum of squares is lower by this: a rise by 1 is one standard error."""
Floats = NDArray[np.float64]


def calibrate(
    setting: str,
    keys: Sequence[str],
    ids: Sequence[str | PublishedEstimate],
    *,
    given: str | None = None,
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
        ``KEY``, a number of the setting, or ``SETTING:KEY``; with ``=START`` the fit begins there, and with
        ``=START:LOW:HIGH`` the prior is limited to that range.
    ids : sequence of str or PublishedEstimate
        Estimates with use ``fit`` whose scenarios contain one of the parameters.
    given : str, optional
        A table of draws of numbers that were calibrated before, by name or path. The one free parameter is then drawn
        for each row of it; its value is fitted with these numbers as they are.
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
        If an estimate may not be fitted, a key is not a number, estimates and parameters do not belong together, no
        simulated patient counts for an estimate, or the fitted value lies outside the range that was given.
    ScenarioError
        If a scenario cannot be read.
    """
    check_cohort(patients, seed)
    estimates = [with_user_scenario(estimate, setting) for estimate in _targets(ids)]
    parameters = _free_parameters(setting, keys, estimates)
    table = given_table(given) if given else {}
    if table and len(parameters) > 1:
        raise EvidenceError(f"one free number can be calibrated given a table of draws; found {len(parameters)}")
    objective = Objective(parameters, estimates, patients, seed, progress or silent)
    start = np.array([parameter.to_scale(parameter.start) for parameter in parameters])
    before = objective.rows(start)
    nobody = [row.published.id for row in before if row.place == "nobody"]
    if nobody:
        raise EvidenceError(
            f"{setting} cannot be calibrated this way: of {patients:,} simulated patients none counts for "
            f"{', '.join(nobody)}; ask for more patients (--patients), or leave the estimate out"
        )
    minimum = search(objective.residuals, objective.ends, start)
    _refuse_idle(setting, parameters, minimum.jacobian)
    rival = None
    if table:
        draws = _conditional(objective, table, minimum.point)
    else:
        draws = _posterior(objective, [start, minimum.point])
        minimum, rival = _compared(objective, minimum, objective.from_unit(draws.nearest))
    _refuse_outside(parameters, minimum.point)
    places = objective.from_unit(draws.points[:, : len(parameters)])
    after = objective.rows(minimum.point)
    errors = _monte_carlo_errors(objective, minimum, places)
    fitted = [_fitted(*parts) for parts in zip(parameters, minimum.point, places.T, errors, strict=True)]
    return Calibration(
        setting,
        fitted,
        before,
        after,
        patients,
        seed,
        objective.runs,
        minimum.converged,
        draws.effective,
        draws.emulator_error,
        draws.uncertainty,
        rival,
        table,
    )


def _compared(objective: Objective, minimum: Minimum, start: Floats) -> tuple[Minimum, list[float] | None]:
    """Search from another point too; return the minimum, and the values at another that fits as well.

    Two sums of squares differ if they do so by more than two standard errors of the Monte Carlo error, as if the two
    cohorts had nothing in common.
    """
    squares = float((objective.residuals(start) ** 2).sum())
    if squares > minimum.squares - LEAST_GAIN:
        return minimum, None
    second = search(objective.residuals, objective.ends, start)
    errors = [objective.relative_errors(point) for point in (minimum.point, second.point)]
    distances = [objective.residuals(point) for point in (minimum.point, second.point)]
    noise = 4.0 * sum(float(((away * error) ** 2).sum()) for away, error in zip(distances, errors, strict=True))
    if second.squares < minimum.squares - LEAST_GAIN - 2.0 * noise**0.5:
        return second, None
    return minimum, _values(objective.parameters, second.point)


def _fitted(parameter: FreeParameter, place: float, places: Floats, error: float) -> FittedParameter:
    values = [float(f"{parameter.from_scale(value):.{DIGITS}g}") for value in places]
    low, high = (parameter.from_scale(float(end)) for end in np.quantile(places, [LOW, HIGH]))
    return FittedParameter(parameter, parameter.from_scale(float(place)), low, high, tuple(values), float(error))


def _monte_carlo_errors(objective: Objective, minimum: Minimum, places: Floats) -> Floats:
    """Return how far the fitted values vary with the patients simulated, on the fitting scale.

    The errors of the simulated estimates are carried over by the covariance of the posterior and the slopes.
    """
    gain = np.atleast_2d(np.cov(places.T)) @ minimum.jacobian.T
    return np.asarray(np.sqrt((gain**2) @ objective.relative_errors(minimum.point) ** 2))


def _posterior(objective: Objective, begin: Sequence[Floats]) -> Posterior:
    """Return draws of the joint posterior, in parts of the ranges of the parameters."""
    starts = [objective.to_unit(point) for point in begin]
    return posterior(objective.simulated, objective.targets, len(objective.parameters), objective.seed, starts)


def _conditional(objective: Objective, table: Mapping[str, Sequence[float]], best: Floats) -> Posterior:
    """Return draws of the one free parameter, one for each row of a table, in parts of the ranges."""
    earlier = given_parameters(table, scenario_names(objective.estimates), objective.parameters)
    if not earlier:
        raise EvidenceError(f"none of the estimates depends on a number of the table: {', '.join(table)}")
    both = Objective(
        [*objective.parameters, *earlier.values()],
        objective.estimates,
        objective.patients,
        objective.seed,
        objective.progress,
        objective.runs,
    )
    rows = [[parameter.to_scale(value) for value in table[column]] for column, parameter in earlier.items()]
    low, high = both.prior[1:].T
    given = (np.array(rows).T - low) / (high - low)
    start = both.to_unit(np.r_[best, [parameter.to_scale(parameter.start) for parameter in earlier.values()]])
    draws = conditional(both.simulated, both.targets, given, both.seed, column_of(objective.parameters[0]), [start])
    objective.runs = both.runs
    return draws


def _refuse_idle(setting: str, parameters: Sequence[FreeParameter], jacobian: Floats) -> None:
    steepest = np.abs(jacobian).max(axis=0)
    idle = [parameter.key for parameter, slope in zip(parameters, steepest, strict=True) if slope < SMALLEST_SLOPE]
    if idle:
        raise EvidenceError(
            f"{setting} cannot be calibrated this way: {', '.join(idle)}: the estimates do not depend on it"
        )


def _values(parameters: Sequence[FreeParameter], point: Floats) -> list[float]:
    """Return the values of the parameters at a point."""
    return [parameter.from_scale(float(place)) for parameter, place in zip(parameters, point, strict=True)]


def _refuse_outside(parameters: Sequence[FreeParameter], point: Floats) -> None:
    values = zip(parameters, _values(parameters, point), strict=True)
    outside = [
        f"{parameter.key}: expected a range that holds the fitted value, {value:.4g}; found {low:g} to {high:g}"
        for parameter, value in values
        for low, high in [parameter.prior]
        if not low <= value <= high
    ]
    if outside:
        raise EvidenceError("\n  ".join(["the ranges and the estimates contradict each other:", *outside]))


def given_table(name: str) -> dict[str, list[float]]:
    """Return the columns of a table of draws, by name or path.

    Raises
    ------
    EvidenceError
        If there is none.
    """
    columns = read_columns(name, None)
    if isinstance(columns, tuple):
        expected, actual, like = columns
        raise EvidenceError(f"expected {expected}; found {actual}" + (f"; nearest: {like}" if like else ""))
    return columns


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
