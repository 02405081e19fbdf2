"""Every command does its work and says what matters, in plain text where the output is not a terminal."""

from __future__ import annotations

import json
import re

import polars as pl
import pytest

from nephrosyn import criteria, scenario, vocabulary
from nephrosyn.scenario.describe import uncertainty

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\x1b]")


def test_no_command_shows_the_help(cli):
    result = cli()
    assert "Usage: nephrosyn" in result.output


@pytest.mark.parametrize(
    "command",
    ["list", "check", "schema", "run", "classify", "report", "explain", "export", "compare", "check-criteria"],
)
def test_every_command_has_help(cli, command):
    result = cli(command, "--help")
    assert result.exit_code == 0
    assert f"Usage: nephrosyn {command}" in result.stdout


def test_help_fits_a_narrow_screen_and_cuts_no_summary(cli):
    told = cli("--help").stdout
    assert "..." not in told.partition("Commands:")[2].partition("Exit codes")[0]
    assert vocabulary.NOTICE in " ".join(told.split())


def test_version(cli):
    assert re.fullmatch(r"nephrosyn \d+\.\d+\.\d+\n", cli("--version").stdout)


def test_list_names_everything_shipped(cli):
    told = cli("list").stdout
    for name, title in scenario.titles().items():
        assert re.search(rf"^{re.escape(name)}\s+{re.escape(title)}$", told, re.MULTILINE)
    assert re.search(r"^source\s+\S", told, re.MULTILINE)


def test_list_shows_one_kind(cli):
    assert "baseline" not in cli("list", "criteria").stdout
    assert "baseline" in cli("list", "scenarios").stdout
    told = " ".join(cli("list", "perturbations").stdout.split())
    assert "visits_missing: visits missing at random (record; missing completely at random)" in told
    assert "severity 1 to 5: 0.05, 0.1, 0.2, 0.3, 0.5 fraction of visits" in told


def test_check_prints_every_value_with_unit_how_well_it_is_known_and_source(cli):
    told = cli("check", "baseline", "--set", "patients=77").stdout.splitlines()
    resolved = scenario.load("baseline", ["patients=77"])
    known = uncertainty(resolved)
    assert known["disease.spontaneous.membranous.share"] == "104 of 328 (A22)"
    for key, value, unit, source in scenario.rows(resolved):
        parts = [part for part in (key, value, unit, known.get(key, ""), source) if part]
        assert re.compile(r"\s+".join(map(re.escape, parts)) + "$").match(
            next(x for x in told if x.split()[:1] == [key])
        )


def test_check_says_nothing_when_quiet(cli):
    result = cli("check", "baseline", "--quiet")
    assert (result.exit_code, result.output) == (0, "")


def test_schema_to_screen_and_file_are_the_same(cli, tmp_path):
    told = cli("schema").stdout
    assert cli("schema", "--out", tmp_path / "s.json").exit_code == 0
    assert json.loads((tmp_path / "s.json").read_text(encoding="utf-8")) == json.loads(told)


def test_run_prints_categories_refractory_third_and_page(cli, tmp_path):
    folder = tmp_path / "run"
    result = cli("run", "baseline", "--patients", 60, "--seed", 5, "--out", folder)
    told = result.stdout
    assert result.exit_code == 0
    for part in (vocabulary.NOTICE, "undetermined", "refractory", "one third", str(folder / "report.html"), "explain"):
        assert part in told
    others = [name for name in criteria.sets() if name != "source"]
    assert f"nephrosyn classify {folder} --criteria {others[0]}" in told
    assert vocabulary.PLAIN_NAMES["non_remitting"] not in told  # the source texts know no such category
    for category in (name for name in vocabulary.CATEGORIES if name != "non_remitting"):
        row = rf"^{vocabulary.PLAIN_NAMES[category]}\s+\d+\s+\d+\.\d%\s+\S+ to \S+%(\s+\d+)?$"
        assert re.search(row, told, re.MULTILINE)


def test_run_by_sets_that_are_not_for_everybody(cli, tmp_path):
    folder = tmp_path / "run"
    sets = ("ipna-2022", "source", "kdigo-2021-adults", "japan-official-refractory")
    asked = [word for name in sets for word in ("--criteria", name)]
    result = cli("run", "baseline", "--patients", 60, "--seed", 5, "--out", folder, *asked)
    assert result.exit_code == 0, result.output
    people = pl.read_parquet(folder / "observed/patients/*.parquet")
    labels = pl.read_parquet(folder / "derived/labels/*.parquet").filter(view="observed")
    headings = [line for line in result.stdout.splitlines() if "criteria, observed record" in line]
    assert len(headings) == len(sets)
    for name, heading in zip(sets, headings, strict=True):
        outside = labels.filter(criteria=name)["applies"].eq_missing(other=False).sum()
        rest = f"{60 - outside} of 60 patients ({outside} are outside this set by age or lesion)"
        assert heading == f"{name} criteria, observed record, {rest if outside else '60 patients'}"
    assert labels.filter(criteria="ipna-2022", applies=False).height >= (people["age_at_onset_years"] >= 18).sum() > 0
    last = result.stdout[result.stdout.index(headings[-1]) :]
    assert "persistently non-remitting" in last
    assert "steroid-resistant" not in last
    assert "persistently non-remitting" not in result.stdout[: result.stdout.index(headings[-1])]
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert "| ipna-2022 | secondary steroid resistance |" in text
    assert "nan" not in text.lower().split()


