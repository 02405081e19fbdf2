"""Counted in batches and added up, a cohort gives the findings, the page and the JSON that it gives as a whole."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn import report, vocabulary
from nephrosyn.report.findings import batches, combine_parts, counts, summary
from nephrosyn.report.findings.verdicts import by_follow_up, subgroups
from nephrosyn.runs.folder.storage import LocalStorage

from . import factory

SETS = ["source", "iskdc", "kdigo-2021-children"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Three years in eight parts of two replicates, the last of each smaller than the others."""
    folder = tmp_path_factory.mktemp("parted") / "run"
    overrides = ["population.patients_per_site=40", "population.follow_up_days=1096"]
    asked = {"patients": 150, "replicates": 2, "seed": 4, "criteria": SETS, "overrides": overrides}
    return ns.run("modern-children", **asked, part_patients=40, out=folder, report=False, engine="compiled")


@pytest.fixture
def small(monkeypatch):
    """Batches of two parts, which are added up two at a time, and curves of 200 and of 110 first patients."""
    monkeypatch.setattr(batches, "batch_patients", lambda *_, **__: 60)
    monkeypatch.setattr(counts, "BATCHES_HELD", 2)


def in_memory(run):
    return {name: run.tables[name] for name in run.tables}


def found(run, tables):
    return summary.find(tables, run.resolved, run.manifest["criteria"], run.manifest["sets"])


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


def limit_curves(monkeypatch, patients, of_sets):
    monkeypatch.setattr(subgroups, "RECLASSIFIED_PATIENTS", patients)
    monkeypatch.setattr(by_follow_up, "most_patients", lambda *_: of_sets)


def test_the_batches_add_up_to_the_whole(run, small, monkeypatch):
    limit_curves(monkeypatch, 200, 110)
    whole, parts = found(run, in_memory(run)), found(run, run.tables)
    for field in dataclasses.fields(summary.Findings):
        same(getattr(whole, field.name), getattr(parts, field.name), field.name)
    assert (parts.follow_up.patients, parts.shares_over_time.patients) == (200, 110)
    assert whole.sets is not None
    assert whole.states.long
    assert any(one.refractory.outside for one in whole.bands) or whole.headline.unknown
    assert len(whole.treatment.uses) > 3


def files(run, tables, folder):
    """Every file of a report, and the answers as JSON."""
    answers = report.write(tables, run.resolved, run.manifest, LocalStorage(folder))
    written = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return written, answers.as_dict()


@pytest.mark.slow
def test_the_page_has_the_same_bytes_however_it_was_counted(run, small, monkeypatch, tmp_path):
    limit_curves(monkeypatch, 200, 110)
    whole, parts = files(run, in_memory(run), tmp_path / "whole"), files(run, run.tables, tmp_path / "parts")
    assert whole == parts
    assert len(parts[0]) > 10


def test_the_answers_are_counted_in_batches_too(run, small, monkeypatch):
    whole = report.answers(in_memory(run), run.manifest)
    read = []
    monkeypatch.setattr(type(run.tables), "__getitem__", lambda self, name: read.append(name))  # a whole table
    same(whole, report.answers(run.tables, run.manifest), "answers")
    assert read == []


def test_no_more_than_a_batch_is_held(run, small):
    sizes = [(replicate, part["patients"].height) for replicate, part in batches.batches(run.tables)]
    assert sizes == [(0, 80), (0, 70), (1, 80), (1, 70)]


def test_patients_with_more_rows_are_counted_fewer_at_a_time(run, monkeypatch):
    of_a_patient = sum(run.tables.rows.values()) / 300
    monkeypatch.setattr(batches, "BATCH_ROWS", int(50.5 * of_a_patient))
    assert batches.batch_patients(run.tables) == 50
    monkeypatch.setattr(batches, "LABEL_ROWS", 80 * (1 + run.tables.rows["labels"] // 300))
    assert batches.batch_patients(run.tables, labels_only=True) == 80


def test_a_large_part_is_cut(run, monkeypatch):
    monkeypatch.setattr(batches, "batch_patients", lambda *_, **__: 14)
    sizes = [part["patients"].height for _, part in batches.batches(run.tables)]
    assert sizes[:3] == [14, 14, 12]
    same(found(run, in_memory(run)).treatment, found(run, run.tables).treatment, "treatment")


def test_a_cohort_in_memory_is_one_batch_for_each_replicate(run):
    sizes = [(replicate, part["labels"].height) for replicate, part in batches.batches(in_memory(run))]
    assert sizes == [(0, 900), (1, 900)]


def test_flags_of_a_set_without_text_are_those_known_of_any_patient():
    tables = factory.cohort(20, replicates=2)
    somebody = (pl.col("replicate") == 1) & (pl.col("patient") == 7)  # nobody in the first batch
    unknown = dict.fromkeys((*vocabulary.FLAGS, *vocabulary.COURSE_FLAGS), pl.lit(None, dtype=pl.Boolean))
    labels = tables["labels"].with_columns(**{**unknown, "resistant": pl.when(somebody).then(pl.lit(value=True))})
    defined = counts.defined_by({**tables, "labels": labels}, {"made-up": None})
    assert defined["made-up"].flags == ("resistant",)


@pytest.mark.parametrize("parts", [2, 5])
def test_truly_and_falsely_refractory_add_up(parts):
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
    assert pseudo_resistance.shown(combine_parts.pseudo_refractory(nobody)) == []
