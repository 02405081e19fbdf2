"""The cache of code that numba compiles: a new folder after any change of the model, none where none can be written."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nephrosyn
from nephrosyn.kernels import numba_cache as code_cache
from nephrosyn.kernels import numba_compiler
from nephrosyn.kernels.cache_folder import CACHED_VERSIONS, remove_old
from nephrosyn.kernels.fallback import CacheWarning
from nephrosyn.kernels.sources import sources_digest

pytestmark = pytest.mark.slow

PACKAGE = Path(nephrosyn.__file__).parent
COMPILE = (
    "from nephrosyn.kernels import numba_compiler as compiling\n"
    "from nephrosyn.kernels.compile import is_ready\n"
    "from nephrosyn.kernels.random_streams import _fill_uniforms, fill_uniforms, Purpose\n"
    "import numpy as np\n"
    "cached = is_ready(_fill_uniforms)\n"
    "fill_uniforms(1, 0, np.arange(3), int(Purpose.PERSON), 1)\n"
    "print(compiling.numba_cache_folder(), cached, is_ready(_fill_uniforms), compiling.config.CACHE_DIR or '-')\n"
)
BY_NUMBA = {"NEPHROSYN_KERNELS": "numba"}


def folder_in(cache: Path) -> str:
    """The folder of code that numba compiles from the sources as they are."""
    return str(cache / "nephrosyn" / numba_compiler.numba_cache_folder().name)


def compiled(warning: str = "", **environment: str) -> list[str]:
    """Compile a function in a new process: its cache folder, whether code was cached before and after, its setting."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", COMPILE], env={**inherited, **BY_NUMBA, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if "CacheWarning" in line]
    assert (done.stderr == "") == (warnings == [])
    assert [line for line in warnings if warning and warning in line] == warnings
    assert len(warnings) == bool(warning)
    return done.stdout.split()


def digest_of(folder: Path) -> str:
    sources_digest.cache_clear()
    return sources_digest(folder.absolute())


@pytest.fixture
def package(tmp_path):
    return shutil.copytree(PACKAGE, tmp_path / "nephrosyn", ignore=shutil.ignore_patterns("__pycache__"))


@pytest.mark.parametrize(
    "source", ["course/disease/proteinuria.py", "vocabulary.py", "criteria/definition/compiled.py", "kernels/new.py"]
)
def test_a_changed_source_has_another_folder(package, source):
    before = digest_of(package)
    with (package / source).open("a") as file:
        file.write("\nNEW = 1\n")
    assert digest_of(package) != before


def test_line_ends_change_nothing(package):
    before = digest_of(package)
    (package / "vocabulary.py").write_bytes((package / "vocabulary.py").read_bytes().replace(b"\n", b"\r\n"))
    assert digest_of(package) == before


def test_what_is_never_compiled_changes_nothing(package):
    before = digest_of(package)
    with (package / "report" / "text.py").open("a") as file:
        file.write("\nNEW = 1\n")
    assert digest_of(package) == before == digest_of(PACKAGE)


def test_code_is_cached_and_found_again(tmp_path):
    folder = folder_in(tmp_path)
    assert compiled(XDG_CACHE_HOME=str(tmp_path)) == [folder, "False", "True", "-"]
    assert compiled(XDG_CACHE_HOME=str(tmp_path)) == [folder, "True", "True", "-"]


def test_numbas_own_setting_counts(tmp_path):
    folder = folder_in(tmp_path)
    assert compiled(NUMBA_CACHE_DIR=str(tmp_path)) == [folder, "False", "True", str(tmp_path)]


def test_without_a_writable_folder_everything_works(tmp_path):
    """A place below a file: nobody can write there, not even root."""
    (tmp_path / "file").touch()
    nowhere = str(tmp_path / "file" / "below")
    named = "set the environment variable NUMBA_CACHE_DIR to a folder that can be written"
    assert compiled(named, HOME=nowhere, XDG_CACHE_HOME=nowhere) == ["None", "False", "False", "-"]
    assert compiled(named, NUMBA_CACHE_DIR=nowhere)[:3] == ["None", "False", "False"]


