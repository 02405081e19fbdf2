"""Published and simulated estimates: position, distance, and what `nephrosyn validate` prints."""

from __future__ import annotations

import json
import math

import pytest
from typer.testing import CliRunner

from nephrosyn.cli.app import app
from nephrosyn.errors import EvidenceError
from nephrosyn.evidence.measures.estimators import Estimate
from nephrosyn.evidence.published.estimates_table import published_estimates
from nephrosyn.evidence.validation import output
from nephrosyn.evidence.validation.validate import Row, Validation, combine_arms, select_estimates, validate

ESTIMATES = {estimate.id: estimate for estimate in published_estimates()}
C12 = ESTIMATES["C12"]  # 22.1%, 16.1 to 29.5%


def cli(*words):
    return CliRunner().invoke(app, list(words), prog_name="nephrosyn")


@pytest.mark.parametrize(
    ("value", "error", "place"),
    [
        (0.22, 0.01, "inside"),
        (0.30, 0.01, "edge"),
        (0.33, 0.01, "outside"),
        (0.15, 0.01, "edge"),
        (0.10, 0.01, "outside"),
    ],
)
def test_outside_only_if_more_patients_would_not_change_it(value, error, place):
    assert Row(C12, Estimate(value, error, 100)).place == place


def test_distance_is_in_standard_errors_of_the_side_it_lies_on():
    low, high = C12.interval
    assert Row(C12, Estimate(high, 0.01, 100)).distance == pytest.approx(1.96, abs=0.001)
    assert Row(C12, Estimate(low, 0.01, 100)).distance == pytest.approx(-1.96, abs=0.001)
    assert Row(C12, Estimate(C12.value, 0.01, 100)).distance == 0


def test_two_arms():
    first, second = Estimate(0.4, 0.1, 10), Estimate(0.2, 0.1, 10)
    assert combine_arms(ESTIMATES["C07.hazard"], first, second).value == 2
    assert combine_arms(ESTIMATES["C27.difference"], first, second).value == pytest.approx(0.2)
    assert combine_arms(C12, first, None) is first


def test_chi_square_and_what_failed():
    far, near = Estimate(0.5, 0.01, 10), Estimate(0.873, 0.01, 10)
    rows = [Row(C12, far), Row(ESTIMATES["A01"], near), Row(ESTIMATES["C13"], far)]
    validation = Validation(rows, 10, 1)
    assert validation.chi_square("fit") == (pytest.approx(rows[1].distance ** 2 + rows[2].distance ** 2), 2)
    assert [row.published.id for row in validation.failed] == ["C13"]  # C12 is outside too, but nothing is fitted to it
    assert Validation([Row(C12, far)], 10, 1).failed == []
    assert Validation([Row(ESTIMATES["A01"], Estimate(math.nan, math.nan, 0))], 10, 1).failed


def test_an_estimate_for_which_nobody_counts_has_no_place_and_no_distance():
    nobody, near = Estimate(math.nan, math.nan, 0), Estimate(0.873, 0.01, 10)
    validation = Validation([Row(ESTIMATES["A01"], near), Row(ESTIMATES["C13"], nobody), Row(C12, nobody)], 10, 1)
    assert [row.place for row in validation.rows] == ["inside", "nobody", "nobody"]
    assert output.cells(validation.rows[1])[-3:] == ("no patient counts", "–", "no patient counts")
    text = output.sentence(validation)
    # C13 is no estimate that lies outside
    assert text.startswith("The simulated value lies within the published interval for 1 of 1 estimate used for fit")
    assert "there is no simulated value for estimates held out for validation; for 2 of 3 estimates no patient" in text
    assert [row.published.id for row in validation.failed] == ["C13"]


