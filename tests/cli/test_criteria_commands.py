"""Definition sets on the command line: in words, side by side, wrong, and over a record that cannot be."""

from __future__ import annotations

import json

import polars as pl
import pytest

from nephrosyn import criteria, vocabulary
from nephrosyn.criteria.definition.in_words import in_words, value
from nephrosyn.runs.folder import Folder
from nephrosyn.runs.folder.layout import part_file, sha256

SETS = ("source", "ipna-2022", "kdigo-2012-children", "japan-official-refractory")


@pytest.mark.parametrize("name", criteria.sets())
def test_a_set_is_said_in_words(cli, name):
    told = cli("check-criteria", name).stdout
    assert told.startswith(vocabulary.NOTICE)
    definition = criteria.load(name)
    clauses = {one.clause for one in in_words(definition)}
    assert {"population", "urine", "steroid", "verdict"} <= clauses
    assert ("dependence" in clauses) == definition.defines("dependent", True)
    assert ("resistance" in clauses) == definition.defines("resistant", True)
    for one in in_words(definition):
        assert " ".join(one.sentence.split()) in " ".join(told.split())
        assert "off" not in one.sentence.split()
        for row in one.thresholds:
            assert all(part in told for part in row)


def test_what_children_and_adults_do_not_share_is_told_apart():
    assert value(criteria.load("source").steroid.adequate_per_m2) == "60 mg/m2/day (adults off)"
    sentences = {one.clause: one.sentence for one in in_words(criteria.load("ipna-2022"))}
    assert "counted from 183 days after the first remission" in sentences["frequent_n12"]
    assert sentences["dependence"] == "2 consecutive relapses during steroid therapy or within 14 days of stopping it."


def test_check_criteria_names_all_that_is_wrong(cli, tmp_path):
    text = criteria.text("ipna-2022")
    for old, new in (
        ('value = 6, unit = "weeks"', 'value = 3, unit = "weeks"'),
        ('unit = "mg/kg/day"', 'unit = "mg/kg"'),
        (', citation = "IPNA 2022: partial remission at 4 weeks is given until week 6"', ""),
        ("off_days", "of_days"),
        ("refractory = { value = [", 'refractory = { value = ["sick", '),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    result = cli("check-criteria", file)
    assert result.exit_code == 2
    assert result.stdout == ""
    for told in (
        "adequate_per_kg.unit",
        "confirmation.citation",
        "nearest: off_days",
        "verdict.refractory",
        'text "sick"',
    ):
        assert told in result.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('extends = "ipna"\nname = "x"\ntitle = "x"\n', "nearest: ipna-2022"),
        ('extends = "ipna-2022"\n', "name: expected a value of its own"),
        (
            'extends = "ipna-2022"\nname = "x"\ntitle = "x"\n[resistance]\n'
            'course = { value = 8, unit = "weeks", grade = "G", citation = "assumed: a try" }\n',
            "confirmation after the end of course",
        ),
    ],
)
def test_a_set_that_extends_another_wrongly(cli, tmp_path, text, told):
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    result = cli("check-criteria", file)
    assert result.exit_code == 2
    assert told in result.stderr


@pytest.fixture(scope="module")
def several(cli, tmp_path_factory):
    folder = tmp_path_factory.mktemp("several") / "run"
    chosen = [part for name in SETS for part in ("--criteria", name)]
    asked = ("children-first-episode", "--patients", 40, "--seed", 3, "--no-report", "--out", folder, *chosen)
    assert cli("run", *asked).exit_code == 0
    return folder


def test_sets_side_by_side_part_where_their_answers_differ(cli, several):
    tables = Folder(several)
    definitions = [criteria.load(name) for name in SETS]
    able = tables["labels"].filter(pl.col("applies"), view="observed").select("patient", "criteria")
    answers = criteria.clause_answers(tables, definitions, "observed").filter(pl.col("status") != "not defined")
    answers = answers.join(able, on=["patient", "criteria"], how="semi")
    apart = answers.group_by("patient", "clause").agg(pl.col("status").n_unique()).filter(pl.col("status") > 1)
    patient = apart["patient"].min()
    told = cli("explain", several, patient).stdout
    assert f"{len(SETS)} definition sets side by side" in told
    for name in SETS:
        assert f"\n{name}" in told
    shown = {line.removesuffix(": the sets disagree") for line in told.splitlines() if line.endswith("sets disagree")}
    wanted = apart.filter(patient=patient)["clause"].cast(pl.String).to_list()
    assert shown == {vocabulary.CLAUSE_NAMES.get(name, name.replace("_", " ")) for name in wanted}


def test_a_set_that_is_not_for_a_patient_says_so_once(cli, finished):
    labels = Folder(finished)["labels"]
    ages = Folder(finished)["patients"]
    grown = ages.filter(pl.col("age_at_onset_years") >= 18)["patient"][0]
    told = cli("explain", finished, grown, "--criteria", "ipna-2022").stdout
    assert told.count("The set does not apply at this age at onset.") == 1
    assert labels.height == 120


@pytest.fixture
def damaged(own):
    """A run whose record says what cannot be of patient 3; its manifest was made for it."""
    place = part_file("readings", 0, "parquet")
    readings = pl.read_parquet(own / place)
    bad = (pl.col("patient") == 3) & (pl.col("analyte") == "upcr")
    readings = readings.with_columns(value=pl.when(bad).then(-1.0).otherwise("value"))
    readings.write_parquet(own / place)
    manifest = json.loads((own / "manifest.json").read_text())
    size = (own / place).stat().st_size
    manifest["files"][place] |= {"bytes": size, "sha256": sha256(own / place)}
    (own / "manifest.json").write_text(json.dumps(manifest))
    return own


def test_impossible_values_are_refused_or_left_undetermined(cli, damaged):
    result = cli("classify", damaged, "--criteria", "kdigo-2021-adults")
    assert result.exit_code == 2
    assert "patient 3, day" in result.stderr
    assert "upcr -1" in result.stderr
    result = cli("classify", damaged, "--criteria", "source-n12-3", "--keep-going", "--quiet")
    assert result.exit_code == 0, result.stderr
    run = Folder(damaged)
    assert run.manifest["impossible_patients"] == 1
    row = run["labels"].filter(criteria="source-n12-3", view="observed", patient=3).row(0, named=True)
    assert (row["category"], row["resistant"], row["refractory"], row["applies"]) == ("undetermined", None, None, True)
    assert "impossible values" in cli("explain", damaged, 3, "--criteria", "source-n12-3").stdout
