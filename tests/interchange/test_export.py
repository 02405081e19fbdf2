"""The command ``export``: its files, what it refuses, and what happens when it is interrupted."""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn.interchange import export as exporting
from nephrosyn.interchange.splits import parse_split, split_of
from nephrosyn.record.schema import OBSERVED, TRUTH


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def exported(adults, tmp_path_factory) -> Path:
    return adults.export("meds", tmp_path_factory.mktemp("export") / "meds", split="train=0.8,held_out=0.2", workers=1)


def test_the_manifest_has_the_hash_of_every_file(exported):
    manifest = json.loads((exported / "manifest.json").read_text("utf-8"))
    files = {name: content for name, content in contents(exported).items() if name != "manifest.json"}
    assert manifest["files"].keys() == files.keys()
    for name, content in files.items():
        assert manifest["files"][name]["sha256"] == hashlib.sha256(content).hexdigest()
    assert manifest["files"]["data/00001.parquet"]["rows"] > 1000


def test_any_number_of_workers_gives_the_same_bytes(adults, exported, tmp_path):
    other = adults.export("meds", tmp_path / "meds", split="train=0.8,held_out=0.2", workers=2)
    assert contents(other) == contents(exported)


def test_a_cohort_in_memory_gives_the_same_events(children, tmp_path):
    on_disk = children.export("meds", tmp_path / "disk", workers=1)
    cohort = ns.run(
        "children-first-episode",
        patients=20,
        replicates=2,
        seed=4,
        overrides=["population.patients_per_site=20", "calendar.day_zero=1999-12-31"],
    )
    in_memory = cohort.export("meds", tmp_path / "memory")
    both = [pl.concat([pl.read_parquet(f) for f in sorted((p / "data").iterdir())]) for p in (on_disk, in_memory)]
    assert both[0].equals(both[1])
    assert both[0]["subject_id"].unique().sort().to_list() == list(range(1, 41))


def truth_in(folder: Path, cohort: ns.Cohort) -> list[str]:
    """Names of columns of the truth, and columns whose latent values are among the numbers of the data."""
    text = b"\n".join(contents(folder).values()).decode("latin-1")
    known = {column for schema in OBSERVED.values() for column in schema}
    hidden = {column for schema in TRUTH.values() for column in schema} - known
    assert len(hidden) > 30
    found = [name for name in sorted(hidden) if re.search(rf"\b{name}\b", text)]
    data = pl.concat([pl.read_parquet(file) for file in (folder / "data").iterdir()])
    values = set(data["numeric_value"].drop_nulls())
    for column in ("frailty", "relapse_rate_per_year", "taken_fraction", "nephrotic_upcr_mg_per_mg", "entry_days"):
        traits = cohort.tables["truth/traits"][column].cast(pl.Float32)
        latent = {value for value in traits.drop_nulls() if value not in (0.0, 1.0)}
        assert latent
        found += [f"values of {column}"] if latent & values else []
    return found


def test_truth_is_not_exported(adults, exported):
    assert truth_in(exported, adults) == []


def test_the_search_for_truth_finds_it(adults, exported, tmp_path):
    own = Path(shutil.copytree(exported, tmp_path / "meds"))
    shard = own / "data" / "00000.parquet"
    frailty = adults.tables["truth/traits"]["frailty"][0]
    pl.read_parquet(shard).with_columns(numeric_value=pl.lit(frailty, pl.Float32)).write_parquet(shard)
    (own / "README.md").write_text("| tests_at_home | 3 |", encoding="utf-8")
    assert truth_in(own, adults) == ["tests_at_home", "values of frailty"]


def test_the_read_me_says_what_was_not_mapped(adults, exported):
    text = (exported / "README.md").read_text("utf-8")
    assert "Not for clinical use" in text
    missed = adults.tables["visits"]["missed"].sum()
    assert f"| visits that were missed, with their planned days | {missed:,} |" in text
    ramipril = adults.tables["doses"].filter(drug="ramipril").height
    assert f"| ramipril (drug) | {ramipril:,} |" in text


