"""Prediction intervals of a validation: made-up estimates with a known answer, workers, arms, and what is refused."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from nephrosyn.cli.app import app
from nephrosyn.errors import EvidenceError
from nephrosyn.evidence.measures.estimators import NOBODY, Estimate
from nephrosyn.evidence.published.estimates_table import published_estimates
from nephrosyn.evidence.validation import draws, output, prediction_tables
from nephrosyn.evidence.validation.prediction import coverage, exact_interval, predict, sampling_of
from nephrosyn.evidence.validation.validate import (
    Row,
    Validation,
    predictions_of,
    scenario_names,
    select_estimates,
    validate,
)

ESTIMATES = {estimate.id: estimate for estimate in published_estimates()}
MEAN = ESTIMATES["C25.mean"].model_copy(update={"published": 1.5, "published_low": 1.108, "published_high": 1.892})
"""A standard error of 0.2."""
SHARE = ESTIMATES["A01"].model_copy(update={"numerator": 20.0, "denominator": 50.0})
REPEATS = 1000


def cli(*words):
    return CliRunner().invoke(app, list(words), prog_name="nephrosyn")


def simulated(values, errors=0.0):
    return [Estimate(float(value), float(error), 500) for value, error in np.broadcast(values, errors)]


def test_spread_of_the_numbers_and_error_of_the_study_add_up():
    """Expected values with a variance of 0.3^2 and a study's error of 0.2, of 400 draws: N(2, 0.36^2)."""
    values = 2 + 0.3 * stats.norm.ppf((np.arange(400) + 0.5) / 400)
    prediction = predict(MEAN, simulated(values))
    assert (prediction.low, prediction.high) == pytest.approx(
        stats.norm(2, math.hypot(0.3, 0.2)).interval(0.95), rel=0.01
    )
    assert prediction.median == pytest.approx(2, abs=0.01)
    assert (prediction.expected_low, prediction.expected_high) == pytest.approx(
        stats.norm(2, 0.3).interval(0.95), rel=0.01
    )
    assert prediction.rank == pytest.approx(stats.norm(2, math.hypot(0.3, 0.2)).cdf(1.5), abs=0.005)
    assert prediction.levels == (0.95,)
    assert prediction.place == "inside"


def test_the_chance_of_the_simulated_patients_is_taken_out():
    """Alternate draws a standard error up and down: nothing is left but the error of the study."""
    values = 2 + 0.1 * np.resize([-1, 1], 400)
    prediction = predict(MEAN, simulated(values, 0.11))
    assert (prediction.low, prediction.high) == pytest.approx(stats.norm(2, 0.2).interval(0.95), abs=1e-4)
    assert (prediction.expected_low, prediction.expected_high) == pytest.approx((2, 2))
    assert prediction.place == "outside" and prediction.levels == ()


def test_a_ratio_is_predicted_by_its_logarithm():
    """Logarithms of variance 0.5^2, of which 0.3^2 is the chance of patients: 0.4^2 and the error of the study."""
    hazard = ESTIMATES["C07.hazard"]  # 0.87, 0.65 to 1.17
    error = math.log(1.17 / 0.65) / (2 * 1.959964)
    ratios = 2.5 * np.exp(0.5 * stats.norm.ppf((np.arange(400) + 0.5) / 400))
    prediction = predict(hazard, simulated(ratios, 0.3 * ratios))
    law = stats.norm(math.log(2.5), math.hypot(0.4, error))
    assert np.log([prediction.low, prediction.median, prediction.high]) == pytest.approx(
        [law.ppf(p) for p in (0.025, 0.5, 0.975)], abs=0.015
    )
    assert prediction.rank == pytest.approx(law.cdf(math.log(0.87)), abs=0.002)


