"""Calibration: refused targets, free parameters, and recovery of known values."""

from __future__ import annotations

import tomllib

import pytest
from typer.testing import CliRunner

from nephrosyn.cli.app import app
from nephrosyn.errors import EvidenceError
from nephrosyn.evidence.calibration import output
from nephrosyn.evidence.calibration.fit import calibrate
from nephrosyn.evidence.calibration.free_parameters import FreeParameter, read_free_parameter
from nephrosyn.evidence.calibration.result import FittedParameter
from nephrosyn.evidence.calibration.targets import targets
from nephrosyn.evidence.published.estimates_table import published_estimates
from nephrosyn.evidence.validation.validate import simulate_arm
from nephrosyn.scenario import load
from nephrosyn.uncertainty import draw

CHILDREN = "disease.relapse.bands.children"
ESTIMATES = {estimate.id: estimate for estimate in published_estimates()}


@pytest.mark.parametrize("name", ["one-third", "1/3", "R01", "R02", "R06"])
def test_one_third_is_never_a_target(name):
    with pytest.raises(EvidenceError, match="never a calibration target"):
        targets([name])


@pytest.mark.parametrize("name", [estimate.id for estimate in ESTIMATES.values() if estimate.use == "validation"])
def test_a_validation_row_is_never_a_target(name):
    with pytest.raises(EvidenceError, match=r"held out for validation|refractory"):
        targets([name])


def test_an_evidence_id_stands_for_its_fit_rows():
    assert [target.id for target in targets(["C01", "C01.1y"])] == ["C01.1y", "C01.5y"]


def test_all_that_is_wrong_is_said_at_once():
    done = CliRunner().invoke(
        app,
        ["calibrate", "setting-uk-prednos", "--free", "nope", "--free", "care", "--estimates", "A01"],
        prog_name="n",
    )
    assert done.exit_code == 2
    for part in ("nope: expected a key", "care: expected the key of one number", "does not extend"):
        assert part in done.output
    with pytest.raises(EvidenceError, match="at least as many estimates"):
        calibrate("setting-china-ssns", [f"{CHILDREN}.rate_per_year", f"{CHILDREN}.frailty_shape"], ["C01.1y"])
    with pytest.raises(EvidenceError, match="none of the estimates depends on it"):
        calibrate("setting-children", [f"setting-paris:{CHILDREN}.rate_per_year"], ["C01.1y"])


def test_an_estimate_for_which_nobody_counts_is_refused():
    with pytest.raises(EvidenceError, match=r"of 1 simulated patients none counts for C13; ask for more patients"):
        calibrate("setting-japan-children", [f"{CHILDREN}.rate_per_year"], ["C13"], patients=1)


def test_a_number_is_free_within_what_the_schema_says():
    share = read_free_parameter(f"{CHILDREN}.never_relapsing_share", "setting-children")
    rate = read_free_parameter(
        "setting-children:disease.response.children.minimal_change.time_to_remission_days.scale", "baseline"
    )
    assert isinstance(share, FreeParameter) and isinstance(rate, FreeParameter)
    assert (share.is_share, rate.is_share) == (True, False)
    assert 0 < share.low < share.high < 1
    assert rate.low == pytest.approx(rate.start / 20)
    for parameter in (share, rate):
        assert parameter.from_scale(parameter.to_scale(parameter.start)) == pytest.approx(parameter.start)


def test_a_start_of_its_own_makes_a_fit_independent_of_the_number_in_the_setting():
    begun = read_free_parameter(f"setting-paris:{CHILDREN}.rate_per_year=3.5", "setting-children")
    assert isinstance(begun, FreeParameter)
    assert (begun.setting, begun.start) == ("setting-paris", 3.5)
    assert (begun.low, begun.high) == (pytest.approx(3.5 / 20), pytest.approx(70))
    for wrong in ("2", "much", "nan", "-0.1", ""):
        message = read_free_parameter(f"{CHILDREN}.never_relapsing_share={wrong}", "setting-children")
        assert isinstance(message, str), wrong
        assert f"found {wrong}" in message


def test_a_range_limits_the_prior_only():
    shape = read_free_parameter(f"{CHILDREN}.frailty_shape=0.6:0.3:2.4", "setting-children")
    assert isinstance(shape, FreeParameter)
    assert (shape.start, shape.prior) == (0.6, (0.3, 2.4))
    assert (shape.low, shape.high) == (pytest.approx(0.05), pytest.approx(12))
    for wrong in ("0.6:0.3", "0.6:0.7:2", "0.6:0.3:2:3", "0.6:x:2", "0.6:0.3:500", "0.6::"):
        message = read_free_parameter(f"{CHILDREN}.frailty_shape={wrong}", "setting-children")
        assert isinstance(message, str), wrong
        assert f"found {wrong}" in message