def test_coverage_is_counted_by_group_and_use():
    far, near, nobody = Estimate(0.5, 0.01, 10), Estimate(0.873, 0.01, 10), Estimate(math.nan, math.nan, 0)
    rows = [Row(ESTIMATES["A01"], near), Row(ESTIMATES["A03"], nobody), Row(C12, far), Row(ESTIMATES["C13"], far)]
    validation = Validation(rows, 10, 1)
    none = {"inside": 0, "edge": 0, "outside": 0, "nobody": 0}
    assert validation.coverage("fit") == {
        "response": {**none, "inside": 1, "nobody": 1},
        "first relapse and relapse counts": {**none, "outside": 1},
        "frequent relapse and dependence": none,
    }
    assert validation.coverage("validation")["frequent relapse and dependence"] == {**none, "outside": 1}
    assert output.coverage_table(validation).rows[-1] == ("all", "1", "·", "1", "·", "·", "1")
    assert validation.as_dict()["coverage"]["fit"] == validation.coverage("fit")
    assert {row["id"]: row["group"] for row in validation.as_dict()["figures"]}["A01"] == "response"


def test_rows_outside_are_explained_by_cause_and_what_has_no_cause_is_named():
    def beyond(name, errors):
        estimate = ESTIMATES[name]
        low, high = estimate.interval
        return Row(estimate, Estimate(high + errors * (high - low), 0.1 * (high - low), 100))

    rows = [beyond("A01", 1), beyond("B10.median", 1), beyond("B10.upper", 0.1), beyond("A03", 0.1), beyond("R01", 1)]
    assert [row.place for row in rows] == ["outside", "outside", "edge", "edge", "outside"]
    validation = Validation(rows, 10, 1)
    lines = output.cause_lines(validation)
    assert lines[0].startswith("B10.median, B10.upper (on the edge): visits of setting-hong-kong-adult-mcd. The paper")
    assert lines[1].startswith("R01: membranous nephropathy in setting-japan-all. ")
    assert lines[2:] == ["A01: not explained."]
    assert [entry["estimates"] for entry in validation.as_dict()["causes"]] == [
        {"B10.median": "outside", "B10.upper": "edge"},
        {"R01": "outside"},
        {"A01": "outside"},
    ]
    assert "Outside, and the part" in output.files(validation)["validate.html"]
    assert output.cause_lines(Validation([], 10, 1)) == []


def test_settings_and_estimates_are_selected_by_name():
    assert {estimate.scenario for estimate in select_estimates("setting-japan-children", None)} == {
        "setting-japan-children"
    }
    assert [estimate.id for estimate in select_estimates(None, "C12")] == ["C12"]
    assert len(select_estimates(None, "C01")) == 3


@pytest.mark.parametrize(
    ("setting", "estimate", "message"),
    [
        ("setting-japan", None, "setting-japan-children"),
        (None, "A15", "not simulated: a range over papers"),
        (None, "C99", "nearest"),
        ("setting-paris", "C12", "of this setting"),
    ],
)
def test_what_cannot_be_simulated_is_refused_with_the_reason(setting, estimate, message):
    with pytest.raises(EvidenceError, match=message):
        validate(setting, estimate)


@pytest.mark.slow
def test_the_command_prints_both_uses_and_writes_a_page(tmp_path):
    words = ("validate", "--setting", "setting-japan-children", "--patients", "900", "--out", str(tmp_path / "v"))
    done = cli(*words)
    assert done.exit_code == 0, done.output
    for part in (
        "Used for fitting",
        "Held out for validation",
        "C13",
        "C12",
        "Coverage by group",
        "not for clinical use",
        "sum of squared differences",
    ):
        assert part in done.output or part.capitalize() in done.output or part in done.output.lower()
    page = (tmp_path / "v" / "validate.html").read_text("utf-8")
    assert "<svg" in page and "http" not in page.replace("http://www.w3.org", "")
    values = json.loads((tmp_path / "v" / "validate.json").read_text("utf-8"))
    assert {row["id"] for row in values["figures"]} >= {"A01", "C12", "C13"}
    assert cli(*words).exit_code == 2  # it stands there
    assert cli(*words, "--overwrite").exit_code == 0


@pytest.mark.slow
def test_a_fit_row_outside_ends_with_1(monkeypatch):
    from nephrosyn.evidence.validation import validate as module

    far = ESTIMATES["A01"].model_copy(update={"published": 0.5, "published_low": 0.45, "published_high": 0.55})
    monkeypatch.setattr(module, "published_estimates", lambda: (far,))
    done = cli("validate", "--patients", "600", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["figures"][0]["place"] == "outside"


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers():
    first, second = (validate("setting-rome", patients=700).json() for _ in range(2))
    assert first == second
