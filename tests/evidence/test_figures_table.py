"""The table of published figures: whole, each row sound, and everything wrong with one named at once."""

from __future__ import annotations

import csv
import re
from importlib.resources import files

import pytest

from nephrosyn.errors import EstimateError
from nephrosyn.evidence.published.estimates_table import ESTIMATES_FILE, published_estimates, load, collected_rows, parse_table
from nephrosyn.scenario import load as scenario
from nephrosyn.scenario import shipped
from nephrosyn.scenario.files.provenance import CALIBRATED, ids

TEXT = files("nephrosyn.evidence").joinpath(ESTIMATES_FILE).read_text("utf-8")
ROWS = list(csv.DictReader(TEXT.splitlines()))


def changed(number, **values):
    """The table with one row changed."""
    rows = [dict(row) for row in ROWS]
    next(row for row in rows if row["id"] == number).update(values)
    lines = [",".join(f'"{value}"' for value in row.values()) for row in rows]
    return "\n".join([",".join(ROWS[0]), *lines])


def test_every_published_figure_has_a_row():
    assert len(collected_rows()) == 86
    assert {figure.evidence for figure in published_estimates()} == {row["id"] for row in collected_rows()}


def test_every_row_is_simulated_or_says_why_not():
    for figure in published_estimates():
        assert bool(figure.measure) == (figure.use != "none"), figure.id
        assert figure.measure or len(figure.note) > 15, figure.id
        if figure.use != "none":
            assert all((figure.entry, figure.visits, figure.definition, figure.follow_up, figure.counted)), figure.id


def test_the_interval_of_counts_is_wilsons():
    known = {figure.id: figure for figure in published_estimates()}
    assert known["C12"].interval == pytest.approx((0.161, 0.295), abs=5e-4)
    assert known["C12"].basis == "Wilson, n = 145"
    assert known["F01.early"].interval == pytest.approx((0.054, 0.165), abs=5e-4)
    assert known["A24"].interval == pytest.approx((447.4 - 66.7, 447.4 + 66.7), abs=0.1)


def test_what_the_collection_says_of_wilson_is_what_the_table_has():
    """The collected figures carry derived intervals as text: another derivation of the same numbers."""
    told = {row["id"]: re.match(r"([\d.]+)-([\d.]+)% \(Wilson", row["ci_or_range"]) for row in collected_rows()}
    compared = 0
    for figure in published_estimates():
        found = told[figure.evidence]
        if found and figure.id == figure.evidence and figure.interval and figure.kind == "share":
            assert [100 * end for end in figure.interval] == pytest.approx(
                [float(one) for one in found.groups()], abs=0.06
            )
            compared += 1
    assert compared >= 12


def test_nothing_is_fitted_to_refractory_shares():
    assert not [figure.id for figure in published_estimates() if figure.evidence.startswith("R") and figure.use == "fit"]
    with pytest.raises(EstimateError, match="never fitted"):
        parse_table(TEXT + "\nR01.x,x,share,1,2,,,,,,,,e,v,d,f,c,baseline,,fit,male_share,,n", "own.csv")


@pytest.mark.parametrize("name", sorted(shipped()))
def test_numbers_are_calibrated_to_fit_rows_only(name):
    """Fit and validation rows are disjoint: an evidence id behind a calibrated number has fit rows."""
    fit = {figure.evidence for figure in published_estimates() if figure.use == "fit"}
    for source in scenario(name).origins.values():
        if source.startswith(CALIBRATED):
            assert set(ids(source)) <= fit
            assert re.search(r"; run [0-9a-f]{8}$", source)


OF_CARE = ("care.", "chart.", "population.follow_up_days", "population.accrual", "second_line.", "criteria")


@pytest.mark.parametrize("name", sorted(shipped()))
def test_no_number_of_disease_or_people_comes_from_a_validation_row(name):
    """How a study saw its patients may be taken from any paper; what became of them may not, if it is to be a test."""
    uses = {}
    for figure in published_estimates():
        uses.setdefault(figure.evidence, set()).add(figure.use)
    kept = {evidence for evidence, use in uses.items() if "validation" in use and "fit" not in use}
    assert {"B02", "B10", "C12", "R01"} <= kept
    taken = {key: set(ids(source)) & kept for key, source in scenario(name).origins.items()}
    assert not {key: found for key, found in taken.items() if found and not key.startswith(OF_CARE)}


@pytest.mark.parametrize(
    ("number", "values", "told"),
    [
        ("A01", {"measure": "remision"}, "nearest: remission"),
        ("A01", {"scenario": "setting-japan"}, "setting-japan-children"),
        ("A01", {"arguments": "definition=iskdc; days=28"}, "no argument days; argument within_days is missing"),
        ("A01", {"denominator": ""}, "a value and an interval"),
        ("A01", {"use": "perhaps"}, "fit"),
        ("A01", {"numerator": "many"}, "valid number"),
        ("A15", {"note": ""}, "needs its reason"),
        ("C07.hazard", {"against": ""}, "an arm to go against"),
        ("C07.hazard", {"published": "2"}, "does not hold the value"),
        ("A01", {"id": "A02"}, "an id of the published figures"),
        ("A03", {"id": "A01"}, "each id once"),
        ("A01", {"id": "A03.x"}, "a row for each published figure"),
    ],
)
def test_what_is_wrong_is_named(number, values, told):
    with pytest.raises(EstimateError) as caught:
        parse_table(changed(number, **values), "own.csv")
    assert told in str(caught.value)
    assert "own.csv" in str(caught.value)


def test_all_that_is_wrong_is_named_at_once(tmp_path):
    file = tmp_path / "own.csv"
    file.write_text(changed("A01", measure="nothing", scenario="nowhere") + "\nA02,x", "utf-8")
    with pytest.raises(EstimateError) as caught:
        load(file)
    assert all(word in str(caught.value) for word in ("nothing", "nowhere", "A02"))
