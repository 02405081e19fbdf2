"""Starting the command line loads nothing heavy, and answers at once."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

HEAVY = {"numpy", "scipy", "polars", "numba", "pydantic", "matplotlib", "simpy", "jinja2"}
BUDGET_SECONDS = 0.3


def loaded_by(*arguments: str) -> set[str]:
    done = subprocess.run([sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True, check=True)
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    "arguments",
    [
        ("-c", "import nephrosyn"),
        ("-c", "import nephrosyn.cli"),
        ("-m", "nephrosyn", "--help"),
        ("-m", "nephrosyn", "--version"),
        ("-m", "nephrosyn", "list"),
        ("-m", "nephrosyn", "run", "--help"),
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_loaded(arguments):
    assert not loaded_by(*arguments) & HEAVY


def cpu_seconds(*arguments: str) -> float:
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("verb", ["--help", "list"])
def test_answers_within_the_budget(verb):
    # Start-up waits for nothing, so its processor time is what it takes on an idle machine; other work makes it
    # longer, never shorter, hence the best of several.
    assert min(cpu_seconds("-m", "nephrosyn", verb) for _ in range(7)) <= BUDGET_SECONDS