def test_code_for_another_processor_is_not_used(tmp_path):
    folder = folder_in(tmp_path)
    generic = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    assert compiled(XDG_CACHE_HOME=str(tmp_path), **generic) == [folder, "False", "True", "-"]
    assert compiled(XDG_CACHE_HOME=str(tmp_path)) == [folder, "False", "True", "-"]
    assert compiled(XDG_CACHE_HOME=str(tmp_path), **generic) == [folder, "True", "True", "-"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return a cache with the code of one function, to be read only."""
    cache = tmp_path_factory.mktemp("cache")
    compiled(XDG_CACHE_HOME=str(cache))
    return cache


def flipped(content: bytes) -> bytes:
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


DAMAGE = {
    "empty": lambda content: b"",
    "cut off": lambda content: content[: len(content) // 2],
    "a bit": flipped,
    "other bytes": lambda content: b"\x00" * len(content),
    "no checksum": lambda content: content[:-32],
}


@pytest.mark.parametrize("kind", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_removed_and_never_used(tmp_path, kind, damage):
    files = code_cache.CheckedFiles(str(tmp_path / "model"), "f", "stamp")
    (tmp_path / "model").mkdir()
    files.save("key", {"code": b"x" * 1000})
    assert files.load("key") == {"code": b"x" * 1000}
    (file,) = (tmp_path / "model").glob(f"*.{kind}")
    file.write_bytes(DAMAGE[damage](file.read_bytes()))
    with pytest.warns(CacheWarning, match="was damaged; it is removed") as warned:
        assert files.load("key") is None
    assert len(warned) == 1
    assert not file.exists()
    files.save("key", {"code": b"y"})
    assert files.load("key") == {"code": b"y"}


@pytest.mark.parametrize("kind", ["nbi", "nbc"])
def test_damaged_code_is_compiled_again(whole, tmp_path, kind):
    cache = shutil.copytree(whole, tmp_path / "cache")
    (file,) = cache.rglob(f"*.{kind}")
    file.write_bytes(b"")
    assert compiled("was damaged; it is removed", XDG_CACHE_HOME=str(cache))[1:3] == ["False", "True"]
    assert file.stat().st_size


LOAD = (
    "from nephrosyn.kernels.random_streams import fill_uniforms, Purpose\n"
    "import numpy as np\n"
    "print(fill_uniforms(1, 0, np.arange(3), int(Purpose.PERSON), 1).sum())\n"
)


def test_several_processes_recover_from_damage_at_once(whole, tmp_path):
    cache = shutil.copytree(whole, tmp_path / "cache")
    for file in cache.rglob("*.nb?"):
        file.write_bytes(b"")
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    environment |= {"XDG_CACHE_HOME": str(cache), **BY_NUMBA}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", LOAD], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    printed = [process.communicate(timeout=300)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(set(printed)) == 1
    assert printed[0].strip()
    assert compiled(XDG_CACHE_HOME=str(cache))[1] == "True"


def test_code_that_cannot_be_written_gives_a_warning(whole, tmp_path, monkeypatch):
    from nephrosyn.kernels.random_streams import _fill_uniforms

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    cache = code_cache.CheckedCache(_fill_uniforms.py_func)
    monkeypatch.setattr(cache, "_save_overload", full)
    with pytest.warns(CacheWarning, match="No space left on device"):
        cache.save_overload(None, None)


def test_the_latest_folders_stay(tmp_path):
    for number in range(CACHED_VERSIONS + 3):
        folder = tmp_path / f"{number}"
        (folder / "course").mkdir(parents=True)
        os.utime(folder, (number, number))
    remove_old(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [str(n) for n in range(3, CACHED_VERSIONS + 3)]
