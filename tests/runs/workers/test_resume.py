"""A run that was broken off, or damaged, is gone on with: the same bytes as if nothing had happened."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import version

import pytest

import nephrosyn as ns
from nephrosyn.errors import RunFolderError
from nephrosyn.runs import made_with
from nephrosyn.runs.folder import Writer, part
from nephrosyn.runs.folder.lock import LOCK, FolderLock
from nephrosyn.runs.workers import dispatch

from .conftest import PARTS, asked, bytes_of

pytestmark = pytest.mark.slow


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """A run that was interrupted after five parts."""
    made = dispatch._results

    def interrupted(*arguments):
        for count, found in enumerate(made(*arguments)):
            if count == 5:
                raise KeyboardInterrupt
            yield found

    with monkeypatch.context() as patch:
        patch.setattr(dispatch, "_results", interrupted)
        with pytest.raises(KeyboardInterrupt) as stop:
            ns.run(**asked(out=tmp_path / "run"))
    assert "5 of 12 parts are finished and stored" in stop.value.__notes__[0]
    assert "--resume" in stop.value.__notes__[0]
    return tmp_path / "run"


def partial(folder):
    return folder.with_name(f".{folder.name}.partial")


@pytest.fixture
def finished(tmp_path, undisturbed):
    folder = tmp_path / "run"
    for name, content in undisturbed.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def made_parts(monkeypatch):
    """Numbers of the parts that are made from here on."""
    from nephrosyn.runs.workers.job import Job

    numbers, make = [], Job.make
    monkeypatch.setattr(Job, "make", lambda job, number: numbers.append(number) or make(job, number))
    return numbers


def test_only_what_is_missing_is_made(broken, undisturbed, monkeypatch):
    assert not broken.exists()
    numbers = made_parts(monkeypatch)
    ns.run(**asked(out=broken, resume=True))
    # the sixth part was made, and not noted before the interrupt: its record stands
    assert numbers == list(range(6, PARTS))
    assert bytes_of(broken) == undisturbed
    assert [path.name for path in broken.parent.iterdir()] == ["run"]


def test_the_size_of_parts_need_not_be_told_again(broken, undisturbed):
    ns.run(**asked(out=broken, resume=True, part_patients=None))
    assert bytes_of(broken) == undisturbed


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-7])


DAMAGES = [flip, cut_short, lambda path: path.unlink(), lambda path: path.write_bytes(b"")]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["observed/readings/part-00002.parquet", "parts/part-00002.json"])
def test_a_damaged_part_is_made_again(broken, undisturbed, monkeypatch, damage, name):
    damage(partial(broken) / name)
    numbers = made_parts(monkeypatch)
    ns.run(**asked(out=broken, resume=True))
    assert numbers in ([2, *range(6, PARTS)], list(range(6, PARTS)))  # a blank in a record may be flipped unseen
    assert bytes_of(broken) == undisturbed


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_journal_is_no_matter(broken, undisturbed, damage):
    damage(partial(broken) / "run.json")
    ns.run(**asked(out=broken, resume=True))
    assert bytes_of(broken) == undisturbed


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["truth/events/part-00007.parquet", "manifest.json"])
def test_a_finished_run_is_repaired(finished, undisturbed, monkeypatch, damage, name):
    damage(finished / name)
    numbers = made_parts(monkeypatch)
    ns.run(**asked(out=finished, resume=True))
    assert numbers == ([7] if "events" in name else [])
    assert bytes_of(finished) == undisturbed


def test_a_finished_run_is_left_as_it_is(finished, undisturbed, monkeypatch):
    numbers = made_parts(monkeypatch)
    ns.run(**asked(out=finished, resume=True))
    assert not numbers
    assert bytes_of(finished) == undisturbed


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": 4}, "seed was 3, now 4"),
        ({"patients": 130}, "patients was 120, now 130"),
        ({"part_patients": 20}, "part_patients was 10, now 20"),
        ({"format": "csv"}, 'format was "parquet", now "csv"'),
        ({"criteria": ["source", "iskdc"]}, "criteria was"),
        (
            {"overrides": ["population.patients_per_site=5", "population.follow_up_days=365"]},
            "population.follow_up_days was 730.0, now 365.0",
        ),
    ],
)
@pytest.mark.parametrize("where", ["broken", "finished"])
def test_another_run_is_refused_and_the_difference_named(request, where, change, says):
    folder = request.getfixturevalue(where)
    before = bytes_of(folder.parent)
    with pytest.raises(RunFolderError, match="another run") as refused:
        ns.run(**asked(out=folder, resume=True, **change))
    assert says in str(refused.value)
    assert bytes_of(folder.parent) == before


def test_another_version_is_refused(broken, monkeypatch):
    monkeypatch.setattr("nephrosyn.runs.run.__version__", "9.9")
    with pytest.raises(RunFolderError, match=r'version was "[0-9.]+", now "9.9"'):
        ns.run(**asked(out=broken, resume=True))


@pytest.mark.parametrize("package", ["polars", "numpy", "scipy", "numba", "llvmlite", "simpy", "python"])
def test_another_version_of_what_the_bytes_depend_on_is_refused(broken, undisturbed, monkeypatch, package):
    with monkeypatch.context() as patch:
        if package == "python":
            patch.setattr(made_with.sys, "version_info", (9, 9, 0))
        else:
            patch.setattr(made_with, "version", lambda name: "9.9" if name == package else version(name))
        with pytest.raises(RunFolderError, match=rf'made_with\.{package} was "[0-9.]+", now "9.9"'):
            ns.run(**asked(out=broken, resume=True))
    ns.run(**asked(out=broken, resume=True))
    assert bytes_of(broken) == undisturbed


LOADED = """
import sys
import nephrosyn as ns
for engine in ("compiled", "simpy"):
    ns.run("baseline", patients=2, engine=engine, out=f"{sys.argv[1]}/{engine}", report=False)
