"""The run that cases are built from: its observed tables and their labels, never the complete record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from nephrosyn.criteria import DefinitionSet, classify, clause_answers
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.runs.folder import Folder
from nephrosyn.runs.run import silent
from nephrosyn.teach.display.record_tables import OBSERVED

if TYPE_CHECKING:
    from nephrosyn.runs.run import Progress
    from nephrosyn.scenario import Resolved

Patient = tuple[int, int]
BATCH = 200


class Run(Protocol):
    """The parts of a cohort that cases are built from."""

    tables: Mapping[str, pl.DataFrame]
    manifest: dict[str, Any]

    @property
    def resolved(self) -> Resolved:
        """The scenario that was run."""


class Source:
    """A run as the source of cases.

    Parameters
    ----------
    cohort : Run
        The run, opened from disk or in memory.
    progress : callable, optional
        Called with (stage, done, total).
    """

    def __init__(self, cohort: Run, progress: Progress | None = None) -> None:
        self.cohort, self.progress = cohort, progress or silent
        resolved = cohort.resolved
        self.scenario, self.digest = resolved.name, resolved.digest()
        self.seed, self.size = int(cohort.manifest["seed"]), int(cohort.manifest["patients"])

    @property
    def made_from(self) -> str:
        """Scenario, digest and seed of the run."""
        return f"{self.scenario}-{self.digest}, seed {self.seed}"

    def classify(self, definitions: Sequence[DefinitionSet]) -> pl.DataFrame:
        """Classify all patients anew and return the labels of those to whom the sets apply.

        Parameters
        ----------
        definitions : sequence of DefinitionSet
            The definition sets.
        """
        labels = []
        for done, tables in enumerate(self._parts()):
            self.progress("classify", done, 0)
            labels.append(classify(tables, definitions, "observed", keep_going=True))
        return pl.concat(labels).filter(pl.col("applies").fill_null(value=False))

    def clause_answers(self, definition: DefinitionSet) -> pl.DataFrame:
        """Return the answer of each clause of a set for all patients.

        Parameters
        ----------
        definition : DefinitionSet
            The definition set.
        """
        return pl.concat(clause_answers(tables, [definition], "observed", keep_going=True) for tables in self._parts())

    def _parts(self) -> Iterator[dict[str, pl.DataFrame]]:
        tables = self.cohort.tables
        if not isinstance(tables, Folder):
            yield {name: tables[name] for name in OBSERVED}
            return
        for number in range(tables.parts("patients")):
            yield {name: tables.part(name, number) for name in OBSERVED}

    def records(self, patients: Iterable[Patient]) -> Iterator[tuple[Patient, dict[str, pl.DataFrame]]]:
        """Yield the observed tables of some patients, in the given order; tables are read in batches.

        Parameters
        ----------
        patients : iterable of (int, int)
            Replicate and patient number.
        """
        waiting = list(patients)
        for begin in range(0, len(waiting), BATCH):
            batch = waiting[begin : begin + BATCH]
            batch_patients = pl.DataFrame(batch, schema={"replicate": pl.Int32, "patient": pl.Int32}, orient="row")
            split = {name: self._split(name, batch_patients) for name in OBSERVED}
            for patient in batch:
                yield patient, {name: split[name][0].get(patient, split[name][1]) for name in OBSERVED}

    def _split(self, name: str, patients: pl.DataFrame) -> tuple[dict[Patient, pl.DataFrame], pl.DataFrame]:
        tables = self.cohort.tables
        lazy = tables.lazy(name) if isinstance(tables, Folder) else tables[name].lazy()
        lazy = lazy.join(patients.lazy(), on=PATIENT_KEY, how="semi", maintain_order="left")
        rows = tables.collect(lazy) if isinstance(tables, Folder) else lazy.collect()
        parts = rows.partition_by("replicate", "patient", as_dict=True)
        return {(key[0], key[1]): frame for key, frame in parts.items()}, rows.clear()
