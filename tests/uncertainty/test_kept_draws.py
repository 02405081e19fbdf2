"""Runs that keep the tables of every draw: the same files however they are made, and every draw as a cohort."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import nephrosyn as ns
from nephrosyn.cli.app import app
from nephrosyn.record.schema import SCHEMAS
from nephrosyn.runs.draws import draw_tables
from nephrosyn.runs.draws.design import DrawnScenarios
from nephrosyn.runs.labels import classify_tables
from nephrosyn.runs.run import Plan, load_sets
from nephrosyn.runs.workers import room
from nephrosyn.scenario import load

pytestmark = pytest.mark.slow
DRAWS = 20
SITES = "population.patients_per_site=20"
ARGUMENTS = ["baseline", "--patients", "40", "--engine", "compiled", "--set", SITES, "--part-patients", "120"]
ARGUMENTS = [*ARGUMENTS, "--uncertainty", str(DRAWS), "--keep-draws", "--no-report", "--quiet"]


def run(**others):
    """Twenty draws of forty patients, three to a part."""
    own = {"patients": 40, "engine": "compiled", "overrides": [SITES], "part_patients": 120, "report": False}
    return ns.run("baseline", **{**own, "uncertainty": DRAWS, "keep_draws": True, **others})


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept") / "run"
    run(out=folder)
    return folder


@pytest.fixture(scope="module")
def cohort(folder):
    return ns.open(folder)


def test_every_draw_is_kept_with_all_its_tables(cohort):
    for name in SCHEMAS:
        numbers = cohort._disk[draw_tables.name_of(name)]["replicate"].unique().sort().to_list()
        assert set(numbers) <= set(range(DRAWS))
        if name in ("patients", "labels", "truth/traits"):
            assert numbers == list(range(DRAWS))


def test_a_draw_has_the_patients_who_were_counted(cohort):
    for number in (0, 7, DRAWS - 1):
        labels = cohort.draw(number).labels.filter(view="observed")
        counted = cohort.uncertainty.counts.filter(draw=number, view="observed").row(0, named=True)
        assert labels["refractory"].sum() == counted["met"]
        assert labels["refractory"].null_count() == counted["unknown"]
        assert labels["frequent"].fill_null(value=False).sum() == counted["flag_frequent"]


def test_a_draw_is_a_run_of_its_scenario_with_the_replicate_of_its_number(cohort):
    """Made again from the drawn scenario, outside the machinery of draws: the same tables."""
    number = 11
    drawn = DrawnScenarios(load("baseline", ["patients=40", "engine=compiled", SITES]), paired=True).of(number)
    alone = Plan(drawn)
    tables = alone.tables(alone.parts[0]._replace(replicate=number))
    again = {name: frame.with_columns(replicate=pl.lit(0, frame.schema["replicate"])) for name, frame in tables.items()}
    one = cohort.draw(number)
    assert one.resolved.digest() == drawn.digest()
    for name, frame in again.items():
        assert one.tables[name].equals(frame), name


def test_a_draw_can_be_worked_with_like_a_cohort(cohort, tmp_path):
    one = cohort.draw(4)
    assert one.manifest["draw"] == 4
    assert one.uncertainty is None
    assert one.patient(3).verdict().category == one.labels.filter(view="observed", patient=3)["category"].item()
    assert "no number of the scenario is uncertain" in one.answers().summary.sentence
    assert one.report(tmp_path).is_file()
    sets = [loaded.definition for loaded in load_sets(["source"])]
    assert classify_tables(one.tables, sets).equals(one.labels)


def test_a_run_in_memory_has_the_same_draws(cohort):
    in_memory = run()
    for number in (0, 13):
        one, other = cohort.draw(number), in_memory.draw(number)
        assert all(one.tables[name].equals(other.tables[name]) for name in SCHEMAS)
        assert {**one.manifest, **other.manifest} == one.manifest
    assert list(in_memory.tables) == list(cohort.tables)


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_writes_the_same_bytes(folder, tmp_path, workers):
    run(out=tmp_path / "run", workers=workers)
    assert bytes_of(tmp_path / "run") == bytes_of(folder)


def test_csv_has_the_same_draws(cohort, tmp_path):
    one, other = cohort.draw(9), run(out=tmp_path / "run", format="csv").draw(9)
    assert all(one.tables[name].equals(other.tables[name]) for name in ("patients", "labels", "visits"))


def test_counts_are_those_of_a_run_that_keeps_nothing(folder, tmp_path):
    plain = run(out=tmp_path / "run", keep_draws=False)
    assert plain.uncertainty.as_dict() == ns.open(folder).uncertainty.as_dict()
    assert not (tmp_path / "run" / "draws").exists()
    with pytest.raises(ns.RunFolderError, match="kept only the counts of its draws; run it with"):
        plain.draw(0)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_killed_and_resumed_writes_the_same_bytes(folder, tmp_path):
    command = [sys.executable, "-m", "nephrosyn", "run", *ARGUMENTS, "--out", "run"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 300
    while len(list((tmp_path / ".run.partial" / "parts").glob("part-*.json"))) < 3:
        assert time.monotonic() < until
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    assert not (tmp_path / "run").exists()
    run(out=tmp_path / "run", resume=True)
    assert bytes_of(tmp_path / "run") == bytes_of(folder)


@pytest.mark.parametrize("damage", [b"", b"nothing"])
def test_a_damaged_draw_is_told_and_made_again(folder, tmp_path, damage):
    shutil.copytree(folder, tmp_path / "run")
    (tmp_path / "run" / "draws" / "derived" / "labels" / "part-00003.parquet").write_bytes(damage)
    with pytest.raises(ns.RunFolderError, match="was changed after the run"):
        ns.open(tmp_path / "run")
    run(out=tmp_path / "run", resume=True)
    assert bytes_of(tmp_path / "run") == bytes_of(folder)


def test_keeping_makes_another_run(folder):
    with pytest.raises(ns.RunFolderError, match="keep_draws was true, now null"):
        run(out=folder, resume=True, keep_draws=False)


@pytest.mark.parametrize("number", [-1, DRAWS, 1.5, "3"])
def test_a_draw_that_is_not_there_is_refused(cohort, number):
    with pytest.raises(ns.RunFolderError, match="draw: expected a whole number from 0 to 19"):
        cohort.draw(number)


def test_a_run_without_draws_has_none_to_open():
    with pytest.raises(ns.RunFolderError, match="this run has no draws; run it with --uncertainty N --keep-draws"):
        ns.run("baseline", patients=5).draw(0)


def test_nothing_to_keep_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["run", "baseline", "--keep-draws"], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert "keep_draws: there are no draws to keep; add --uncertainty N" in result.stderr
    assert not list(tmp_path.iterdir())


def test_python_refuses_what_is_neither_true_nor_false():
    with pytest.raises(ns.EngineError, match="keep_draws: expected true or false; found 'yes'"):
        ns.run("baseline", patients=10, uncertainty=20, keep_draws="yes")


def test_more_than_the_disk_holds_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**12, 10**12, 10**6))
    result = CliRunner().invoke(app, ["run", *ARGUMENTS, "--out", "run"], env={"COLUMNS": "400"})
    assert result.exit_code == 2
    assert "keep_draws: the tables of 20 draws of 40 patients take about 0.0 GB (" in result.stderr
    assert "has room for 0.0 GB (1,000,000 bytes); make --patients or --uncertainty smaller" in result.stderr
    assert not list(tmp_path.iterdir())


def test_an_absurd_size_is_refused_wherever_it_is_written():
    with pytest.raises(
        ns.RunFolderError, match=r"about 20,000.0 GB \(20,000,000,000,000 bytes\), and at most 200.0 GB"
    ):
        draw_tables.check_size(10_000, 1_000_000, 2_000, float("inf"), "s3://bucket")


def test_estimated_size_is_about_that_of_the_files(folder, monkeypatch):
    """Small files hold less in a byte than the sample of 100 patients, and the sample is of the scenario itself."""
    monkeypatch.setattr(
        draw_tables, "check_size", lambda draws, patients, size, *where: told.append(draws * patients * size)
    )
    told: list[float] = []
    resolved = load("baseline", ["patients=40", "engine=compiled", SITES])
    room.check_kept(Plan(resolved, part_patients=120, uncertainty=DRAWS, keep_draws=True), folder, "parquet")
    files = json.loads((folder / "manifest.json").read_bytes())["files"]
    written = sum(fact["bytes"] for name, fact in files.items() if name.startswith("draws/"))
    in_memory, on_disk = told
    assert 0.5 < on_disk / written < 2.5
    assert in_memory > on_disk / DRAWS
