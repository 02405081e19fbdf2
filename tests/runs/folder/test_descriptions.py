"""The descriptions of a run, as Frictionless, Croissant and RO-Crate read them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn.record.schema import OBSERVED, SCHEMAS, TABLES, TRUTH
from nephrosyn.runs.folder.descriptions import NAMES
from nephrosyn.runs.folder.descriptions.data_package import field_type
from nephrosyn.runs.folder.descriptions.tables import KEYS, in_words, words

pytestmark = pytest.mark.filterwarnings("ignore")  # of the clients

RECORDS = ("patients", "readings", "labels", "truth-events")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs of the same patients in three parts, as Parquet and as CSV."""
    folder = tmp_path_factory.mktemp("runs")
    for form in ("parquet", "csv"):
        ns.run(
            "baseline",
            patients=18,
            seed=4,
            out=folder / form,
            format=form,
            part_patients=6,
            overrides=["population.patients_per_site=6"],
            report=False,
        )
    return folder


@pytest.fixture(scope="module")
def parquet(runs):
    return runs / "parquet"


@pytest.fixture(scope="module")
def csv(runs):
    return runs / "csv"


def package(folder: Path):
    from frictionless import Package

    return Package(str(folder / "datapackage.json"))


def changed(folder: Path, tmp_path: Path, name: str, change) -> Path:
    """A copy of a run with one description changed."""
    copy = shutil.copytree(folder, tmp_path / "copy")
    content = json.loads((copy / name).read_text(encoding="utf-8"))
    change(content)
    (copy / name).write_text(json.dumps(content), encoding="utf-8")
    return copy


def test_frictionless_finds_no_fault_in_any_row_of_a_csv_run(csv):
    report = package(csv).validate()
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "note"])[:5]
    assert {task.name for task in report.tasks} == {name.replace("/", "-") for name in SCHEMAS}
    rows = ns.open(csv).tables.rows
    assert {task.name: task.stats["rows"] for task in report.tasks if "rows" in task.stats} == {
        name.replace("/", "-"): count for name, count in rows.items() if count
    }


def test_frictionless_finds_no_fault_in_any_row_of_a_parquet_run(parquet):
    """Its own reader of Parquet goes by way of pandas, which has no missing whole numbers: it gets the rows."""
    from frictionless import Resource, Schema

    assert len(package(parquet).resources) == len(SCHEMAS)
    for resource in json.loads((parquet / "datapackage.json").read_text())["resources"]:
        frame = pl.concat([pl.read_parquet(parquet / path) for path in resource["path"]])
        assert frame.height == resource["rows"]
        schema = Schema.from_descriptor({**resource["schema"], "foreignKeys": []})
        cells = [frame.columns, *map(list, frame.rows())]
        report = Resource(name=resource["name"], data=cells, schema=schema).validate()
        assert report.valid, report.flatten(["rowNumber", "fieldName", "note"])[:5]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda fields: fields.pop(), "extra-label"),
        (lambda fields: fields[3].update(type="boolean"), "type-error"),
        (lambda fields: fields[4]["constraints"].update(enum=["upcr"]), "constraint-error"),
    ],
)
def test_frictionless_refuses_a_wrong_column(csv, tmp_path, change, fault):
    readings = list(OBSERVED).index("readings")
    copy = changed(
        csv, tmp_path, "datapackage.json", lambda content: change(content["resources"][readings]["schema"]["fields"])
    )
    report = package(copy).get_resource("readings").validate()
    assert fault in {error[0] for error in report.flatten(["type"])}


def test_frictionless_refuses_a_row_of_nobody_and_a_repeated_patient(csv, tmp_path):
    copy = shutil.copytree(csv, tmp_path / "copy")
    for table, row in (("follow_up", "0,999,10,dropout"), ("patients", None)):
        file = copy / f"observed/{table}/part-00000.csv"
        lines = file.read_text().splitlines()
        file.write_text("\n".join([*lines, row or lines[-1]]) + "\n")
    report = package(copy).validate()
    assert {"foreign-key", "primary-key"} <= {error[0] for error in report.flatten(["type"])}


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_croissant_loads_every_row(runs, form):
    import mlcroissant

    dataset = mlcroissant.Dataset(str(runs / form / "croissant.json"))
    issues = dataset.metadata.ctx.issues
    assert not issues.errors and not issues.warnings
    tables = ns.open(runs / form).tables
    for name in RECORDS:
        frame = tables[name.replace("-", "/")]
        records = list(dataset.records(name))
        assert len(records) == frame.height
        column = next(name for name, kind in frame.schema.items() if isinstance(kind, pl.Enum))
        read = [record[f"{name}/{column}"].decode() for record in records]
        assert sorted(read) == sorted(frame[column].cast(str))


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["distribution"][0].pop("encodingFormat"),
        lambda content: content["recordSet"][0]["field"][0]["source"]["fileSet"].update({"@id": "nothing"}),
        lambda content: content["recordSet"][0]["field"][0].pop("dataType"),
    ],
)
def test_croissant_refuses_a_broken_description(parquet, tmp_path, change):
    import mlcroissant

    copy = changed(parquet, tmp_path, "croissant.json", change)
    with pytest.raises(mlcroissant.ValidationError):
        mlcroissant.Dataset(str(copy / "croissant.json"))


