"""The benchmarks still run; what they measure is nobody's business here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nephrosyn.vocabulary import NOTICE

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page() -> str:
    command = [sys.executable, "-m", "benchmarks", "--sizes", "40", "--repeats", "1", "--no-commands"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.mark.slow
def test_every_engine_and_peer_is_measured(page):
    for title in ("compiled engine, course only", "SimPy engine, no queue", "plain SimPy script", "classification"):
        assert f"| {title}" in page
    assert NOTICE in page


@pytest.mark.slow
def test_engines_write_the_same_rows(page):
    cells = [line.split("|") for line in page.splitlines() if "course only | 40" in line]
    rows = {cell[1].strip(): cell[4].strip() for cell in cells}
    assert rows["compiled engine, course only"] == rows["SimPy engine, no queue, course only"]
