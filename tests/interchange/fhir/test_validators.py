"""Two independent validators find no fault in any resource, and refuse broken ones."""

from __future__ import annotations

import copy
from importlib import import_module

import pytest

pytestmark = pytest.mark.filterwarnings("ignore")  # of the clients

KINDS = (
    *("AdverseEvent", "Condition", "Encounter", "Group", "MedicationRequest", "Observation", "Organization", "Patient"),
    "Procedure",
)


def fhirkit_faults(resource) -> list[str]:
    """Faults by the R4 (4.0.1) definitions."""
    import fhirkit

    return [str(issue) for issue in fhirkit.validate(resource)]


def pydantic_faults(resource) -> list[str]:
    """Faults by the R4B (4.3.0) classes of fhir.resources."""
    kind = resource["resourceType"]
    model = getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
    try:
        model.model_validate(resource)
    except ValueError as error:
        return [str(error)]
    return []


VALIDATORS = pytest.mark.parametrize("faults", [fhirkit_faults, pydantic_faults])


@VALIDATORS
def test_no_fault_in_any_resource(resources, faults):
    assert set(resources) == set(KINDS)
    found = [fault for kind in KINDS for resource in resources[kind] for fault in faults(resource)]
    assert not found, found[:5]


def broken(resources, kind: str, change):
    resource = copy.deepcopy(resources[kind][0])
    change(resource)
    return resource


@VALIDATORS
@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("Observation", lambda resource: resource.pop("status")),
        ("Observation", lambda resource: resource.update(valueString="also a text")),
        ("Patient", lambda resource: resource.update(birthDate="1990-13-01")),
        ("Encounter", lambda resource: resource.update(visit=3)),
        ("Condition", lambda resource: resource.update(onsetDateTime="yesterday")),
        ("MedicationRequest", lambda resource: resource.pop("medicationCodeableConcept")),
        ("Group", lambda resource: resource["member"][0].pop("entity")),
        ("AdverseEvent", lambda resource: resource.update(actuality=True)),
        ("Procedure", lambda resource: resource.pop("subject")),
    ],
)
def test_a_broken_resource_is_refused(resources, faults, kind, change):
    assert faults(broken(resources, kind, change))
