"""Write a run as FHIR resources, one a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from io import BytesIO
from itertools import chain

import polars as pl

from nephrosyn.interchange.counts import Counts
from nephrosyn.interchange.fhir import conditions, encounters, groups, medications, observations, persons
from nephrosyn.interchange.fhir.part import FhirPart
from nephrosyn.interchange.output import Output
from nephrosyn.interchange.record_part import ExportedRun, RecordPart
from nephrosyn.interchange.splits import refuse_split
from nephrosyn.vocabulary import NOTICE

BULK_MANIFEST = "bulk-manifest.json"
"""Manifest as of a bulk export of a server, beside that of the export with its hashes."""
REQUEST = "https://nephrosyn.example/$export"
SUFFIX = ".ndjson"
LINES = 2000
"""Lines that are encoded, hashed and written at a time: so few that they stay in the processor's cache."""


class Format:
    """FHIR R4 (4.0.1), bulk NDJSON.

    Parameters
    ----------
    run : ExportedRun
        The run.

    Raises
    ------
    ExportError
        If the persons are to be split, for which resources have no place.
    """

    title = "FHIR R4 (4.0.1)"

    def __init__(self, run: ExportedRun) -> None:
        refuse_split(run.split, "FHIR")
        self._run = run

    def write_part(self, part: RecordPart, output: Output) -> Counts:
        """Write a file for each type of resource, and the members of groups."""
        fhir = FhirPart(part)
        for kind, texts in _resources(fhir):
            fhir.counts.written[kind] += _write(f"{kind}.{part.number:05d}{SUFFIX}", texts, output)
        if self._run.labels:
            groups.write_members(fhir, output)
        return fhir.counts

    def finish(self, counts: Counts, output: Output) -> Counts:
        """Write the groups, and the manifest of the bulk export."""
        written = Counts()
        if self._run.labels:
            written.written["Group"] = groups.write_groups(self._run.labels, output)
        output.put(BULK_MANIFEST, (json.dumps(self._bulk_manifest(output), indent=1) + "\n").encode())
        return written

    def _bulk_manifest(self, output: Output) -> dict[str, object]:
        files = sorted(name for name in output.files if name.endswith(SUFFIX))
        return {
            "transactionTime": f"{self._last_date()}T00:00:00Z",
            "request": REQUEST,
            "requiresAccessToken": False,
            "output": [
                {"type": name.partition(".")[0], "url": name, "count": output.files[name]["rows"]} for name in files
            ],
            "error": [],
            "extension": {"notice": NOTICE},
        }

    def _last_date(self) -> date:
        """Return a date after all dates of the record: bytes do not depend on when an export is made."""
        scenario = self._run.resolved.scenario
        days = scenario.population.accrual_days + scenario.population.follow_up_days
        return date.fromisoformat(scenario.calendar.day_zero) + timedelta(days=round(days) + 1)


def _resources(part: FhirPart) -> Iterator[tuple[str, Iterable[pl.Series]]]:
    """Yield the texts of all resources of a part, by type."""
    yield "Organization", [persons.organizations(part)]
    yield "Patient", [persons.patients(part)]
    yield "Encounter", [encounters.encounters(part)]
    yield "Observation", chain(observations.sizes(part), observations.readings(part), [observations.diary(part)])
    yield "MedicationRequest", [medications.medication_requests(part)]
    yield "Condition", conditions.conditions(part)
    yield "AdverseEvent", [conditions.adverse_events(part)]
    yield "Procedure", [conditions.procedures(part)]


def _write(name: str, texts: Iterable[pl.Series], output: Output) -> int:
    """Write texts as the lines of a file, if there are any, and return their number."""
    rows, filled = 0, (text for text in texts if len(text))
    first = next(filled, None)
    if first is None:
        return 0
    with output.stream(name) as (file, entry):
        for text in chain([first], filled):
            for some in text.to_frame().iter_slices(LINES):
                file.write(_content(some))
            rows += len(text)
        entry["rows"] = rows
    return rows


def _content(texts: pl.DataFrame) -> bytes:
    """Return texts as lines; each is JSON without a line end, and is not quoted."""
    buffer = BytesIO()
    texts.write_csv(buffer, include_header=False, quote_style="never")
    return buffer.getvalue()
