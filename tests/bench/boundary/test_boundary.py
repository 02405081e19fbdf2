"""Patients at the boundaries of a set: each changes verdict by one step of a threshold, and only of those named."""

from __future__ import annotations

import polars as pl
import pytest

from nephrosyn import criteria
from nephrosyn.bench.boundary.sample import VERDICT, boundary_cohort
from nephrosyn.bench.boundary.steps import STEPS, moved_sets
from nephrosyn.errors import BenchError

SET = "source"


@pytest.fixture(scope="module")
def cohort():
    return boundary_cohort(criteria.load(SET), per_boundary=3, seed=4, most_simulated=1600)


@pytest.mark.parametrize("name", [SET, "ipna-2022", "kdigo-2021-adults", "jspn-2013-children"])
def test_a_moved_set_differs_in_one_threshold(name):
    definition = criteria.load(name)
    before = definition.model_dump(exclude={"name"})
    moved = moved_sets(definition)
    assert len({(one.threshold, one.direction) for one in moved}) == len(moved) > 20
    for one in moved:
        after = one.definition.model_dump(exclude={"name"})
        changed = [section for section in before if before[section] != after[section]]
        assert changed == [one.threshold.partition(".")[0]]


def test_steps_go_down_and_up():
    moved = {(one.threshold, one.direction): one.definition for one in moved_sets(criteria.load(SET))}
    assert moved["resistance.course", "lower"].resistance.course.value == 11
    assert moved["resistance.course", "higher"].resistance.course.value == 13
    assert moved["urine.remission_upcr", "higher"].urine.remission_upcr.of(child=False) == pytest.approx(0.4)
    assert moved["urine.remission_band", "higher"].urine.remission_band.value == "1+"
    assert ("urine.relapse_window", "higher") not in moved  # off
    assert all(step > 0 for step in STEPS.values())


def test_every_patient_is_at_the_boundary_that_is_named(cohort):
    definition = criteria.load(SET)
    moved = {(one.threshold, one.direction): one.definition for one in moved_sets(definition)}
    before = criteria.classify(cohort.tables, definition, "complete", keep_going=True).select("patient", *VERDICT)
    assert cohort.boundary.height
    for (threshold, direction), rows in cohort.boundary.partition_by("threshold", "direction", as_dict=True).items():
        after = criteria.classify(cohort.tables, moved[threshold, direction], "complete", keep_going=True)
        both = before.join(after.select("patient", *VERDICT), on="patient", suffix="_moved")
        changed = both.filter(pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_moved")) for name in VERDICT))
        assert set(changed["patient"]) == set(rows["patient"]), (threshold, direction)


def test_patients_are_whole_and_numbered_from_0(cohort):
    numbers = set(range(cohort.patients))
    assert set(cohort.tables["patients"]["patient"]) == numbers
    assert set(cohort.boundary["patient"]) == numbers
    for name in ("readings", "doses", "visits", "follow_up", "truth/traits"):
        assert set(cohort.tables[name]["patient"]) <= numbers
    assert set(cohort.tables["follow_up"]["patient"]) == numbers
    assert cohort.counts["patients"].sum() == cohort.boundary.height
    assert cohort.counts.filter(patients=0).height  # thresholds that are off, or hardly matter


def test_the_same_seed_gives_the_same_patients(cohort):
    again = boundary_cohort(criteria.load(SET), per_boundary=3, seed=4, most_simulated=1600)
    assert again.boundary.equals(cohort.boundary)
    assert all(again.tables[name].equals(frame) for name, frame in cohort.tables.items())
    other = boundary_cohort(criteria.load(SET), per_boundary=3, seed=5, most_simulated=400)
    assert not other.tables["readings"].equals(cohort.tables["readings"])


@pytest.mark.parametrize(
    ("options", "said"),
    [({"per_boundary": 0}, "--per-boundary"), ({"most_simulated": 10}, "--simulate"), ({"seed": -1}, "--seed")],
)
def test_numbers_out_of_range_are_named(options, said):
    with pytest.raises(BenchError, match=said):
        boundary_cohort(criteria.load(SET), **options)


@pytest.mark.filterwarnings("error")
def test_a_cohort_in_which_nobody_is_called_refractory_has_no_figure_of_that(cli, tmp_path):
    pytest.importorskip("sklearn")
    out = tmp_path / "out"
    done = cli("bench", "boundary", "japan-official-refractory", "--simulate", 400, "--out", out)
    assert done.exit_code == 0, done.output
    assert not (out / "prevalence.svg").exists()
    assert "Where the disease is rarer" not in (out / "bench.html").read_text(encoding="utf-8")


def test_the_command_scores_classifiers_there(cli, tmp_path):
    pytest.importorskip("sklearn")
    out = tmp_path / "out"
    options = ("--classifier", "coded-care", "--simulate", 800, "--out", out)
    done = cli("bench", "boundary", SET, *options)
    assert done.exit_code == 0, done.output
    assert "bench explain" not in done.output
    scores = pl.read_csv(out / "boundary-scores.csv")
    assert set(scores["classifier"]) == {SET, "coded-care"}
    near = pl.read_csv(out / "boundary.csv")
    patients = near["patient"].n_unique()
    whole = pl.read_parquet(out / "scores.parquet").filter(metric="accuracy", slice="all", classifier="coded-care")
    assert 0 < whole["n"].item() <= patients
    page = (out / "bench.html").read_text(encoding="utf-8")
    assert "Accuracy at each boundary" in page and "No change of a verdict among 800 simulated patients" in page
    assert cli("bench", "boundary", SET, *options).exit_code == 2  # the folder is in use
    assert cli("bench", "boundary", "no-such-set", "--out", tmp_path / "b").exit_code == 2
