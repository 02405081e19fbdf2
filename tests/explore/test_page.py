"""The page in a browser: every control, by keyboard, at two sizes, without a network; and how it is made."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import nephrosyn as ns
from nephrosyn import criteria
from nephrosyn.errors import EngineError, ExploreError, ScenarioError
from nephrosyn.explore.page_data import page_data
from nephrosyn.report.findings import known_shares
from nephrosyn.scenario import load
from nephrosyn.vocabulary import NOTICE

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "tools" / "page"
SETS = ["source", "kdigo-2021-adults", "ipna-2022"]
PATIENTS, SEED = 120, 3


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    explorer = ns.explore_scenario("baseline", patients=PATIENTS, seed=SEED, criteria=SETS)
    return explorer.save(tmp_path_factory.mktemp("page") / "page.html")


BROWSERS = {"chromium": ("chromium", "chromium-browser"), "firefox": ("firefox-esr", "firefox")}


def played(script, *arguments, browser="chromium"):
    """Return what a script of Node sees in a browser."""
    executable = next(filter(None, map(shutil.which, BROWSERS[browser])), None)
    assert executable, f"{browser} is missing: apt-get install {BROWSERS[browser][0]}"
    command = ["node", Path(__file__).with_name(script), executable, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("browser", BROWSERS)
@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_a_reader_can_do_everything(page, tmp_path, width, height, browser):
    seen = played("drive.mjs", page, width, height, tmp_path / "page.png", browser=browser)
    assert seen["requests"] == []
    assert seen["errors"] == []
    assert seen["hidden"]
    assert "Guess before you see" in seen["before"]
    assert "You guessed" in seen["guess"]
    assert len(set(seen["shares"].values())) > 2  # sliders change the share
    assert "changed category since the page was opened" in seen["status"]
    assert seen["rings"] > 0
    assert seen["command"].startswith(f"nephrosyn run baseline --patients {PATIENTS} --seed {SEED} --set ")
    assert 'extends = "kdigo-2021-adults"' in seen["own"][1]
    assert int(seen["patient"]) < PATIENTS
    assert seen["clauses"] >= 3
    assert seen["truth"] == 1
    assert seen["event"].startswith("Event 1 of")
    assert seen["nextEvent"].startswith("Event 2 of")
    assert seen["widths"][0] <= seen["widths"][1]
    assert not [each for each in seen["violations"] if each.startswith(("serious", "critical"))], seen["violations"]
    assert [bool(said) for said, _ in seen["chapters"]] == [True] * 5 + [False]
    assert len({hash_ for _, hash_ in seen["chapters"]}) == 6
    assert seen["restored"] == seen["last"]
    assert seen["nonsense"]
    assert browser == "firefox" or "needs scripts" in seen["withoutScripts"]


@pytest.mark.slow
@pytest.mark.parametrize("browser", BROWSERS)
def test_the_page_works_in_the_frame_of_a_notebook(tmp_path, browser):
    explorer = ns.explore_scenario("baseline", patients=20, seed=SEED, criteria=SETS)
    frame = tmp_path / "notebook.html"
    frame.write_text(f"<!doctype html><meta charset=utf-8>{explorer._repr_html_()}", encoding="utf-8")
    seen = played("notebook.mjs", frame, browser=browser)
    assert seen["errors"] == []
    assert seen["failed"] == ""
    assert "of 20 patients" in seen["answer"]
    assert "labels as CSV" in seen["buttons"]
    assert "copy the link" not in seen["buttons"]


@pytest.mark.slow
def test_the_share_is_that_of_the_command(page, tmp_path):
    seen = played("drive.mjs", page, 1280, 900, tmp_path / "page.png")
    arguments = re.findall(r"--set (\S+|'[^']+')", seen["command"])
    overrides = [argument.strip("'") for argument in arguments]
    cohort = ns.run("baseline", patients=PATIENTS, seed=SEED, overrides=overrides, criteria=["source"], report=False)
    refractory = cohort.labels.filter(view="observed")["refractory"].sum()
    assert f"refractory: {refractory} of {PATIENTS} patients" in seen["shares"]["second_agents"]


def test_the_page_is_one_small_file_with_its_notice(page):
    text = page.read_text(encoding="utf-8")
    assert len(text.encode()) < 1_000_000
    assert text.count(NOTICE) >= 3
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", text)
    assert "default-src 'none'" in text


@pytest.mark.slow
def test_the_scripts_are_those_of_their_sources():
    spec = importlib.util.spec_from_file_location("build_page", ROOT / "tools" / "build_page.py")
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    for name in builder.SCRIPTS:
        built = builder.BUILT / f"{name}.js"
        assert built.read_text(encoding="utf-8") == builder.build(name), "run: python tools/build_page.py"


@pytest.mark.slow
@pytest.mark.parametrize("check", ["types", "lint"])
def test_the_scripts_are_sound(check):
    done = subprocess.run(["npm", "run", "--silent", check], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("scenario", "options", "error", "said"),
    [
        ("baselin", {}, ScenarioError, "baseline"),
        ("busy-clinic", {}, EngineError, "--set care.clinic.slots=unlimited"),
        ("baseline", {"patients": 5001}, EngineError, "--patients: expected 1 to 5,000 in a page; found 5,001"),
        ("baseline", {"criteria": ["source", "source"]}, ExploreError, "are both named source"),
        ("baseline", {"overrides": ["population.follow_up_days=-1"]}, ScenarioError, "population.follow_up_days"),
    ],
)
def test_what_a_page_cannot_show_is_named(scenario, options, error, said):
    with pytest.raises(error, match=re.escape(said)):
        ns.explore_scenario(scenario, **options)


def test_the_page_knows_the_shipped_analysis_of_what_it_shows_and_of_nothing_else():
    shown, _ = page_data("baseline", [], [criteria.load(name) for name in SETS], 5, 1)
    known = {(row["set"], row["view"]): row for row in shown["known"]}
    assert ("source", "observed") in known and ("source", "complete") in known
    resolved = load("baseline").as_dict()["scenario"]
    digest = hashlib.sha256(criteria.text("source").encode()).hexdigest()
    row = known_shares.find(resolved, "source", digest, "observed")
    assert (known["source", "observed"]["low"], known["source", "observed"]["high"]) == (row.low, row.high)
    assert shown["uncertain"]
    changed, _ = page_data("baseline", ["population.follow_up_days=400"], [criteria.load("source")], 5, 1)
    assert changed["known"] == []


def test_the_clinic_without_waiting_can_be_explored():
    page = ns.explore_scenario("busy-clinic", patients=5, criteria="source", overrides=["care.clinic.slots=unlimited"])
    assert "--set care.clinic.slots=unlimited" in page.html


def test_a_file_in_use_is_kept(cli, tmp_path):
    file = tmp_path / "page.html"
    options = ("explore", "baseline", "--patients", "5", "--criteria", "source", "--out", file)
    assert cli(*options).exit_code == 0
    assert cli(*options).exit_code == 2
    assert cli(*options, "--overwrite").exit_code == 0
    assert cli(*options[:-1], tmp_path).exit_code == 2
    missing = cli(*options[:-1], tmp_path / "no" / "page.html")
    assert missing.exit_code == 2
    assert "--out: there is no folder" in missing.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_run_is_explored_with_its_settings(cli, tmp_path):
    cohort = ns.run(
        "baseline",
        patients=30,
        seed=9,
        overrides=["chart.missed_visit_probability=0.3"],
        out=tmp_path / "run",
        report=False,
    )
    page = cohort.explore()
    assert "nephrosyn run baseline --patients 30 --seed 9 --set chart.missed_visit_probability=0.3" in page.html
    assert "srcdoc=" in page._repr_html_()
    assert cli("explore", tmp_path / "run", "--out", tmp_path / "page.html", "--quiet").exit_code == 0
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page.html