@pytest.mark.parametrize("share_of", [(4, 16), (2, 60)])
def test_of_made_up_studies_as_many_lie_inside_as_predicted(share_of):
    """Shares from a beta distribution, 500 simulated and 50 studied patients; at least 95% with whole counts."""
    rng = np.random.default_rng(23)
    inside = {0.5: 0, 0.8: 0, 0.95: 0}
    for _ in range(REPEATS):
        shares = rng.beta(*share_of, 40)
        counts = rng.binomial(500, shares)
        near = (counts + 0.5) / 501
        study = SHARE.model_copy(update={"numerator": float(rng.binomial(50, rng.beta(*share_of)))})
        prediction = predict(study, simulated(counts / 500, np.sqrt(near * (1 - near) / 500)))
        for level in prediction.levels:
            inside[level] += 1
    count = stats.betabinom(50, *share_of)
    for level, held in inside.items():
        low, high = count.ppf((1 - level) / 2), count.ppf((1 + level) / 2)
        # intervals of counts hold more than their level; the true one may be a count narrower or wider
        narrow, wide = count.cdf(high - 1) - count.cdf(low), count.cdf(high + 1) - count.cdf(low - 2)
        assert stats.binomtest(held, REPEATS, narrow, "less").pvalue > 0.001
        assert stats.binomtest(held, REPEATS, min(wide, 1.0), "greater").pvalue > 0.001
    assert stats.binomtest(inside[0.95], REPEATS, 0.95, "less").pvalue > 0.001


def test_the_size_of_a_study_follows_from_its_interval():
    stated = ESTIMATES["A09"]  # 95%, 92 to 97%, of a number of children that is not given
    people = sampling_of(stated).people
    assert math.sqrt(0.945 * 0.055 / people) * 2 * 1.959964 == pytest.approx(0.05, rel=0.01)
    years = sampling_of(ESTIMATES["F01.all"]).years
    assert math.sqrt(0.0107 / years) * 2 * 1.959964 == pytest.approx(0.0146 - 0.0068, rel=0.01)
    assert {str(sampling_of(estimate)).partition(",")[0] for estimate in select_estimates(None, None)} == {
        "binomial",
        "Poisson",
        "normal",
        "lognormal",
    }


def test_both_arms_have_the_same_draw():
    """The arms differ by the same amount in every draw: their difference has no spread."""
    pair = ESTIMATES["C27.difference"]
    first = np.linspace(0.2, 0.6, 40)
    arms = {
        (pair.id, pair.scenario): simulated(first),
        (pair.id, pair.against): simulated(first - 0.1),
    }
    prediction = predictions_of([pair], arms)[pair.id]
    assert prediction.expected_low == pytest.approx(0.1) and prediction.expected_high == pytest.approx(0.1)


def test_no_two_settings_or_draws_share_patients():
    names = scenario_names(select_estimates(None, None))
    assert len(names) > 30
    ends = sorted((draws.replicate_of(name, 0), draws.replicate_of(name, 9999)) for name in names)
    assert ends[0][0] > 0  # replicate 0 is the cohort by the setting's own numbers
    assert all(before[1] < after[0] for before, after in pairwise(ends))
    assert ends[-1][1] < 2**31


def test_an_estimate_without_patients_in_some_draw_has_no_interval():
    prediction = predict(MEAN, [*simulated(np.ones(39)), NOBODY])
    assert (prediction.place, prediction.without_patients) == ("nobody", 1)
    row = Row(MEAN, Estimate(1.0, 0.1, 10), prediction)
    assert output.cells(row)[-2:] == ("no patient counts in 1 draws", "–")
    validation = Validation([row], 500, 1, 40)
    assert prediction_tables.lines(validation) == [
        "Without a prediction interval, as no patient counts in some draws: C25.mean."
    ]
    assert json.loads(validation.json())["figures"][0]["prediction"]["low"] is None


def test_coverage_by_level_has_its_exact_interval():
    inside, outside = predict(MEAN, simulated(np.full(40, 1.5))), predict(MEAN, simulated(np.full(40, 3.0)))
    found = coverage([inside, inside, outside])
    assert [(level.level, level.inside, level.of) for level in found] == [(0.5, 2, 3), (0.8, 2, 3), (0.95, 2, 3)]
    exact = stats.binomtest(2, 3).proportion_ci(method="exact")
    assert (found[0].low, found[0].high) == pytest.approx((exact.low, exact.high))
    for count in (0, 3):
        exact = stats.binomtest(count, 3).proportion_ci(method="exact")
        assert exact_interval(count, 3) == pytest.approx((exact.low, exact.high))
    assert math.isnan(exact_interval(0, 0)[0])


def made_up():
    near, far = simulated(np.full(40, 1.5)), simulated(np.full(40, 3.0))
    fit = ESTIMATES["A01"]
    at_fit = simulated(np.full(40, fit.value))
    return Validation(
        [
            Row(fit, Estimate(fit.value, 0.01, 500), predict(fit, at_fit)),
            Row(MEAN, Estimate(1.5, 0.01, 500), predict(MEAN, near)),
            Row(MEAN.model_copy(update={"id": "C26"}), Estimate(3.0, 0.01, 500), predict(MEAN, far)),
        ],
        500,
        1,
        40,
    )


