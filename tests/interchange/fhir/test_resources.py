"""The resources say what the record says, and no more."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn import vocabulary
from nephrosyn.errors import ExportError
from nephrosyn.interchange.codes import load_codes
from nephrosyn.interchange.fhir.groups import label_groups

from .conftest import read

CODES = load_codes()


def key(resource, member: str = "subject") -> tuple[int, int]:
    """Replicate and patient of a resource's patient."""
    reference = resource[member]["reference"].removeprefix("Patient/p")
    replicate, patient = map(int, reference.split("-"))
    return replicate, patient


def code(resource, member: str = "code") -> str:
    return resource[member]["coding"][0]["code"]


@pytest.fixture(scope="module")
def onset(run) -> dict[tuple[int, int], date]:
    frame = run.tables["patients"]
    return {
        (replicate, patient): day
        for replicate, patient, day in frame.select("replicate", "patient", "onset_date").iter_rows()
    }


def day(onset, of: tuple[int, int], days: int) -> str:
    return (onset[of] + timedelta(days=days)).isoformat()


def test_every_reading_is_an_observation(run, resources, onset):
    by_code = {CODES.of("analyte", analyte).code: CODES.of("analyte", analyte) for analyte in vocabulary.ANALYTES}
    answers = {CODES.of("band", band).code: grade for grade, band in enumerate(vocabulary.DIPSTICK_BANDS)}
    found = Counter()
    for resource in resources["Observation"]:
        if "encounter" not in resource:
            continue
        entry, of = by_code[code(resource)], key(resource)
        visit = int(resource["encounter"]["reference"].rpartition("-")[2])
        if entry.word == "dipstick":
            value, below = float(answers[code(resource, "valueCodeableConcept")]), False
        else:
            quantity = resource["valueQuantity"]
            assert quantity["unit"] == quantity["code"] == entry.unit
            value, below = quantity["value"] / entry.factor, "comparator" in quantity
        found[(*of, visit, resource["effectiveDateTime"], entry.word, round(value, 9), below)] += 1
    expected = Counter()
    for row in run.tables["readings"].iter_rows(named=True):
        of = (row["replicate"], row["patient"])
        taken = day(onset, of, row["taken_days"])
        expected[(*of, row["visit"], taken, row["analyte"], round(row["value"], 9), row["below_limit"])] += 1
    assert found == expected
    assert any(below for *_, below in found) and sum(found.values()) > 1000


def test_a_converted_value_has_no_digits_of_its_own(resources):
    """0.29 mg/mg is 290 mg/g, not 289.99999999999994."""
    values = [
        resource["valueQuantity"]["value"]
        for resource in resources["Observation"]
        if resource.get("valueQuantity", {}).get("unit") == "mg/g"
    ]
    assert values and all(len(repr(value)) <= 9 for value in values)


def test_reference_ranges_are_in_the_unit_of_the_value(run, resources):
    ranges = {}
    for resource in resources["Observation"]:
        if "referenceRange" in resource and "valueQuantity" in resource:
            limits = resource["referenceRange"][0]
            ranges[code(resource)] = {name: limit["value"] for name, limit in limits.items()}
            assert {limit["unit"] for limit in limits.values()} == {resource["valueQuantity"]["unit"]}
    low, high = run.resolved.scenario.readings.reference["upcr"]
    assert ranges[CODES.of("analyte", "upcr").code] == {"low": low * 1000, "high": high * 1000}


def test_visits_and_missed_visits(run, resources, onset):
    found = {resource["id"]: resource for resource in resources["Encounter"]}
    for row in run.tables["visits"].iter_rows(named=True):
        of = (row["replicate"], row["patient"])
        resource = found.pop(f"v{of[0]}-{of[1]}-{row['visit']}")
        assert key(resource) == of
        assert resource["type"][0]["text"] == vocabulary.plain_name(row["kind"])
        if row["missed"]:
            assert (resource["status"], resource["period"]) == (
                "cancelled",
                {"start": day(onset, of, row["planned_days"])},
            )
        else:
            taken = day(onset, of, row["actual_days"])
            assert (resource["status"], resource["period"]) == ("finished", {"start": taken, "end": taken})
    assert not found


