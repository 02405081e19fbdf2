"""Reading, extending, overriding, and what comes out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import nephrosyn.scenario as scenarios
from nephrosyn.errors import ScenarioError
from nephrosyn.scenario import Resolved, load, rows, shipped
from nephrosyn.scenario.files.provenance import ids
from nephrosyn.toml_files import titles_of


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_scenario_loads_with_a_source_for_every_number(name):
    resolved = load(name)
    assert resolved.name == name
    assert resolved.files[-1] == name
    for key, value, unit, source in rows(resolved):
        numeric = unit and not isinstance(value, bool)
        if numeric and key not in ("patients", "replicates", "seed"):
            assert source, key
    assert all(source.startswith("assumed:") or ids(source) for source in resolved.origins.values())


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("title = 'Any'\n[disease]\ntitle = 'Other'\n", "Any"),
        ("[disease]\ntitle = 'Other'\n", ""),
        ("words = [\n[1],\n]\ntitle = 'Any'\n", "Any"),
        ('words = """\n[no table]\n"""\ntitle = "Any"\n', "Any"),
    ],
)
def test_a_title_stands_before_the_first_table(tmp_path, text, title):
    (tmp_path / "a.toml").write_text(text)
    assert titles_of({"a": tmp_path / "a.toml"}) == {"a": title}


def test_titles_of_the_shipped_ones():
    assert set(scenarios.titles()) == set(shipped())
    assert all(scenarios.titles().values())


def test_a_file_changes_only_what_it_names(write):
    base, changed = load("baseline"), load(write("patients = 7\n"))
    assert changed.scenario.patients == 7
    assert changed.name == "own"
    assert changed.files[0] == "baseline"
    assert changed.scenario.model_copy(update={"patients": base.scenario.patients}) == base.scenario


def test_extends_a_file_beside_it(write):
    write("patients = 7\nreplicates = 3\n", name="sub/first.toml")
    last = write("patients = 8\n", name="sub/second.toml", extends="first.toml")
    resolved = load(last)
    assert (resolved.scenario.patients, resolved.scenario.replicates) == (8, 3)
    assert resolved.files == ("baseline", "first.toml", str(last))


def test_a_complete_file_needs_no_other(write):
    path = write(shipped()["baseline"].read_text("utf-8"), extends=None)
    assert load(path).digest() == load("baseline").digest()


def test_a_distribution_is_replaced_and_a_table_is_merged(write):
    text = """
care.presentation_delay_days = {dist = "fixed", value = 3}
care.adherence.non_adherent_share = 0.1
[sources]
"care.presentation_delay_days" = "assumed: a test"
care.adherence.non_adherent_share = "assumed: another test"
"""
    care = load(write(text)).scenario.care
    assert care.presentation_delay_days.parameters == {"value": 3.0}
    assert care.adherence.non_adherent_share == 0.1
    assert care.adherence.taken_fraction == load("baseline").scenario.care.adherence.taken_fraction


def test_overrides_are_toml_values_or_texts():
    resolved = load(
        "baseline",
        [
            "patients=10",
            "engine=simpy",
            "title = Two words",
            "care.presentation_delay_days={dist='fixed', value=3}",
            "care.regimen.adults.first.taper.0.weeks=6",
            "care.regimen.adults.home_diary=true",
            "patients=11",
        ],
    )
    scenario = resolved.scenario
    assert (scenario.patients, scenario.engine, scenario.title) == (11, "simpy", "Two words")
    assert scenario.care.presentation_delay_days.parameters == {"value": 3.0}
    assert scenario.care.regimen["adults"].first.taper[0].weeks == 6
    assert scenario.care.regimen["adults"].home_diary
    for key in ("care.presentation_delay_days", "care.regimen.adults.first.taper.0.weeks"):
        assert resolved.origins[key] == "set on the command line"
    untouched = "care.regimen.adults.first.taper.1.weeks"
    assert resolved.origins[untouched] == load("baseline").origins[untouched]


def test_part_of_a_distribution_can_be_set():
    resolved = load("baseline", ["population.bands.adults.age_years={dist='norm', loc=50, scale=10}"])
    resolved = load("baseline", ["care.adherence.taken_fraction.a=7"])
    assert resolved.scenario.care.adherence.taken_fraction.parameters["a"] == 7
    assert resolved.origins["care.adherence.taken_fraction"] == "set on the command line"


def test_digest_changes_with_values_and_sources_only(write):
    base = load("baseline")
    assert len(base.digest()) == 8
    assert int(base.digest(), 16) >= 0
    assert load(write("")).digest() == base.digest()
    assert load(write("patients = 3")).digest() != base.digest()
    assert load(write('[sources]\n"chart.decimals" = "assumed: other words"')).digest() != base.digest()
    assert load("baseline", ["care.cut_fraction=0.25"]).digest() != base.digest()


def test_a_manifest_rebuilds_the_scenario(write):
    resolved = load(write("patients = 3"), ["care.cut_fraction=0.25"])
    again = Resolved.from_dict(json.loads(json.dumps(resolved.as_dict())))
    assert again == resolved
    assert again.digest() == resolved.digest()


def test_a_damaged_manifest_is_a_scenario_error():
    values = load("baseline").as_dict()
    with pytest.raises(ScenarioError, match="patients: expected a whole number"):
        Resolved.from_dict({**values, "scenario": {**values["scenario"], "patients": 0}})
    with pytest.raises(ScenarioError) as caught:
        Resolved.from_dict({"name": 3})
    assert [problem.path for problem in caught.value.problems] == ["name", "files", "scenario"]


def test_a_manifest_written_by_hand_needs_sources():
    values = json.loads(json.dumps(load("baseline").as_dict()))
    del values["scenario"]["sources"]["care.cut_fraction"]
    with pytest.raises(ScenarioError, match=r"care\.cut_fraction: expected a source"):
        Resolved.from_dict(values)


def test_rows_show_units_distributions_and_steps():
    by_key = {key: (value, unit) for key, value, unit, _ in rows(load("baseline", ["care.cut_fraction=0.25"]))}
    assert by_key["care.cut_fraction"] == ("0.25", "fraction")
    assert by_key["population.follow_up_days"][1] == "days"
    assert by_key["care.regimen.adults.first.dose.amount"][1] == "mg/kg"
    assert by_key["care.adherence.taken_fraction"][0].startswith("beta(")
    assert "at most" in by_key["care.regimen.adults.first.taper.0"][0]
    assert by_key["care.clinic.slots"] == ("unlimited", "")


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import nephrosyn.scenario as s; s.shipped(); s.titles()", {"scipy", "numba", "polars", "pydantic", "numpy"}),
        ("from nephrosyn.scenario import load, rows, json_schema", {"scipy", "numba", "polars", "matplotlib"}),
    ],
)
def test_imports_stay_light(statement, absent):
    code = f"{statement}; import sys; print(*{{m.split('.')[0] for m in sys.modules}})"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2] / "sim"
    )
    assert not absent & set(answer.stdout.split())
