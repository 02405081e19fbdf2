"""What the tutorial for researchers tells a reader to do works, block after block, in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

pytest.importorskip("sklearn")
PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "researchers.md"
SOURCE = Path(__file__).parents[2] / "sim"
BLOCK = re.compile(r"^```(\w+)(?: file=([\w.]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_researchers(tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, command in (("nephrosyn", "-m nephrosyn"), ("python", "")):
        (tools / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {command} "$@"\n')
        (tools / name).chmod(0o755)
    folder = tmp_path / "reader"
    folder.mkdir()
    path = os.pathsep.join([str(SOURCE), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": path}
    played = 0
    for language, file, code in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if file:
            (folder / file).write_text(code, encoding="utf-8")
        else:
            assert language == "bash"
            done = subprocess.run(["sh", "-e"], input=code, cwd=folder, env=environment, text=True, capture_output=True)
            assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
            played += 1
    assert played == 11
    board = pl.read_parquet(folder / "outputs" / "shell" / "scores.parquet")
    mine = board.filter(classifier="predictions", metric="accuracy", slice="all")
    assert mine.filter(perturbation="none")["value"].item() > 0.2
    assert set(mine["perturbation"]) == {"none", "results_lost"}
    rule = pl.read_parquet(folder / "outputs" / "rule" / "scores.parquet")
    assert rule.filter(classifier="myrules:latest_ratio", metric="failed", slice="all")["value"].max() == 0.0
    cells = pl.read_csv(folder / "outputs" / "trained" / "training.csv")
    assert set(cells["classifier"]) == {"gradient-boosting"}
    assert {"observed_labels", "doses_lost", "label_noise"} <= set(cells["perturbation"])
    over_time = pl.read_csv(folder / "outputs" / "time" / "over-time.csv").filter(by="since onset")
    assert set(over_time["first_days"]) == {60, 120, 365}
