"""A run folder: whole or not there, and checked when read."""

from __future__ import annotations

import hashlib
import json
import os
import shutil

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder import Folder, Writer, part

FRAME = pl.DataFrame({"replicate": [0], "patient": [1], "end_days": [7], "reason": ["death"]})
ABOUT = {"format": "parquet", "scenario": {}, "criteria": [], "patients": 1, "replicates": 1, "seed": 1}


def begun(folder, overwrite=False, **about):
    writer = Writer(folder, overwrite=overwrite, about={**ABOUT, **about})
    writer.parts.note(0, part.write(writer.storage, 0, {"follow_up": FRAME}, "parquet", writer.run))
    return writer


def written(folder):
    begun(folder).finish()
    return folder


def test_a_folder_has_its_name_only_when_complete(tmp_path):
    writer = begun(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    writer.discard()
    assert list(tmp_path.iterdir()) == []
    written(tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_what_killed_workers_were_writing_is_removed_when_a_run_stops(tmp_path):
    writer = begun(tmp_path / "run")
    left = writer.partial / "observed" / "follow_up" / ".part-00001.parquet-1-0.unfinished"
    left.write_bytes(b"PAR1")
    writer.stop()
    assert not left.exists()
    assert [path.name for path in left.parent.iterdir()] == ["part-00000.parquet"]


def test_the_users_umask_is_heeded(tmp_path):
    before = os.umask(0o027)
    try:
        folder = written(tmp_path / "run")
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o750
    assert next(folder.rglob("*.parquet")).stat().st_mode & 0o007 == 0


def test_what_is_written_is_read(tmp_path):
    run = ns.run("baseline", patients=30, seed=2)
    for format in ("parquet", "csv"):
        kept = ns.run("baseline", patients=30, seed=2, out=tmp_path / format, format=format, report=False)
        assert list(kept.tables) == list(run.tables)
        for name, frame in run.tables.items():
            assert kept.tables[name].equals(frame), name
        assert isinstance(kept.readings, pl.LazyFrame)
        assert kept.manifest["files"]["observed/patients/part-00000." + format]["rows"] == 30


def test_the_same_run_has_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        ns.run("baseline", patients=30, seed=2, out=tmp_path / name)
    files = [path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file()]
    assert len(files) > 20
    for path in files:
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes(), path


def test_a_run_in_use_is_not_overwritten(tmp_path):
    folder = written(tmp_path / "run")
    with pytest.raises(RunFolderError, match="not empty"):
        Writer(folder)
    begun(folder, overwrite=True, second=True).finish()
    assert Folder(folder).manifest["second"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_what_is_no_run_is_never_overwritten(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(RunFolderError, match="not a run"):
        Writer(tmp_path / "thesis", overwrite=True)
    with pytest.raises(RunFolderError, match="is a file"):
        Writer(tmp_path / "thesis" / "chapter.txt", overwrite=True)


def damage_size(folder):
    with next(folder.rglob("part-*")).open("ab") as file:
        file.write(b"x")


def damage_bytes(folder):
    path = next(folder.rglob("part-*"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def damage_manifest(folder):
    (folder / "manifest.json").write_text("{")


def lose_manifest(folder):
    (folder / "manifest.json").unlink()


def lose_part(folder):
    next(folder.rglob("part-*")).unlink()


def age(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "layout": 0}))


def test_a_manifest_of_something_else_protects_nothing_from_being_kept(tmp_path):
    """A web page has a manifest.json too; and a run with a guest in it is more than a run."""
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "manifest.json").write_text('{"name": "my page"}')
    guest = written(tmp_path / "run")
    (guest / "thesis.txt").write_text("years of work")
    for folder in (tmp_path / "page", guest):
        with pytest.raises(RunFolderError, match="never overwritten"):
            Writer(folder, overwrite=True)


def test_what_came_during_the_run_is_kept(tmp_path):
    (tmp_path / "run").mkdir()
    writer = begun(tmp_path / "run")
    (tmp_path / "run" / "thesis.txt").write_text("years of work")
    with pytest.raises(RunFolderError, match="not empty"):
        writer.finish()
    writer.discard()
    assert [path.name for path in tmp_path.rglob("*")] == ["run", "thesis.txt"]


def point_outside(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    fact = next(iter(manifest["files"].values()))
    (folder / "manifest.json").write_text(json.dumps({**manifest, "files": {"derived/labels/../../../x": fact}}))


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (damage_size, "was changed"),
        (damage_bytes, "was changed"),
        (damage_manifest, "damaged"),
        (lose_manifest, "no manifest"),
        (lose_part, "incomplete"),
        (age, "layout"),
        (point_outside, "damaged"),
    ],
)
def test_a_damaged_run_is_refused(tmp_path, damage, says):
    folder = written(tmp_path / "run")
    damage(folder)
    with pytest.raises(RunFolderError, match=says):
        Folder(folder)["follow_up"]


SAID = [
    ({"digest": "01234567"}, "digest is 01234567, and that of its scenario [0-9a-f]{8}"),
    ({"engine": "simpy"}, "engine is simpy, and its scenario asks for compiled"),
    ({"engine": "other"}, "engine is other"),
    ({"seed": 3}, "seed is 3, and in its scenario 2"),
    ({"patients": 6}, "patients is 6, and in its scenario 5.*the files of patients have 5 rows, and 6 patients"),
    ({"sets": None}, "damaged"),
    ({"sets": {"source": None}}, "damaged"),
    (
        {"sets": {"source": {"asked": "source", "sha256": "0", "text": "x"}}},
        r"sets\.source\.sha256 is 0\.\.\., and that",
    ),
    ({"criteria": ["source", "iskdc"]}, "criteria has iskdc, and sets does not"),
    ({"criteria": [1]}, "damaged"),
]


@pytest.fixture(scope="module", params=["parquet", "csv"])
def five(request, tmp_path_factory):
    """Hold a run of five patients; read only."""
    folder = tmp_path_factory.mktemp("five") / "run"
    ns.run("baseline", patients=5, seed=2, engine="compiled", out=folder, format=request.param, report=False)
    return folder


@pytest.fixture
def said(five, tmp_path):
    """Change what the manifest says of a copy of the run; errors say how to repair it, and that repairs it."""
    folder = shutil.copytree(five, tmp_path / "run")

    def change(changes=(), **told):
        manifest = {**json.loads((folder / "manifest.json").read_text()), **dict(changes)}
        for name, fact in told.items():
            (whole,) = [file for file in manifest["files"] if file.startswith(f"observed/{name}/")]
            manifest["files"][whole].update(fact)
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return folder

    return change


@pytest.mark.parametrize(("changes", "says"), SAID)
def test_what_a_manifest_says_of_the_run_is_held_against_it(said, five, changes, says):
    folder = said(changes)
    with pytest.raises(RunFolderError, match=f"{says}.*make the run again, or repair it with --resume"):
        ns.open(folder)
    format = ns.open(five).manifest["format"]
    ns.run("baseline", patients=5, seed=2, engine="compiled", out=folder, format=format, report=False, resume=True)
    assert (folder / "manifest.json").read_bytes() == (five / "manifest.json").read_bytes()


def test_rows_that_a_manifest_counts_are_counted(said, five):
    rows = ns.open(five).visits.collect().height
    cohort = ns.open(said(visits={"rows": rows + 1}))
    for read in (lambda: cohort.tables["visits"], lambda: cohort.visits, lambda: cohort.patient(2)):
        with pytest.raises(RunFolderError, match=f"the files of visits have {rows:,} rows, not {rows + 1:,}"):
            read()
    assert cohort.readings.collect().height


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
@pytest.mark.parametrize(
    "replaced", [b"\xff" * 40, b"\n" * 40, b"\x00" * 40, b""], ids=["ff", "newlines", "zeros", "cut"]
)
def test_a_damaged_file_whose_hash_was_made_to_match_is_refused(said, five, place, replaced):
    (name,) = [file.name for file in (five / "observed" / "readings").iterdir()]
    content = bytearray((five / "observed" / "readings" / name).read_bytes())
    start = int(len(content) * place)
    content[start : start + 40] = replaced
    folder = said(readings={"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})
    (folder / "observed" / "readings" / name).write_bytes(content)
    cohort = ns.open(folder)
    for read in (lambda: cohort.tables["readings"], lambda: cohort.patient(2)):
        with pytest.raises(RunFolderError, match=r"a table cannot be read|the files of readings have"):
            read()


@pytest.mark.parametrize(("table", "column"), [("doses", "first_days"), ("visits", "kind"), ("visits", "actual_days")])
def test_values_missing_where_a_run_never_leaves_them_out_are_refused(said, five, table, column):
    """Only a missed visit has no day."""
    seen = ~pl.col("missed") if table == "visits" else pl.lit(value=True)
    (file,) = (five / "observed" / table).iterdir()
    form = file.suffix.removeprefix(".")
    frame = ns.open(five).tables[table].with_columns(pl.when(seen).then(None).otherwise(pl.col(column)).alias(column))
    content = part.encoded(frame, form, table)
    folder = said(**{table: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}})
    (folder / "observed" / table / file.name).write_bytes(content)
    with pytest.raises(RunFolderError, match=rf"damaged: values are missing in {table}\.{column}; make the run again"):
        ns.open(folder).patient(2)


@pytest.mark.parametrize("out", ["/", "//", "/.."])
@pytest.mark.parametrize("more", [{}, {"overwrite": True}, {"resume": True}])
def test_the_root_is_no_run_folder(out, more):
    with pytest.raises(RunFolderError, match="cannot be replaced; choose a folder inside it"):
        ns.run("baseline", patients=1, out=out, **more)


def test_new_labels_stand_in_for_the_old(tmp_path):
    cohort = ns.run("baseline", patients=20, seed=1, out=tmp_path / "run", report=False)
    before = cohort.labels
    cohort.classify(["source"])
    again = ns.open(tmp_path / "run")
    assert again.labels.sort("patient", "view").equals(before.sort("patient", "view"))
    assert len(list((tmp_path / "run" / "derived" / "labels").iterdir())) == 1


def test_a_patient_that_is_not_there(tmp_path):
    cohort = ns.run("baseline", patients=20, seed=1)
    with pytest.raises(RunFolderError, match="patient: expected a whole number from 0 to 19; found"):
        cohort.patient(20)
    assert cohort.patient(3).tables["patients"]["patient"].to_list() == [3]


def test_an_interrupt_that_comes_twice_leaves_nothing(tmp_path, monkeypatch):
    # polars raises the interrupt of the user itself, and then Python raises the same one while things are cleared up
    from nephrosyn.runs.run import Plan

    discard, calls = Writer.discard, []

    def interrupted(writer):
        calls.append(writer)
        if len(calls) == 1:
            raise KeyboardInterrupt
        discard(writer)

    def tables(plan, part):
        raise KeyboardInterrupt

    monkeypatch.setattr(Writer, "discard", interrupted)
    monkeypatch.setattr(Plan, "tables", tables)
    with pytest.raises(KeyboardInterrupt):
        ns.run("baseline", patients=1, out=tmp_path / "run", report=False)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_a_path_is_refused():
    with pytest.raises(RunFolderError, match="expected the path or URL of a run folder; found 3"):
        ns.open(3)
