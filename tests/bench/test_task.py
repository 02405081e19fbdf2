"""The two questions: a category, and refractory yes or no, both as the labels of the run have them."""

from __future__ import annotations

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn import criteria
from nephrosyn.bench import run as running
from nephrosyn.bench.perturbations import perturb
from nephrosyn.bench.score.conditions import CLEAN, conditions, shifts
from nephrosyn.bench.task import scored
from nephrosyn.runs.folder import Folder

pytest.importorskip("sklearn")
WORDS = {True: "refractory", False: "not_refractory", None: "undetermined"}


@pytest.fixture(scope="module")
def labels(run_folder):
    whole = Folder(run_folder).lazy("labels").filter(replicate=0, criteria="source").collect()
    return whole.with_columns(refractory=pl.when("applies").then("refractory"))


def said(labels, view):
    rows = labels.filter(view=view).select("patient", "refractory").rows()
    return {patient: WORDS[refractory] for patient, refractory in rows}


@pytest.fixture(scope="module")
def yes_or_no(run_folder):
    run = running.open_run(run_folder, target="refractory")
    names = ["coded-care", "last-note", "ipna-2022"]
    return running.ask(run, names, ["doses_lost"], (5,), training=150)


def test_refractory_means_what_the_labels_of_the_run_mean(labels, yes_or_no):
    frame = yes_or_no.frame.filter(pl.col("classifier") == "source", perturbation=CLEAN)
    right, given = (dict(frame.select("patient", one).rows()) for one in ("reference", "predicted"))
    assert right == said(labels, "complete")
    assert given == said(labels, "observed")
    assert {"refractory", "not_refractory"} <= set(right.values())
    assert yes_or_no.run.task.refractory_answers == ("refractory",)


def test_a_category_and_refractory_yes_or_no_are_of_one_mind(answers, yes_or_no):
    """Where the same rule is asked both questions, it says refractory of the categories that count as such."""
    inside = pl.col("predicted").is_in(answers.run.task.refractory_categories)
    for name in ("source", "coded-care"):
        named = answers.frame.filter(pl.col("classifier") == name, perturbation=CLEAN)
        decided = named.filter(pl.col("predicted") != "undetermined").select("patient", yes=inside)
        both = yes_or_no.frame.filter(pl.col("classifier") == name, perturbation=CLEAN).join(decided, on="patient")
        known = both.filter(pl.col("predicted") != "undetermined")
        assert known.height > 100 and known["yes"].any() and not known["yes"].all()
        assert (known["yes"] == (known["predicted"] == "refractory")).all()


def test_the_target_of_a_dataset_is_one_for_refractory():
    asked = {"random_state": 3, "until_days": 400, "label_days": 730}
    found = ns.datasets.make_nephrotic_cohort(60, target="refractory", **asked)
    named = ns.datasets.make_nephrotic_cohort(60, target="category", **asked)
    assert list(found.target_names) == ["not_refractory", "refractory"]
    kinds = {"steroid_resistant", "steroid_dependent", "frequently_relapsing", "steroid_intolerant"}
    by_patient = dict(zip(named.patient, named.target, strict=True))
    both = [(found.target_names[a], by_patient.get(p)) for p, a in zip(found.patient, found.target, strict=True)]
    decided = [(said, named.target_names[code]) for said, code in both if code is not None]
    assert {said for said, _ in decided} == {"refractory", "not_refractory"}
    assert all((said == "refractory") == (kind in kinds) for said, kind in decided)


@pytest.mark.parametrize("target", ["category", "refractory"])
@pytest.mark.parametrize("name", ["source", "kdigo-2021-children"])
def test_wrong_labels_take_nobody_out_of_the_scores_and_bring_nobody_in(run_folder, name, target):
    run = running.open_run(run_folder, name, target)
    asked = conditions(["label_noise"], [1, 2, 3, 4, 5], 2)
    kept = [set(shift.reference.filter(scored())["patient"]) for shift in shifts(run.observed, run.reference, asked, 3)]
    assert all(people == kept[0] for people in kept)
    assert kept[0]
    for shift in shifts(run.observed, run.reference, asked, 3):
        assert set(shift.reference["reference"]) <= {*run.task.classes, "undetermined"}


def test_another_definition_is_asked_of_whom_both_sets_are_for(run_folder):
    """Who has no label by the other set keeps that of the set asked about; nobody else is scored than could be."""
    run = running.open_run(run_folder, "source", other_criteria="kdigo-2021-children")
    clean, shifted = (
        shift.reference for shift in shifts(run.observed, run.reference, conditions(["definition_shift"], [5], 1), 3)
    )
    other = run.reference.tables["labels_other"].filter("applies")["patient"].implode()
    outside = ~pl.col("patient").is_in(other)
    assert clean.filter(outside).height > 0
    assert clean.filter(outside).equals(shifted.filter(outside))
    assert not clean.filter(~outside).equals(shifted.filter(~outside))


HIDES = "jsn-2014-adults"
"""A set whose one refractory flag comes last in its order, so that most refractory patients have another category."""


def test_categories_that_hide_who_is_refractory_are_refused(run_folder):
    with pytest.raises(ns.BenchError, match="use --target refractory"):
        running.open_run(run_folder, HIDES)


def test_a_rule_of_categories_is_not_asked_who_is_refractory_where_they_do_not_say(run_folder):
    run = running.open_run(run_folder, HIDES, "refractory")
    answers = running.ask(run, ["coded-care", "last-note"], ["doses_lost"], (5,), training=150)
    assert answers.without_score.keys() == {"coded-care", "last-note"}
    assert all("do not say whether a patient is refractory" in reason for reason in answers.without_score.values())


def test_wrong_labels_go_both_ways_where_the_category_does_not_say_who_is_refractory(run_folder):
    run = running.open_run(run_folder, HIDES, "refractory")
    tables = criteria.classify(Folder(run_folder), run.task.definition, "complete")
    record = {**run.observed, "labels": tables.filter(replicate=0)}
    noisy, _ = perturb(record, "label_noise", 5, seed=1, replicate=0, definition=run.task.definition)
    both = record["labels"].join(noisy["labels"], on="patient", suffix="_noisy")
    wrong = both.filter(pl.col("category") != pl.col("category_noisy"), pl.col("refractory").is_not_null())
    assert wrong.height > 5
    assert wrong.filter(pl.col("refractory") == pl.col("refractory_noisy")).height == 0
