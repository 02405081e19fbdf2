"""The posterior: closed forms, and simulation-based calibration of a small problem."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from nephrosyn.evidence.calibration import emulator, posterior, sampler
from nephrosyn.evidence.calibration.conditional import conditional
from nephrosyn.evidence.calibration.posterior import Targets
from nephrosyn.kernels.random_streams import Purpose, fill_uniforms

WITHIN = 0.001
"""Error rate of each test of a distribution here; the seeds are fixed."""


def test_the_sampler_draws_from_a_normal_density_in_a_corner():
    """Truncated at two sides of the cube: each coordinate follows its closed form."""
    middle, spread = np.array([0.02, 0.6]), np.array([0.05, 0.01])
    drawn = sampler.sample(lambda points: -0.5 * (((points - middle) / spread) ** 2).sum(1), 2, 2_000, 1)
    for column, (mean, sd) in enumerate(zip(middle, spread, strict=True)):
        law = stats.truncnorm(-mean / sd, (1 - mean) / sd, mean, sd)
        assert stats.kstest(drawn.points[::5, column], law.cdf).pvalue > WITHIN
    assert drawn.effective > 1_800


def test_the_sampler_finds_both_of_two_maxima():
    """A quarter and three quarters; a draw is in the first with probability 0.25, within 4.3 binomial errors."""

    def heights(points):
        return np.logaddexp(
            np.log(0.25) - 0.5 * ((points[:, 0] - 0.1) / 0.02) ** 2,
            np.log(0.75) - 0.5 * ((points[:, 0] - 0.9) / 0.02) ** 2,
        )

    # Particles near one maximum never reach the other, so that the shares are those of the first steps.
    shares = [(sampler.sample(heights, 1, 2_000, seed).points < 0.5).mean() for seed in range(5)]
    assert np.mean(shares) == pytest.approx(0.25, abs=4.3 * np.sqrt(0.25 * 0.75 / 2_000))


def linear(slopes, values, errors):
    """A simulation whose estimates are linear in the parameters, without noise, and its targets."""
    targets = Targets(values, errors, errors, ("number",) * len(values), (tuple(range(slopes.shape[1])),) * len(values))
    return (lambda point: (slopes @ (point - 0.5), np.full(len(values), 1e-9))), targets


def test_a_linear_simulation_has_the_posterior_of_a_regression():
    slopes = np.array([[2.0, 0.0], [1.0, 1.0], [0.0, 3.0], [1.0, -1.0]])
    values, errors = np.array([0.1, 0.0, -0.2, 0.1]), np.array([0.2, 0.1, 0.3, 0.2])
    simulate, targets = linear(slopes, values, errors)
    found = posterior.posterior(simulate, targets, 2, 3)
    inverse = np.linalg.inv((slopes.T / errors**2) @ slopes)
    mean = 0.5 + inverse @ (slopes.T @ (values / errors**2))
    whitened = np.linalg.solve(np.linalg.cholesky(inverse), (found.points - mean).T)
    for row in whitened:
        assert stats.kstest(row[:200], stats.norm.cdf).pvalue > WITHIN
    assert abs(np.corrcoef(whitened)[0, 1]) < 3.3 / np.sqrt(found.effective)
    assert found.emulator_error < 1e-4
    assert found.is_accurate
    assert found.simulated == 14 + 1 * 6 + posterior.CHECKS


def test_the_error_of_the_simulation_widens_the_posterior():
    """With a Monte Carlo error as large as the published error, the standard deviation is 1.41 times that without."""
    _, targets = linear(np.array([[1.0]]), np.array([0.0]), np.array([0.05]))
    widths = [
        posterior.posterior(lambda point, error=error: (point - 0.5, np.array([error])), targets, 1, 5).points.std()
        for error in (1e-9, 0.05)
    ]
    assert widths[0] == pytest.approx(0.05, rel=3.3 / np.sqrt(2 * 380))
    assert widths[1] == pytest.approx(0.05 * np.sqrt(2), rel=3.3 / np.sqrt(2 * 380))


def test_estimates_that_say_nothing_leave_the_prior():
    _, targets = linear(np.array([[1.0]]), np.array([0.3]), np.array([0.05]))
    found = posterior.posterior(lambda point: (np.array([0.3]), np.array([0.01])), targets, 1, 5)
    assert stats.kstest(found.points[:, 0], "uniform").pvalue > WITHIN


def test_points_where_nobody_counts_are_impossible():
    def simulate(point):
        value = point[0] - 0.5 if point[0] < 0.6 else np.nan
        return np.array([value]), np.array([0.001])

    _, targets = linear(np.array([[1.0]]), np.array([0.0]), np.array([0.2]))
    found = posterior.posterior(simulate, targets, 1, 5)
    assert found.points.max() < 0.7  # half-way between simulated points
    assert found.points.max() > 0.55


def test_an_emulator_is_as_sure_as_it_is_right():
    """Standardised errors at new points of a smooth surface; 200 of them within chance of a standard deviation of 1."""
    points, new = posterior.spread(30, 2), posterior.spread(230, 2)[30:]

    def surface(at):
        return np.log(0.1 + at[:, 0]) * (1.0 + at[:, 1] ** 2)

    mean, variance = emulator.fit(points, surface(points)).predict(new)
    away = (mean - surface(new)) / np.sqrt(variance)
    assert 0.3 < np.sqrt((away**2).mean()) < 2.0
    assert np.abs(mean - surface(new)).max() < 0.25


def test_a_conditional_posterior_follows_each_row_of_the_earlier_numbers():
    """Value = first + second, published 0.6 with error 0.05: in each row the first is normal about 0.6 - second."""
    given = fill_uniforms(5, 0, np.arange(400), int(Purpose.PERSON), 1)[:, :1] * 0.4
    targets = Targets(np.array([0.6]), np.array([0.05]), np.array([0.05]), ("number",), ((0, 1),))

    def simulate(point):
        return point[:1] + point[1], np.array([1e-9])

    found = conditional(simulate, targets, given, 3, "first:x")
    assert np.array_equal(found.points[:, 1:], given)
    away = (found.points[:, 0] - (0.6 - given[:, 0])) / 0.05
    assert stats.kstest(away, stats.norm.cdf).pvalue > WITHIN
    assert found.emulator_error < 1e-4
    other = conditional(simulate, targets, given, 3, "second:x")
    again = (other.points[:, 0] - (0.6 - given[:, 0])) / 0.05
    assert abs(np.corrcoef(away, again)[0, 1]) < 3.3 / np.sqrt(len(given))  # columns differ by more than the table


LOW, HIGH = np.log([0.2, 0.05]), np.log([1.5, 1.5])
"""Range of the prior: relapses a year, and the share who relapse as log(share / (2 - share))."""
PATIENTS, STUDY = 4_000, 400
YEARS = (0.5, 4.0)


def relapsed(point, seed, patients):
    """Share who relapsed by some years, each among patients of its own, from relapses with a rate and a share."""
    rate, odds = np.exp(LOW + point * (HIGH - LOW))
    share = 2 * odds / (1 + odds) / 1.2
    values = []
    for place, years in enumerate(YEARS):
        drawn = fill_uniforms(seed, place, np.arange(patients), int(Purpose.PERSON), 1)
        values.append(((drawn[:, 0] < share) & (-np.log(drawn[:, 1]) < rate * years)).mean())
    return np.array(values)


def errors_of(shares, patients):
    near = (shares * patients + 0.5) / (patients + 1)
    return np.sqrt(near * (1 - near) / patients)


FITS, BINS = 150, 10


@pytest.mark.slow
def test_ranks_of_known_values_are_uniform():
    """Simulation-based calibration (Talts 2018): values from the prior, estimates with the sampling error of a study.

    A study has 400 people for each estimate, the fit 4,000 simulated patients with a seed of its own. If the posterior
    is right, the true value has a uniform rank among its draws. Chi-square over 10 bins of 15 expected ranks, for both
    parameters: each fails a right posterior once in a thousand.
    """
    truths = fill_uniforms(99, 0, np.arange(FITS), int(Purpose.PERSON), 1)[:, :2]
    ranks = []
    for place, truth in enumerate(truths):
        values = relapsed(truth, 10_000 + place, STUDY)
        errors = errors_of(values, STUDY)
        targets = Targets(values, errors, errors, ("logit",) * 2, ((0, 1),) * 2)

        def simulate(point, seed=20_000 + place):
            values = relapsed(point, seed, PATIENTS)
            return values, errors_of(values, PATIENTS)

        found = posterior.posterior(simulate, targets, 2, place)
        ranks.append((found.points < truth).mean(0))
    for column in np.array(ranks).T:
        counts = np.histogram(column, BINS, (0, 1))[0]
        assert stats.chisquare(counts).pvalue > WITHIN, counts
