"""Runs of different patients, or without labels of the same definition set, are not compared."""

from __future__ import annotations

import json

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn.comparison.care import compare
from nephrosyn.errors import ComparisonError, RunFolderError

from .made_up import PEOPLE, MadeUp, label_table, manifest


def changed(key, value):
    """Return a run with one setting of its scenario changed, by dotted key."""
    about = json.loads(json.dumps(manifest()))
    *path, last = key.split(".")
    place = about["scenario"]["scenario"]
    for part in path:
        place = place[part]
    place[last] = value
    return MadeUp("b", about)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two(count):
    with pytest.raises(ComparisonError, match="at least two"):
        compare(*[MadeUp()] * count)


def test_one_folder_twice(tmp_path):
    (tmp_path / "base").mkdir()
    with pytest.raises(ComparisonError, match="base is given twice"):
        compare(tmp_path / "base", str(tmp_path / "base" / ".." / "base"))


@pytest.mark.parametrize(("key", "value"), [("seed", 2), ("patients", 9), ("replicates", 3), ("version", "0.9")])
def test_other_draws(key, value):
    with pytest.raises(ComparisonError, match=rf"a and b do not have the same patients: {key} \S+ and {value}\."):
        compare(MadeUp("a"), MadeUp("b", manifest(**{key: value})))


@pytest.mark.parametrize("key", ["population.follow_up_days", "disease.relapse.rate_per_year", "population.new"])
def test_other_people(key):
    with pytest.raises(ComparisonError, match=rf"{key} \S+ and 3"):
        compare(MadeUp("a"), changed(key, 3))


def test_every_difference_in_one_message_but_not_a_hundred():
    with pytest.raises(ComparisonError, match=r"seed 1 and 2; .*a0.*; and 7 more\. Runs can be compared") as told:
        about = manifest(seed=2)
        population = {**about["scenario"]["scenario"]["population"], **{f"a{n}": n for n in range(11)}}
        about["scenario"] = {"scenario": {**about["scenario"]["scenario"], "population": population}}
        compare(MadeUp("a"), MadeUp("b", about))
    assert "\n" not in str(told.value)


def test_runs_may_differ_in_care():
    found = compare(MadeUp("a"), changed("care.clinic.slots", 4), changed("title", "another"))
    assert [contrast.settings for contrast in found.contrasts] == [[("care.clinic.slots", "0", "4")], []]


def test_a_section_only_one_run_has():
    found = compare(MadeUp("a"), changed("second_line", {"rituximab": {"start_days": 90}}))
    assert found.contrasts[0].settings == [("second_line.rituximab.start_days", "–", "90")]


def test_people_who_came_out_otherwise():
    other = MadeUp("b")
    other.tables["truth/traits"] = other.tables["truth/traits"].with_columns(frailty=pl.col("frailty") * 1.5)
    with pytest.raises(ComparisonError, match="traits"):
        compare(MadeUp("a"), other)


def test_a_set_that_has_not_judged_every_run():
    first = MadeUp("a")
    first.tables["labels"] = first.tables["labels"].vstack(label_table([("undetermined", None)] * PEOPLE, "mine"))
    with pytest.raises(ComparisonError, match=r"b has no labels of .*'mine'.*source.*classify"):
        compare(first, MadeUp("b"), criteria="mine")
    with pytest.raises(ComparisonError, match=r"a has no labels .*'sorce'.*nearest: source"):
        compare(first, MadeUp("b"), criteria="sorce")


def test_unknown_view():
    with pytest.raises(ComparisonError, match="complete, observed"):
        compare(MadeUp("a"), MadeUp("b"), view="true")


def test_labels_that_lack_a_patient():
    other = MadeUp("b")
    other.tables["labels"] = other.tables["labels"].filter(pl.col("patient") > 0)
    with pytest.raises(ComparisonError, match="every patient"):
        compare(MadeUp("a"), other)


def test_a_manifest_without_its_scenario():
    other = MadeUp("b")
    other.manifest["scenario"] = {"name": "b"}
    with pytest.raises(RunFolderError, match=r"b: manifest.json is damaged"):
        compare(MadeUp("a"), other)


def test_runs_of_one_name_are_told_apart():
    found = compare(MadeUp("a"), MadeUp("a"), MadeUp("b"))
    assert [found.reference, *(contrast.name for contrast in found.contrasts)] == ["a (1)", "a (2)", "b"]


def test_from_python():
    cohorts = [ns.run("baseline", patients=20, seed=seed) for seed in (3, 4)]
    assert isinstance(ns.compare(cohorts[0], cohorts[0]), ns.Comparison)
    with pytest.raises(ValueError, match="seed 3 and 4"):
        ns.compare(*cohorts)


def test_what_is_not_a_run_is_refused():
    with pytest.raises(RunFolderError, match="expected a run: a cohort, or the path of a run folder; found 3"):
        compare(MadeUp(), 3)
