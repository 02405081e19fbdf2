"""Calibration: what is refused, what is free, and that known numbers come back."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
from typer.testing import CliRunner

from nephrosyn.cli.app import app
from nephrosyn.errors import RefusalError
from nephrosyn.evidence.calibration import output
from nephrosyn.evidence.calibration.fit import calibrate
from nephrosyn.evidence.calibration.free_parameters import FreeParameter, read_free_parameter
from nephrosyn.evidence.calibration.profile import profile
from nephrosyn.evidence.calibration.targets import targets
from nephrosyn.evidence.published.estimates_table import published_estimates
from nephrosyn.evidence.validation.comparison import simulate_arm
from nephrosyn.scenario import load

CHILDREN = "disease.relapse.bands.children"
FIGURES = {figure.id: figure for figure in published_estimates()}


@pytest.mark.parametrize("asked", ["one-third", "1/3", "R01", "R02", "R06"])
def test_one_third_is_never_a_target(asked):
    with pytest.raises(RefusalError, match="never a calibration target"):
        targets([asked])


@pytest.mark.parametrize("figure", [one for one in FIGURES.values() if one.use == "validation"], ids=lambda one: one.id)
def test_a_validation_row_is_never_a_target(figure):
    with pytest.raises(RefusalError, match=r"validation row|refractory"):
        targets([figure.id])


def test_an_evidence_id_stands_for_its_fit_rows():
    assert [one.id for one in targets(["C01", "C01.1y"])] == ["C01.1y", "C01.5y"]


def test_all_that_is_wrong_is_said_at_once():
    done = CliRunner().invoke(
        app, ["calibrate", "setting-uk-prednos", "--free", "nope", "--free", "care", "--figures", "A01"], prog_name="n"
    )
    assert done.exit_code == 2
    for part in ("nope: expected a key", "care: expected the key of one number", "does not extend"):
        assert part in done.output
    with pytest.raises(RefusalError, match="at least as many figures"):
        calibrate("setting-china-ssns", [f"{CHILDREN}.rate_per_year", f"{CHILDREN}.frailty_shape"], ["C01.1y"])
    with pytest.raises(RefusalError, match="moves none of the figures"):
        calibrate("setting-children", [f"setting-paris:{CHILDREN}.rate_per_year"], ["C01.1y"])


def test_a_figure_for_which_nobody_counts_is_refused():
    with pytest.raises(RefusalError, match=r"of 1 simulated patients none counts for C13; ask for more patients"):
        calibrate("setting-japan-children", [f"{CHILDREN}.rate_per_year"], ["C13"], patients=1)


def test_a_number_is_free_within_what_the_schema_says():
    share = read_free_parameter(f"{CHILDREN}.never_relapsing_share", "setting-children")
    rate = read_free_parameter("setting-children:disease.response.children.minimal_change.time_to_remission_days.scale", "baseline")
    assert isinstance(share, FreeParameter) and isinstance(rate, FreeParameter)
    assert (share.is_share, rate.is_share) == (True, False)
    assert 0 < share.low < share.high < 1
    assert rate.low == pytest.approx(rate.start / 20)
    for one in (share, rate):
        assert one.from_scale(one.to_scale(one.start)) == pytest.approx(one.start)


def test_a_start_of_its_own_makes_a_fit_independent_of_the_number_in_the_setting():
    begun = read_free_parameter(f"setting-paris:{CHILDREN}.rate_per_year=3.5", "setting-children")
    assert isinstance(begun, FreeParameter)
    assert (begun.setting, begun.start) == ("setting-paris", 3.5)
    assert (begun.low, begun.high) == (pytest.approx(3.5 / 20), pytest.approx(70))
    for wrong in ("2", "much", "nan", "-0.1", ""):
        told = read_free_parameter(f"{CHILDREN}.never_relapsing_share={wrong}", "setting-children")
        assert isinstance(told, str), wrong
        assert f"found {wrong}" in told


def test_a_number_goes_no_further_than_the_scenario_allows():
    """Complete and partial response are at most 1 together; the schema knows each alone."""
    one = read_free_parameter("disease.response.adults.minimal_change.complete", "baseline")
    assert isinstance(one, FreeParameter)
    assert 0.969 < one.high <= 0.97


def test_a_number_moves_the_settings_that_do_not_set_it_themselves(tmp_path):
    shared = read_free_parameter(f"{CHILDREN}.frailty_shape", "setting-children")
    own = tmp_path / "own.toml"
    text = 'extends = "setting-japan-children"\n[disease.relapse.bands.children]\nfrailty_shape = 2.0\n'
    own.write_text(text + f'[sources]\n"{CHILDREN}.frailty_shape" = "assumed: a test"\n', "utf-8")
    assert shared.changes("setting-children")
    assert shared.changes("setting-japan-children")
    assert not shared.changes(str(own))
    assert not shared.changes("baseline")


def test_the_profile_of_a_quadratic_is_that_of_the_normal_law():
    slopes = np.array([[2.0, 0.0], [1.0, 1.0], [0.0, 3.0]])
    best = np.array([0.3, -0.2])

    def residuals(x):
        return slopes @ (x - best)

    spans = profile(residuals, best, slopes, [(-9, 9), (-9, 9)])
    deviations = np.sqrt(np.diag(np.linalg.inv(slopes.T @ slopes)))
    for (low, high), middle, sd in zip(spans, best, deviations, strict=True):
        assert (low, high) == (pytest.approx(middle - 1.96 * sd, rel=1e-3), pytest.approx(middle + 1.96 * sd, rel=1e-3))


def made(setting, values, ids, patients):
    """Figures as a study of a setting with known numbers would publish them, of its own seed and of 400 people."""
    scenario = load(setting, [f"{key}={value}" for key, value in values.items()]).scenario
    found = simulate_arm([FIGURES[one] for one in ids], setting, scenario, patients, seed=77)
    return [
        FIGURES[name].model_copy(
            update={"published": seen.value, "numerator": None, "denominator": 400, "published_low": None}
        )
        for (name, _), seen in found.items()
    ]


@pytest.mark.slow
def test_known_numbers_come_back(tmp_path):
    """Two numbers of the curve of first relapse, from a start that is wrong in both.

    The figures come from 6,000 patients but carry the intervals of 400, so that chance in them is a quarter of what the
    95% intervals allow, and that of the fit (2,000 patients, another seed) less than a half: together 0.52 of one, so
    that 3.8 standard errors lie between the truth and a false alarm.
    """
    known = {f"{CHILDREN}.never_relapsing_share": 0.35, f"{CHILDREN}.rate_per_year": 2.5}
    published = made("setting-china-ssns", known, ["C01.1y", "C01.5y"], 6000)
    start = [f"{CHILDREN}.never_relapsing_share", f"{CHILDREN}.rate_per_year"]
    found = calibrate("setting-china-ssns", start, published, patients=2000)
    for one in found.fitted:
        assert one.low < known[one.parameter.key] < one.high, one
        assert not one.at_limit
    assert sum(row.distance**2 for row in found.after) < 0.1 < sum(row.distance**2 for row in found.before)

    output.write(found, tmp_path / "c")
    file = tmp_path / "c" / "setting-china-ssns-calibrated.toml"
    again = load(file)
    share = again.scenario.disease.relapse.bands["children"].never_relapsing_share
    assert share == pytest.approx(found.fitted[0].value, rel=1e-3)
    assert again.origins[f"{CHILDREN}.never_relapsing_share"] == found.source
    assert found.source == f"calibrated: C01; run {found.digest}"
    assert tomllib.loads(file.read_text("utf-8"))["extends"] == "setting-china-ssns"
