"""Suites as data: what they promise, and what a wrong file says."""

from __future__ import annotations

import pytest

from nephrosyn.bench.perturbations import VERSION
from nephrosyn.bench.suite import definition
from nephrosyn.bench.suite.build import BuiltSuite
from nephrosyn.bench.suite.frozen import freeze, read_frozen
from nephrosyn.errors import BenchError
from nephrosyn.scenario import load as load_scenario

from .conftest import DEFINITION


@pytest.mark.parametrize("name", list(definition.shipped()))
def test_shipped_suites_are_frozen_as_they_stand(name):
    suite, frozen = definition.load(name), read_frozen(name)
    assert frozen.definition_sha256 == suite.sha256
    assert frozen.perturbations_version == suite.perturbations_version == VERSION
    assert frozen.suite == suite.name == name
    for split in suite.splits.values():
        load_scenario(split.scenario, list(split.overrides))
    used = {split for task in suite.tasks.values() for split in task.roles}
    assert used == set(suite.splits)


def test_no_patient_is_in_two_splits():
    suite = definition.load("nephro-1")
    assert len({split.seed for split in suite.splits.values()}) == len(suite.splits)


def test_an_early_record_holds_nothing_of_its_last_day_or_later(suite_file):
    built = BuiltSuite(definition.load(str(suite_file)))
    shown, whole = built.shown("early", "test"), built.shown("category", "test")
    assert shown["readings"]["taken_days"].max() == 89 < whole["readings"]["taken_days"].max()
    assert shown["doses"]["last_days"].max() <= 89
    assert built.training("early").tables["readings"]["taken_days"].max() <= 89
    assert set(built.training("early").answers["answer"].unique()) == {"refractory", "not_refractory"}


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("patients = 150", "patients = 0", "splits.train.patients: expected greater than or equal to 1; found 0"),
        ("seed = 2", "seed = 1", "splits.validation.seed: expected a seed of its own; found that of train"),
        ('test = "test"', 'test = "tets"', "there is no split tets; nearest: test"),
        ('test = "test"', 'test = "train"', "a different split for each role"),
        ('"doses_lost"]', '"doses_lots"]', "there is no perturbation doses_lots; nearest: doses_lost"),
        ('"doses_lost"]', '"label_noise"]', "perturbations of the record only"),
        ("severities = [2, 5]", "severities = [2, 6]", "severities: expected 1 to 5; found 2, 6"),
        ("until_days = 90", "until_days = 900", "until_days: expected no later than label_days (730)"),
        ("seed = 6", "sed = 6", "tasks.early.sed: not a key of this format"),
        ('target = "refractory"', 'target = "relapse"', "tasks.early.target: expected 'category' or 'refractory'"),
        ("[tasks.early]", "[tasks.elsewhere]", "expected a name that no split has"),
        ("seed = 6", "seed 6", "a syntax error"),
    ],
)
def test_a_wrong_suite_says_what_is_wrong(tmp_path, before, after, message):
    assert before in DEFINITION
    path = tmp_path / "wrong.toml"
    path.write_text(DEFINITION.replace(before, after), encoding="utf-8")
    with pytest.raises(BenchError) as caught:
        definition.load(str(path))
    assert message in str(caught.value)
    assert "wrong.toml" in str(caught.value)


def test_another_version_of_the_perturbations_is_not_frozen(tmp_path):
    path = tmp_path / "old.toml"
    path.write_text(
        DEFINITION.replace(f"perturbations_version = {VERSION}", "perturbations_version = 1"), encoding="utf-8"
    )
    with pytest.raises(BenchError, match=f"perturbations_version: expected {VERSION}, the version here; found 1"):
        freeze(str(path))
    assert list(tmp_path.iterdir()) == [path]


def test_all_problems_are_reported_together(tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text(DEFINITION.replace("seed = 2", "seed = 1").replace("[2, 5]", "[0]"), encoding="utf-8")
    with pytest.raises(BenchError) as caught:
        definition.load(str(path))
    assert len(caught.value.problems) == 2


def test_a_retired_suite_names_the_release_that_builds_it(tmp_path, monkeypatch):
    (tmp_path / "retired.toml").write_text('nephro-0 = "0.0.1"\n', encoding="utf-8")
    monkeypatch.setattr(definition, "FOLDER", tmp_path)
    with pytest.raises(BenchError, match=r"release 0\.0\.1 does"):
        definition.load("nephro-0")


@pytest.mark.parametrize(("name", "hint"), [("nephro1", "did you mean nephro-1"), ("xyz", "suites: nephro-1")])
def test_an_unknown_suite_names_the_nearest(name, hint):
    with pytest.raises(BenchError, match=hint):
        definition.load(name)