def test_every_output_has_the_prediction_beside_the_published_interval():
    validation = made_up()
    assert output.tables(validation)[0].head[-2:] == prediction_tables.HEAD
    assert [row[-1] for row in output.tables(validation)[1].rows] == ["yes", "no"]
    assert [row[-3] for row in output.tables(validation)[1].rows] == ["yes", "no"]  # the published interval as before
    assert prediction_tables.coverage_table(validation).rows[-1] == ("all", "1", "·", "1", "1")
    fit, held_out = prediction_tables.lines(validation)
    assert "In-sample" in fit and "In-sample" not in held_out
    assert "2 published values held out: 1 in the 50% interval (50%, exact 95% interval 1 to 99%)" in held_out
    page = output.files(validation)
    assert prediction_tables.COVERAGE in page["validate.html"] and "Wide bars" in page["validate.html"]
    assert "prediction interval" in validation._repr_html_()
    assert "40 draws" in repr(validation)
    values = json.loads(validation.json())
    assert values["uncertainty"]["draws"] == 40 and values["uncertainty"]["patients"] == 500
    assert [level["inside"] for level in values["uncertainty"]["levels"]["validation"]] == [1, 1, 1]
    assert values["uncertainty"]["coverage"]["fit"]["response"]["inside"] == 1
    assert 0.4 < values["figures"][1]["prediction"]["rank"] < 0.6


def test_without_draws_nothing_changes():
    validation = Validation([Row(MEAN, Estimate(1.5, 0.01, 500))], 500, 1)
    assert output.tables(validation)[0].head == output.HEAD
    assert "uncertainty" not in validation.as_dict() and "prediction" not in validation.as_dict()["figures"][0]
    assert "prediction" not in output.files(validation)["validate.html"]


def test_numbers_out_of_range_are_named_together():
    with pytest.raises(EvidenceError, match=r"workers: .*patients: .*uncertainty: expected a whole number from 20"):
        validate("setting-rome", patients=0, workers=0, uncertainty=19)
    done = cli("validate", "--setting", "setting-rome", "--uncertainty", "19")
    assert done.exit_code == 2 and "uncertainty" in done.output and "Traceback" not in done.output


def test_a_setting_without_uncertain_numbers_is_refused(monkeypatch):
    from nephrosyn import uncertainty

    monkeypatch.setattr(uncertainty, "uncertainty_of", lambda resolved: ())
    draws.setting.cache_clear()
    done = cli("validate", "--setting", "setting-rome", "--patients", "20", "--uncertainty", "20", "--workers", "1")
    draws.setting.cache_clear()
    assert done.exit_code == 2 and "all numbers are fixed" in done.output and "setting-rome" in done.output


@pytest.mark.slow
def test_draws_are_the_same_for_any_number_of_workers():
    """Two settings, both arms of a difference; the first draws do not change if more follow."""
    estimates = select_estimates("setting-india-infrequent-short", None)
    names = scenario_names(estimates)
    one, two = (draws.simulate_draws(estimates, names, 30, 5, 20, workers=workers) for workers in (1, 2))
    assert one == two
    assert {len(values) for values in one.values()} == {20}
    more = draws.simulate_draws(estimates, names, 30, 5, 23, workers=1)
    assert {key: values[:20] for key, values in more.items()} == one
    key = ("C27.difference", "setting-india-infrequent")
    assert len({estimate.value for estimate in one[key]}) > 5
    other = draws.simulate_draws(estimates, names, 30, 6, 20, workers=1)
    assert other[key] != one[key]


@pytest.mark.slow
def test_the_command_gives_prediction_intervals(tmp_path):
    words = ("validate", "--setting", "setting-rome", "--patients", "60", "--uncertainty", "20", "--workers", "1")
    done = cli(*words, "--out", str(tmp_path / "v"))
    assert "95% prediction interval" in done.output and "held out: 0 in the 50% interval" in done.output.replace(
        "\n", " "
    )
    values = json.loads((tmp_path / "v" / "validate.json").read_text("utf-8"))
    assert values["figures"][0]["prediction"]["sampling"].startswith("normal")
