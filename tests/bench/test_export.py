"""Records for classifiers in other languages: whole, checked, and without truth."""

from __future__ import annotations

import hashlib
import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nephrosyn as ns
from nephrosyn import criteria
from nephrosyn.bench.files.export import export
from nephrosyn.bench.perturbations import PERTURBATIONS, perturb
from nephrosyn.bench.task import Task
from nephrosyn.errors import BenchError, RunFolderError
from nephrosyn.record.schema import OBSERVED, SCHEMAS
from nephrosyn.vocabulary import NOTICE

CHOSEN = ["upcr_noise", "visits_missing"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run in parts of ten patients."""
    folder = tmp_path_factory.mktemp("run") / "run"
    sites = ["population.patients_per_site=10"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nephrosyn.engine.simulation.PART_PATIENTS", 10)
        cohort = ns.run("baseline", patients=25, seed=3, out=folder, report=False, overrides=sites)
    assert len(list((folder / "observed" / "patients").iterdir())) == 3
    return cohort, folder


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    return export(run[1], tmp_path_factory.mktemp("out") / "export", CHOSEN, [5, 2], replicates=2, seed=4)


def table(folder, job, name):
    return pl.read_parquet(sorted((folder / "records" / job / name).glob("*.parquet")))


def test_each_record_is_that_of_perturbing_the_run(run, exported):
    record = {name: run[0].tables[name] for name in OBSERVED}
    jobs = {f"{name}/severity-{s}/replicate-{r}": (name, s, r) for name in CHOSEN for s in (2, 5) for r in (0, 1)}
    found = {str(path.relative_to(exported / "records")) for path in (exported / "records").glob("*/*/*")}
    assert found == {"none/severity-0/replicate-0", *jobs}
    for name in OBSERVED:
        assert_frame_equal(table(exported, "none/severity-0/replicate-0", name), record[name].drop("replicate"))
    for job, (which, severity, replicate) in jobs.items():
        made, _ = perturb(record, which, severity, seed=4, replicate=replicate)
        for name in OBSERVED:
            assert_frame_equal(table(exported, job, name), made[name].drop("replicate"))


@pytest.mark.parametrize("links", [True, False])
def test_what_a_perturbation_leaves_alone_takes_no_room(run, tmp_path, monkeypatch, links):
    def refuse(*_):
        raise OSError("no links here")

    if not links:
        monkeypatch.setattr("os.link", refuse)
    out = export(run[1], tmp_path / "out", ["doses_lost"], [5])
    clean, made = (
        out / "records" / job for job in ("none/severity-0/replicate-0", "doses_lost/severity-5/replicate-0")
    )
    part = "part-00001.parquet"
    assert (clean / "readings" / part).samefile(made / "readings" / part) == links
    assert (clean / "readings" / part).read_bytes() == (made / "readings" / part).read_bytes()
    assert (clean / "doses" / part).read_bytes() != (made / "doses" / part).read_bytes()


def test_the_manifest_names_every_file_with_its_digest(exported):
    manifest = json.loads((exported / "manifest.json").read_text())
    files = {str(path.relative_to(exported)) for path in exported.rglob("*") if path.is_file()}
    assert files == {*manifest["files"], "manifest.json", "README.md"}
    for name, facts in manifest["files"].items():
        assert hashlib.sha256((exported / name).read_bytes()).hexdigest() == facts["sha256"]
    assert manifest["notice"] == NOTICE
    assert manifest["seed"] == 4


def test_nothing_of_truth_or_labels_is_there_nor_what_would_make_it_again(run, exported):
    text = (exported / "manifest.json").read_text() + (exported / "README.md").read_text()
    assert "scenario" not in json.loads((exported / "manifest.json").read_text())
    assert "truth/" not in text
    hidden = {c for name, schema in SCHEMAS.items() if name not in OBSERVED for c in schema} - {
        c for name in OBSERVED for c in SCHEMAS[name]
    }
    for path in exported.rglob("*.parquet"):
        assert path.parent.name in OBSERVED
        assert not hidden & set(pl.read_parquet_schema(path))


def test_the_template_asks_for_each_patient_under_each_condition(exported):
    asked = pl.read_csv(exported / "predictions-template.csv")
    assert asked.columns == ["patient", "perturbation", "severity", "replicate", "predicted"]
    assert asked.height == 25 * (1 + 2 * 2 * 2)
    assert not asked.is_duplicated().any()
    assert asked["predicted"].null_count() == asked.height
    assert asked.group_by("perturbation", "severity", "replicate").len()["len"].unique().to_list() == [25]


def test_the_task_is_told_in_plain_words(exported):
    text = (exported / "README.md").read_text()
    assert NOTICE in text
    for name in CHOSEN:
        assert PERTURBATIONS[name].what in text
    assert "`source`" in text
    assert "`steroid_dependent`" in text
    assert "The set applies to patients of any age" in text


def test_csv_and_a_question_of_ones_own(run, tmp_path):
    task = Task(criteria.load("source"), "refractory")
    out = export(run[1], tmp_path / "csv", ["doses_lost"], [3], format="csv", task=task)
    files = list((out / "records").rglob("*.csv"))
    assert len(files) == 2 * 3 * len(OBSERVED)
    assert "patient" in files[0].read_text().splitlines()[0]
    assert f"{task.scope} Patients outside the set have no right answer." in " ".join(
        (out / "README.md").read_text().split()
    )
    assert task.question in (out / "README.md").read_text()


def test_all_stands_for_each_that_changes_the_record(run, tmp_path):
    out = export(run[1], tmp_path / "all", ["all"], [1])
    found = {path.name for path in (out / "records").iterdir()}
    assert found == {"none", *(name for name, one in PERTURBATIONS.items() if one.kind == "record")}


def test_everything_wrong_is_said_at_once_and_nothing_written(run, tmp_path):
    with pytest.raises(BenchError) as said:
        export(run[1], tmp_path / "no", ["upcr_nois", "label_noise"], [0, 7], replicates=0, seed=-1, format="xml")
    text = str(said.value)
    for part in ("upcr_nois; nearest: upcr_noise", "label_noise changes labels, not records", "found 0, 7",
                 "replicates: ", "seed: ", "found xml"):  # fmt: skip
        assert part in text
    assert not list(tmp_path.iterdir())


def test_a_taken_folder_is_refused_and_only_an_export_is_replaced(run, tmp_path):
    taken = tmp_path / "mine"
    taken.mkdir()
    (taken / "notes.txt").write_text("keep")
    for overwrite in (False, True):
        with pytest.raises(RunFolderError):
            export(run[1], taken, CHOSEN, [1], overwrite=overwrite)
    assert (taken / "notes.txt").read_text() == "keep"
    out = export(run[1], tmp_path / "twice", CHOSEN, [1])
    before = (out / "manifest.json").read_bytes()
    with pytest.raises(RunFolderError, match="exists"):
        export(run[1], out, CHOSEN, [1])
    assert (export(run[1], out, CHOSEN, [1], overwrite=True) / "manifest.json").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"mine", "twice"}


def test_a_run_of_several_replicates_is_refused(tmp_path):
    ns.run("baseline", patients=3, replicates=2, out=tmp_path / "run", report=False)
    with pytest.raises(BenchError, match="a run of one replicate; found 2"):
        export(tmp_path / "run", tmp_path / "out")


def test_the_seed_is_that_of_the_run_as_for_a_bench_without_files(run, tmp_path):
    out = export(run[1], tmp_path / "out", ["doses_lost"], [5])
    assert json.loads((out / "manifest.json").read_text())["seed"] == run[0].manifest["seed"] == 3


def test_an_export_of_all_is_scored_under_all_and_one_of_some_under_these(run, tmp_path):
    from nephrosyn.bench.files.predictions import export_conditions
    from nephrosyn.bench.run import open_run

    opened = open_run(run[1], None, "category")
    some = export(run[1], tmp_path / "some", ["doses_lost"], [5])
    assert {one.perturbation for one in export_conditions(some, opened)[0]} == {"none", "doses_lost"}
    every = export(run[1], tmp_path / "all", ["all"], [1])
    assert {one.perturbation for one in export_conditions(every, opened)[0]} == {"none", *PERTURBATIONS}
