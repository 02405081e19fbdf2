"""The command line starts without heavy imports."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"numpy", "scipy", "polars", "numba", "pydantic", "matplotlib", "simpy", "jinja2", "sklearn", "pandas"}


def loaded_by(*arguments: str) -> set[str]:
    done = subprocess.run([sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True, check=True)
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    "arguments",
    [
        ("-c", "import nephrosyn"),
        ("-c", "import nephrosyn.cli.app"),
        ("-m", "nephrosyn", "--help"),
        ("-m", "nephrosyn", "--version"),
        ("-m", "nephrosyn", "list"),
        ("-m", "nephrosyn", "run", "--help"),
        ("-m", "nephrosyn", "bench", "--help"),
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_loaded(arguments):
    assert not loaded_by(*arguments) & HEAVY
