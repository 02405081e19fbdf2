"""A run with draws: the same counts however it is made, and nothing that cannot be asked for."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import nephrosyn as ns
from nephrosyn.cli.app import app
from nephrosyn.runs.draws.counts import TABLES
from nephrosyn.runs.draws.design import DrawnScenarios
from nephrosyn.runs.run import Plan
from nephrosyn.scenario import load

pytestmark = pytest.mark.slow
DRAWS = 30
ASKED = ("baseline", "--patients", "100", "--engine", "compiled", "--set", "population.patients_per_site=25")
ASKED = (*ASKED, "--part-patients", "200", "--uncertainty", str(DRAWS), "--no-report", "--quiet")


ENTRY = {"draws": DRAWS, "patients": 100, "paired": True, "clustered": False, "kept": False, "quantities": []}


def asked(**others):
    """Thirty draws of a hundred patients, two to a part."""
    own = {"patients": 100, "engine": "compiled", "overrides": ["population.patients_per_site=25"]}
    return {"scenario": "baseline", **own, "part_patients": 200, "uncertainty": DRAWS, "report": False, **others}


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    ns.run(**asked(out=folder))
    return folder


@pytest.fixture(scope="module")
def found(undisturbed):
    return ns.open(undisturbed).uncertainty


def test_every_draw_is_counted_for_every_set_and_view(undisturbed, found):
    assert found.counts.height == DRAWS * 2
    assert (found.counts["patients"] + found.counts["outside"] == 100).all()
    verdicts, categories = pl.sum_horizontal("met", "unmet", "unknown"), pl.sum_horizontal("^category_.*$")
    for parts in (verdicts, categories):
        assert found.counts.select((parts == pl.col("patients")).all()).item()
    sites = ns.open(undisturbed).tables["uncertainty_sites"]
    assert sites["site"].unique().sort().to_list() == [0, 1, 2, 3]
    joined = found.counts.join(
        sites.group_by("draw", "criteria", "view").sum(), on=["draw", "criteria", "view"], suffix="_of_sites"
    )
    for name in ("patients", "met", "unknown"):
        assert (joined[name] == joined[f"{name}_of_sites"]).all()


def test_draws_share_mix_and_numbers_in_a_chain(found):
    observed = found.counts.filter(view="observed").sort("draw")
    assert observed["mix"].to_list() == [draw // 2 for draw in range(DRAWS)]
    assert observed["number"].to_list() == [(draw + 1) // 2 for draw in range(DRAWS)]


def test_cohort_of_the_scenario_is_that_of_a_run_without_draws(undisturbed):
    alone = ns.run(**asked(uncertainty=None)).labels
    assert ns.open(undisturbed).labels.equals(alone)


def test_a_run_in_memory_says_the_same(found):
    assert ns.run(**asked(out=None)).uncertainty.as_dict() == found.as_dict()


def test_draws_are_those_of_a_longer_run(found):
    short = ns.run(**asked(uncertainty=20)).uncertainty
    assert short.counts.equals(found.counts.filter(pl.col("draw") < 20))


@pytest.mark.parametrize("size", [40, 1_000])
def test_draws_do_not_depend_on_the_size_of_parts(found, size):
    assert ns.run(**asked(part_patients=size)).uncertainty.as_dict() == found.as_dict()


def test_csv_says_the_same(found, tmp_path):
    assert ns.run(**asked(out=tmp_path / "run", format="csv")).uncertainty.as_dict() == found.as_dict()


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_writes_the_same_bytes(undisturbed, tmp_path, workers):
    ns.run(**asked(out=tmp_path / "run", workers=workers))
    assert bytes_of(tmp_path / "run") == bytes_of(undisturbed)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_and_resumed_writes_the_same_bytes(undisturbed, tmp_path, workers):
    arguments = (*ASKED, "--out", "run", "--workers", str(workers))
    command = [sys.executable, "-m", "nephrosyn", "run", *arguments]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    records = tmp_path / ".run.partial" / "parts"
    until = time.monotonic() + 120
    while len(list(records.glob("part-*.json"))) < 4:
        assert time.monotonic() < until
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    assert not (tmp_path / "run").exists()
    kept = {path: path.stat().st_mtime_ns for path in records.glob("part-*.json")}
    ns.run(**asked(out=tmp_path / "run", resume=True, workers=workers))
    after = {records.parent / "parts" / p.name: p.stat().st_mtime_ns for p in (tmp_path / "run" / "parts").iterdir()}
    assert kept.items() <= after.items()
    assert bytes_of(tmp_path / "run") == bytes_of(undisturbed)


def test_a_damaged_chunk_is_made_again(undisturbed, tmp_path):
    ns.run(**asked(out=tmp_path / "run"))
    chunk = sorted((tmp_path / "run" / "derived" / "uncertainty").iterdir())[3]
    chunk.write_bytes(b"")
    with pytest.raises(ns.RunFolderError, match="was changed after the run"):
        ns.open(tmp_path / "run")
    ns.run(**asked(out=tmp_path / "run", resume=True))
    assert bytes_of(tmp_path / "run") == bytes_of(undisturbed)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (7, "manifest.json is damaged"),
        ({"draws": DRAWS}, "manifest.json is damaged"),
        (ENTRY | {"draws": 7}, "uncertainty has 7 draws, and the files of"),
        (ENTRY | {"kept": True}, "the files of draws/patients have 0 rows, and 3,000 patients of draws were kept"),
    ],
)
def test_a_changed_manifest_is_refused(undisturbed, tmp_path, entry, message):
    shutil.copytree(undisturbed, tmp_path / "run")
    file = tmp_path / "run" / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_bytes()), "uncertainty": entry}))
    with pytest.raises(ns.RunFolderError, match=message):
        ns.open(tmp_path / "run")


def test_another_number_of_draws_is_another_run(undisturbed):
    with pytest.raises(ns.RunFolderError, match="uncertainty was 30, now 40"):
        ns.run(**asked(out=undisturbed, resume=True, uncertainty=40))


def test_sets_of_later_have_no_draws(undisturbed, tmp_path):
    shutil.copytree(undisturbed, tmp_path / "run")
    cohort = ns.open(tmp_path / "run")
    cohort.classify("prednos")
    spans = {verdict.criteria: verdict.span for verdict in cohort.answers().summary.refractory}
    assert spans["source"] is not None
    assert spans["prednos"] is None


def test_summary_is_written(undisturbed, found):
    values = json.loads((undisturbed / "derived" / "uncertainty.json").read_bytes())
    assert values == json.loads(json.dumps(found.as_dict()))
    first = values["sets"][0]
    assert (first["criteria"], first["view"], first["draws"]) == ("source", "observed", DRAWS)
    assert first["low"] < first["mean"] < first["high"]
    assert {name for name in TABLES if (undisturbed / "derived" / name).is_dir()} == set(TABLES)


def test_report_begins_with_what_is_known(undisturbed, tmp_path):
    cohort = ns.open(undisturbed)
    cohort.report(tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.index('<section id="known">') < page.index('<section id="categories">')
    told = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "with the scenario’s uncertain numbers) of the 100 patients" in told
    for row in ("| chance, in 100 patients |", "| uncertain numbers |", "| uncertain mix of patients |"):
        assert row in told
    assert (tmp_path / "figures" / "uncertainty.svg").is_file()
    assert str(cohort.answers()).count("with the scenario’s uncertain numbers") == 1


def test_report_of_a_run_without_draws_is_of_chance_alone(tmp_path):
    cohort = ns.run(**asked(uncertainty=None))
    assert cohort.uncertainty is None
    cohort.report(tmp_path)
    told = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "of chance alone; --uncertainty 200 also gives one with the scenario’s numbers) of the 100 patients" in told
    assert "What is known" not in told
    assert not (tmp_path / "figures" / "uncertainty.svg").exists()


def test_console_shows_both_intervals(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["run", *ASKED[:-1]], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    assert "(chance alone " in result.stdout
    assert "; with the scenario’s numbers " in result.stdout
    (folder,) = (tmp_path / "outputs").iterdir()
    assert folder.name.endswith(f"-{DRAWS}-draws")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--uncertainty", "19"), "uncertainty: expected a whole number from 20 to 10000; found 19"),
        (("--uncertainty", "0"), "uncertainty: expected a whole number from 20 to 10000; found 0"),
        (("--uncertainty", "-5"), "uncertainty: expected a whole number from 20 to 10000; found -5"),
        (("--uncertainty", "100000000"), "uncertainty: expected a whole number from 20 to 10000"),
    ],
)
def test_bad_number_of_draws_is_refused(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["run", "baseline", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert message in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("draws", [20.5, "20", True])
def test_python_refuses_what_is_no_number(draws):
    with pytest.raises(ns.NephrosynError, match="uncertainty: expected a whole number"):
        ns.run("baseline", patients=10, uncertainty=draws)


@pytest.mark.parametrize("folder", [None, "run"])
def test_a_single_patient_is_refused(tmp_path, folder):
    out = tmp_path / folder if folder else None
    with pytest.raises(ns.EngineError, match=r"expected at least 2 patients in each draw.*; found 1: make --patients"):
        ns.run("baseline", patients=1, uncertainty=20, out=out)
    assert not list(tmp_path.iterdir())


def test_two_patients_have_a_wide_interval():
    (found, *_) = ns.run("baseline", patients=2, uncertainty=20).uncertainty.sets
    assert found.high - found.low > 0.2


CONTRADICTORY = """
extends = "baseline"
title = "Ages that are impossible"
description = "Ages that are impossible in some draws."

