"""The shipped analysis has every scenario as it is, and is quoted where it applies."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest

import nephrosyn as ns
from nephrosyn.report.findings import known_shares
from nephrosyn.runs.run import load_sets
from nephrosyn.scenario import load, shipped
from nephrosyn.uncertainty import uncertainty_of

TOOLS = Path(__file__).parents[2] / "tools"
AGAIN = ("setting-rome", "steroid-alone")
"""Scenarios that are played again."""


@pytest.fixture(scope="module")
def tool():
    sys.path.insert(0, str(TOOLS))
    try:
        return importlib.import_module("known_shares")
    finally:
        sys.path.remove(str(TOOLS))


@pytest.mark.slow
def test_table_has_every_scenario_as_it_is():
    expected = set()
    for name in shipped():
        resolved = load(name)
        if uncertainty_of(resolved):
            digest = known_shares.content_digest(resolved.scenario.model_dump(mode="json"))
            for loaded in load_sets(resolved.scenario.criteria):
                sha256 = loaded.manifest_entry()["sha256"][: known_shares.DIGITS]
                views = ("observed", "complete")
                expected |= {(name, digest, loaded.definition.name, sha256, view) for view in views}
    assert {row[:5] for row in known_shares.shipped()} == expected, "run: make docs"


@pytest.mark.slow
@pytest.mark.parametrize("name", AGAIN)
def test_table_is_current(tool, name):
    rows = [row for row in known_shares.shipped() if row.scenario == name]
    assert rows
    assert list(tool.rows_of(*tool.planned(name))) == rows, "run: make docs"


def test_rows_are_intervals_of_enough_draws():
    for row in known_shares.shipped():
        assert 0 <= row.low <= row.high <= 1, row
        assert row.draws >= 20
        assert row.patients >= 100


def quoted(cohort) -> str:
    return cohort.answers().summary.sentence


def test_a_run_quotes_it_whatever_its_size_and_seed(tmp_path):
    (row,) = (r for r in known_shares.shipped() if (r.scenario, r.view) == ("baseline", "observed"))
    said = f"in the shipped analysis of {row.draws} draws"
    for size, seed in ((20, 1), (30, 7)):
        assert said in quoted(ns.run("baseline", patients=size, seed=seed))
    cohort = ns.run("baseline", patients=20, out=tmp_path / "run")
    assert said in quoted(ns.open(tmp_path / "run"))
    for page in ("report.md", "report.html"):
        assert said in (tmp_path / "run" / page).read_text(encoding="utf-8")
    first = cohort.answers().as_dict()["refractory"][0]
    assert first["beyond"] == {"status": "shipped", "draws": row.draws, "low": row.low, "high": row.high, "few": ()}
    assert json.loads(json.dumps(first))["of_chance_alone"]["low"] < first["of_chance_alone"]["high"]


@pytest.mark.parametrize(
    "changed",
    [
        {"overrides": ["care.adherence.non_adherent_share=0.4"]},
        {"criteria": "prednos"},
        {"overrides": ["population.follow_up_days=365"]},
    ],
)
def test_a_changed_scenario_says_how_to_get_it(changed):
    assert "--uncertainty 200 also gives one with the scenario’s numbers" in quoted(
        ns.run("baseline", patients=60, **changed)
    )


def test_a_changed_set_of_the_same_name_is_another_set(tmp_path):
    """A set is known by its text."""
    file = tmp_path / "mine.toml"
    course = '{ value = 8, unit = "weeks", grade = "G", citation = "assumed: 8 weeks" }'
    file.write_text(f'extends = "source"\nname = "source"\ntitle = "Mine"\n[resistance]\ncourse = {course}\n')
    assert "--uncertainty 200 also" in quoted(ns.run("baseline", patients=20, criteria=str(file)))


def test_wider_laws_are_another_scenario(tmp_path):
    """How well a number is known is part of what the interval depends on; title, size and seed are not."""
    file = tmp_path / "like.toml"
    like = 'extends = "baseline"\ntitle = "Like it"\ndescription = "Like it"\npatients = 7\nseed = 9\n'
    law = '[uncertainty]\n"triggers.infection.hazard_factor" = { range = [1, 9], source = "assumed: anything" }\n'
    digests = []
    for content in (like, like + law):
        file.write_text(content)
        digests.append(known_shares.content_digest(load(file).scenario.model_dump(mode="json")))
    baseline = known_shares.content_digest(load("baseline").scenario.model_dump(mode="json"))
    assert digests[0] == baseline != digests[1]
