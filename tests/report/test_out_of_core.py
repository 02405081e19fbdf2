"""Counted part by part and put together, a cohort gives the findings that it gives as a whole."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

import nephrosyn as ns
from nephrosyn.report.findings import out_of_core, summary

SETS = ["source", "iskdc", "kdigo-2021-children"]
OF_THE_FIRST = {"remission", "relapse", "follow_up", "shares_over_time", "sampled"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Three years in eight parts of two replicates, the last of each smaller than the others."""
    folder = tmp_path_factory.mktemp("parted") / "run"
    overrides = ["population.patients_per_site=40", "population.follow_up_days=1096"]
    asked = {"patients": 150, "replicates": 2, "seed": 4, "criteria": SETS, "overrides": overrides}
    return ns.run("modern-children", **asked, part_patients=40, out=folder, report=False, engine="compiled")


@pytest.fixture(scope="module")
def both(run):
    told = run.resolved, run.manifest["criteria"], run.manifest["sets"]
    patch = pytest.MonkeyPatch()
    patch.setattr(out_of_core, "BATCH_PATIENTS", 60)
    try:
        return summary.find(run.tables, *told), out_of_core.find(run.tables, *told)
    finally:
        patch.undo()


def same(one, other, where):
    """Equal in every number; sums of floating-point numbers to their last digits."""
    assert type(one) is type(other), where
    if dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            same(getattr(one, field.name), getattr(other, field.name), f"{where}.{field.name}")
    elif isinstance(one, dict):
        assert set(one) == set(other), where
        for key in one:
            same(one[key], other[key], f"{where}[{key}]")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for place, (left, right) in enumerate(zip(one, other, strict=True)):
            same(left, right, f"{where}[{place}]")
    elif isinstance(one, np.ndarray):
        assert np.array_equal(one, other), where
    elif isinstance(one, float):
        assert (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12), where
    else:
        assert one == other, where


@pytest.mark.parametrize(
    "name", [field.name for field in dataclasses.fields(summary.Findings) if field.name not in OF_THE_FIRST]
)
def test_the_parts_add_up_to_the_whole(both, name):
    whole, parts = (getattr(found, name) for found in both)
    if name == "treatment":  # quartiles do not add up: they are of the first patients
        whole, parts = (without_quartiles(found) for found in (whole, parts))
    same(whole, parts, name)


def without_quartiles(found):
    return dataclasses.replace(found, uses=[(use.drug, use.share) for use in found.uses])


def test_the_cohort_has_what_is_compared(both):
    whole, parts = both
    assert whole.sets is not None
    assert whole.states.long
    assert any(one.refractory.outside for one in whole.bands) or whole.headline.unknown
    assert len(whole.treatment.uses) > 3
    assert parts.sampled == 80


@pytest.mark.parametrize("parts", [2, 5])
def test_truly_and_falsely_refractory_add_up(parts):
    from nephrosyn.report.findings import combine_parts
    from nephrosyn.report.findings.course import pseudo_resistance

    cohort = ns.run("false-refractory", patients=250, seed=4, engine="compiled")
    whole = pseudo_resistance.find(cohort.tables, "source")
    assert whole
    assert whole[0].hit
    size = 250 // parts
    cuts = [
        {name: frame.filter(frame["patient"] // size == n) for name, frame in cohort.tables.items()}
        for n in range(parts)
    ]
    same(whole, combine_parts.pseudo_refractory([pseudo_resistance.count(cut, "source") for cut in cuts]), "falsely")
    nobody = [pseudo_resistance.count({**cut, "labels": cut["labels"].clear()}, "source") for cut in cuts]
    assert combine_parts.pseudo_refractory(nobody) == []


def test_the_answer_printed_is_the_same(run, both, monkeypatch):
    from nephrosyn import report

    whole = report.answers(run.tables, run.manifest)
    monkeypatch.setattr(out_of_core, "WHOLE_PATIENTS", 10)
    monkeypatch.setattr(out_of_core, "BATCH_PATIENTS", 60)
    same(whole, report.answers(run.tables, run.manifest), "answers")
    manifest = {**run.manifest, "scenario": {}}  # the findings know no shipped analysis
    same(report.answers(run.tables, manifest)[0], both[0].summary, "summary")


@pytest.mark.slow
def test_a_large_report_says_of_whom_its_curves_are(run, tmp_path, monkeypatch):
    monkeypatch.setattr(out_of_core, "WHOLE_PATIENTS", 10)
    monkeypatch.setattr(out_of_core, "BATCH_PATIENTS", 60)
    text = run.report(tmp_path).with_suffix(".md").read_text(encoding="utf-8")
    assert text.count("The curves are from the first 80 patients.") == 2
    assert "The quartiles of doses are from the first 80 patients." in text
    assert "of the 300 patients" in text


def test_no_more_than_a_batch_is_held(run, monkeypatch):
    monkeypatch.setattr(out_of_core, "BATCH_PATIENTS", 60)
    sizes = [(replicate, part["patients"].height) for replicate, part in out_of_core.batches(run.tables)]
    assert sizes == [(0, 80), (0, 70), (1, 80), (1, 70)]
