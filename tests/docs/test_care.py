"""The page on care is up to date, and the statements of the source texts hold."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
LAST = 10
"""Number of the last question on the page."""


@pytest.fixture(scope="module")
def care():
    spec = importlib.util.spec_from_file_location("care", DOCS.parent / "tools" / "care.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["care"] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def differences(care):
    """By question and outcome: the interval of the paired difference in 2,000 patients, with another seed."""
    intervals = {}
    for question in care.QUESTIONS:
        rows = care.picked(question, care.compared(question, seed=11))
        intervals[question.title] = {row.outcome.name: (row.paired.low, row.paired.high) for row in rows}
    return intervals


def of(differences, word):
    (outcomes,) = (rows for title, rows in differences.items() if word in title)
    return outcomes


def above(interval):
    return interval[0] > 0


def below(interval):
    return interval[1] < 0


@pytest.mark.slow
def test_s13_reactions_follow_the_single_dose_and_protection_the_cumulative(differences):
    sizes, halves = of(differences, "Large or small single doses"), of(differences, "Half")
    assert sizes["agent_toxicity_gut_reaction"][0] > 0.15
    assert above(halves["relapses_per_year"])
    assert sizes["relapses_per_year"][1] < halves["relapses_per_year"][0]
    assert below(halves["agent_toxicity_gonadal_damage"])


@pytest.mark.slow
def test_s14_an_overlap_spares_relapses_and_costs_steroid(differences):
    overlap = of(differences, "after an overlap")
    assert below(overlap["relapses_per_year"])
    assert above(overlap["prednisone_mg_per_kg"])


@pytest.mark.slow
def test_s20_other_agents_spare_relapses_steroid_and_kidneys(differences):
    combined = of(differences, "Steroid alone")
    assert below(combined["relapses_per_year"])
    assert below(combined["prednisone_mg_per_kg"])
    assert below(combined["kidney_failure"])
    assert above(combined["agent_toxicity_gut_reaction"])


@pytest.mark.slow
def test_s19_the_rule_of_the_source_is_compared(differences):
    stopping = of(differences, "clear urine")
    assert stopping["mycophenolate_mg_per_kg"] != (0.0, 0.0)


@pytest.mark.slow
def test_s7_early_treatment_of_infection_brings_more_time_in_remission(differences):
    assert above(of(differences, "Treating infection")["complete_remission_fraction"])
    assert of(differences, "Treating renal vein")["complete_remission_fraction"][1] > 0.0


@pytest.mark.slow
def test_s17_vincristine_is_milder_and_weaker(differences):
    vincristine = of(differences, "vincristine")
    assert above(vincristine["relapses_per_year"])
    assert below(vincristine["agent_toxicity_gonadal_damage"])


@pytest.mark.slow
def test_s18_two_agents_bring_more_time_in_remission(differences):
    two = of(differences, "two at once")
    assert above(two["complete_remission_fraction"])
    assert above(two["mycophenolate_mg_per_kg"])


@pytest.mark.slow
def test_refusal_costs_time_in_remission(differences):
    accepted = of(differences, "Refusing")
    assert below(accepted["relapses_per_year"])
    assert above(accepted["complete_remission_fraction"])


def test_every_question_has_its_own_title(care):
    assert len({question.title for question in care.QUESTIONS}) == len(care.QUESTIONS) == LAST


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, LAST + 1))
def test_the_page_is_current(care, number):
    text, drawn = care.part(number, care.QUESTIONS[number - 1])
    assert text in care.PAGE.read_text(encoding="utf-8"), "run: make docs"
    assert drawn == (DOCS / "figures" / f"care-{number}.svg").read_text(encoding="utf-8"), "run: make docs"