def test_doses(run, resources, onset):
    periods = {"daily": 1, "alternate_day": 2}
    rows = run.tables["doses"].iter_rows(named=True)
    for row, resource in zip(rows, resources["MedicationRequest"], strict=True):
        of, dosage = key(resource), resource["dosageInstruction"][0]
        assert of == (row["replicate"], row["patient"])
        assert code(resource, "medicationCodeableConcept") == CODES.of("drug", row["drug"]).code
        assert dosage["doseAndRate"][0]["doseQuantity"]["value"] == row["dose_mg"]
        repeat = dosage["timing"]["repeat"]
        assert repeat["boundsPeriod"] == {
            "start": day(onset, of, row["first_days"]),
            "end": day(onset, of, row["last_days"]),
        }
        assert repeat.get("period") == periods.get(row["schedule"])
        assert dosage["route"]["text"] == row["route"]
    assert {"daily", "alternate_day"} <= set(run.tables["doses"]["schedule"])


def test_patients_births_and_deaths(run, resources, onset):
    ends = run.tables["follow_up"].filter(reason="death")
    deaths = {(row["replicate"], row["patient"]): row["end_days"] for row in ends.iter_rows(named=True)}
    for row, resource in zip(run.tables["patients"].iter_rows(named=True), resources["Patient"], strict=True):
        of = (row["replicate"], row["patient"])
        assert resource["id"] == f"p{of[0]}-{of[1]}"
        assert resource["identifier"][0]["value"] == str(of[0] * run.manifest["patients"] + of[1] + 1)
        assert resource["gender"] == row["sex"]
        assert resource["birthDate"] == day(onset, of, row["birth_days"])
        assert resource.get("deceasedDateTime") == (day(onset, of, deaths[of]) if of in deaths else None)
        assert resource["managingOrganization"]["reference"] == f"Organization/s{of[0]}-{row['site']}"


def test_diagnoses_biopsies_and_adverse_events(run, resources, onset):
    people, noted = run.tables["patients"], run.tables["conditions"]
    biopsied = people.filter(pl.col("biopsy_days").is_not_null())
    counts = Counter(resource["id"].rstrip("0123456789-") for resource in resources["Condition"])
    failures = run.tables["follow_up"].filter(reason="kidney_failure").height
    assert counts == Counter({"ns": people.height, "l": biopsied.height, "c": noted.height, "kf": failures}) - Counter()
    assert len(resources["Procedure"]) == biopsied.height > 0
    of_drugs = noted.filter(pl.col("kind").is_in(["toxicity", "agent_toxicity"]))
    assert len(resources["AdverseEvent"]) == of_drugs.height > 0
    by_id = {resource["id"]: resource for resource in resources["Condition"]}
    for number, row in enumerate(noted.iter_rows(named=True)):
        resource = by_id[f"c{number}"]
        of = key(resource)
        assert of == (row["replicate"], row["patient"])
        assert code(resource) == CODES.of("condition", row["condition"]).code
        assert resource["recordedDate"] == day(onset, of, row["noted_days"])
    lesions = {(row["replicate"], row["patient"]): row["lesion"] for row in biopsied.iter_rows(named=True)}
    for resource in resources["Condition"]:
        if resource["id"].startswith("l-"):
            assert code(resource) == CODES.of("lesion", lesions[key(resource)]).code


def test_diary_intervals(run, resources, onset):
    local = CODES.of("diary", "home_dipstick").code
    found = [resource for resource in resources["Observation"] if code(resource) == local]
    for row, resource in zip(run.tables["diary"].iter_rows(named=True), found, strict=True):
        of = key(resource)
        assert resource["effectivePeriod"] == {
            "start": day(onset, of, row["first_days"]),
            "end": day(onset, of, row["last_days"]),
        }
        assert code(resource, "valueCodeableConcept") == CODES.of("band", row["grade"]).code


def test_groups_are_the_labels(run, resources):
    labels = run.labels
    found = {resource["name"]: resource for resource in resources["Group"]}
    inside = pl.col("applies").fill_null(value=True)
    for group in label_groups(["source", "iskdc"]):
        chosen = labels.filter(criteria=group.criteria, view=group.view)
        wanted = {
            "refractory": inside & pl.col("refractory"),
            "outside": ~inside,
        }.get(group.kind, inside & (pl.col("category").cast(str) == group.kind))
        members = [tuple(row) for row in chosen.filter(wanted).select("replicate", "patient").iter_rows()]
        resource = found.pop(group.name, {"member": [], "quantity": 0})
        assert [key(member, "entity") for member in resource["member"]] == members, group.name
        assert resource["quantity"] == len(members)
    assert not found
    assert any("does not apply" in resource["name"] for resource in resources["Group"])


