"""Code built ahead is of these sources, gives the same bytes as numba, and does not run where it should not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nephrosyn.kernels import built, fallback, library
from nephrosyn.kernels.cache_folder import cache_folder
from nephrosyn.kernels.compile import is_ready
from nephrosyn.kernels.fallback import KernelWarning
from nephrosyn.kernels.index import BUILT, UnusableError, checksum, read_index
from nephrosyn.kernels.random_streams import Purpose, _fill_uniforms, fill_uniforms

from ..house.source import modules

ROOT = Path(__file__).parents[2]
OTHER_VERSIONS = 3
"""Exit code of tools/build_kernels.py where another linker or compiler would give other bytes."""
STALE = "the kernels were edited: run tools/build_kernels.py"

needs_library = pytest.mark.skipif(library.machine() != "linux-x86_64", reason="the library built here is for x86-64")


def entry_points() -> set[str]:
    return {
        f"{module.name}.{node.name}"
        for module in modules().values()
        for node in module.tree.body
        if "entry" in {getattr(d, "id", "") for d in getattr(node, "decorator_list", ())}
    }


def test_every_entry_point_of_these_sources_is_built():
    index = read_index(BUILT)
    assert index is not None, STALE
    assert set(index.functions) == entry_points()
    for machine in index.files:
        assert index.checked(machine).is_file()


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """A copy of what was built, loaded anew, with an empty cache and no reasons; nothing of it stays."""
    folder = shutil.copytree(BUILT, tmp_path / "built")
    cached = (built.functions, fallback.kinds_to_try, cache_folder)
    monkeypatch.setattr(built, "BUILT", folder)
    monkeypatch.setattr(fallback, "_reasons", [])
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv(fallback.CHOICE, raising=False)
    for function in cached:
        function.cache_clear()
    yield folder
    for function in cached:
        function.cache_clear()


PATIENTS = np.arange(3, dtype=np.int64)


def expected() -> np.ndarray:
    """The first draws of three patients, by numpy's Philox, which counts up before it draws."""
    key, before = np.array([7, 2], np.uint64), [2**64 - 1, int(Purpose.PERSON) - 1]
    counters = [np.array([*before, patient, 0], np.uint64) for patient in PATIENTS.tolist()]
    raw = np.array([np.random.Philox(key=key, counter=counter).random_raw(4) for counter in counters])
    return ((raw >> np.uint64(11)) + 0.5) * 2.0**-53


def drawn() -> np.ndarray:
    return fill_uniforms(7, 2, PATIENTS, int(Purpose.PERSON), 1)


