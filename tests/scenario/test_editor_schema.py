"""The JSON Schema for editors: valid, current, and consistent with the loader."""

import tomllib
from pathlib import Path

import jsonschema
import pytest

from nephrosyn.scenario import json_schema, shipped
from nephrosyn.scenario.schema.json_schema import FILE_NAME, rendered

FOLDER = Path(__file__).parents[2] / "scenarios"
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def wrong(text):
    return [error.message for error in VALIDATOR.iter_errors(tomllib.loads(text))]


def test_it_is_a_json_schema():
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_the_file_beside_the_scenarios_is_current():
    assert (FOLDER / FILE_NAME).read_text("utf-8") == rendered()


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_files_name_it_and_agree_with_it(name):
    text = shipped()[name].read_text("utf-8")
    assert text.startswith(f"#:schema ./{FILE_NAME}\n")
    assert wrong(text) == []


def test_a_file_that_extends_may_leave_out_anything():
    assert wrong('extends = "baseline"') == []
    assert wrong('extends = "baseline"\ncare.clinic.slots = 4\n[sources]\ncare.clinic.slots = "assumed: a test"') == []


def test_a_file_that_extends_nothing_may_not():
    assert any("'population' is a required property" in message for message in wrong("patients = 3"))
    text = shipped()["baseline"].read_text("utf-8").replace("frailty_shape", "frailty_shap")
    assert any("'frailty_shape' is a required property" in message for message in wrong(text))


@pytest.mark.parametrize(
    "text",
    [
        "patients = 0",
        "patient = 1",
        "engine = 'fast'",
        "population.bands.adults.lesion_mix.fsg = 0.1",
        "care.regimen.adults.first.full_dose_weeks = '5 weeks'",
        "care.presentation_delay_days = {dist = 'lognorm', s = 'x'}",
        "readings.reference.upcr = [1]",
        "[sources]\ncare = 'assumed:'",
        "[uncertainty]\ncare = { counts = [1] }",
        "[uncertainty]\ncare = { counts = [1, 2] }",
        "[uncertainty]\ncare.cut_fraction = { intervall = [1, 2], source = 'A01' }",
    ],
)
def test_what_the_loader_refuses_the_editor_marks(text):
    assert wrong(f'extends = "baseline"\n{text}')


def test_units_are_in_the_descriptions():
    definitions = json_schema()["$defs"]
    for name in ("Course", "PartialCourse"):
        assert definitions[name]["properties"]["full_dose_weeks"]["description"] == "Unit: weeks."
    assert definitions["Care"]["properties"]["presentation_delay_days"]["description"] == "Unit: days."
