"""A small run in two parts, and its export as FHIR resources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import nephrosyn as ns

Resources = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="package")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fhir") / "run"
    return ns.run(
        "baseline",
        patients=24,
        seed=3,
        replicates=2,
        criteria=["source", "iskdc"],
        out=folder,
        part_patients=12,
        overrides=["population.patients_per_site=6"],
        report=False,
    )


@pytest.fixture(scope="package")
def export(run, tmp_path_factory) -> Path:
    return run.export("fhir", tmp_path_factory.mktemp("exported") / "fhir", workers=1)


@pytest.fixture(scope="package")
def resources(export) -> Resources:
    return read(export)


def read(folder: Path) -> Resources:
    """All resources of an export by type."""
    found: Resources = {}
    for file in sorted(folder.glob("*.ndjson")):
        kind = file.name.partition(".")[0]
        found.setdefault(kind, []).extend(json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    return found