def references(value) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (text for name, text in value.items() if name == "reference" and not text.startswith("#"))
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_ids_are_unique_and_references_resolve(resources):
    every = [resource for of_kind in resources.values() for resource in of_kind]
    ids = {f"{resource['resourceType']}/{resource['id']}" for resource in every}
    assert len(ids) == len(every)
    assert set(references(every)) <= ids


def test_every_resource_is_marked_as_synthetic(resources):
    for of_kind in resources.values():
        assert all(resource["meta"]["security"][0]["code"] == "HTEST" for resource in of_kind)
    for kind in ("Patient", "Group", "Organization"):
        assert all("SYNTHETIC" in resource["text"]["div"] for resource in resources[kind])


def test_manifests_count_every_resource(export, resources):
    bulk = json.loads((export / "bulk-manifest.json").read_text(encoding="utf-8"))
    counted = Counter()
    for entry in bulk["output"]:
        lines = (export / entry["url"]).read_text(encoding="utf-8").splitlines()
        assert len(lines) == entry["count"]
        counted[entry["type"]] += entry["count"]
    assert counted == {kind: len(of_kind) for kind, of_kind in resources.items()}
    assert counted == json.loads((export / "manifest.json").read_text(encoding="utf-8"))["counts"]["written"]
    last = max(resource["period"]["start"] for resource in resources["Encounter"])
    assert bulk["transactionTime"] > last


def test_no_value_of_the_truth_is_exported(run, export):
    text = "".join(file.read_text(encoding="utf-8") for file in export.iterdir())
    traits = run.tables["truth/traits"]
    hidden = [name for name, kind in traits.schema.items() if kind == pl.Float64 and name != "age_at_onset_years"]
    values = {f"{value!r}" for name in hidden for value in traits[name].drop_nulls() if len(repr(value)) > 10}
    assert len(values) > 500 and not [value for value in values if value in text]
    assert not [name for name in hidden if name in text]


def test_the_bytes_do_not_depend_on_workers(run, export, tmp_path):
    again = run.export("fhir", tmp_path / "again", workers=2)
    names = {file.name for file in export.iterdir()}
    assert names == {file.name for file in again.iterdir()}
    assert all((again / name).read_bytes() == (export / name).read_bytes() for name in names)


def test_without_labels_and_with_local_codes(run, tmp_path):
    folder = run.export("fhir", tmp_path / "local", labels=["none"], codes="local", workers=1)
    found = read(folder)
    assert "Group" not in found
    codings = [resource["code"]["coding"][0] for resource in found["Observation"]]
    assert {coding["system"] for coding in codings} == {CODES.of("diary", "home_dipstick").system}


def test_a_visit_held_late_is_dated_by_the_day_it_took_place(tmp_path):
    cohort = ns.run("baseline", patients=2, seed=1)
    cohort.tables = {**cohort.tables, "visits": cohort.tables["visits"].with_columns(pl.col("actual_days") + 2)}
    first = read(cohort.export("fhir", tmp_path / "out"))["Encounter"][0]
    planned = cohort.tables["visits"]["planned_days"][0]
    taken = (cohort.tables["patients"]["onset_date"][0] + timedelta(days=planned + 2)).isoformat()
    assert first["period"] == {"start": taken, "end": taken}


def test_nobody_is_measured_before_the_record_begins(tmp_path):
    cohort = ns.run("baseline", patients=2, seed=1)
    people = cohort.tables["patients"]
    unseen = people.with_columns(measured_days=pl.when(patient=1).then("measured_days"))
    cohort.tables = {**cohort.tables, "patients": unseen}
    found = read(cohort.export("fhir", tmp_path / "out"))["Observation"]
    sizes = [resource for resource in found if resource["id"].startswith(("height", "weight"))]
    assert [(resource["id"], resource["valueQuantity"]["value"]) for resource in sizes] == [
        ("height-0-1", people["height_cm"][1]),
        ("weight-0-1", people["weight_kg"][1]),
    ]


def test_a_unit_that_the_codes_do_not_know_is_refused(tmp_path):
    cohort = ns.run("baseline", patients=3, seed=1)
    readings = cohort.tables["readings"].with_columns(
        unit=pl.when(analyte="albumin")
        .then(pl.lit("mg/dL"))
        .otherwise("unit")
        .cast(cohort.tables["readings"].schema["unit"])
    )
    cohort.tables = {**cohort.tables, "readings": readings}
    with pytest.raises(ExportError, match="albumin in g/dL; found mg/dL"):
        cohort.export("fhir", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
