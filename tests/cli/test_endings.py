"""What nobody expected ends in a sentence and exit code 2; a mistake of ours says that it is one."""

from __future__ import annotations

import errno
import os

import polars as pl
import pytest
from typer.testing import CliRunner

from nephrosyn.cli import app as command
from nephrosyn.cli.console import errors
from nephrosyn.errors import BenchError

SURROGATE = "\udcff"


@pytest.fixture
def fails(cli, monkeypatch):
    """Have ``check`` fail in some way."""

    def call(error):
        def load(*_):
            raise error

        monkeypatch.setattr("nephrosyn.scenario.loading.load", load)
        monkeypatch.setattr("nephrosyn.scenario.load", load, raising=False)
        return cli("check", "baseline")

    return call


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RecursionError("maximum recursion depth exceeded"), "nested too deeply"),
        (MemoryError(), "not enough memory"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "outputs"), "outputs: No space left on device"),
        (OSError("no number"), "no number"),
        (pl.exceptions.ComputeError("a column is bad\nand more"), "a table cannot be read or written: a column is bad"),
        (pl.exceptions.PanicException("broken page"), "a table cannot be read or written: broken page"),
        (UnicodeEncodeError("utf-8", SURROGATE, 0, 1, "surrogates not allowed"), "characters that cannot be used"),
        (BenchError(["no such task"]), "no such task"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_the_system_refuses_is_a_sentence(fails, error, said):
    told = fails(error)
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith("nephrosyn: ")
    assert said in told.stderr
    assert len(told.stderr.splitlines()) == 1


def test_a_mistake_of_ours_says_so_and_where(fails):
    told = fails(KeyError("upcr"))
    assert told.exit_code == 70
    assert told.stderr.startswith("nephrosyn: this is a bug in nephrosyn, not in your input: KeyError: 'upcr'")
    assert "check.py, line" in told.stderr
    assert "NEPHROSYN_TRACEBACK=1" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(("error", "code"), [(KeyError("upcr"), 70), (RecursionError(), 2)])
def test_developers_get_the_traceback(fails, monkeypatch, error, code):
    monkeypatch.setenv("NEPHROSYN_TRACEBACK", "1")
    told = fails(error)
    assert told.exit_code == code
    assert "Traceback (most recent call last)" in told.stderr
    assert "check.py" in told.stderr


def test_no_traceback_of_what_the_user_can_put_right(cli, monkeypatch):
    monkeypatch.setenv("NEPHROSYN_TRACEBACK", "1")
    assert "Traceback" not in cli("check", "no-such").stderr


def test_the_help_names_the_exit_codes(cli):
    told = " ".join(cli("--help").stdout.split())
    for code in ("0 success", "1 a check failed", "2 invalid input", "70 a bug", "141 output closed early"):
        assert code in told
    assert {errors.EXIT_USER, errors.EXIT_BUG, errors.EXIT_NO_READER} == {2, 70, 141}
    assert command.EXIT_USER == 2


@pytest.mark.parametrize(
    "words",
    [
        ("run", "baseline", "--patients", "5", "--out"),
        ("run", "baseline", "--resume", "--out"),
        ("reclassify", "{run}", "--from", "source", "--to", "iskdc", "--out"),
        ("cases", "{run}", "--out"),
        ("bench", "{run}", "--out"),
        ("bench", "export", "{run}", "--out"),
        ("validate", "--out"),
        ("sensitivity", "baseline", "--out"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
@pytest.mark.parametrize("place", ["/", "."])
def test_a_folder_that_cannot_be_replaced(refuses, finished, tmp_path, monkeypatch, words, place):
    monkeypatch.chdir(tmp_path)
    if place == "." and "--resume" in words:
        return  # there is something to go on with, or not; that is another message
    refuses(*(word.format(run=finished) for word in words), place, saying=("cannot be replaced",))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), command.Terminated(15)])
def test_an_interrupt_behind_another_error_is_an_interrupt(monkeypatch, stop):
    """A compiled module that is being loaded when the signal comes raises an ImportError of its own."""

    def load(*_):
        try:
            raise stop
        except KeyboardInterrupt as signal:
            raise ImportError("initialization failed") from signal

    monkeypatch.setattr("nephrosyn.scenario.loading.load", load)
    monkeypatch.setattr("nephrosyn.scenario.load", load, raising=False)
    told = CliRunner().invoke(command.app, ["check", "baseline"], prog_name="nephrosyn")
    assert told.exit_code == (143 if isinstance(stop, command.Terminated) else 130)
    assert "bug" not in told.stderr
