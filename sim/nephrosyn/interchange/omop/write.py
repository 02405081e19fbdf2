"""Writes a run as OMOP CDM 5.4: a folder for each table, with a file for each part of the run."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import polars as pl

from nephrosyn import __version__
from nephrosyn.interchange.counts import Counts
from nephrosyn.interchange.identifiers import refuse_beyond_32_bits
from nephrosyn.interchange.omop import conditions, measurements
from nephrosyn.interchange.omop.cohorts import cohort, cohort_definition
from nephrosyn.interchange.omop.concepts import CDM_VERSION, NO_CONCEPT, Concepts
from nephrosyn.interchange.omop.drugs import dose_era, drug_era, drug_exposure
from nephrosyn.interchange.omop.people import Visits, care_sites, death, observation_period, person
from nephrosyn.interchange.omop.tables import table
from nephrosyn.interchange.omop.vocabulary_tables import vocabulary_tables
from nephrosyn.interchange.splits import refuse_split
from nephrosyn.vocabulary import NOTICE

if TYPE_CHECKING:
    from nephrosyn.interchange.output import Output
    from nephrosyn.interchange.record_part import ExportedRun, RecordPart

ROWS_AT_ONCE = 10_000
"""Rows that are written at a time: their text stays in the cache of the processor."""
LONGEST_ABBREVIATION, LONGEST_VERSION = 25, 20


class Format:
    """OMOP CDM 5.4, with tables as CSV.

    Parameters
    ----------
    run : ExportedRun
        The run.

    Raises
    ------
    ExportError
        If a table would need ids above 32 bits, a unit of the codes is not known, or the persons are to be split, for
        which the model has no place.
    """

    title = "OMOP CDM 5.4 (CSV)"

    def __init__(self, run: ExportedRun) -> None:
        refuse_split(run.split, "OMOP")
        rows = {name: sum(parts) for name, parts in run.rows.items()}
        patients = rows["patients"]
        for name, largest in (
            ("person", run.persons),
            ("visit_occurrence", rows["visits"]),
            ("drug_exposure", rows["doses"]),
            ("measurement", rows["readings"] + rows["diary"] + len(measurements.AT_PRESENTATION) * patients),
            ("condition_occurrence", rows["conditions"] + conditions.PER_PATIENT * patients),
            ("observation", 2 * rows["conditions"] + rows["follow_up"] + patients),
        ):
            refuse_beyond_32_bits(name, largest)
        self._run, self._concepts = run, Concepts(run.codes)

    def write_part(self, part: RecordPart, output: Output) -> Counts:
        """Write the tables of some patients."""
        tables, counts = part_tables(part, self._concepts)
        for name, frame in tables.items():
            self._put(output, f"{name}/part-{part.number:05d}", frame)
            counts.written[name] = frame.height
        return counts

    def finish(self, counts: Counts, output: Output) -> Counts:
        """Write the tables without rows of patients."""
        run, besides = self._run, Counts()
        tables = {
            "care_site": care_sites(_sites(run)),
            "cdm_source": cdm_source(run),
            "metadata": metadata(),
            "cohort_definition": cohort_definition(run.labels),
            **vocabulary_tables(self._concepts.used(), __version__),
        }
        for name, frame in tables.items():
            self._put(output, f"{name}/part-00000", frame)
            besides.written[name] = frame.height
        return besides

    def _put(self, output: Output, name: str, frame: pl.DataFrame) -> None:
        with output.stream(f"{name}.csv") as (file, entry):
            for start in range(0, max(frame.height, 1), ROWS_AT_ONCE):
                text = BytesIO()
                frame.slice(start, ROWS_AT_ONCE).write_csv(text, include_header=not start)
                file.write(text.getbuffer())
            entry["rows"] = frame.height


def part_tables(part: RecordPart, concepts: Concepts) -> tuple[dict[str, pl.DataFrame], Counts]:
    """Return the tables of a part, and what the model has no place or no concept for.

    Parameters
    ----------
    part : RecordPart
        A part of a run.
    concepts : Concepts
        Concepts of the words.
    """
    visits = Visits(part)
    periods, exposures = observation_period(part), drug_exposure(part, visits, concepts)
    noted = conditions.noted(part, visits, concepts)
    occurrences = conditions.condition_occurrence(part, noted, visits, concepts)
    tables = {
        "person": person(part),
        "observation_period": periods,
        "visit_occurrence": visits.table(),
        "condition_occurrence": occurrences,
        "drug_exposure": exposures,
        "procedure_occurrence": conditions.procedure_occurrence(part, visits, concepts),
        "measurement": measurements.measurement(part, visits, concepts),
        "observation": conditions.observation(part, noted),
        "death": death(part, concepts),
        "condition_era": conditions.condition_era(part, occurrences),
        "drug_era": drug_era(part, exposures),
        "dose_era": dose_era(part, concepts),
        "cohort": cohort(part, periods),
    }
    return tables, _counted(part, visits, concepts)


def _counted(part: RecordPart, visits: Visits, concepts: Concepts) -> Counts:
    counts = Counts()
    counts.left_out["visits that were missed"] = visits.missed
    for table_name, column, group in (
        ("readings", "analyte", "analyte"),
        ("doses", "drug", "drug"),
        ("conditions", "condition", "condition"),
        ("patients", "lesion", "lesion"),
    ):
        words = part.tables[table_name].select(pl.col(column).drop_nulls()).to_series().value_counts()
        for word, rows in words.select(pl.col(column).cast(pl.String), "count").iter_rows():
            if not concepts.id_of(group, word):
                counts.local[f"{group}.{word}"] += rows
    return counts


def _sites(run: ExportedRun) -> int:
    """Return the number of clinics of a run."""
    per_site = run.resolved.scenario.population.patients_per_site
    return -(-run.patients // per_site)


def cdm_source(run: ExportedRun) -> pl.DataFrame:
    """Return the table ``cdm_source``, which says that the data are synthetic; it holds no date of today."""
    population = run.resolved.scenario.population
    last = date.fromisoformat(run.resolved.scenario.calendar.day_zero) + timedelta(
        days=round(population.accrual_days + population.follow_up_days)
    )
    return table(
        "cdm_source",
        pl.DataFrame(
            {
                "cdm_source_name": f"SYNTHETIC: {run.resolved.scenario.title}",
                "cdm_source_abbreviation": "nephrosyn, synthetic"[:LONGEST_ABBREVIATION],
                "cdm_holder": "nephrosyn",
                "source_description": f"{NOTICE} Run {run.name}, seed {run.seed}.",
                "cdm_etl_reference": f"nephrosyn {__version__}, nephrosyn export --to omop",
                "source_release_date": last,
                "cdm_release_date": last,
                "cdm_version": "v5.4.0",
                "cdm_version_concept_id": CDM_VERSION,
                "vocabulary_version": f"nephrosyn {__version__}"[:LONGEST_VERSION],
            }
        ),
    )


def metadata() -> pl.DataFrame:
    """Return the table ``metadata`` with the notice that the data are synthetic."""
    return table(
        "metadata",
        pl.DataFrame(
            {
                "metadata_id": 1,
                "metadata_concept_id": NO_CONCEPT,
                "metadata_type_concept_id": NO_CONCEPT,
                "name": "notice",
                "value_as_string": NOTICE,
            }
        ),
    )