[uncertainty]
"population.bands.adults.age_years.loc" = { range = [30, 300], source = "assumed: anything" }
"""


def test_distributions_that_contradict_a_limit_are_refused_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("odd.toml").write_text(CONTRADICTORY)
    result = CliRunner().invoke(app, ["run", "odd.toml", "--uncertainty", "40"], env={"COLUMNS": "400"})
    assert result.exit_code == 2
    assert "narrow population.bands.adults.age_years.loc in [uncertainty]" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["odd.toml"]


@pytest.mark.parametrize("workers", [1, 2])
def test_draws_that_contradict_themselves_are_refused_before_anything_is_simulated(tmp_path, monkeypatch, workers):
    """As where three distributions contradict each other only together, which no check of the file looks for."""
    monkeypatch.chdir(tmp_path)
    Path("odd.toml").write_text(CONTRADICTORY)
    arguments = ["odd.toml", "--uncertainty", "40", "--out", "run", "--workers", str(workers)]
    monkeypatch.setattr("nephrosyn.engine.Player.play", None)
    result = CliRunner().invoke(app, ["run", *arguments], env={"COLUMNS": "400"})
    assert result.exit_code == 2
    assert "population.bands.adults.age_years: expected values from 18 to 90 (years); found truncnorm" in result.stderr
    named = re.search(r"in draws ([\d, ]+) and others \(10 of the first (\d+)\)", result.stderr)
    assert named
    assert 10 <= int(named[2]) <= 40
    assert "narrow population.bands.adults.age_years.loc in [uncertainty]" in result.stderr
    assert "--resume" not in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["odd.toml"]
    number = int(named[1].split(",")[0])
    with pytest.raises(ns.ScenarioError, match=f"in draw {number}"):
        DrawnScenarios(load("odd.toml"), paired=True).of(number)


def test_a_set_for_almost_nobody_says_so(tmp_path):
    """Among two patients there are draws with fewer than two children."""
    cohort = ns.run("baseline", patients=2, uncertainty=20, criteria=["source", "iskdc"], out=tmp_path / "run")
    found = cohort.uncertainty
    assert found.of("iskdc") is None
    (observed, complete) = found.without
    of_set = found.counts.filter(criteria="iskdc", view="observed")
    assert list(observed.draws) == of_set.filter(pl.col("patients") < 2)["draw"].to_list()
    assert (observed.criteria, observed.view, observed.of, complete.view) == ("iskdc", "observed", 20, "complete")
    told = (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    assert (
        f"iskdc, observed: no interval, as the set applies to fewer than 2 patients in {len(observed.draws)} of" in told
    )
    stored = json.loads((tmp_path / "run" / "derived" / "uncertainty.json").read_bytes())
    assert stored["without"][0]["draws"] == list(observed.draws)
    (of_iskdc, *_) = [v for v in cohort.answers().summary.refractory if v.criteria == "iskdc"]
    assert of_iskdc.beyond.few == observed.draws


CLINIC = {"overrides": ["care.clinic.slots=1", "population.patients_per_site=10"], "engine": "simpy", "patients": 20}


def test_chance_of_a_shared_clinic_comes_from_its_sites():
    cohort = ns.run(**asked(out=None, uncertainty=20, **CLINIC))
    assert cohort.manifest["uncertainty"]["clustered"]
    (found, *_) = cohort.uncertainty.sets
    by_site = cohort._of_draws["uncertainty_sites"].filter(criteria="source", view="observed")
    wide = by_site.with_columns(share=pl.col("met") / pl.col("patients")).pivot("site", index="draw", values="share")
    between = ((wide["0"] - wide["1"]) ** 2 / 4).mean()  # two sites of ten: the variance of their mean
    assert found.chance == pytest.approx(between)
    assert found.chance_is_known


def test_chance_of_a_single_clinic_cannot_be_told(tmp_path):
    cohort = ns.run(**asked(out=tmp_path / "run", uncertainty=20, report=True, **CLINIC | {"patients": 10}))
    assert not cohort.uncertainty.sets[0].chance_is_known
    assert cohort.uncertainty.sets[0].chance == 0
    told = (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    assert "All patients of a draw share one clinic, so they depend on each other" in told
    assert "| chance, in 10 patients |" not in told


def test_a_scenario_without_uncertain_numbers_is_refused(monkeypatch):
    monkeypatch.setattr("nephrosyn.uncertainty.uncertainty_of", lambda resolved: ())
    with pytest.raises(ns.ScenarioError, match="uncertainty: expected at least one number whose source says how well"):
        Plan(load("baseline", ["patients=10"]), uncertainty=20)
