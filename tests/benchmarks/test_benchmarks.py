"""The benchmarks run, and their budgets are evaluated; no test depends on what they measure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.budgets import budget_lines

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


def lines(results):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in budget_lines(results)][2:]


def course(seconds):
    return {"seconds": seconds, "cpu_seconds": seconds, "rows": 1000, "peak_mb": 100}


def test_a_budget_is_evaluated_at_the_largest_common_size():
    results = {
        ("compiled_course", 100): course(9.0),
        ("c_rows", 100): course(1.0),
        ("compiled_course", 1000): course(3.0),
        ("c_rows", 1000): course(2.0),
        ("compiled_course", 5000): course(99.0),
    }
    assert lines(results) == [["course to the C loop, per row", "1,000", "at most 2", "1.50", "met"]]
    results["c_rows", 1000] = course(1.0)
    assert lines(results)[0][-2:] == ["3.00", "**missed**"]


def test_a_budget_per_row_does_not_depend_on_the_number_of_rows():
    more = {"seconds": 6.0, "cpu_seconds": 6.0, "rows": 2000, "peak_mb": 100}
    cells = lines({("whole", 1000): more, ("earlier whole", 1000): course(6.0)})
    assert [cell[3] for cell in cells] == ["1.00", "0.50", "0.50", "100"]


def test_a_command_is_compared_with_one_that_has_no_size():
    run, imports = ({"seconds": seconds, "cpu_seconds": seconds, "peak_mb": 90} for seconds in (1.0, 0.5))
    assert lines({("run", 1000): run, ("imports", 0): imports})[0][1:] == ["1,000", "at most 2.2", "2.00", "met"]


def test_nothing_measured_has_no_budget():
    assert lines({}) == []
