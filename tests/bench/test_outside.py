"""A user's own classifier is the file that was named, and nothing else of the working folder is executed."""

from __future__ import annotations

import polars as pl
import pytest

from nephrosyn import criteria
from nephrosyn.bench import run as running
from nephrosyn.bench.classifiers import registry
from nephrosyn.bench.classifiers.protocol import Setup, ShownRecord, checked_answers
from nephrosyn.cli.commands import bench
from nephrosyn.errors import BenchError

PLANTED = """
from pathlib import Path
(Path(__file__).parent / "executed").touch()
raise RuntimeError("a file of the working folder was executed")
"""
RULES = """
import random

import beside

def classify(record):
    assert 0 <= random.random() < 1
    return beside.ANSWER
"""
ENDS = """
import os, sys

def aloud(record):
    sys.stderr.write("some words before\\nno memory left \\x1b[31m\\n")
    sys.stderr.flush()
    os._exit(3)

def killed(record):
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with files that are named like modules of others, and a user's rules."""
    monkeypatch.chdir(tmp_path)
    for name in ("random", "polars", "numpy", "json"):
        (tmp_path / f"{name}.py").write_text(PLANTED, encoding="utf-8")
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    (tmp_path / "beside.py").write_text("ANSWER = 'non_relapsing'\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def ask(run, folder):
    few = {name: frame.filter(pl.col("patient") < 2) for name, frame in run.observed.items()}

    def ask(name):
        asked, shown = Setup(run.task, None, 10.0), ShownRecord(few, folder / "shown")
        found = registry.find(name)
        ready = found.ready(asked)
        try:
            return found, checked_answers(ready.answer(shown), shown.people, run.task)
        finally:
            ready.close()

    return ask


@pytest.mark.parametrize(
    "asked", ["rules:classify", "rules.py:classify", "./rules.py:classify", "{}/rules.py:classify"]
)
def test_the_file_that_was_named_answers_and_no_other_is_executed(ask, folder, asked):
    found, answers = ask(asked.format(folder))
    assert answers["predicted"].to_list() == ["non_relapsing"] * 2
    assert found.name == "rules:classify"
    assert not (folder / "executed").exists()


def test_a_file_elsewhere_is_taken_with_what_lies_beside_it(ask, folder):
    away = folder / "two words, [a]=1"
    away.mkdir()
    for name in ("rules.py", "beside.py"):
        (folder / name).rename(away / name)
    for asked in (
        f"{away}/rules.py:classify",
        f"mine={away}/rules.py:classify",
        "mine=two words, [a]=1/rules.py:classify",
    ):
        found, answers = ask(asked)
        assert answers["predicted"].to_list() == ["non_relapsing"] * 2
        assert found.name == ("mine" if asked.startswith("mine=") else "rules:classify")
        assert bench.classifier_names([asked.removeprefix("mine=")]) == [asked.removeprefix("mine=")]
    assert bench.classifier_names(["majority, last-note", "a:b"]) == ["majority", "last-note", "a:b"]


def test_a_file_named_like_a_module_is_taken_as_the_file_it_is(ask, folder):
    (folder / "random.py").write_text(RULES.replace("beside.ANSWER", "'non_relapsing'"), encoding="utf-8")
    _, answers = ask("random.py:classify")  # within it `import random` is that of Python
    assert answers["predicted"].to_list() == ["non_relapsing"] * 2
    with pytest.raises(BenchError, match=r"no classify in .*random\.py; for a file of your own write FILE\.py:NAME"):
        ask("random:classify")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("nowhere.py:classify", "there is no file nowhere.py"),
        ("rules.py:nothing", "there is no nothing in"),
        ("some/rules:classify", "expected MODULE:NAME or FILE.py:NAME; found some/rules"),
        ("majority=rules.py:classify", "majority is the name of another classifier"),
        ("source=rules.py:classify", "source is the name of another classifier"),
    ],
)
def test_what_cannot_be_found_is_refused(ask, asked, said):
    with pytest.raises(BenchError) as error:
        ask(asked)
    assert said in str(error.value)


def test_two_of_one_name_are_told_apart_by_names_of_their_own():
    with pytest.raises(BenchError, match=r"named twice; give one a different name: NAME=\.\.\."):
        registry.find_all(["rules:classify", "rules:classify"])


def test_a_name_of_its_own_is_not_that_of_the_set_asked_about(run_folder, folder):
    text = criteria.text("source").replace('name = "source"', 'name = "a-set-of-mine"')
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    run = running.open_run(run_folder, str(folder / "mine.toml"))
    with pytest.raises(BenchError, match="a-set-of-mine is the definition set asked about"):
        running.ask(run, ["a-set-of-mine=rules.py:classify"], ["doses_lost"], (5,))


def test_a_module_that_cannot_be_imported_is_executed_once(ask, folder):
    (folder / "needs.py").write_text("open('times', 'a').write('x')\nimport no_such_package\n", encoding="utf-8")
    with pytest.raises(BenchError, match="raises ModuleNotFoundError: No module named 'no_such_package'"):
        ask("needs.py:classify")
    assert (folder / "times").read_text() == "x"


def test_how_a_process_ended_is_told(ask, folder):
    (folder / "ends.py").write_text(ENDS, encoding="utf-8")
    (folder / "dies.py").write_text(
        "import os, sys\nsys.stderr.write('no licence\\n')\nsys.stderr.flush()\nos._exit(4)\n"
    )
    _, answers = ask("ends.py:aloud")
    assert set(answers["fault"]) == {"its process ended with exit code 3 without an answer: no memory left ?[31m"}
    _, answers = ask("ends.py:killed")
    assert set(answers["fault"]) == {"its process ended by signal 9 without an answer"}
    with pytest.raises(BenchError, match="ended with exit code 4 without an answer: no licence"):
        ask("dies.py:classify")
