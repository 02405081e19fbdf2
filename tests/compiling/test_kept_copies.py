"""Compiled copies: another folder after any change of the model, none where nothing can be written, few altogether."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nephrosyn
from nephrosyn.compiling import FOLDERS_KEPT, remove_old, sources_digest

PACKAGE = Path(nephrosyn.__file__).parent
COMPILE = (
    "from nephrosyn import compiling\n"
    "from nephrosyn.streams import fill_uniforms, Purpose\n"
    "import numpy as np\n"
    "kept = compiling.is_kept(fill_uniforms)\n"
    "fill_uniforms(1, 0, np.arange(3), int(Purpose.PERSON), 1)\n"
    "print(compiling.KEPT_IN, kept, compiling.is_kept(fill_uniforms), compiling.config.CACHE_DIR or '-')\n"
)


def compiled(**environment: str) -> list[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", COMPILE], env={**inherited, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.split()


@pytest.fixture
def package(tmp_path):
    return shutil.copytree(PACKAGE, tmp_path / "nephrosyn", ignore=shutil.ignore_patterns("__pycache__"))


@pytest.mark.parametrize("source", ["course/disease.py", "terms.py", "criteria/rules.py", "new.py"])
def test_a_changed_source_has_another_folder(package, source):
    before = sources_digest(package)
    with (package / source).open("a") as file:
        file.write("\nNEW = 1\n")
    assert sources_digest(package) != before


def test_what_is_never_compiled_changes_nothing(package):
    before = sources_digest(package)
    with (package / "report" / "wording.py").open("a") as file:
        file.write("\nNEW = 1\n")
    assert sources_digest(package) == before == sources_digest(PACKAGE)


def test_a_copy_is_kept_and_found_again(tmp_path):
    folder = str(tmp_path / "nephrosyn" / sources_digest(PACKAGE))
    assert compiled(XDG_CACHE_HOME=str(tmp_path)) == [folder, "False", "True", "-"]
    assert compiled(XDG_CACHE_HOME=str(tmp_path)) == [folder, "True", "True", "-"]


def test_numbas_own_setting_counts(tmp_path):
    folder = str(tmp_path / "nephrosyn" / sources_digest(PACKAGE))
    assert compiled(NUMBA_CACHE_DIR=str(tmp_path)) == [folder, "False", "True", str(tmp_path)]


def test_where_nothing_can_be_written_all_works(tmp_path):
    """A place below a file: nobody can write there, not even root."""
    (tmp_path / "file").touch()
    nowhere = str(tmp_path / "file" / "below")
    assert compiled(HOME=nowhere, XDG_CACHE_HOME=nowhere) == ["None", "False", "False", "-"]
    assert compiled(NUMBA_CACHE_DIR=nowhere)[:3] == ["None", "False", "False"]


def test_the_folders_used_last_stay(tmp_path):
    for number in range(FOLDERS_KEPT + 3):
        folder = tmp_path / f"{number}"
        (folder / "course").mkdir(parents=True)
        os.utime(folder, (number, number))
    remove_old(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [str(n) for n in range(3, FOLDERS_KEPT + 3)]
