"""Judging a finished run anew: its sets are kept, its report follows, its parts add up, and one process at a time."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn import criteria, engine
from nephrosyn.errors import RunFolderError
from nephrosyn.runs.relabel import locked

pytestmark = pytest.mark.slow

LATER = 'course = { value = 12, unit = "weeks"'


def own_set(file, name="mine", weeks=12):
    text = criteria.text("source").replace('name = "source"', f'name = "{name}"')
    assert LATER in text
    file.write_text(text.replace(LATER, LATER.replace("12", str(weeks))), encoding="utf-8")
    return file


@pytest.fixture
def run(tmp_path):
    return ns.run("baseline", patients=30, seed=2, out=tmp_path / "run", report=False)


def test_the_manifest_keeps_the_text_of_each_set(run, tmp_path):
    mine = own_set(tmp_path / "mine.toml")
    run.classify([str(mine)])
    sets = json.loads((tmp_path / "run/manifest.json").read_text(encoding="utf-8"))["sets"]
    assert list(sets) == ["source", "mine"]
    text = mine.read_text(encoding="utf-8")
    assert sets["mine"] == {"asked": str(mine), "sha256": hashlib.sha256(text.encode()).hexdigest(), "text": text}


def test_verdict_and_report_do_without_the_file(run, tmp_path):
    mine = own_set(tmp_path / "mine.toml")
    run.classify([str(mine)])
    before = run.patient(3).verdict("mine")
    page = run.report().read_bytes()
    mine.unlink()
    again = ns.open(tmp_path / "run")
    assert again.patient(3).verdict("mine") == again.patient(3).verdict(str(mine)) == before
    assert again.report().read_bytes() == page


def test_a_changed_file_changes_no_verdict_of_the_run_unless_it_is_named(run, tmp_path):
    resistant = run.labels.filter(category="steroid_resistant", view="observed")["patient"][0]
    mine = own_set(tmp_path / "mine.toml")
    run.classify([str(mine)])
    own_set(mine, weeks=50)
    person = ns.open(tmp_path / "run").patient(resistant)
    course = {name: person.verdict(name).clauses[0].sentence for name in ("mine", "source", str(mine))}
    assert course["mine"] == course["source"] != course[str(mine)]


def test_a_run_judged_by_a_file_alone_keeps_it(tmp_path):
    mine = own_set(tmp_path / "mine.toml")
    run = ns.run("baseline", patients=5, seed=2, criteria=[str(mine)], out=tmp_path / "run", report=False)
    mine.unlink()
    assert run.patient(0).verdict().criteria == "mine"


def test_another_file_of_the_same_name_takes_its_place(run, tmp_path):
    first, second = own_set(tmp_path / "first.toml"), own_set(tmp_path / "second.toml", weeks=50)
    run.classify([str(first)])
    run.classify([str(second)])
    assert run.manifest["criteria"] == ["source", str(second)]
    assert run.manifest["sets"]["mine"]["asked"] == str(second)


def test_a_report_that_was_there_follows_and_none_is_made(run, tmp_path):
    page = tmp_path / "run/report.html"
    run.classify([str(own_set(tmp_path / "mine.toml"))])
    assert not page.exists()
    run.report()
    run.classify([str(own_set(tmp_path / "other.toml", "other"))])
    assert "“other” criteria" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("in_one_file", [False, True])
def test_part_by_part_is_the_whole(tmp_path, monkeypatch, in_one_file):
    monkeypatch.setattr(engine.simulation, "PART_PATIENTS", 7)
    asked = {"patients": 30, "seed": 2, "replicates": 2, "overrides": ["population.patients_per_site=7"]}
    parted = ns.run("baseline", **asked, out=tmp_path / "parted", report=False)
    assert parted._disk.parts("labels") == 10
    whole = ns.run("baseline", **asked)
    mine = str(own_set(tmp_path / "mine.toml", weeks=10))
    keys = ["criteria", "view", "replicate", "patient"]
    if in_one_file:  # as older versions kept the labels
        parted._disk.replace_labels([parted.labels], {})
    for names in ([mine], ["source"]):
        labels = parted.classify(names)
        assert labels.sort(keys).equals(whole.classify(names).sort(keys))
        assert labels["criteria"].unique(maintain_order=True).to_list() == ["source", "mine"]
    files = list((tmp_path / "parted/derived/labels").iterdir())
    assert len(files) == 10
    assert sum(pl.read_parquet(file).height for file in files) == whole.labels.height


def test_a_second_process_is_refused_and_changes_nothing(run, tmp_path):
    folder = tmp_path / "run"
    mine = own_set(tmp_path / "mine.toml")
    before = (folder / "manifest.json").read_bytes()
    with locked(folder):
        command = [sys.executable, "-m", "nephrosyn", "classify", str(folder), "--criteria", str(mine)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
        assert (done.returncode, done.stdout) == (2, "")
        assert "is being changed by another nephrosyn" in done.stderr
        with pytest.raises(RunFolderError, match="another nephrosyn"):
            run.report()
    assert (folder / "manifest.json").read_bytes() == before
    run.classify([str(mine)])


def test_what_another_process_wrote_since_is_kept(run, tmp_path):
    other = ns.open(tmp_path / "run")
    run.classify([str(own_set(tmp_path / "mine.toml"))])
    labels = other.classify([str(own_set(tmp_path / "other.toml", "other"))])
    assert labels["criteria"].unique(maintain_order=True).to_list() == ["source", "mine", "other"]
    assert list(ns.open(tmp_path / "run").manifest["sets"]) == ["source", "mine", "other"]


def test_what_a_killed_process_left_is_cleared_away(run, tmp_path):
    stray = tmp_path / "run/derived/labels/part-00009.parquet"
    stray.write_bytes(b"half")
    run.classify(["source"])
    assert not stray.exists()
    assert ns.open(tmp_path / "run").labels.height == 60


def test_judging_that_fails_leaves_the_folder_as_it_was(run, tmp_path):
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}

    def interrupted():
        yield run.labels
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run._disk.replace_labels(interrupted(), {})
    assert {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()} == before


def test_a_patient_is_shown_in_one_line(run):
    shown = repr(run.patient(3))
    assert shown.startswith("<Patient 3, replicate 0: ")
    assert "\n" not in shown
    assert len(shown) < 80
