"""The table of published estimates: complete, each row valid, and all problems of a table reported at once."""

from __future__ import annotations

import csv
import re
from importlib.resources import files

import pytest

from nephrosyn.errors import EstimateError
from nephrosyn.evidence.published.causes import cause_of, causes
from nephrosyn.evidence.published.estimates_table import (
    ESTIMATES_FILE,
    GROUPS,
    collected_rows,
    parse_table,
    published_estimates,
)
from nephrosyn.scenario import load as scenario
from nephrosyn.scenario import shipped
from nephrosyn.scenario.files.provenance import CALIBRATED, ids

TEXT = files("nephrosyn.evidence.published").joinpath(ESTIMATES_FILE).read_text("utf-8")
ROWS = list(csv.DictReader(TEXT.splitlines()))


def changed(number, **values):
    """The table with one row changed."""
    rows = [dict(row) for row in ROWS]
    next(row for row in rows if row["id"] == number).update(values)
    lines = [",".join(f'"{value}"' for value in row.values()) for row in rows]
    return "\n".join([",".join(ROWS[0]), *lines])


def test_every_published_estimate_has_a_row():
    assert len(collected_rows()) == 86
    assert {estimate.evidence for estimate in published_estimates()} == {row["id"] for row in collected_rows()}


def test_every_row_is_simulated_or_says_why_not():
    for estimate in published_estimates():
        assert bool(estimate.measure) == (estimate.use != "none"), estimate.id
        assert estimate.measure or len(estimate.note) > 15, estimate.id
        if estimate.use != "none":
            assert all((estimate.entry, estimate.visits, estimate.definition, estimate.follow_up, estimate.counted)), (
                estimate.id
            )


def test_every_simulated_row_has_a_group_and_every_group_has_rows():
    simulated = [estimate for estimate in published_estimates() if estimate.use != "none"]
    assert {estimate.group for estimate in simulated} == set(GROUPS)


def test_a_cause_is_of_simulated_estimates_and_each_has_one_at_most():
    simulated = {estimate.id for estimate in published_estimates() if estimate.use != "none"}
    named = [name for cause in causes() for name in cause.estimates]
    assert len(named) == len(set(named)) == len(cause_of())
    assert set(named) <= simulated
    for cause in causes():
        assert cause.part and cause.text.endswith("."), cause
        assert len(cause.text) < 300, cause


def test_the_interval_of_counts_is_wilsons():
    known = {estimate.id: estimate for estimate in published_estimates()}
    assert known["C12"].interval == pytest.approx((0.161, 0.295), abs=5e-4)
    assert known["C12"].basis == "Wilson, n = 145"
    assert known["F01.early"].interval == pytest.approx((0.054, 0.165), abs=5e-4)
    assert known["A24"].interval == pytest.approx((447.4 - 66.7, 447.4 + 66.7), abs=0.1)


def test_what_the_collection_says_of_wilson_is_what_the_table_has():
    """The collected rows contain derived intervals as text: an independent derivation of the same numbers."""
    derived = {row["id"]: re.match(r"([\d.]+)-([\d.]+)% \(Wilson", row["ci_or_range"]) for row in collected_rows()}
    compared = 0
    for estimate in published_estimates():
        match = derived[estimate.evidence]
        if match and estimate.id == estimate.evidence and estimate.interval and estimate.kind == "share":
            assert [100 * end for end in estimate.interval] == pytest.approx(
                [float(end) for end in match.groups()], abs=0.06
            )
            compared += 1
    assert compared >= 12


def test_nothing_is_fitted_to_refractory_shares():
    assert not [
        estimate.id for estimate in published_estimates() if estimate.evidence.startswith("R") and estimate.use == "fit"
    ]
    with pytest.raises(EstimateError, match="never fitted"):
        parse_table(TEXT + "\nR01.x,x,share,1,2,,,,,,,,e,v,d,f,c,baseline,,fit,response,male_share,,n", "table.csv")


@pytest.mark.parametrize("name", sorted(shipped()))
def test_numbers_are_calibrated_to_fit_rows_only(name):
    """Fit and validation rows are disjoint: an evidence id behind a calibrated number has fit rows."""
    fit = {estimate.evidence for estimate in published_estimates() if estimate.use == "fit"}
    for source in scenario(name).origins.values():
        if source.startswith(CALIBRATED):
            assert set(ids(source)) <= fit
            assert re.search(r"; run [0-9a-f]{8}$", source)


OF_CARE = ("care.", "chart.", "population.follow_up_days", "population.accrual", "second_line.", "criteria")


@pytest.mark.parametrize("name", sorted(shipped()))
def test_no_number_of_disease_or_people_comes_from_a_validation_row(name):
    """How a study saw its patients may be taken from any paper, but not their outcomes, which are the test."""
    uses = {}
    for estimate in published_estimates():
        uses.setdefault(estimate.evidence, set()).add(estimate.use)
    held_out = {evidence for evidence, use in uses.items() if "validation" in use and "fit" not in use}
    assert {"B02", "B10", "C12", "R01"} <= held_out
    taken = {key: set(ids(source)) & held_out for key, source in scenario(name).origins.items()}
    assert not {key: names for key, names in taken.items() if names and not key.startswith(OF_CARE)}


@pytest.mark.parametrize(
    ("number", "values", "message"),
    [
        ("A01", {"measure": "remision"}, "nearest: remission"),
        ("A01", {"scenario": "setting-japan"}, "setting-japan-children"),
        ("A01", {"arguments": "definition=iskdc; days=28"}, "no argument days; argument within_days is missing"),
        ("A01", {"denominator": ""}, "a value and an interval"),
        ("A01", {"use": "perhaps"}, "fit"),
        ("A01", {"numerator": "many"}, "valid number"),
        ("A01", {"group": ""}, "is not one of: response; time to remission"),
        ("A15", {"group": "answers"}, "is not one of"),
        ("A15", {"note": ""}, "needs its reason"),
        ("C07.hazard", {"against": ""}, "has a second arm"),
        ("C07.hazard", {"published": "2"}, "does not contain the value"),
        ("A01", {"id": "A02"}, "an id of a published estimate"),
        ("A03", {"id": "A01"}, "each id once"),
        ("A01", {"id": "A03.x"}, "a row for each published estimate"),
    ],
)
def test_what_is_wrong_is_named(number, values, message):
    with pytest.raises(EstimateError) as caught:
        parse_table(changed(number, **values), "table.csv")
    assert message in str(caught.value)
    assert "table.csv" in str(caught.value)


def test_all_problems_are_reported_at_once():
    text = changed("A01", measure="nothing", scenario="nowhere") + "\nA02,x"
    with pytest.raises(EstimateError) as caught:
        parse_table(text, "table.csv")
    assert all(word in str(caught.value) for word in ("nothing", "nowhere", "A02"))