def test_run_counts_are_those_of_the_labels(cli, finished):
    told = cli("report", finished).stdout
    labels = pl.read_parquet(finished / "derived/labels/*.parquet").filter(view="observed", criteria="source")
    for category, count in labels["category"].value_counts().iter_rows():
        assert re.search(rf"^{vocabulary.PLAIN_NAMES[category]}\s+{count}\s", told, re.MULTILINE)
    assert re.search(rf"^refractory, of all patients\s+{labels['refractory'].sum()}\s", told, re.MULTILINE)


def test_run_says_only_the_folder_when_quiet(cli, tmp_path):
    result = cli("run", "baseline", "--patients", 5, "--out", tmp_path / "run", "--quiet", "--no-report")
    assert (result.exit_code, result.output) == (0, f"{tmp_path / 'run'}\n")


def test_run_chooses_a_folder_by_scenario_and_digest(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli("run", "baseline", "--patients", 5, "--no-report").exit_code == 0
    assert cli("run", "baseline", "--patients", 6, "--no-report").exit_code == 0
    names = sorted(path.name for path in (tmp_path / "outputs").iterdir())
    assert len(names) == 2
    assert all(re.fullmatch(r"baseline-[0-9a-f]{8}", name) for name in names)


def test_run_obeys_its_options(cli, tmp_path):
    folder = tmp_path / "run"
    options = ("--replicates", 2, "--seed", 9, "--engine", "compiled", "--set", "population.follow_up_days=400")
    assert cli("run", "baseline", "--patients", 8, *options, "--out", folder, "--no-report").exit_code == 0
    people = pl.read_parquet(folder / "observed/patients/*.parquet")
    ends = pl.read_parquet(folder / "truth/follow_up/*.parquet")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert people.group_by("replicate").len().sort("replicate").rows() == [(0, 8), (1, 8)]
    assert ends["end_days"].max() <= 400
    assert "compiled" in json.dumps(manifest)
    assert not (folder / "report.html").exists()


@pytest.mark.slow
def test_run_writes_csv(cli, tmp_path):
    folder = tmp_path / "run"
    assert cli("run", "baseline", "--patients", 6, "--out", folder, "--format", "csv", "--no-report").exit_code == 0
    assert pl.read_csv(folder / "observed/patients/part-00000.csv").height == 6
    assert not list(folder.rglob("*.parquet"))
    assert cli("report", folder).exit_code == 0
    assert (folder / "report.html").is_file()


def test_overwrite_replaces_the_run_and_nothing_else(cli, own):
    assert cli("run", "baseline", "--patients", 7, "--out", own, "--overwrite", "--no-report").exit_code == 0
    assert pl.read_parquet(own / "observed/patients/*.parquet").height == 7
    assert not (own / "report.html").exists()


def test_report_is_written_anew_and_the_same(cli, own):
    before = (own / "report.html").read_bytes()
    (own / "report.html").unlink()
    assert cli("report", own).exit_code == 0
    assert (own / "report.html").read_bytes() == before


def test_classify_adds_a_set_of_the_users_own(cli, own, tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text(criteria.text("source").replace('name = "source"', 'name = "mine"'), encoding="utf-8")
    result = cli("classify", own, "--criteria", mine)
    assert result.exit_code == 0, result.output
    labels = pl.read_parquet(own / "derived/labels/*.parquet")
    assert set(labels["criteria"]) == {"source", "mine"}
    assert "mine criteria" in result.stdout
    assert cli("explain", own, 3, "--criteria", mine).exit_code == 0


def test_classify_twice_gives_the_labels_once(cli, own):
    before = pl.read_parquet(own / "derived/labels/*.parquet")
    assert cli("classify", own, "--criteria", "source").exit_code == 0
    assert pl.read_parquet(own / "derived/labels/*.parquet").equals(before)


@pytest.mark.parametrize("view", vocabulary.VIEWS)
def test_explain_tells_course_record_and_clauses(cli, finished, view):
    told = cli("explain", finished, 17, "--view", view).stdout
    for part in (vocabulary.NOTICE, "patient 17", "course", "record", "verdict", "source", "day"):
        assert part in told


def test_explain_agrees_with_the_label_of_everybody(cli, finished):
    labels = pl.read_parquet(finished / "derived/labels/*.parquet").filter(view="observed").sort("patient")
    for patient, category in labels.head(12).select("patient", "category").iter_rows():
        assert vocabulary.PLAIN_NAMES[category] in cli("explain", finished, patient).stdout


@pytest.mark.parametrize("command", ["list", "check", "report", "explain"])
def test_nothing_but_plain_text_in_a_pipe(cli, finished, command):
    arguments = {"list": (), "check": ("baseline",), "report": (finished,), "explain": (finished, 1)}[command]
    told = cli(command, *arguments).output
    assert not CONTROL.search(told)
    assert all(line == line.rstrip() for line in told.splitlines())