def one(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@needs_library
def test_the_library_serves_without_a_word(fresh):
    assert is_ready(_fill_uniforms)
    assert np.array_equal(drawn(), expected())
    assert fallback.reasons() == ""
    assert not (fresh.parent / "cache").exists()


DAMAGE = {"a bit": flip, "empty": lambda path: path.write_bytes(b""), "missing": Path.unlink}


@needs_library
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_library_is_never_loaded(fresh, damage):
    DAMAGE[damage](one(fresh, "*linux-x86_64.so"))
    with pytest.warns(KernelWarning) as warned:
        assert np.array_equal(drawn(), expected())
    first, second = (str(warning.message) for warning in warned)
    assert ("is damaged" in first) or ("cannot be read" in first)
    assert first.endswith("other code takes its place, with the same results")
    assert second.endswith("translating the model for this processor (a few seconds)")


@pytest.mark.parametrize("damage", ["a bit", "empty"])
def test_a_damaged_index_is_not_believed(fresh, damage):
    DAMAGE[damage](one(fresh, "*.json"))
    with pytest.warns(KernelWarning, match=r"json is damaged; other code"):
        assert built.functions() == {}
    assert np.array_equal(drawn(), expected())


def test_an_index_with_other_content_is_not_believed(fresh):
    """Whoever edits it by hand, so that it is sound JSON, still does not make code run with wrong arguments."""
    index = one(fresh, "*.json")
    content = json.loads(index.read_text())
    content["functions"][_fill_uniforms.name][0]["symbol"] = "entry_0"
    index.write_text(json.dumps(content))
    with pytest.warns(KernelWarning, match=r"json is damaged"):
        assert built.functions() == {}
    content["format"], content["sha256"] = 99, ""
    content["sha256"] = checksum(content)
    index.write_text(json.dumps(content))
    with pytest.raises(UnusableError):
        read_index(fresh)


@needs_library
def test_all_damaged_leaves_numba(fresh):
    for path in (*fresh.glob("*.so"), *fresh.glob("*.xz")):
        flip(path)
    with pytest.warns(KernelWarning) as warned:
        assert built.functions() == {}
    assert [("damaged" in str(warning.message)) for warning in warned] == [True, True]
    assert np.array_equal(drawn(), expected())


def test_code_of_other_sources_never_runs(fresh):
    digest = one(fresh, "*.json").stem
    for path in list(fresh.iterdir()):
        path.rename(fresh / path.name.replace(digest, "0" * len(digest)))
    assert built.functions() == {}
    assert fallback.reasons() == "its code built ahead is of other sources"
    for path in list(fresh.iterdir()):
        path.unlink()
    built.functions.cache_clear()
    assert built.functions() == {}
    assert fallback.reasons().endswith("no code was built ahead")
    assert np.array_equal(drawn(), expected())


@needs_library
def test_another_processor_gets_a_translation(fresh, monkeypatch):
    monkeypatch.setattr(library, "processor_features", lambda: {"avx"})
    with pytest.warns(KernelWarning) as warned:
        assert np.array_equal(drawn(), expected())
    (warning,) = warned
    assert str(warning.message).startswith("the processor lacks abm, avx2, bmi1")


def test_another_machine_gets_a_translation_once(fresh, monkeypatch):
    monkeypatch.setattr(library, "machine", lambda: "sunos-sparc")
    with pytest.warns(KernelWarning, match=r"^no machine code was built ahead for sunos-sparc: translating") as warned:
        assert np.array_equal(drawn(), expected())
    assert len(warned) == 1
    built.functions.cache_clear()
    assert np.array_equal(drawn(), expected())  # from the cache, without a warning


def test_a_damaged_translation_is_made_anew(fresh, monkeypatch):
    monkeypatch.setattr(library, "machine", lambda: "sunos-sparc")
    with pytest.warns(KernelWarning, match="translating"):
        built.functions()
    flip(one(fresh.parent / "cache", "nephrosyn/*/*.machine-code"))
    built.functions.cache_clear()
    with pytest.warns(KernelWarning, match="translating"):
        assert np.array_equal(drawn(), expected())


def test_a_translation_that_cannot_be_kept_serves_all_the_same(fresh, monkeypatch):
    """A place below a file: nobody can write there, not even root."""
    (fresh.parent / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(fresh.parent / "file" / "below"))
    monkeypatch.setattr(library, "machine", lambda: "sunos-sparc")
    with pytest.warns(KernelWarning) as warned:
        assert np.array_equal(drawn(), expected())
    assert "no folder to cache the compiled model can be written" in str(warned[-1].message)
    assert len(warned) == 2


def test_arguments_of_other_types_are_left_to_numba(fresh):
    narrow = PATIENTS.astype(np.int32)
    assert built.call_built(_fill_uniforms.name, (7, 2, narrow, 1, 1, np.empty((3, 4)))) is built.NO_MATCH
    assert np.array_equal(fill_uniforms(7, 2, narrow, int(Purpose.PERSON), 1), expected())


@pytest.mark.parametrize("value", ["bitcod", "numba "])
def test_a_wrong_choice_is_named(fresh, monkeypatch, value):
    monkeypatch.setenv(fallback.CHOICE, value)
    with pytest.warns(KernelWarning, match=r"must be one of library, bitcode, numba"):
        assert fallback.kinds_to_try() == fallback.KINDS


RUN = """
import hashlib, sys, nephrosyn as ns
digest = hashlib.sha256()
for name, patients in (("baseline", 60), ("busy-clinic", 40), ("children-first-episode", 40)):
    cohort = ns.run(name, patients=patients, seed=3)
    for table, frame in sorted(cohort.tables.items()):
        digest.update(table.encode() + frame.write_csv().encode())
    for verdict in cohort.patient(5).verdicts(view="observed"):
        digest.update(str(verdict).encode())
print(digest.hexdigest(), *sorted({"numba", "llvmlite"} & set(sys.modules)))
"""


def start(cache: Path, **environment: str) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    variables = {**inherited, "XDG_CACHE_HOME": str(cache), **environment}
    return subprocess.Popen([sys.executable, "-c", RUN], env=variables, text=True, **streams)


def output(process: subprocess.Popen[str]) -> list[str]:
    printed, errors = process.communicate(timeout=900)
    assert process.returncode == 0, errors
    return printed.split()


@pytest.fixture(scope="module")
def run_by_library(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    digest, *loaded = output(start(cache))
    if library.machine() == "linux-x86_64":
        assert loaded == []
        assert list(cache.iterdir()) == []
    return digest


@pytest.mark.slow
def test_two_processes_that_translate_at_once_give_the_bytes_of_the_library(run_by_library, tmp_path):
    processes = [start(tmp_path, NEPHROSYN_KERNELS="bitcode") for _ in range(2)]
    assert [output(process) for process in processes] == [[run_by_library, "llvmlite"]] * 2
    assert len(list(tmp_path.rglob("*"))) == 3  # two folders and one file: nothing temporary stays


@pytest.mark.slow
def test_the_same_sources_give_the_same_files():
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "build_kernels.py", "--check"], capture_output=True, text=True
    )
    if done.returncode == OTHER_VERSIONS:
        pytest.skip(done.stderr)
    assert (done.returncode, done.stderr) == (0, "")