files = [str(getattr(module, "__file__", "")) for module in list(sys.modules.values())]
print(*{file.partition("/site-packages/")[2].partition("/")[0] for file in files})
"""
SCENARIO_CHECKS = {"pydantic", "pydantic_core", "annotated_types", "typing_inspection", "typing_extensions.py"}
BY_THE_WAY = {"yaml", "cffi", "pycparser", "charset_normalizer", "_distutils_hack"}
"""What numba and numpy load, where it is installed, and make no number with."""
OF_POLARS = {"_polars_runtime_32", "_polars_runtime_64"}
"""In exactly its own version."""


def test_whatever_a_run_loads_is_among_the_versions_it_is_made_with(tmp_path):
    """A package that is new here has to be thought about: can it change a byte?"""
    done = subprocess.run([sys.executable, "-c", LOADED, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = {name for name in done.stdout.split() if not name.startswith("_cffi_backend")}
    assert {"polars", "scipy", "simpy"} < loaded
    made_with = set(ns.open(tmp_path / "simpy").manifest["made_with"])
    assert loaded - SCENARIO_CHECKS - BY_THE_WAY - OF_POLARS <= made_with


def test_records_of_another_run_count_for_nothing(broken):
    (partial(broken) / "run.json").unlink()
    before = bytes_of(broken.parent)
    with pytest.raises(RunFolderError, match="is another run"):
        ns.run(**asked(out=broken, resume=True, seed=4))
    assert bytes_of(broken.parent) == before


def killed_before_it_wrote(folder):
    partial(folder).mkdir()


def killed_when_it_had_the_lock(folder):
    partial(folder).mkdir()
    (partial(folder) / LOCK).write_text("1 0123")


def killed_while_it_wrote_the_journal(folder):
    killed_when_it_had_the_lock(folder)
    (partial(folder) / ".run.json-1-0.unfinished").write_text("{")


def killed_before_its_first_part(folder):
    Writer(folder, overwrite=True, about={"seed": 1})._lock._close()
    (partial(folder) / "observed" / "visits").mkdir(parents=True)
    (partial(folder) / "observed" / "visits" / "part-00000.parquet").write_bytes(b"PAR1")


def an_empty_folder(folder):
    folder.mkdir()


@pytest.mark.parametrize(
    "before",
    [
        lambda folder: None,
        an_empty_folder,
        killed_before_it_wrote,
        killed_when_it_had_the_lock,
        killed_while_it_wrote_the_journal,
        killed_before_its_first_part,
    ],
)
def test_where_nothing_is_finished_a_run_begins(tmp_path, undisturbed, before):
    before(tmp_path / "run")
    ns.run(**asked(out=tmp_path / "run", resume=True))
    assert bytes_of(tmp_path / "run") == undisturbed
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("before", [killed_before_it_wrote, killed_before_its_first_part])
def test_a_replacement_that_has_finished_nothing_does_not_keep_a_run_from_being_repaired(finished, undisturbed, before):
    before(finished)
    (finished / "observed/visits/part-00003.parquet").unlink()
    ns.run(**asked(out=finished, resume=True))
    assert bytes_of(finished) == undisturbed


def test_what_is_no_run_is_not_gone_on_with(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(RunFolderError, match="not a run of nephrosyn"):
        ns.run(**asked(out=tmp_path / "thesis", resume=True))
    assert [path.name for path in tmp_path.rglob("*")] == ["thesis", "chapter.txt"]


def test_a_broken_run_is_not_lost_by_accident(broken, undisturbed):
    with pytest.raises(RunFolderError, match=r"unfinished run.*resume.*overwrite"):
        ns.run(**asked(out=broken))
    ns.run(**asked(out=broken, overwrite=True))
    assert bytes_of(broken) == undisturbed


def test_a_replacement_that_is_gone_on_with_replaces(broken, undisturbed):
    ns.run(**asked(out=broken.parent / "other", seed=4))
    (broken.parent / "other").rename(broken)
    with pytest.raises(RunFolderError, match="not empty"):  # it did not say that it would
        ns.run(**asked(out=broken, resume=True))
    journal = partial(broken) / "run.json"
    journal.write_text(journal.read_text().replace('"run"', '"replaces": true, "run"'))
    ns.run(**asked(out=broken, resume=True))
    assert bytes_of(broken) == undisturbed


def test_a_run_stays_until_the_one_that_replaces_it_is_whole(finished, undisturbed, monkeypatch):
    monkeypatch.setattr(dispatch, "_results", lambda *_: (_ for _ in ()).throw(OSError(5, "no luck")))
    with pytest.raises(OSError, match="no luck"):
        ns.run(**asked(out=finished, seed=5, overwrite=True))
    assert bytes_of(finished.parent / "run") == undisturbed


@pytest.mark.parametrize("resume", [False, True])
def test_two_runs_of_one_folder(broken, resume):
    hold = FolderLock(partial(broken))
    with pytest.raises(RunFolderError, match="being written by another nephrosyn"):
        ns.run(**asked(out=broken, resume=resume, overwrite=not resume))
    hold.release(partial(broken))
    ns.run(**asked(out=broken, resume=True))


def test_what_others_left_behind_is_swept(broken, undisturbed):
    (partial(broken) / "observed/visits/.part-00003.parquet-1-2.unfinished").write_bytes(b"half")
    shutil.copy(
        partial(broken) / "observed/visits/part-00003.parquet", partial(broken) / "observed/visits/part-00099.parquet"
    )
    ns.run(**asked(out=broken, resume=True))
    assert bytes_of(broken) == undisturbed


def test_classified_again_and_repaired(finished, undisturbed):
    ns.open(finished).classify(["source"])
    (finished / "observed/visits/part-00003.parquet").unlink()
    ns.run(**asked(out=finished, resume=True))
    assert bytes_of(finished) == undisturbed


def test_a_resume_stopped_before_its_first_part_loses_nothing(broken, undisturbed, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(part, "finished", stopped)
        with pytest.raises(KeyboardInterrupt):
            ns.run(**asked(out=broken, resume=True))
    numbers = made_parts(monkeypatch)
    ns.run(**asked(out=broken, resume=True))
    assert set(numbers) <= set(range(5, PARTS))  # the one that was being made may be there as well
    assert bytes_of(broken) == undisturbed


def test_a_copy_that_somebody_left_among_the_records_is_passed_over(broken, undisturbed):
    copy = partial(broken) / "parts" / "part-00000 (copy).json"
    copy.write_text("{}")
    ns.run(**asked(out=broken, resume=True))
    copied = broken / "parts" / copy.name
    copied.unlink(missing_ok=True)
    assert bytes_of(broken) == undisturbed


def test_who_stops_twice_leaves_the_next_one_alone(tmp_path):
    first = Writer(tmp_path / "run", about={"seed": 1})
    first.stop()
    second = Writer(tmp_path / "run", about={"seed": 2})
    first.stop()
    assert partial(tmp_path / "run").is_dir()
    with pytest.raises(BlockingIOError):
        FolderLock(partial(tmp_path / "run"))
    second.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_left_over_from_a_replacement_is_no_hindrance(finished, undisturbed):
    left = partial(finished).with_suffix(".old")
    (left / "observed").mkdir(parents=True)
    (left / "observed" / "rest").write_text("half removed")
    ns.run(**asked(out=finished, overwrite=True))
    assert bytes_of(finished) == undisturbed
    assert not left.exists()


def test_a_run_that_is_being_repaired_is_not_classified(finished):
    hold = FolderLock(finished)
    with pytest.raises(RunFolderError, match="being changed by another nephrosyn"):
        ns.open(finished).classify(["ipna-2022"])
    hold.release(finished)
    ns.open(finished).classify(["ipna-2022"])
    assert not (finished / LOCK).exists()


@pytest.mark.parametrize("damaged", [False, True])
def test_resuming_keeps_the_sets_by_which_the_run_was_classified_later(tmp_path, damaged):
    asked = {"patients": 12, "seed": 3, "out": tmp_path / "run", "report": False}
    before = ns.run("baseline", **asked).classify("ipna-2022")
    if damaged:
        (part,) = (tmp_path / "run" / "truth" / "events").iterdir()
        part.write_bytes(part.read_bytes() + b" ")
    again = ns.run("baseline", resume=True, **asked)
    assert again.manifest["criteria"] == ["source", "ipna-2022"]
    assert again.labels.equals(before)


def test_resuming_names_the_sets_or_leaves_them_to_the_scenario(tmp_path):
    """Where a value came from is no other value."""
    asked = {"patients": 12, "seed": 3, "out": tmp_path / "run", "report": False}
    ns.run("baseline", **asked)
    again = ns.run("baseline", criteria="source", resume=True, **asked)
    assert again.manifest["criteria"] == ["source"]
