"""Parts of whole sites: who makes them changes no byte, how large they are no row."""

from __future__ import annotations

import json

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn.errors import WorkerError
from nephrosyn.record.schema import SCHEMAS

from .conftest import PARTS, asked, bytes_of

pytestmark = pytest.mark.slow


def test_a_run_is_cut_into_parts(undisturbed):
    assert sum(name.startswith("observed/visits/") for name in undisturbed) == PARTS
    assert sum(name.startswith("parts/") for name in undisturbed) == PARTS
    assert json.loads(undisturbed["manifest.json"])["part_patients"] == 10


def test_workers_change_no_byte(undisturbed, tmp_path):
    ns.run(**asked(out=tmp_path / "run", workers=2))
    assert bytes_of(tmp_path / "run") == undisturbed


def test_more_workers_than_parts(tmp_path):
    alone = ns.run(**asked(out=tmp_path / "one", patients=20))
    many = ns.run(**asked(out=tmp_path / "many", patients=20, workers=5))
    assert alone.labels.equals(many.labels)
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "many")


@pytest.mark.parametrize(
    ("engine", "clinic"), [("compiled", []), ("compiled", ["care.clinic.slots=1"]), ("simpy", ["care.clinic.slots=1"])]
)
def test_the_size_of_parts_changes_no_row(tmp_path, engine, clinic):
    overrides = ["population.patients_per_site=5", *clinic]
    own = {"patients": 40, "replicates": 2, "engine": engine, "overrides": overrides}
    small = ns.run(**asked(**own, out=tmp_path / "small", part_patients=1))
    large = ns.run(**asked(**own, out=tmp_path / "large", part_patients=1000))
    assert small.manifest["part_patients"] == 5  # a site is never cut
    assert (small._disk.parts("visits"), large._disk.parts("visits")) == (16, 2)
    for table in SCHEMAS:
        assert small.tables[table].equals(large.tables[table]), table


def test_a_folder_of_parts_is_a_table_for_polars(tmp_path):
    cohort = ns.run(**asked(out=tmp_path / "run"))
    read = pl.read_parquet(tmp_path / "run" / "observed" / "visits" / "*.parquet")
    assert read.equals(cohort.tables["visits"])


def test_the_order_of_parts_is_that_of_their_numbers(tmp_path):
    # names sort wrongly from a hundred thousand parts on
    patients = ns.run(**asked(out=tmp_path / "run")).tables["patients"]
    manifest = json.loads((tmp_path / "run/manifest.json").read_text())
    for number in (10, 11):
        for name in [n for n in manifest["files"] if n.endswith(f"part-{number:05d}.parquet")]:
            new = name.replace(f"{number:05d}", f"{number + 99_990}")
            (tmp_path / "run" / name).rename(tmp_path / "run" / new)
            manifest["files"][new] = manifest["files"].pop(name)
    (tmp_path / "run/manifest.json").write_text(json.dumps(manifest))
    assert ns.open(tmp_path / "run").tables["patients"].equals(patients)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"workers": 0}, "workers: expected a whole number from 1 to 1024; found 0"),
        ({"part_patients": -5}, "part_patients: expected a whole number from 1 to 1000000; found -5"),
        ({"workers": -1, "part_patients": 0}, "workers.*part_patients"),
        ({"resume": True, "overwrite": True}, "resume.*overwrite"),
    ],
)
def test_what_cannot_be_meant(tmp_path, wrong, says):
    with pytest.raises(WorkerError, match=says):
        ns.run(**asked(out=tmp_path / "run", **wrong))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"cluster": "local:2"}, "a run in memory is made by this process"),
        ({"resume": True}, "a run in memory cannot be resumed"),
    ],
)
def test_a_run_in_memory_asks_for_no_cluster_and_leaves_nothing_to_go_on_with(wrong, says):
    with pytest.raises(WorkerError, match=says):
        ns.run("baseline", patients=5, **wrong)
