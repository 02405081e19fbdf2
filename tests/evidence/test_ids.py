"""The evidence that scenarios cite: complete, one line each, and cited by ids that exist."""

import csv
import json
from importlib.resources import files

import pytest

from nephrosyn.scenario import load, shipped

IDS = json.loads(files("nephrosyn.scenario.files").joinpath("ids.json").read_text("utf-8"))
COLLECTED = list(
    csv.DictReader(
        files("nephrosyn.evidence.published").joinpath("collected_estimates.csv").read_text("utf-8").splitlines()
    )
)
GRADES = {"R", "R2", "D", "G"}


def test_every_published_estimate_has_an_id_with_its_value_and_grade():
    for row in COLLECTED:
        line = IDS[row["id"]]
        value = row["value"] if row["value"] != "see left" else row["quantity"]
        assert value in line, row["id"]
        assert f"[{row['confidence']}]" in line, row["id"]


def test_published_estimates_are_unique_and_graded():
    assert len({row["id"] for row in COLLECTED}) == len(COLLECTED)
    assert {row["confidence"] for row in COLLECTED} <= GRADES


def test_ids_cover_model_statements_source_statements_and_sets():
    assert {f"NL3.{n}" for n in range(1, 8)} | {f"NL3.4.{n}" for n in range(1, 11)} <= IDS.keys()
    assert {f"S{n}" for n in range(1, 21)} <= IDS.keys()
    assert "DEF:source" in IDS


def test_citations_are_single_lines_and_ids_can_be_listed():
    for name, line in IDS.items():
        assert line == line.strip() != "", name
        assert "\n" not in line, name
        assert not set(name) & set(", \t"), name


@pytest.mark.parametrize("name", sorted(shipped()))
def test_no_shipped_scenario_lets_the_one_third_claim_source_a_number(name):
    sources = load(name).origins.values()
    assert not [source for source in sources if {"S6", "R01", "R02", "R06"} & set(source.replace(",", " ").split())]