def test_crate_holds_every_table(parquet):
    from rocrate.rocrate import ROCrate

    crate = ROCrate(str(parquet))
    assert crate.root_dataset["name"] == "Synthetic cohort of nephrotic syndrome: baseline"
    assert "Not for clinical use" in crate.root_dataset["description"]
    folders = {entity.id for entity in crate.data_entities}
    assert folders >= {"observed/readings/", "truth/events/", "derived/labels/", "manifest.json"}
    assert all((parquet / folder).exists() for folder in folders)
    height = crate.get("#patients.height_cm")
    assert (height["name"], height["unitText"]) == ("height_cm", "cm")
    for entity in crate.get_entities():  # references resolve
        for value in entity.properties().values():
            for reference in value if isinstance(value, list) else [value]:
                if isinstance(reference, dict) and not reference["@id"].startswith("https:"):
                    assert crate.get(reference["@id"]), reference


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda content: content.pop("@graph"), ValueError),
        (lambda content: content["@graph"].pop(1), (ValueError, KeyError)),
    ],
)
def test_crate_refuses_a_broken_description(parquet, tmp_path, change, error):
    from rocrate.rocrate import ROCrate

    copy = changed(parquet, tmp_path, "ro-crate-metadata.json", change)
    with pytest.raises(error):
        ROCrate(str(copy))


def test_every_column_is_described_with_its_type_unit_and_meaning(parquet):
    resources = {
        resource["title"]: resource["schema"]
        for resource in json.loads((parquet / "datapackage.json").read_text())["resources"]
    }
    assert list(resources) == list(TABLES)
    for name, table in TABLES.items():
        fields = {field["name"]: field for field in resources[name]["fields"]}
        assert list(fields) == list(table.columns)
        for column, about in table.columns.items():
            field = fields[column]
            assert (field["type"], field["description"]) == (field_type(about), about.text)
            assert field.get("unit", "") == about.unit
            assert field.get("constraints", {}).get("enum", []) == words(about)
        assert resources[name].get("primaryKey", []) == KEYS.get(name, [])


def test_a_column_of_an_unknown_type_is_refused():
    with pytest.raises(TypeError, match="Duration"):
        field_type(TABLES["patients"].columns["site"].__class__(pl.Duration(), "time"))


def test_meanings_hold_unit_and_words():
    assert in_words(TABLES["doses"].columns["dose_mg"]).endswith("; unit: mg")
    assert "one of male, female" in in_words(TABLES["patients"].columns["sex"])


def test_descriptions_are_the_same_bytes_for_the_same_run(parquet, tmp_path):
    ns.run(
        "baseline",
        patients=18,
        seed=4,
        out=tmp_path / "again",
        part_patients=6,
        overrides=["population.patients_per_site=6"],
        report=False,
    )
    for name in NAMES:
        assert (tmp_path / "again" / name).read_bytes() == (parquet / name).read_bytes()


def test_a_run_at_a_url_has_the_same_descriptions(tmp_path):
    from fsspec import filesystem

    ns.run("baseline", patients=3, seed=4, out=tmp_path / "run", report=False)
    ns.run("baseline", patients=3, seed=4, out="memory://runs/three", report=False)
    for name in NAMES:
        assert filesystem("memory").cat_file(f"/runs/three/{name}") == (tmp_path / "run" / name).read_bytes()


def test_classify_keeps_the_descriptions_true(csv, tmp_path):
    copy = shutil.copytree(csv, tmp_path / "run")
    before = (copy / "datapackage.json").read_bytes()
    ns.open(copy).classify("iskdc")
    assert (copy / "datapackage.json").read_bytes() != before
    labels = package(copy).get_resource("labels")
    assert labels.validate().valid
    assert len(labels.read_rows()) == ns.open(copy).labels.height == 72


def test_kept_draws_are_described(tmp_path):
    ns.run("baseline", patients=2, uncertainty=20, keep_draws=True, out=tmp_path / "run", format="csv", report=False)
    described = {resource["title"]: resource for resource in package(tmp_path / "run").to_descriptor()["resources"]}
    assert {"uncertainty", "uncertainty_sites", *SCHEMAS, *(f"draws/{name}" for name in SCHEMAS)} == set(described)
    report = package(tmp_path / "run").validate()
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "note"])[:5]
    assert described["draws/patients"]["rows"] == 40
    assert "Truth" in described["draws/truth/events"]["description"]
    assert set(TRUTH) < set(described)
