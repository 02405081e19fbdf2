"""The blocks of the tutorial for educators run, from top to bottom, in an empty folder."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nephrosyn.cli.app import app

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "tutorial" / "educators.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PIP = re.compile(r"pip install (?:--\S+ )*([\"']?)([\w.-]*)(?:\[([\w,]+)\])?\1")


def blocks(language):
    return [code for kind, code in BLOCK.findall(PAGE.read_text(encoding="utf-8")) if kind == language]


def advised():
    """Every ``pip install`` in the documentation and in messages."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "sim").rglob("*.py")]
    for page in pages:
        for match in PIP.finditer(page.read_text(encoding="utf-8")):
            yield page.relative_to(ROOT), match[2], match[3]


def test_nobody_is_told_to_install_nephrosyn_from_a_registry_that_does_not_have_it():
    commands = list(advised())
    assert len(commands) > 5
    assert [(page, name) for page, name, _ in commands if name == "nephrosyn"] == []


def test_every_extra_that_is_advised_exists():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    named = [(page, name) for page, _, given in advised() if given for name in given.split(",")]
    assert named
    assert [(page, name) for page, name in named if name not in extras] == []
    assert ("docs/tutorial/educators.md", "teach") in [(str(page), name) for page, name in named]


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A folder in which every command of the page was run, with fewer cases to save time."""
    folder = tmp_path_factory.mktemp("reader")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command in "".join(blocks("bash")).splitlines():
            name, *arguments = shlex.split(command.replace("--count 20", "--count 5"))
            assert name == "nephrosyn", command
            result = CliRunner().invoke(app, arguments, prog_name="nephrosyn")
            assert result.exit_code == 0, f"{command}\n{result.output}\n{result.exception!r}"
            (folder / f"{arguments[-1]}.txt").write_text(result.stdout, encoding="utf-8")
    return folder


@pytest.mark.slow
def test_the_files_are_where_the_page_says(reader):
    text = PAGE.read_text(encoding="utf-8")
    for name in re.findall(r"`(lesson/[\w.-]+)`", text):
        assert (reader / name).is_file(), name
    written = {path.name for path in (reader / "more").iterdir()}
    assert written == {"cases-qti.zip", "cases-scorm.zip", "rexams", "cases-conventional.json", "cases-si.json"}


@pytest.mark.slow
def test_the_note_of_the_page_is_printed(reader):
    note = " ".join((reader / "kdigo.txt").read_text(encoding="utf-8").split())
    required = "requires 16 weeks of adequate steroid without remission"
    assert f"{required}, and care in this scenario ends such a course after 12 weeks" in note


def in_r(reader, script):
    assert shutil.which("Rscript"), "R is missing: apt-get install r-base-core r-cran-knitr"
    (reader / "exam.R").write_text(script, encoding="utf-8")
    return subprocess.run(
        ["Rscript", "--vanilla", HERE / "exams.R", "exam.R"], cwd=reader, capture_output=True, text=True, timeout=120
    )


@pytest.mark.slow
def test_the_exam_of_the_page_has_its_pictures(reader):
    (script,) = blocks("r")
    done = in_r(reader, script)
    assert done.returncode == 0, done.stderr
    assert (reader / "exam1.html").read_text(encoding="utf-8").count("data:image") == 5


@pytest.mark.slow
def test_an_exam_that_would_lose_its_pictures_stops_and_says_why(reader):
    (script,) = blocks("r")
    lost = script.replace('"Rmd$")', '"Rmd$", full.names = TRUE)').replace('edir = "more/rexams", ', "")
    assert lost.count("more/rexams") == 1
    done = in_r(reader, lost)
    assert done.returncode != 0
    assert "give the files by their bare names, and their folder as edir" in done.stderr
