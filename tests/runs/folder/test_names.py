"""Runs, predictions, results and definition sets under every name a file system allows."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nephrosyn as ns
from nephrosyn.bench.files.predictions import read
from nephrosyn.bench.output.results import ANSWERS, VALUES
from nephrosyn.bench.output.results import read as read_bench
from nephrosyn.runs.folder import reading

PACKAGE = Path(ns.__file__).parent
READERS = ("pl.scan_", "pl.read_", "polars.scan_", "polars.read_")
SIBLINGS = {"run [ab]": "run a", "run ?": "run x", "*": "run a", "{run,b}": "run", "**": "run a"}
"""A name that is a pattern, and a neighbour that the pattern would match."""
NAMES = [
    *SIBLINGS,
    "[",
    "]",
    "-run",
    "~",
    "~root",
    "file:",
    "s3:",
    "100%",
    "%20",
    "a=1",
    "replicate=7",
    "'quoted' \"twice\"",
    "two\nlines",
    "a\tb",
    "  spaces  ",
    "néphrose 肾病",
    "back\\slash",
    "#x&y;$(z)`",
]
KINDS = pytest.mark.parametrize("format", ["parquet", "csv"])


@pytest.fixture(scope="module", params=["parquet", "csv"])
def runs(request, tmp_path_factory):
    """Two small runs of one format."""
    folder = tmp_path_factory.mktemp("runs")
    return [
        ns.run("baseline", patients=3, seed=seed, out=folder / str(seed), format=request.param, report=False)
        for seed in (1, 2)
    ]


def placed(cohort, folder):
    """Move a copy of a run to a name."""
    for path in sorted(cohort.folder.rglob("*")):
        if path.is_file():
            target = folder / path.relative_to(cohort.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_run_is_opened_by_its_very_name(runs, name, tmp_path, monkeypatch):
    first, second = runs
    placed(first, tmp_path / SIBLINGS.get(name, "run"))
    folder = placed(second, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for path in (folder, Path(name), name):
        cohort = ns.open(path)
        assert cohort.labels.equals(second.labels)
        assert cohort.readings.collect().equals(second.readings.collect())
        assert cohort.patient(2).tables["readings"].equals(second.patient(2).tables["readings"])


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX only")
def test_a_name_that_is_no_unicode(runs, tmp_path):
    folder = placed(runs[0], tmp_path / os.fsdecode(b"run \xff"))
    assert ns.open(folder).labels.equals(runs[0].labels)


@KINDS
@pytest.mark.parametrize("name", NAMES)
def test_a_run_is_written_by_its_very_name(name, format, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cohort = ns.run("baseline", patients=1, seed=4, out=name, format=format, report=False)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert cohort.patients.collect().height == 1


@KINDS
@pytest.mark.parametrize("name", NAMES)
def test_predictions_are_read_by_their_very_name(name, format, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, stem in enumerate((SIBLINGS.get(name, "other"), name)):
        frame = pl.DataFrame({"patient": [str(number)], "predicted": ["sensitive"]})
        with Path(f"{stem}.{format}").open("wb") as file:
            getattr(frame, f"write_{format}")(file)
    assert_frame_equal(read(Path(f"{name}.{format}")), frame)


@pytest.mark.parametrize("name", NAMES)
def test_results_of_a_bench_are_read_by_their_very_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, folder in enumerate((Path(SIBLINGS.get(name, "other")), Path(name))):
        folder.mkdir()
        (folder / VALUES).write_text(f'{{"number": {number}}}')
        with (folder / ANSWERS).open("wb") as file:
            pl.DataFrame({"number": [number]}).write_parquet(file)
    about, answers = read_bench(Path(name))
    assert (about["number"], answers["number"].to_list()) == (1, [1])


@pytest.mark.parametrize("name", NAMES)
def test_tables_for_a_classifier_are_read_by_their_very_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, stem in enumerate((SIBLINGS.get(name, "other"), name)):
        with Path(f"{stem}.arrow").open("wb") as file:
            pl.DataFrame({"number": [number]}).write_ipc(file)
    assert reading.read_ipc(Path(f"{name}.arrow"))["number"].to_list() == [1]


def reads_a_path(node):
    """Whether polars is called to read something that is not in memory."""
    if not (isinstance(node, ast.Call) and ast.unparse(node.func).startswith(READERS)):
        return False
    return not (node.args and ast.unparse(node.args[0]).startswith("BytesIO("))


def test_no_other_module_lets_polars_read_a_path():
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if reads_a_path(node)
    }
    assert found == {"runs/folder/reading.py"}
