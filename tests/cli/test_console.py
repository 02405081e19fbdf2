"""Bars and colour on a terminal once work takes long; words alone in a pipe; nothing when asked to be quiet."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

LONG = """
import sys, time
from nephrosyn.cli.console import Progress
with Progress(quiet="quiet" in sys.argv) as progress:
    progress("compile", 0, 1)
    progress("compile", 1, 1)
    for done in range(int(sys.argv[1])):
        progress("simulating", done, int(sys.argv[1]))
        time.sleep(0.3)
"""
ANNOUNCED = "compiling the model, once per machine (about a minute)"


def on_a_terminal(*arguments: str) -> str:
    outer, inner = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", LONG, *arguments], stderr=inner, env={**os.environ, "TERM": "xterm"}
    )
    os.close(inner)
    told = b""
    try:
        while chunk := os.read(outer, 4096):
            told += chunk
    except OSError:  # how a terminal says that the other side has gone
        pass
    os.close(outer)
    assert process.wait() == 0
    return told.decode()


def in_a_pipe(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", LONG, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr


def test_long_work_shows_a_bar_on_a_terminal():
    told = on_a_terminal("7")
    assert ANNOUNCED in told
    assert "simulating" in told
    assert "/7" in told


def test_short_work_shows_none():
    assert "simulating" not in on_a_terminal("2")


def test_pipe_gets_the_announcement_only():
    assert in_a_pipe("5") == f"{ANNOUNCED}\n"


@pytest.mark.parametrize("where", [on_a_terminal, in_a_pipe])
def test_quiet_shows_nothing(where):
    assert where("5", "quiet") == ""


def test_table_aligns_and_leaves_no_trailing_blanks(capsys):
    from nephrosyn.cli.console.terminal import table

    table(("name", "n"), [("a", "1"), ("", ""), ("longer [b]", "1,000")], right=(1,))
    assert capsys.readouterr().out.splitlines() == [
        "name            n",
        "a               1",
        "",
        "longer [b]  1,000",
    ]


def test_table_keeps_a_long_row_on_one_line_in_a_pipe(capsys):
    from nephrosyn.cli.console.terminal import table

    table(("key", "source"), [("k", "word " * 100 + "end")])
    assert capsys.readouterr().out.splitlines()[1].endswith("end")
