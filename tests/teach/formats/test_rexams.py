"""R/exams exercises: read by its rules, and knitted and converted by the knitr and pandoc that it runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nephrosyn.teach.formats import rexams
from nephrosyn.teach.formats.moodle.embedded_html import Seen, read
from nephrosyn.teach.formats.questions import items
from nephrosyn.teach.formats.xhtml import one_line

from . import exercise
from .sets import HARD, MATCHING, MULTIPLE, NUMERIC, SINGLE, case, case_set, png, stage

HERE = Path(__file__).parent
EVIL = "exname: x `r stop()` \\item ##ANSWER9## ==== ---- exsolution: 1"


def files(folder: Path) -> dict[str, exercise.Exercise]:
    made = rexams.write({"si": case_set()}, "si", folder)
    assert sorted(made) == sorted((folder / "rexams").iterdir())
    return {path.stem: exercise.read(path.read_text(encoding="utf-8")) for path in made if path.suffix == ".Rmd"}


def pandoc(text: str) -> Seen:
    assert shutil.which("pandoc"), "pandoc is missing: apt-get install pandoc"
    done = subprocess.run(
        ["pandoc", "--from", "markdown", "--to", "html", "--wrap", "none"], input=text, capture_output=True, text=True,
        check=True, timeout=60,
    )  # fmt: skip
    return read(done.stdout)


def words(seen: Seen) -> str:
    return " ".join("".join(seen.words).split())


def test_every_question_is_an_exercise_with_its_key(tmp_path: Path):
    read = files(tmp_path)
    assert len(read) == 10
    keys = {name: (one.meta["extype"], one.meta["exsolution"]) for name, one in read.items()}
    assert keys["nephrosyn-c-1a2b-1-1"] == ("schoice", "0100")
    assert keys["nephrosyn-c-3c4d-1-1"] == ("mchoice", "10100")
    assert keys["nephrosyn-c-5e6f-1-1"] == ("num", "2.1")
    # Answers stand in alphabetical order: Biopsy, Onset, Remission.
    assert keys["nephrosyn-c-7081-1-1"] == ("cloze", "010|001|001")
    assert read["nephrosyn-c-5e6f-1-1"].meta["extol"] == "0.05"
    assert read["nephrosyn-c-1a2b-1-1"].meta["exshuffle"] == "TRUE"
    assert "Onset" in "".join(read["nephrosyn-c-92a3-2-1"].question)
    assert "Later" not in "".join(read["nephrosyn-c-92a3-2-1"].question)


def test_pictures_lie_beside_and_are_included(tmp_path: Path):
    files(tmp_path)
    text = (tmp_path / "rexams" / "nephrosyn-c-1a2b-1-1.Rmd").read_text(encoding="utf-8")
    (name,) = re.findall(r'include_supplement\("(.*)"\)', text)
    assert f"]({name})\\\n" in text
    assert (tmp_path / "rexams" / name).read_bytes() == png(40, 30, 10)


def test_no_inner_name_reaches_a_file(tmp_path: Path):
    files(tmp_path)
    assert not [path for path in tmp_path.rglob("*") if "secret" in path.name]
    assert not [path for path in tmp_path.rglob("*.Rmd") if "secret" in path.read_text(encoding="utf-8")]


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(), st.text(alphabet="=-:#|*`\\x1.)( \n")))
def test_no_text_breaks_the_structure(text: str):
    options = tuple(one.model_copy(update={"text": f"{text}{place}"}) for place, one in enumerate(SINGLE.options))
    hard = SINGLE.model_copy(update={"stem": f"{text} {EVIL}", "options": options})
    (item,) = items(case_set((case("c-1", "single", stage(text, 1, hard), title=text, summary=text),)))
    read = exercise.read(rexams.exercise(item, text))
    assert read.meta["exsolution"] == "0100"
    assert len(read.options) == 4


@pytest.mark.parametrize("flaw", ["exsolution: 0100", "exsolution: 01000", "extype: schoice", "* Category 1"])
def test_the_reader_sees_flaws(flaw: str):
    (item,) = items(case_set((case("c-1", "single", stage("", 1, SINGLE)),)))
    text = rexams.exercise(item, "Synthetic")
    exercise.read(text)
    broken = {
        "exsolution: 0100": ("exsolution: 0100", "exsolution: 0110"),
        "exsolution: 01000": ("exsolution: 0100", "exsolution: 01000"),
        "extype: schoice": ("extype: schoice", "extype: choice"),
        "* Category 1": ("* Category 1", "Category 1"),
    }[flaw]
    assert broken[0] in text
    with pytest.raises(AssertionError):
        exercise.read(text.replace(*broken, 1))


@pytest.mark.slow
def test_knitr_and_pandoc_show_just_the_texts(tmp_path: Path):
    files(tmp_path)
    assert shutil.which("Rscript"), "R is missing: apt-get install r-base-core r-cran-knitr"
    folder = tmp_path / "rexams"
    subprocess.run(
        ["Rscript", "--vanilla", str(HERE / "knit.R"), str(folder)], check=True, capture_output=True, timeout=120
    )
    for ident, question in (("1a2b", SINGLE), ("3c4d", MULTIPLE), ("5e6f", NUMERIC), ("7081", MATCHING)):
        knitted = exercise.read((folder / f"nephrosyn-c-{ident}-1-1.md").read_text(encoding="utf-8"))
        seen = pandoc("\n".join(knitted.question))
        shown = words(seen)
        assert one_line(HARD) in shown
        assert one_line(question.stem) in shown
        assert "3.6 | ok" in shown
        assert "Albumin, g/dL, reference 3.5–5.0" in shown
        assert [(folder / name).is_file() for name in seen.pictures] == [True]
        assert seen.without_words == 0
    options = words(pandoc("\n\n".join(exercise.read((folder / "nephrosyn-c-1a2b-1-1.md").read_text()).options)))
    assert options == " ".join(option.text for option in SINGLE.options)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=("Cc", "Zs"))))
def test_pandoc_reads_any_text_as_itself(text: str):
    assert words(pandoc(f"a {rexams.escaped(text)}")) == f"a {one_line(text)}".strip()
    assert words(pandoc(rexams.escaped(text))) == one_line(text)


def test_no_text_is_code_to_knitr():
    assert "`" not in rexams.escaped(EVIL)