def test_what_a_parameter_is_known_by():
    parameter = FreeParameter("setting-paris", ("x",), 1.0, 0.1, 10.0, (0.1, 10.0))
    ends = {(0.5, 2.0): "yes", (0.11, 2.0): "on one side", (0.5, 9.9): "on one side", (0.11, 9.0): "no"}
    for (low, high), words in ends.items():
        assert FittedParameter(parameter, 1.0, low, high, (), 0.1).determined == words


def test_a_number_that_the_table_does_not_hold_is_refused(tmp_path):
    share = f"{CHILDREN}.never_relapsing_share"
    rate = f"{CHILDREN}.rate_per_year"
    with pytest.raises(EvidenceError, match="one free number can be calibrated given a table"):
        calibrate("setting-china-ssns", [share, rate], ["C01.1y", "C01.5y"], given="children-relapse", patients=20)
    with pytest.raises(EvidenceError, match="nearest: children-relapse"):
        calibrate("setting-china-ssns", [share], ["C01.1y"], given="childrn-relapse", patients=20)


def test_a_number_goes_no_further_than_the_scenario_allows():
    """Complete and partial response sum to at most 1; the schema limits each alone."""
    complete = read_free_parameter("disease.response.adults.minimal_change.complete", "baseline")
    assert isinstance(complete, FreeParameter)
    assert 0.969 < complete.high <= 0.97


def test_a_number_moves_the_settings_that_do_not_set_it_themselves(tmp_path):
    shared = read_free_parameter(f"{CHILDREN}.frailty_shape", "setting-children")
    file = tmp_path / "changed.toml"
    text = 'extends = "setting-japan-children"\n[disease.relapse.bands.children]\nfrailty_shape = 2.0\n'
    file.write_text(text + f'[sources]\n"{CHILDREN}.frailty_shape" = "assumed: a test"\n', "utf-8")
    assert shared.changes("setting-children")
    assert shared.changes("setting-japan-children")
    assert not shared.changes(str(file))
    assert not shared.changes("baseline")


def simulated_estimates(setting, values, ids, patients):
    """Estimates as a study of 400 people in a setting with known values would publish them, with another seed."""
    scenario = load(setting, [f"{key}={value}" for key, value in values.items()]).scenario
    simulated = simulate_arm([ESTIMATES[name] for name in ids], setting, scenario, patients, seed=77)
    return [
        ESTIMATES[name].model_copy(
            update={"published": estimate.value, "numerator": None, "denominator": 400, "published_low": None}
        )
        for (name, _), estimate in simulated.items()
    ]


@pytest.mark.slow
def test_known_numbers_come_back(tmp_path):
    """Two parameters of the curve of first relapse, from a start that is wrong in both.

    The estimates come from 6,000 patients but have the intervals of 400, so their sampling error is a quarter of what
    the 95% intervals allow, and that of the fit (2,000 patients, another seed) less than a half: together 0.52, so that
    3.8 standard errors lie between the truth and a false alarm.

    The rate is one at which the estimates tell the parameters apart. From 1.5 a year upwards both parameters move the
    two estimates in nearly the same proportion, and the fit ends by its limit of rounds or without bounds of its own.
    """
    known = {f"{CHILDREN}.never_relapsing_share": 0.35, f"{CHILDREN}.rate_per_year": 1.0}
    published = simulated_estimates("setting-china-ssns", known, ["C01.1y", "C01.5y"], 6000)
    start = [f"{CHILDREN}.never_relapsing_share", f"{CHILDREN}.rate_per_year"]
    calibration = calibrate("setting-china-ssns", start, published, patients=2000)
    for fit in calibration.fitted:
        assert fit.low < known[fit.parameter.key] < fit.high, fit
        assert not fit.at_limit
    assert calibration.converged
    assert calibration.emulator_uncertainty < 0.1
    assert 300 < calibration.effective_draws <= 400
    assert sum(row.distance**2 for row in calibration.after) < 0.1 < sum(row.distance**2 for row in calibration.before)

    output.write(calibration, tmp_path / "c")
    file = tmp_path / "c" / "setting-china-ssns-calibrated.toml"
    again = load(file)
    share = again.scenario.disease.relapse.bands["children"].never_relapsing_share
    assert share == pytest.approx(calibration.fitted[0].value, rel=1e-3)
    assert again.origins[f"{CHILDREN}.never_relapsing_share"] == calibration.source
    assert calibration.source == f"calibrated: C01; run {calibration.digest}"
    assert tomllib.loads(file.read_text("utf-8"))["extends"] == "setting-china-ssns"
    assert "converged." in (tmp_path / "c" / "residuals.md").read_text("utf-8")

    drawn = [draw(again, place).scenario.disease.relapse.bands["children"] for place in range(20)]
    rows = set(zip(*(fit.draws for fit in calibration.fitted), strict=True))
    assert {(one.never_relapsing_share, one.rate_per_year) for one in drawn} <= rows
    options = ["--uncertainty", "20", "--patients", "20", "--no-report", "--out", str(tmp_path / "r")]
    done = CliRunner().invoke(app, ["run", str(file), *options])
    assert done.exit_code == 0, done.output
