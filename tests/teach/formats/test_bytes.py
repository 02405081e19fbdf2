"""Properties of every format: the same bytes each time, no clock, no comment, nothing that gives the key away."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from nephrosyn.teach.formats import anki, moodle, qti, rexams, scorm
from nephrosyn.teach.formats.questions import image_name, items
from nephrosyn.teach.formats.zip import packed
from nephrosyn.teach.lint.png import png_size
from nephrosyn.teach.model import Choice, UnitSystem
from nephrosyn.vocabulary import NOTICE

from .sets import CASES, SINGLE, case_set, figure, png

PAGE = "<html><head></head><body></body></html>"


def _scorm(sets: dict[UnitSystem, object], primary: UnitSystem, folder: Path) -> list[Path]:
    path = folder / "cases-scorm.zip"
    path.write_bytes(scorm.package(case_set(), PAGE))
    return [path]


WRITERS: dict[str, Callable[..., list[Path]]] = {
    "moodle": moodle.write,
    "anki": anki.write,
    "qti": qti.write,
    "rexams": rexams.write,
    "scorm": _scorm,
}
AGAIN = """
import sys
from pathlib import Path
from types import ModuleType
ours = sys.modules["tests"] = ModuleType("tests")  # some packages install one of that name
ours.__path__ = [sys.argv[1] + "/tests"]
from tests.teach.formats.test_bytes import digest, WRITERS
print(*(digest(WRITERS[name], Path(sys.argv[2]) / name) for name in sorted(WRITERS)))
"""


def digest(write: Callable[..., list[Path]], folder: Path) -> str:
    folder.mkdir()
    made = write({"conventional": case_set()}, "conventional", folder)
    told = hashlib.sha256()
    for path in sorted(made):
        told.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    assert sorted(made) == sorted(path for path in folder.rglob("*") if path.is_file())
    return told.hexdigest()


def test_another_process_at_another_time_writes_the_same_bytes(tmp_path: Path):
    (tmp_path / "again").mkdir()
    here = [digest(WRITERS[name], tmp_path / name) for name in sorted(WRITERS)]
    root = str(Path(__file__).parents[3])
    # Another hash seed and time zone: neither may reach a file.
    environment = {**os.environ, "PYTHONHASHSEED": "5", "TZ": "Asia/Tokyo"}
    done = subprocess.run(
        [sys.executable, "-c", AGAIN, root, str(tmp_path / "again")],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
    )
    assert done.stdout.split() == here


@pytest.mark.parametrize("write", [anki.package, qti.package, lambda cases: scorm.package(cases, PAGE)])
def test_an_archive_tells_no_time_and_has_no_comment(write: Callable[..., bytes]):
    with zipfile.ZipFile(io.BytesIO(write(case_set()))) as archive:
        assert archive.testzip() is None
        assert archive.comment == b""
        for entry in archive.infolist():
            assert (entry.date_time, entry.comment, entry.extra) == ((1980, 1, 1, 0, 0, 0), b"", b"")


def test_an_archive_does_not_depend_on_the_order_it_was_filled_in():
    assert packed({"b": b"2", "a.png": b"1"}) == packed({"a.png": b"1", "b": b"2"})


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_the_key_changes_nothing_but_what_is_told_of_the_answer(name: str, tmp_path: Path):
    """Names of files are the same whichever option is right, and so is the order of the options."""
    turned = SINGLE.model_copy(
        update={
            "options": tuple(
                one.model_copy(update={"credit": float(place == 3)}) for place, one in enumerate(SINGLE.options)
            )
        }
    )
    stage = CASES[0].stages[0].model_copy(update={"questions": (turned,)})
    other = case_set((CASES[0].model_copy(update={"stages": (stage,)}),))
    names = []
    for place, cases in enumerate((case_set(CASES[:1]), other)):
        folder = tmp_path / str(place)
        folder.mkdir()
        made = WRITERS[name]({"conventional": cases}, "conventional", folder)
        names.append(sorted(part for path in made for part in [path.relative_to(folder).as_posix(), *_inside(path)]))
    assert names[0] == names[1]


def _inside(path: Path) -> list[str]:
    if not zipfile.is_zipfile(path):
        return []
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_names_and_tags_are_made_of_place_and_content():
    told = [item for item in items(case_set()) if isinstance(item.question, Choice)]
    assert not [item for item in told if "secret" in f"{item.id} {item.name} {item.tags} {item.closing()}"]
    assert image_name(figure(1)) == image_name(figure(1).model_copy(update={"name": "other", "alt": "other"}))
    assert image_name(figure(1)) != image_name(figure(2))


@pytest.mark.parametrize("name", ["moodle", "qti", "rexams"])
def test_every_question_says_that_it_is_synthetic(name: str, tmp_path: Path):
    made = WRITERS[name]({"si": case_set(units="si")}, "si", tmp_path)
    text = "".join(path.read_text(encoding="utf-8") for path in made if path.suffix in {".xml", ".Rmd"})
    for path in made:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                text += "".join(archive.read(one).decode() for one in archive.namelist() if one.endswith(".xml"))
    assert text.count(NOTICE.rstrip(".")) >= len(list(items(case_set())))


def test_each_definition_set_is_a_tag_of_its_own():
    (item,) = items(case_set((CASES[1].model_copy(update={"criteria": "jsn-2014, kdigo-2021"}),)))
    assert item.tags == ("nephrosyn", "disagreement", "difficulty-3", "jsn-2014", "kdigo-2021", "year-4")


def test_a_picture_is_read_to_its_end():
    whole = png(7, 5, 1)
    assert png_size(whole) == (7, 5)
    for broken in (whole[:-1], whole[1:], whole[:-12], whole[:40] + b"x" + whole[41:], b""):
        with pytest.raises(ValueError, match="PNG"):
            png_size(broken)