BAD = {
    "format": (["--to", "mesd"], "--to: expected one of .*; found 'mesd'; did you mean meds"),
    "labels": (["--to", "meds", "--labels", "iskdc"], "--labels: expected sets by which the run was classified"),
    "labels and none": (["--to", "meds", "--labels", "none", "--labels", "source"], "; none stands alone"),
    "labels of a set that did not classify": (
        ["--to", "meds", "--labels", "iskdc"],
        r"; found iskdc; classify the run by it first",
    ),
    "split in FHIR": (
        ["--to", "fhir", "--split", "a=0.5,b=0.5"],
        "--split: expected none, as FHIR has no place for it",
    ),
    "split in OMOP": (
        ["--to", "omop", "--split", "a=0.5,b=0.5"],
        "--split: expected none, as OMOP has no place for it",
    ),
    "URL": (["--to", "meds", "--out", "s3://bucket/meds"], "--out: expected a local folder; found the URL s3://bucket"),
    "codes": (["--to", "meds", "--codes", "standrad"], "--codes: expected standard, local or a TOML file"),
    "split": (["--to", "meds", "--split", "train=0.7"], "--split: expected shares that sum to 1"),
    "split name": (["--to", "meds", "--split", "a=0.5,a=0.5"], "--split: expected a different name for each share"),
    "split text": (["--to", "meds", "--split", "train"], "--split: expected shares that sum to 1"),
    "workers": (["--to", "meds", "--workers", "0"], "--workers: expected a whole number from 1"),
    "empty folder": (["--to", "meds", "--out", " "], "--out: expected a folder; found an empty name"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_options_are_named_and_nothing_is_written(cli, adults, tmp_path, name):
    options, said = BAD[name]
    result = cli("export", adults.folder, "--out", tmp_path / "out", *options)
    assert result.exit_code == 2
    assert re.search(said, " ".join(result.stderr.split()))
    assert not list(tmp_path.iterdir())


def test_a_day_zero_out_of_range_is_refused(cli, tmp_path):
    old = ["calendar.day_zero=1901-01-01"]
    ns.run("children-first-episode", patients=5, overrides=old, out=tmp_path / "run", report=False)
    result = cli("export", tmp_path / "run", "--to", "meds", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "calendar.day_zero: expected a day zero that keeps all dates from 1900-01-01" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_folder_in_use_is_kept(cli, adults, tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    for options in ([], ["--overwrite"]):
        result = cli("export", adults.folder, "--to", "meds", "--out", tmp_path, *options)
        assert result.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_is_exported_into_the_run(cli, adults):
    before = contents(adults.folder)
    for place in (".", "observed", "new/meds"):
        result = cli("export", adults.folder, "--to", "meds", "--overwrite", "--out", adults.folder / place)
        assert result.exit_code == 2
        assert "--out: expected a folder outside the run; found" in " ".join(result.stderr.split())
    assert contents(adults.folder) == before


def test_an_earlier_export_is_replaced_only_on_request(cli, adults, tmp_path):
    out = ("export", adults.folder, "--to", "meds", "--workers", "1", "--out", tmp_path / "meds")
    assert cli(*out).exit_code == 0
    assert cli(*out).exit_code == 2
    result = cli(*out, "--overwrite", "--labels", "none")
    assert result.exit_code == 0, result.stderr
    assert not (tmp_path / "meds" / "labels").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["meds"]


def test_an_unknown_unit_is_refused_and_nothing_stays(adults, tmp_path):
    tables = dict(adults.tables)
    wrong = pl.when(pl.col("analyte") == "albumin").then(pl.lit("kg")).otherwise(pl.col("unit").cast(pl.String))
    tables["readings"] = tables["readings"].with_columns(unit=wrong.cast(OBSERVED["readings"]["unit"]))
    cohort = ns.Cohort(tables, dict(adults.manifest), None)
    with pytest.raises(ns.ExportError, match=r"readings: expected albumin in g/dL; found .* rows in kg"):
        cohort.export("meds", tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_an_interrupted_export_is_continued(adults, exported, tmp_path, monkeypatch):
    written = []
    write = exporting.PartWriter.write

    def interrupted(self, number):
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(number)
        return write(self, number)

    options = {"split": "train=0.8,held_out=0.2", "workers": 1}
    monkeypatch.setattr(exporting.PartWriter, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        adults.export("meds", tmp_path / "meds", **options)
    assert not (tmp_path / "meds").exists()
    (partial,) = tmp_path.iterdir()
    (partial / "data" / "00001.parquet").write_bytes(b"damaged")
    written.clear()
    monkeypatch.setattr(exporting.PartWriter, "write", lambda self, n: written.append(n) or write(self, n))
    adults.export("meds", tmp_path / "meds", **options)
    assert written == [1, 2]
    assert contents(tmp_path / "meds") == contents(exported)


def test_remains_of_another_export_are_not_continued(adults, tmp_path, monkeypatch):
    write = exporting.PartWriter.write
    monkeypatch.setattr(exporting.PartWriter, "finish", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        adults.export("meds", tmp_path / "meds", workers=1)
    monkeypatch.undo()
    written = []
    monkeypatch.setattr(exporting.PartWriter, "write", lambda self, n: written.append(n) or write(self, n))
    adults.export("meds", tmp_path / "meds", workers=1, codes="local")
    assert written == [0, 1, 2]


def test_codes_changed_after_an_interruption_are_not_mixed(adults, tmp_path, monkeypatch):
    own, write = tmp_path / "own.toml", exporting.PartWriter.write
    own.write_text('[drug.prednisone]\nnone = "a code of our own"\n', encoding="utf-8")
    monkeypatch.setattr(exporting.PartWriter, "finish", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        adults.export("meds", tmp_path / "meds", workers=1, codes=own)
    monkeypatch.undo()
    own.write_text('[drug.levamisole]\nnone = "a code of our own"\n', encoding="utf-8")
    written = []
    monkeypatch.setattr(exporting.PartWriter, "write", lambda self, n: written.append(n) or write(self, n))
    adults.export("meds", tmp_path / "meds", workers=1, codes=own)
    assert written == [0, 1, 2]


def test_a_run_at_a_url_is_exported(cli, adults, exported, tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(adults.folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/"
        split = ["--split", "train=0.8,held_out=0.2", "--workers", "1"]
        result = cli("export", url, "--to", "meds", "--out", tmp_path / "meds", *split)
    finally:
        server.shutdown()
        server.server_close()
    assert result.exit_code == 0, result.stderr
    assert contents(tmp_path / "meds") == contents(exported)


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing."""


def test_a_worker_that_fails_is_reported(adults, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(adults.folder, run)
    cohort = ns.open(run)
    (run / "observed" / "diary" / "part-00002.parquet").write_bytes(b"x" * 10)
    with pytest.raises(ns.RunFolderError, match="was changed after the run"):
        cohort.export("meds", tmp_path / "out", workers=2)
    assert not (tmp_path / "out").exists()


def test_a_split_depends_on_the_person_only():
    shares = parse_split("train=0.7,tuning=0.1,held_out=0.2")
    whole = split_of(range(1, 20_001), shares, seed=1)
    assert whole[:100].equals(split_of(range(1, 101), shares, seed=1))
    counts = dict(whole.value_counts().iter_rows())
    assert {name: round(count / 20_000, 2) for name, count in counts.items()} == dict(shares)
    assert not whole.equals(split_of(range(1, 20_001), shares, seed=2))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_part_that_cannot_be_written_is_one_message(adults, tmp_path, monkeypatch, workers):
    monkeypatch.setattr(Path, "open", refuses_data(Path.open))
    with pytest.raises(ns.RunFolderError, match=r"cannot write part \d of .*: No space left on device"):
        adults.export("meds", tmp_path / "meds", workers=workers)
    assert not (tmp_path / "meds").exists()


def refuses_data(opened):
    """Open files as before, but no data of an export: there is no space left."""

    def open_(path, mode="r", *rest, **options):
        if "w" in mode and path.parent.name == "data":
            raise OSError(errno.ENOSPC, "No space left on device")
        return opened(path, mode, *rest, **options)

    return open_
