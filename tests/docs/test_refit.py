"""Every calibrated number of the shipped scenarios can be reproduced by a command, with the same digest."""

from __future__ import annotations

import importlib
import sys
import tomllib
from pathlib import Path

import pytest

from nephrosyn.evidence.calibration.free_parameters import FreeParameter
from nephrosyn.evidence.calibration.result import FittedParameter
from nephrosyn.evidence.calibration.targets import targets
from nephrosyn.evidence.published.estimates_table import published_estimates
from nephrosyn.scenario import load
from nephrosyn.scenario.files.provenance import CALIBRATED, ids
from nephrosyn.scenario.tree import get, split

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def refit():
    sys.path.insert(0, str(DOCS.parent / "tools"))
    try:
        return importlib.import_module("refit")
    finally:
        sys.path.remove(str(DOCS.parent / "tools"))


def test_no_calibrated_number_is_without_its_command(refit):
    known = {fit.source for fit in refit.FITS}
    texts = [file.read_text("utf-8") for file in (DOCS.parent / "scenarios").glob("*.toml")]
    named = {source for text in texts for source in refit.RUN.findall(text)}
    assert sum(text.count(f'"{CALIBRATED}') for text in texts) == sum(len(refit.RUN.findall(text)) for text in texts)
    assert named == known
    assert len(known) == len(refit.FITS)


def test_a_source_names_the_figures_of_its_command(refit):
    for fit in refit.FITS:
        assert {refit.source(*place) for place in fit.places} == {fit.source}
        assert set(ids(fit.source)) == set(fit.figures)
        assert all(target.use == "fit" for target in targets(fit.figures))


@pytest.mark.slow
def test_settings_are_classified_by_the_set_of_their_figures():
    sets = {
        name: load(name).scenario.criteria
        for name in {figure.scenario for figure in published_estimates() if figure.scenario}
    }
    for figure in published_estimates():
        if "definition" in figure.arguments:
            assert figure.definition == figure.arguments["definition"]
            assert sets[figure.scenario] == [figure.definition], figure.id


def test_a_number_is_written_with_its_source_and_nothing_else(refit, tmp_path, monkeypatch):
    monkeypatch.setattr(refit, "SCENARIOS", tmp_path)
    before = (DOCS.parent / "scenarios" / "setting-paris.toml").read_text("utf-8")
    file = tmp_path / "setting-paris.toml"
    file.write_text(before, "utf-8")
    refit.write("setting-paris", refit.RATE, 0.43210, f"{CALIBRATED} C03; run 01234567")
    lines = set(file.read_text("utf-8").splitlines()) - set(before.splitlines())
    source = f'"{refit.RATE}" = "{CALIBRATED} C03; run 01234567"'
    assert lines == {"rate_per_year = 0.4321", source}
    with pytest.raises(ValueError, match="0 times"):
        refit.write("setting-paris", f"{refit.RELAPSE}.frailty_shape", 1.0, "")


def test_a_number_stays_within_its_monte_carlo_error(refit):
    now = load("setting-paris").scenario.disease.relapse.bands["children"].rate_per_year
    parameter = FreeParameter("setting-paris", split(refit.RATE), now, 0.1, 10.0, (0.1, 10.0))
    for moved, stays in ((1.05, True), (0.96, True), (1.2, False)):
        fitted = FittedParameter(parameter, now * moved, 0.5, 2.0, (), 0.1)
        assert refit.kept("setting-paris", refit.RATE, fitted) == (now if stays else now * moved)


def test_an_entry_is_written_once(refit, tmp_path, monkeypatch):
    monkeypatch.setattr(refit, "SCENARIOS", tmp_path)
    file = tmp_path / "own.toml"
    file.write_text('title = "x"\n\n[uncertainty]\n"a.c" = { fixed = "y" }\n\n[sources]\n"a.b" = "C01"\n', "utf-8")
    for table in ("first", "second"):
        refit.write_entry("own", f'"a.b" = {{ posterior = "{table}" }}')
    assert tomllib.loads(file.read_text("utf-8")) == {
        "title": "x",
        "uncertainty": {"a.c": {"fixed": "y"}, "a.b": {"posterior": "second"}},
        "sources": {"a.b": "C01"},
    }


@pytest.mark.slow
def test_a_fit_comes_out_again_to_its_digest(refit):
    """The cheapest fit; it starts away from its result."""
    (fit,) = (fit for fit in refit.FITS if fit.setting == "setting-seoul-children")
    calibration = fit.run()
    assert calibration.source == fit.source
    for (setting, key), parameter in zip(fit.places, calibration.fitted, strict=True):
        value = get(load(setting).scenario.model_dump(mode="json"), split(key))
        assert value == float(f"{refit.kept(setting, key, parameter):.4g}") != parameter.parameter.start
