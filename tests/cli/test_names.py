"""Every verb takes a run folder, a scenario or a definition set by its very name."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from nephrosyn import criteria

from .conftest import SMALL

AWKWARD = "-~ [ab]*?{c}\"'\n ünï 100%20 x=1 #&;$(z)"


@pytest.fixture
def awkward(finished, tmp_path, monkeypatch):
    """Hold a run under a name with everything in it that means something to somebody."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished, "plain")
    return shutil.copytree(finished, AWKWARD)


def done(cli, *arguments):
    result = cli(*arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_a_run_is_explained_reported_and_judged(cli, awkward, finished):
    assert done(cli, "explain", "--", AWKWARD, 7) == done(cli, "explain", "plain", 7)
    Path(AWKWARD, "report.html").unlink()
    done(cli, "report", "--quiet", "--", AWKWARD)
    assert Path(AWKWARD, "report.html").read_bytes() == (finished / "report.html").read_bytes()
    Path(f"{AWKWARD}.toml").write_text(
        criteria.text("source").replace('name = "source"', 'name = "mine"'), encoding="utf-8"
    )
    done(cli, "check-criteria", "--quiet", "--", f"{AWKWARD}.toml")
    done(cli, "classify", "--quiet", "--criteria", f"{AWKWARD}.toml", "--", AWKWARD)
    done(cli, "explain", "--criteria", "mine", "--criteria", f"{AWKWARD}.toml", "--", AWKWARD, 7)


def test_runs_are_compared_and_reclassified(cli, awkward):
    longer = "care.regimen.children.first.full_dose_weeks=6"
    for name in (AWKWARD, "plain"):
        done(cli, "run", "baseline", *SMALL, "--no-report", "--quiet", "--set", longer, "--out", f"{name} longer")
        done(cli, "compare", "--out", f"{name} compared", "--", name, f"{name} longer")
        done(cli, "reclassify", "--from", "source", "--to", "iskdc", "--out", f"{name} moved", "--", name)
    here, there = (pl.read_csv(Path(f"{n} compared", "paired.csv").read_bytes()) for n in (AWKWARD, "plain"))
    assert here.select(pl.selectors.numeric()).equals(there.select(pl.selectors.numeric()))
    assert Path(f"{AWKWARD} moved", "patients.csv").read_bytes() == Path("plain moved", "patients.csv").read_bytes()


@pytest.mark.slow
def test_cases_and_the_bench_are_made(cli, awkward):
    for name in (AWKWARD, "plain"):
        done(cli, "cases", "--count", 2, "--format", "json", "--out", f"{name} cases", "--", name)
        perturbed = ("--perturbations", "visits_missing", "--severity", "3")
        done(cli, "bench", "export", *perturbed, "--out", f"{name} export", "--", name)
        done(cli, "bench", "run", *perturbed, "--quiet", "--out", f"{name} bench", "--", name)
    for path in [path for path in Path("plain cases").rglob("*.json") if path.is_file()]:
        assert Path(f"{AWKWARD} cases", path.relative_to("plain cases")).read_bytes() == path.read_bytes()
    for path in [path for path in Path("plain export", "records").rglob("*") if path.is_file()]:
        assert Path(f"{AWKWARD} export", path.relative_to("plain export")).read_bytes() == path.read_bytes()
    assert Path(f"{AWKWARD} bench", "scores.parquet").read_bytes() == Path("plain bench", "scores.parquet").read_bytes()


def test_a_scenario_has_any_name(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(f"{AWKWARD}.toml").write_text('extends = "baseline"\n', encoding="utf-8")
    done(cli, "check", "--quiet", "--", f"{AWKWARD}.toml")
    done(cli, "run", "--patients", 3, "--no-report", "--quiet", "--", f"{AWKWARD}.toml")
    (folder,) = Path("outputs").iterdir()
    done(cli, "explain", "--", folder, 2)
