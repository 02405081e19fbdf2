"""The page on the benchmark works, block after block, in an empty folder: from awk to a line on the leaderboard."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nephrosyn.cli.app import app

pytest.importorskip("sklearn")
pytest.importorskip("pandas")
pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "how-to" / "benchmark.md"
REFERENCE = ROOT / "docs" / "leaderboard" / "nephro-1"
BLOCK = re.compile(r"^```(\w+)(?: file=([\w.]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^(nephrosyn (?:.*\\\n)*.*)\n", re.MULTILINE)


def call(command):
    """Run a command of nephrosyn here, which saves its imports."""
    result = CliRunner().invoke(app, shlex.split(command.replace("\\\n", " "))[1:], prog_name="nephrosyn")
    assert result.exit_code == 0, f"{command}\n{result.output}\n{result.exception!r}"
    return result.output


def shell(code):
    path = os.pathsep.join([str(ROOT / "sim"), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {
        **os.environ,
        "PATH": f"{Path('tools').resolve()}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": path,
    }
    done = subprocess.run(["sh", "-e"], input=code, env=environment, text=True, capture_output=True)
    assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_from_awk_to_a_line_on_the_leaderboard(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("tools").mkdir()
    Path("tools/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    Path("tools/python").chmod(0o755)
    printed = []
    for language, file, code in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if file:
            Path(file).write_text(code, encoding="utf-8")
            continue
        assert language == "bash"
        parts = [part for part in COMMAND.split(code) if part.strip()]
        printed += [call(part) if part.startswith("nephrosyn ") else shell(part) for part in parts]
    text = "\n".join(printed)
    assert "have the digests frozen" in text
    result = json.loads(Path("last-ratio.json").read_text(encoding="utf-8"))
    test = result["tasks"]["early-refractory"]["test"]
    assert len(test["conditions"]) == 1 + 17 * 3
    clean = test["conditions"][0]["scores"][0]
    assert clean["metric"] == "accuracy"
    validation = float(re.search(r"([\d.]+) of \d+ patients", text)[1])
    assert clean["low"] - 0.06 < validation < clean["high"] + 0.06  # 0.06: twice the standard error of 480 patients
    _compare_with_awk(clean["value"])
    _compare_with_committed_results()
    _read_page(Path("leaderboard.html").read_text(encoding="utf-8"))


def _compare_with_awk(value):
    """The accuracy of the result is what awk counts from the predictions and the answers of the suite."""
    from nephrosyn.bench.suite.build import BuiltSuite
    from nephrosyn.bench.suite.definition import load

    right = BuiltSuite(load("nephro-1")).answers("early-refractory", "test")
    right.select("patient", "answer").write_csv("right.csv")
    counted = shell(
        'awk -F, \'NR == FNR { right[$1] = $2; next } $2 == "none" && right[$1] ~ /refractory/ '
        '{ n++; hits += right[$1] == $5 } END { printf "%.6f\\n", hits / n }\' '
        "right.csv predictions/early-refractory/test.csv"
    )
    assert float(counted) == pytest.approx(value, abs=1e-6)


def _compare_with_committed_results():
    for name in ("source", "coded-care"):
        new = json.loads((Path("results") / f"{name}.json").read_text(encoding="utf-8"))
        committed = json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))
        assert new["tasks"]["early-refractory"] == committed["tasks"]["early-refractory"], name
        assert new["classifier"] == committed["classifier"], "run tools/freeze_suite.py"


def _read_page(page):
    for name in ("last-ratio", "trees", "coded-care", "source"):
        assert f">{name}<" in page
    assert "http" not in re.sub(r"http://www\.w3\.org/[\w/#-]+", "", page)
    assert page.lower().count("not for clinical use") >= 2
