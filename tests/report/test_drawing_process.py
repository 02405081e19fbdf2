"""Figures that another process draws are those that this one would draw."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

import nephrosyn as ns
from nephrosyn.report import drawing_process, figures
from nephrosyn.report.findings import summary
from nephrosyn.report.findings.as_plain import as_plain, from_plain

RUNS = """
import sys
from nephrosyn.cli.app import main
try:
    main(["run", "baseline", "--patients", "20", "--out", sys.argv[1], "--quiet"])
finally:
    print("matplotlib" in sys.modules)
"""


@pytest.fixture(scope="module")
def findings():
    cohort = ns.run("baseline", patients=30, seed=4)
    about = cohort.manifest
    return summary.find(cohort.tables, cohort.resolved, about["criteria"], about["sets"])


def test_findings_written_as_plain_values_are_the_same(findings):
    written = json.dumps(as_plain(findings))
    assert json.dumps(as_plain(from_plain(json.loads(written)))) == written
    assert type(from_plain(as_plain(findings)).summary.headline) is type(findings.summary.headline)


def test_only_findings_are_made_from_plain_values():
    with pytest.raises(TypeError, match=r"no class of findings: subprocess\.Popen"):
        from_plain(["object", "subprocess", "Popen", [["list", ["ls"]]]])
    with pytest.raises(TypeError, match=r"no class of findings: nephrosyn\.statistics\.kappa\.np"):
        from_plain(["object", "nephrosyn.statistics.kappa", "np", []])
    with pytest.raises(TypeError, match=r"no plain value for builtins\.complex"):
        as_plain(1j)


@pytest.fixture
def started():
    drawing_process.start()
    (process,) = drawing_process._started
    yield process
    drawing_process.stop()


def test_another_process_draws_the_same_bytes(findings, started):
    drawn = drawing_process.draw(findings)()
    assert started.returncode == 0
    assert drawn == figures.draw(findings)
    assert drawing_process._started == []


def test_figures_are_drawn_here_if_the_process_dies(findings, started):
    started.kill()
    started.wait()
    assert drawing_process.draw(findings)() == figures.draw(findings)


def test_findings_that_cannot_be_sent_are_drawn_here(started, monkeypatch):
    monkeypatch.setattr(figures, "draw", lambda findings: {"here": "drawn"})
    assert drawing_process.draw(lambda: None)() == {"here": "drawn"}
    assert started.returncode is not None


def test_a_process_that_is_not_needed_is_ended(started):
    drawing_process.stop()
    assert started.returncode is not None
    drawing_process.stop()


def test_run_does_not_import_matplotlib_itself(tmp_path):
    code = [sys.executable, "-c", RUNS, str(tmp_path / "run")]
    done = subprocess.run(code, capture_output=True, text=True)
    assert done.stdout.split()[-1] == "False", done.stderr
    assert (tmp_path / "run" / "figures" / "answer.svg").stat().st_size > 1000


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot stop a process for a while")
def test_figures_are_drawn_here_if_the_process_takes_too_long(findings, started, monkeypatch):
    """It is stopped before it reads what it is sent, which is more than a pipe holds."""
    monkeypatch.setattr(drawing_process, "LIMIT_SECONDS", 0.5)
    os.kill(started.pid, signal.SIGSTOP)
    assert drawing_process.draw(findings)() == figures.draw(findings)
    assert started.returncode == -signal.SIGKILL


def test_a_missing_matplotlib_is_named_and_the_tables_stay(tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ModuleNotFoundError('not here', name='matplotlib.figure')\n")
    done = subprocess.run(
        [sys.executable, "-c", RUNS, str(tmp_path / "run")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 2, done.stderr
    assert "the Python package matplotlib is missing" in done.stderr
    assert "the tables of the run are complete" in done.stderr
    assert ns.open(tmp_path / "run").labels.height
